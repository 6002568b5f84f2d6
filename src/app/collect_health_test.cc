#include "collect_health.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace app {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::Error;
using base::Result;

TEST(CollectHealthTest, WhatIsDoneApartTellsHowItWent) {
  EXPECT_TRUE(do_apart(10s, [] { return Result<void>(); }).ok());
  const auto failed = do_apart(10s, []() -> Result<void> { return Error{Errc::gone, "no luck"}; });
  EXPECT_EQ(failed.error().what, "no luck");
  EXPECT_EQ(failed.error().code, Errc::unavailable);
}

TEST(CollectHealthTest, WhatHangsIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  const auto hung = do_apart(20ms, []() -> Result<void> {
    for (;;) ::pause();
  });
  EXPECT_EQ(hung.error().what, "no answer within 20 ms");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(CollectHealthTest, WhatDiesIsNoSuccess) {
  EXPECT_FALSE(do_apart(10s, []() -> Result<void> { ::_exit(0); }).ok());
}

TEST(CollectHealthTest, AnAddressThatIsNoneIsRefused) {
  EXPECT_EQ(check_backend("http://", 1s).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace app
