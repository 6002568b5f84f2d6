#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace base {
namespace {

TEST(TextTest, TrimTakesEcmaScriptWhiteSpaceFromBothEnds) {
  EXPECT_EQ(trim(" \t\n a b \r "), "a b");
  EXPECT_EQ(trim("\xC2\xA0x\xEF\xBB\xBF"), "x");
  EXPECT_EQ(trim(" \xE2\x80\xA8 "), "");
  EXPECT_EQ(trim("\xC3\xA4"), "\xC3\xA4");
}

TEST(TextTest, ACutNeverSplitsACharacter) {
  EXPECT_EQ(cut_utf8("abc", 5), "abc");
  EXPECT_EQ(cut_utf8("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(cut_utf8("a\xC3\xA9z", 3), "a\xC3\xA9");
  EXPECT_EQ(cut_utf8("\xF0\x9F\x98\x80", 3), "");
}

TEST(TextTest, IntegersAreReadFromTheFront) {
  EXPECT_EQ(parse_leading_int("3abc"), 3);
  EXPECT_EQ(parse_leading_int(" -2.9"), -2);
  EXPECT_EQ(parse_leading_int("+7"), 7);
  EXPECT_EQ(parse_leading_int("abc"), std::nullopt);
  EXPECT_EQ(parse_leading_int(""), std::nullopt);
  EXPECT_EQ(parse_leading_int("-"), std::nullopt);
  EXPECT_EQ(parse_leading_int("99999999999999999999"), INT64_MAX);
}

TEST(TextTest, NearestFindsATypoAndNothingFarAway) {
  const std::array<std::string_view, 3> known = {"port", "host", "database"};
  EXPECT_EQ(nearest("prot", known), "port");
  EXPECT_EQ(nearest("databse", known), "database");
  EXPECT_EQ(nearest("zzzz", known), "");
}

TEST(TextTest, HtmlIsEscaped) { EXPECT_EQ(escape_html("<a&\"'>"), "&lt;a&amp;&quot;&#39;&gt;"); }

TEST(TextTest, CutsAtUtf16UnitsWithoutSplittingACharacter) {
  EXPECT_EQ(cut_utf16("abc", 3), "abc");
  EXPECT_EQ(cut_utf16("abc", 2), "ab");
  EXPECT_EQ(cut_utf16("\u00e4\u20ac!", 2), "\u00e4\u20ac");
  EXPECT_EQ(cut_utf16("a\U0001F600b", 3), "a\U0001F600");
  EXPECT_EQ(cut_utf16("a\U0001F600b", 2), "a");
  EXPECT_EQ(cut_utf16("", 0), "");
}

TEST(TextTest, TheLastComponentIsWhatStandsBehindTheLastSlash) {
  EXPECT_EQ(last_component("/home/dev/shop"), "shop");
  EXPECT_EQ(last_component("/home/dev/shop//"), "shop");
  EXPECT_EQ(last_component("shop"), "shop");
  EXPECT_EQ(last_component("C:\\dev\\shop"), "shop");
  EXPECT_EQ(last_component("/odd\\name"), "odd\\name");
  EXPECT_EQ(last_component("/"), "");
  EXPECT_EQ(last_component(""), "");
}

}  // namespace
}  // namespace base
