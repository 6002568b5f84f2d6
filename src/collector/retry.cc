#include "collector/retry.h"

#include <algorithm>

#include "base/text.h"
#include "base/time_text.h"

namespace collector {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

milliseconds at_least(milliseconds wait, std::optional<milliseconds> asked_for) {
  if (!asked_for) return wait;
  return std::max(wait, std::min<milliseconds>(*asked_for, RetryPolicy::kLongestRetryAfter));
}

seconds step(Backoff backoff, int failures) {
  const int n = std::clamp(failures, 1, 512);
  switch (backoff) {
    case Backoff::linear:
      return seconds{n};
    case Backoff::fixed:
      return seconds{1};
    case Backoff::exponential:
      break;
  }
  return seconds{1 << std::min(n - 1, 9)};
}

}  // namespace

Verdict judge(int status) {
  if (status >= 200 && status < 300) return Verdict::delivered;
  if (status == 400 || status == 413 || status == 422) return Verdict::split;
  if (status == 408 || status == 425 || status == 429 || status >= 500) return Verdict::retry;
  return Verdict::refused;
}

milliseconds RetryPolicy::after(int failures, std::optional<milliseconds> retry_after) const {
  return at_least(std::min(step(backoff, failures), kLongest), retry_after);
}

milliseconds RetryPolicy::between_rounds(int failures,
                                         std::optional<milliseconds> retry_after) const {
  return at_least(std::min(step(backoff, failures), kLongestBetweenRounds), retry_after);
}

std::optional<milliseconds> parse_retry_after(std::string_view value, base::Time now) {
  value = base::trim(value);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == value.npos) {
    constexpr std::int64_t kMost = 1'000'000;  // more is cut anyway
    return seconds{std::min(base::parse_leading_int(value).value_or(0), kMost)};
  }
  const auto date = base::parse_date(value);
  if (!date || *date <= now) return std::nullopt;
  return *date - now;
}

}  // namespace collector
