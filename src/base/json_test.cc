#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/json_reader.h"
#include "base/json_writer.h"

namespace base::json {
namespace {

/// The text after reading and writing; "error" where it is refused.
std::string again(std::string_view text) {
  Document document;
  const auto value = document.parse(text);
  if (!value) return "error";
  std::string out;
  append_value(out, *value);
  return out;
}

std::string number(double value) {
  std::string out;
  append_double(out, value);
  return out;
}

TEST(JsonReaderTest, ValuesComeBackCompactAndUnchanged) {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "[]", "{}", "\"\"", "[[[]]]", "[1,2,3]",
        R"({"a":{"b":[null,true,"c"]}})", R"("say \"hi\"\n\t\\ \u0001")", "\"gr\xC3\xBC\xC3\x9F\"",
        "123456789012345678901234567890"})
    EXPECT_EQ(again(text), text);
}

TEST(JsonReaderTest, WhiteSpaceBetweenTokensIsDropped) {
  EXPECT_EQ(again(" \n{ \"a\" : [ 1 , 2 ] }\t"), R"({"a":[1,2]})");
  EXPECT_EQ(again("  7  "), "7");
}

TEST(JsonReaderTest, WhatIsNotJsonIsRefused) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           R"({"a":1,})",
                           R"({"a" 1})",
                           R"({a:1})",
                           R"({"a":1 "b":2})",
                           "[1]]",
                           "{}{}",
                           "{} x",
                           "1 2",
                           "tru",
                           "truee",
                           "nul",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "0x10",
                           "NaN",
                           "Infinity",
                           "-",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u12\"",
                           "\"a\nb\"",
                           "\"\xFF\"",
                           "[\"\xC3\"]",
                           "{\"a\":tru}",
                           "[01]",
                           "[\"a\" \"b\"]",
                           "\"a\" \"b\"",
                           "\"\"{}\"\""})
    EXPECT_EQ(again(text), "error") << text;
}

