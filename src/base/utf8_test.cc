#include "base/utf8.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Utf8Test, WhatIsUtf8StaysAsItIs) {
  for (const std::string_view text : {"", "a", "é", "€", "😀", "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(to_utf8(text), text);
  EXPECT_EQ(to_utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(Utf8Test, EachByteThatIsNoneIsReplaced) {
  EXPECT_EQ(to_utf8("a\xFF"
                    "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(to_utf8("\xC3"), "\xEF\xBF\xBD");
  for (const std::string_view two : {"\xC0\x80", "\xC1\xBF", "\x80\x80", "\xF5\x80", "\xE2\x82"})
    EXPECT_EQ(to_utf8(two), "\xEF\xBF\xBD\xEF\xBF\xBD");
  for (const std::string_view three : {"\xED\xA0\x80", "\xE0\x9F\xBF", "\xF0\x9F\x98"})
    EXPECT_EQ(to_utf8(three).size(), 9u);
  for (const std::string_view four : {"\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80"})
    EXPECT_EQ(to_utf8(four).size(), 12u);
}

}  // namespace
}  // namespace base
