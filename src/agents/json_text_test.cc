#include "json_text.h"

#include <gtest/gtest.h>

#include "json_fields.h"

namespace agents {
namespace {

struct Cut {
  std::string text;
  bool is_cut;
};
Cut cut(const std::string& json, std::size_t max_string) {
  base::json::Document document;
  Cut result;
  result.is_cut = append_cut(result.text, *document.parse(json), max_string);
  return result;
}
Cut input(const std::string& json) {
  base::json::Document document;
  Cut result;
  result.is_cut = append_input(result.text, *document.parse(json));
  EXPECT_LE(result.text.size(), kMaxInputBytes);
  EXPECT_TRUE(document.parse(result.text).ok());
  return result;
}
std::string text_of(const std::string& json) {
  base::json::Document document;
  return message_text(*document.parse(json));
}

TEST(JsonTextTest, WhatIsShortStandsAsItWas) {
  const std::string json = R"({"b":[1.50,null,true,"x\n"],"a":{},"1":-2e3})";
  EXPECT_EQ(cut(json, 64).text, json);
  EXPECT_FALSE(cut(json, 64).is_cut);
}

TEST(JsonTextTest, LongStringsAndNamesAreCut) {
  const Cut result = cut(R"({"long name":["abcdefgh","é€"]})", 4);
  EXPECT_EQ(result.text, R"({"long":["abcd [cut]","é [cut]"]})");
  EXPECT_TRUE(result.is_cut);
}

TEST(JsonTextTest, AnInputOfAnySizeFits) {
  EXPECT_FALSE(input(R"({"cmd":"ls"})").is_cut);
  EXPECT_TRUE(input("[\"" + std::string(500000, 'x') + "\"]").is_cut);
  std::string many = "[0";
  for (int i = 0; i < 200000; ++i) many += ",0";
  EXPECT_TRUE(input(many + "]").is_cut);
  EXPECT_TRUE(input(many + ",\"" + std::string(70000, 'x') + "\"]").is_cut);
  std::string escapes = "[\"";
  for (int i = 0; i < 20000; ++i) escapes += "\\u0001";
  for (int i = 0; i < 200; ++i) escapes.append("\",\"").append(escapes, 2, 6000);
  EXPECT_TRUE(input(escapes + "\"]").is_cut);
}

TEST(JsonTextTest, ATextIsAnInputToo) {
  std::string out;
  EXPECT_FALSE(append_input(out, std::string_view("a\"b")));
  EXPECT_EQ(out, R"("a\"b")");
}

TEST(JsonTextTest, AMessageIsATextOrBlocksOfIt) {
  EXPECT_EQ(text_of(R"("hi")"), "hi");
  EXPECT_EQ(text_of(R"([{"type":"text","text":"a"},{"type":"image","text":"no"},)"
                    R"({"type":"input_text","text":"b"},7])"),
            "a\nb");
  EXPECT_EQ(text_of(R"([{"type":"thinking","thinking":"hm"}])"), "");
  EXPECT_EQ(text_of("{}"), "");
}

}  // namespace
}  // namespace agents
