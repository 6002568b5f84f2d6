#include "base/interpolate.h"

#include <gtest/gtest.h>

namespace base {
namespace {

std::string replaced(std::string_view text) {
  return interpolate(text, [](const std::string& name) -> std::optional<std::string> {
    if (name == "KEY") return "k${OTHER}";
    if (name == "EMPTY") return "";
    return std::nullopt;
  });
}

TEST(InterpolateTest, ASetVariableIsReplacedOnceAndAnUnsetOneStays) {
  EXPECT_EQ(replaced("a ${KEY} b${EMPTY}c"), "a k${OTHER} bc");
  EXPECT_EQ(replaced("${UNSET} ${KEY}"), "${UNSET} k${OTHER}");
}

TEST(InterpolateTest, WhatIsNoNameStays) {
  for (const char* text : {"", "$KEY", "${}", "${KEY", "$", "}", "$ {KEY}"})
    EXPECT_EQ(replaced(text), text);
}

}  // namespace
}  // namespace base
