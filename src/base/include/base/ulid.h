#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace base {

/// 26 characters of Crockford base 32: 48 bits of milliseconds, 80 random bits.
/// https://github.com/ulid/spec
///
/// Ids made by one generator rise strictly, also within one millisecond and when the clock steps
/// back. Thread: one.
class UlidGenerator {
 public:
  explicit UlidGenerator(const Clock& clock = Clock::system());
  std::string next();

 private:
  const Clock& clock_;
  std::uint64_t milliseconds_ = 0;
  std::uint16_t random_high_ = 0;  // 16 of the 80 random bits
  std::uint64_t random_low_ = 0;   // the other 64
};

}  // namespace base
