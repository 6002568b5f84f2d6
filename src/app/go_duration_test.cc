#include "go_duration.h"

#include <gtest/gtest.h>

#include <limits>

namespace app {
namespace {

using namespace std::chrono_literals;

TEST(GoDurationTest, HasTheUnitThatFitsAndNoZerosAtItsEnd) {
  EXPECT_EQ(to_go_duration(0ns), "0s");
  EXPECT_EQ(to_go_duration(7ns), "7ns");
  EXPECT_EQ(to_go_duration(1'500ns), "1.5µs");
  EXPECT_EQ(to_go_duration(132ms), "132ms");
  EXPECT_EQ(to_go_duration(132'050us), "132.05ms");
  EXPECT_EQ(to_go_duration(2'022'899'324ns), "2.022899324s");
  EXPECT_EQ(to_go_duration(63'500ms), "1m3.5s");
}

TEST(GoDurationTest, NamesMinutesAndSecondsOfAWholeHour) {
  EXPECT_EQ(to_go_duration(1min), "1m0s");
  EXPECT_EQ(to_go_duration(1h), "1h0m0s");
  EXPECT_EQ(to_go_duration(26h + 3min + 4ms), "26h3m0.004s");
}

TEST(GoDurationTest, TakesWhatIsNegativeDownToTheLeast) {
  EXPECT_EQ(to_go_duration(-1'500ms), "-1.5s");
  EXPECT_EQ(to_go_duration(std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::min())),
            "-2562047h47m16.854775808s");
}

}  // namespace
}  // namespace app