TEST(JsonReaderTest, AColonAfterAValueIsRefused) {
  for (const char* text : {R"({"a":"b":2}})", R"({"a":"b":2,"c":6}})", R"({"a":"q":"a"},"b":"c"})",
                           R"({"a":"q":"a"}})", R"({"a":"b":2})", R"({"a":1:2})", R"(["a":1])",
                           R"(["a":1]])", R"("a":1)", R"({"a":{}:1})", R"({"a":["b":[]]]})",
                           R"({"data":{"toolName":"view","arguments":"p{tah":"/w/a"}}})"})
    EXPECT_EQ(again(text), "error") << text;
}

TEST(JsonReaderTest, AnAnswerDoesNotDependOnEarlierTexts) {
  const std::vector<std::string> before = {
      R"({"x":[1,2,3,4,5,6,7,8,9]})", std::string(200, ':'), std::string(200, '}'),
      std::string(200, ']'),          std::string(200, '"'), "[\"" + std::string(200, ' ') + "\"]"};
  for (const char* text : {R"({"a":"b")", R"({"a":"b":2}})", R"({"a":"q":"a"},"b":"c"})", R"(["a")",
                           R"({"a")", R"({"a":1)", R"("a")", "[", "1", R"({"a":[1,{"b":"c"}]})"}) {
    for (const std::string& earlier : before) {
      Document reused;
      (void)reused.parse(earlier);
      EXPECT_EQ(reused.parse(text).ok(), Document().parse(text).ok()) << text << " " << earlier;
    }
  }
}

TEST(JsonReaderTest, EscapesAreResolved) {
  EXPECT_EQ(again(R"("\u0041\u00e9\u20ac\ud83d\ude00\/")"),
            "\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80/\"");
}

TEST(JsonReaderTest, ALoneSurrogateReadsAsReplacementCharacter) {
  EXPECT_EQ(again(R"("\ud83d")"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(again(R"("\ud83d\u0041")"),
            "\"\xEF\xBF\xBD"
            "A\"");
  EXPECT_EQ(again(R"("\ude00!")"), "\"\xEF\xBF\xBD!\"");
}

TEST(JsonReaderTest, NestingStopsAtTheLimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(again(nested(kMaxDepth)), nested(kMaxDepth));
  EXPECT_EQ(again(nested(kMaxDepth + 1)), "error");
  EXPECT_EQ(again(nested(100000)), "error");
}

TEST(JsonReaderTest, TheLastOfEqualKeysWins) {
  Document document;
  const auto value = document.parse(R"({"a":1,"b":2,"a":3})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->find("a")->to_int(), 3);
  EXPECT_EQ(value->find("c"), std::nullopt);
  EXPECT_EQ(again(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
}

TEST(JsonReaderTest, IndexLikeKeysComeFirstInAscendingOrder) {
  EXPECT_EQ(again(R"({"b":1,"10":2,"a":3,"2":4,"01":5,"4294967295":6})"),
            R"({"2":4,"10":2,"b":1,"a":3,"01":5,"4294967295":6})");
}

TEST(JsonReaderTest, NumbersAreReadAsIntegersOnlyWhenIntegral) {
  const auto to_int = [](std::string_view text) {
    Document document;
    return document.parse(text)->to_int();
  };
  EXPECT_EQ(to_int("5.0"), 5);
  EXPECT_EQ(to_int("1e3"), 1000);
  EXPECT_EQ(to_int("-7"), -7);
  EXPECT_EQ(to_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(to_int("9223372036854775808"), std::nullopt);
  EXPECT_EQ(to_int("1.5"), std::nullopt);
  EXPECT_EQ(to_int("1e999"), std::nullopt);
}

TEST(JsonReaderTest, ADocumentIsReusedAfterAFailure) {
  Document document;
  EXPECT_FALSE(document.parse("{\"a\":").ok());
  EXPECT_TRUE(document.parse("{\"a\":[1]}").ok());
}

TEST(JsonWriterTest, RealsLookAsInJavaScript) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(0.0105), "0.0105");
  EXPECT_EQ(number(100), "100");
  EXPECT_EQ(number(123.456), "123.456");
  EXPECT_EQ(number(1e21), "1e+21");
  EXPECT_EQ(number(1e20), "100000000000000000000");
  EXPECT_EQ(number(1.5e-7), "1.5e-7");
  EXPECT_EQ(number(1e-6), "0.000001");
  EXPECT_EQ(number(0.030000000000000002), "0.030000000000000002");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWriterTest, NumbersAreRewrittenInShortestForm) {
  EXPECT_EQ(again("[1.0,1e3,-0,0.10,1E-7]"), "[1,1000,0,0.1,1e-7]");
}

std::string escaped_byte(int byte) {
  const std::string_view kShort = "\b\t\n\f\r\"\\", kNames = "btnfr\"\\";
  const char c = static_cast<char>(byte);
  if (const auto at = kShort.find(c); at != kShort.npos) return {'\\', kNames[at]};
  if (byte >= 0x20) return {c};
  constexpr char kHex[] = "0123456789abcdef";
  return {'\\', 'u', '0', '0', kHex[byte / 16], kHex[byte % 16]};
}

// Texts are looked at eight bytes at a time.
TEST(JsonWriterTest, EveryByteIsEscapedWhereverItStands) {
  const std::string around = "\x7f!ab#[]z\xc3\xa9 \x7f~Z0\x80\xff";
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t at = 0; at <= around.size(); ++at) {
      const std::string before = around.substr(0, at), after = around.substr(at);
      std::string out;
      append_string(out, before + static_cast<char>(byte) + after);
      ASSERT_EQ(out, '"' + before + escaped_byte(byte) + after + '"') << byte << " at " << at;
    }
}

TEST(JsonWriterTest, CommasStandBetweenMembersOnly) {
  std::string out;
  Writer json(out);
  json.begin_object().key("a").begin_array().value(1).value("x").end_array();
  json.key("b").begin_object().end_object().key("c").null().end_object();
  EXPECT_EQ(out, R"({"a":[1,"x"],"b":{},"c":null})");
}

}  // namespace
}  // namespace base::json
