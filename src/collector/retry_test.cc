#include "collector/retry.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace collector {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RetryTest, D27_OnlyWhatMayPassIsTriedAgain) {
  for (int status : {200, 201, 204, 299}) EXPECT_EQ(judge(status), Verdict::delivered) << status;
  for (int status : {408, 425, 429, 500, 502, 503, 599})
    EXPECT_EQ(judge(status), Verdict::retry) << status;
  for (int status : {400, 413, 422}) EXPECT_EQ(judge(status), Verdict::split) << status;
  for (int status : {301, 401, 403, 404, 405, 409, 415})
    EXPECT_EQ(judge(status), Verdict::refused) << status;
}

TEST(RetryTest, D26_WaitsGrowAsConfigured) {
  RetryPolicy policy;
  EXPECT_EQ(policy.after(1, {}), seconds{1});
  EXPECT_EQ(policy.after(2, {}), seconds{2});
  EXPECT_EQ(policy.after(10, {}), seconds{512});
  EXPECT_EQ(policy.after(1000000, {}), seconds{512});
  policy.backoff = Backoff::linear;
  EXPECT_EQ(policy.after(3, {}), seconds{3});
  policy.backoff = Backoff::fixed;
  EXPECT_EQ(policy.after(9, {}), seconds{1});
}

TEST(RetryTest, BetweenRoundsItIsAMinuteAtMost) {
  const RetryPolicy policy;
  EXPECT_EQ(policy.between_rounds(4, {}), seconds{8});
  EXPECT_EQ(policy.between_rounds(40, {}), seconds{60});
}

TEST(RetryTest, D26_NoRetriesIsOneAttempt) {
  EXPECT_EQ((RetryPolicy{Backoff::fixed, 0}.attempts()), 1);
}

TEST(RetryTest, TheBackendMayAskForALongerWaitUpToAnHour) {
  const RetryPolicy policy;
  EXPECT_EQ(policy.after(1, seconds{30}), seconds{30});
  EXPECT_EQ(policy.after(6, seconds{30}), seconds{32});
  EXPECT_EQ(policy.between_rounds(1, hours{48}), hours{1});
}

TEST(RetryTest, RetryAfterIsSecondsOrADate) {
  const base::Time now = *base::parse_date("2026-03-01T12:00:00Z");
  EXPECT_EQ(parse_retry_after(" 7 ", now), seconds{7});
  EXPECT_EQ(parse_retry_after("0", now), seconds{0});
  EXPECT_EQ(parse_retry_after("Sun, 01 Mar 2026 12:01:30 GMT", now), seconds{90});
  EXPECT_EQ(parse_retry_after("Sun, 01 Mar 2026 11:00:00 GMT", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("-5", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("", now), std::nullopt);
  EXPECT_GT(parse_retry_after("99999999999999999999999", now), hours{1});
}

}  // namespace
}  // namespace collector
