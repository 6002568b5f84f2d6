#include "load.h"

#include <gtest/gtest.h>

#include <set>

#include "events.h"

namespace bench {
namespace {

TEST(Percentile, IsTheNearestRank) {
  std::vector<std::int64_t> values = {50, 20, 15, 40, 35};
  EXPECT_EQ(percentile(values, 5), 15);
  EXPECT_EQ(percentile(values, 30), 20);
  EXPECT_EQ(percentile(values, 40), 20);
  EXPECT_EQ(percentile(values, 50), 35);
  EXPECT_EQ(percentile(values, 100), 50);
  std::vector<std::int64_t> none;
  EXPECT_EQ(percentile(none, 50), 0);
}

class EventRequestsTest : public testing::TestWithParam<EventRequests::Variety> {};

TEST_P(EventRequestsTest, HaveTheLengthThatTheyClaimAndEachEventIdOnce) {
  EventRequests source(
      {.port = 1, .connections = 2, .events_per_request = 3, .variety = GetParam(), .total = 600});
  std::set<std::string> ids;
  for (int i = 0; i < 200; ++i) {
    const std::string request(source.next(i % 2));
    const std::size_t body = request.find("\r\n\r\n") + 4;
    const std::string claim = "Content-Length: " + std::to_string(request.size() - body) + "\r\n";
    ASSERT_NE(request.find(claim), std::string::npos) << request;
    constexpr std::string_view kId = "\"event_id\":\"";
    for (std::size_t at = request.find(kId); at != std::string::npos;
         at = request.find(kId, at + 1)) {
      const std::size_t start = at + kId.size();
      ids.insert(request.substr(start, request.find('"', start) - start));
    }
  }
  EXPECT_EQ(ids.size(), 600u);
}

INSTANTIATE_TEST_SUITE_P(Varieties, EventRequestsTest,
                         testing::Values(EventRequests::Variety::plain,
                                         EventRequests::Variety::many));

TEST(TimeText, FollowsTheMillisecondAndTheSecond) {
  TimeText text;
  EXPECT_STREQ(text.at(1'771'410'030'005), "2026-02-18T10:20:30.005Z");
  EXPECT_STREQ(text.at(1'771'410'030'999), "2026-02-18T10:20:30.999Z");
  EXPECT_STREQ(text.at(1'771'410'031'000), "2026-02-18T10:20:31.000Z");
}

}  // namespace
}  // namespace bench
