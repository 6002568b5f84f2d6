#pragma once

#include <cstdint>
#include <limits>

namespace monitor {

/// `a + b`, or the largest number there is: a sender's absurd count must not spoil a sum.
/// Neither is negative.
inline std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

}  // namespace monitor
