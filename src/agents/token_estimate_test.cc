#include "agents/token_estimate.h"

#include <gtest/gtest.h>

#include <string>

namespace agents {
namespace {

TEST(TokenEstimateTest, AWordIsOneTokenAndThreeTenths) {
  const auto words = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "word ";
    return estimate_tokens(text);
  };
  EXPECT_EQ(words(0), 0);
  EXPECT_EQ(words(1), 1);
  EXPECT_EQ(words(3), 3);
  EXPECT_EQ(words(4), 5);
  EXPECT_EQ(words(10), 13);
  EXPECT_EQ(words(20), 26);
  EXPECT_EQ(words(100), 130);
}

TEST(TokenEstimateTest, AnyWhiteSpaceStandsBetweenWords) {
  EXPECT_EQ(estimate_tokens("a\tb\nc\r\nd"), 5);
  EXPECT_EQ(estimate_tokens("a\u00a0b\u0085c\u3000d\u2003"), 5);
  EXPECT_EQ(estimate_tokens(" \n\u2028 "), 0);
}

TEST(TokenEstimateTest, OtherCharactersAreOfAWord) {
  EXPECT_EQ(estimate_tokens("gr\u00fc\u00dfe"), 1);
  EXPECT_EQ(estimate_tokens("\u4f60\u597d"), 1);
  EXPECT_EQ(estimate_tokens("a\xE2\x80"), 1);  // torn
  EXPECT_EQ(estimate_tokens("\xC2"), 1);
}

}  // namespace
}  // namespace agents
