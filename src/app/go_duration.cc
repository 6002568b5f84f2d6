#include "go_duration.h"

#include <fmt/format.h>

#include <cstdint>

namespace app {
namespace {

/// `value` / 10^`digits`.
std::string decimal(std::uint64_t value, int digits) {
  std::uint64_t one = 1;
  for (int i = 0; i < digits; ++i) one *= 10;
  std::string text = fmt::format("{}", value / one);
  if (value % one == 0) return text;
  std::string fraction = fmt::format("{:0{}}", value % one, digits);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

}  // namespace

std::string to_go_duration(std::chrono::nanoseconds duration) {
  constexpr std::uint64_t kMinute = 60'000'000'000, kHour = 60 * kMinute;
  const bool is_negative = duration.count() < 0;
  const auto bits = static_cast<std::uint64_t>(duration.count());
  const std::uint64_t ns = is_negative ? 0 - bits : bits;
  std::string text = is_negative ? "-" : "";
  if (ns == 0) return "0s";
  if (ns < 1'000) return text + decimal(ns, 0) + "ns";
  if (ns < 1'000'000) return text + decimal(ns, 3) + "µs";
  if (ns < 1'000'000'000) return text + decimal(ns, 6) + "ms";
  if (ns >= kHour) text += fmt::format("{}h", ns / kHour);
  if (ns >= kMinute) text += fmt::format("{}m", ns % kHour / kMinute);
  return text + decimal(ns % kMinute, 9) + "s";
}

}  // namespace app
