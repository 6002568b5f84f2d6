#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

/// What follows from an attempt to send. All of it is decided without sockets or clocks.
namespace collector {

enum class Backoff : std::uint8_t {
  exponential,  // 1 s, 2 s, 4 s, ...
  linear,       // 1 s, 2 s, 3 s, ...
  fixed,        // 1 s each time
};

/// What the backend's answer says about a batch.
enum class Verdict : std::uint8_t {
  delivered,
  retry,    // it may take the same bytes later
  split,    // something in the batch is wrong
  refused,  // nothing of ours will be taken until someone changes the configuration
};
Verdict judge(int status);

struct RetryPolicy {
  static constexpr std::chrono::seconds kLongest{512};
  static constexpr std::chrono::seconds kLongestBetweenRounds{60};
  static constexpr std::chrono::hours kLongestRetryAfter{1};

  Backoff backoff = Backoff::exponential;
  int max_retries = 3;

  int attempts() const { return max_retries + 1; }
  /// The wait after the `failures`-th failure in a row, from 1; at least what the backend asked
  /// for, up to kLongestRetryAfter.
  std::chrono::milliseconds after(int failures,
                                  std::optional<std::chrono::milliseconds> retry_after) const;
  /// The same once a round of `attempts()` is over and the next begins.
  std::chrono::milliseconds between_rounds(
      int failures, std::optional<std::chrono::milliseconds> retry_after) const;
};

/// A Retry-After header: seconds, or an HTTP date; nothing when it is neither or has passed.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, base::Time now);

}  // namespace collector
