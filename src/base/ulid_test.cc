#include "base/ulid.h"

#include <gtest/gtest.h>

namespace base {
namespace {

class FixedClock : public Clock {
 public:
  Time now() const override { return time; }
  Time time{std::chrono::milliseconds{1469918176385}};
};

TEST(UlidTest, TheFirstTenCharactersAreTheTime) {
  FixedClock clock;
  UlidGenerator generator(clock);
  EXPECT_EQ(generator.next().substr(0, 10), "01ARYZ6S41");  // the example of the specification
}

TEST(UlidTest, IdsRiseWithinAMillisecondAndWhenTheClockStepsBack) {
  FixedClock clock;
  UlidGenerator generator(clock);
  std::string previous = generator.next();
  for (int i = 0; i < 10000; ++i) {
    if (i == 5000) clock.time -= std::chrono::hours{1};
    const std::string id = generator.next();
    ASSERT_EQ(id.size(), 26u);
    ASSERT_LT(previous, id);
    previous = id;
  }
}

}  // namespace
}  // namespace base
