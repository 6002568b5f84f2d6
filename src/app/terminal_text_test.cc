#include "terminal_text.h"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(TerminalTextTest, WhatIsPrintableStaysAsItIs) {
  EXPECT_EQ(printable("naïve 名前 🙂 e\u0301"), "naïve 名前 🙂 e\u0301");
  EXPECT_EQ(printable(""), "");
}

TEST(TerminalTextTest, ControlsBecomeBlanks) {
  EXPECT_EQ(printable("a\x1b[31mb\r\nc\x07\x7f"), "a [31mb  c  ");
  EXPECT_EQ(printable("a\u009b31m\u0085"), "a 31m ");     // C1
  EXPECT_EQ(printable("a\u202e\u2066\u2028b"), "a   b");  // direction, line separator
}

TEST(TerminalTextTest, BrokenUtf8IsMarkedByteByByte) {
  EXPECT_EQ(printable("a\xff\xc3z"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(printable("\xc0\x9b"), "\uFFFD\uFFFD");            // overlong control
  EXPECT_EQ(printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // surrogate
  EXPECT_EQ(printable("\xe2\x82"), "\uFFFD\uFFFD");            // cut
}

TEST(TerminalTextTest, WhatIsTooWideEndsWithAMark) {
  EXPECT_EQ(printable("abcde", 5), "abcde");
  EXPECT_EQ(printable("abcdef", 5), "abcd…");
  EXPECT_EQ(printable("名前名前", 8), "名前名前");
  EXPECT_EQ(printable("名前名前", 7), "名前名…");
  EXPECT_EQ(printable("名前名前", 6), "名前…");
}

TEST(TerminalTextTest, ColumnsAreThoseOfATerminal) {
  EXPECT_EQ(columns_of("abc"), 3u);
  EXPECT_EQ(columns_of("名前🙂"), 6u);
  EXPECT_EQ(columns_of("e\u0301…"), 2u);
}

}  // namespace
}  // namespace app
