#include "base/ulid.h"

#include <sys/random.h>

#include "base/assert.h"

namespace base {
namespace {

constexpr char kDigits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

template <class T>
T random_bits() {
  T bits;
  ASSERT(getrandom(&bits, sizeof bits, 0) == static_cast<ssize_t>(sizeof bits));
  return bits;
}

}  // namespace

UlidGenerator::UlidGenerator(const Clock& clock) : clock_(clock) {}

std::string UlidGenerator::next() {
  const auto now = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
  if (now > milliseconds_) {
    milliseconds_ = now;
    random_high_ = random_bits<std::uint16_t>();
    random_low_ = random_bits<std::uint64_t>();
  } else if (++random_low_ == 0 && ++random_high_ == 0) {
    ++milliseconds_;  // 2^80 ids within a millisecond: borrow from the next
  }

  std::string id(26, '0');
  std::uint64_t time = milliseconds_;
  for (int i = 9; i >= 0; --i, time >>= 5) id[static_cast<std::size_t>(i)] = kDigits[time & 31];
  // 80 bits are 16 digits of 5: the low 64 give twelve whole digits and 4 bits of the thirteenth.
  std::uint64_t low = random_low_;
  for (int i = 25; i >= 14; --i, low >>= 5) id[static_cast<std::size_t>(i)] = kDigits[low & 31];
  std::uint32_t high =
      static_cast<std::uint32_t>(random_high_) << 4 | static_cast<std::uint32_t>(low & 15);
  for (int i = 13; i >= 10; --i, high >>= 5) id[static_cast<std::size_t>(i)] = kDigits[high & 31];
  return id;
}

}  // namespace base
