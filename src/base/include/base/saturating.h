#pragma once

#include <cstdint>
#include <limits>

namespace base {

/// `a + b`, or the nearest number there is: a sender's absurd count must not spoil a sum.
inline std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? Limits::min() : Limits::max();
}

}  // namespace base
