#include "record_values.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace agents {
namespace {

std::string parsed(std::string_view text) {
  const auto time = parse_time(text);
  return time ? base::to_iso_ms(*time) : "none";
}

TEST(RecordValues, ADateWithoutAZoneIsUtc) {
  EXPECT_EQ(parsed("2026-01-10 08:00:00"), "2026-01-10T08:00:00.000Z");
  EXPECT_EQ(parsed("2026-01-10T08:00:00.25"), "2026-01-10T08:00:00.250Z");
  EXPECT_EQ(parsed("2026-01-10T08:00:00+02:00"), "2026-01-10T06:00:00.000Z");
  EXPECT_EQ(parsed("2026-01-10T08:00:00.123456789Z"), "2026-01-10T08:00:00.123Z");
  EXPECT_EQ(parsed("yesterday"), "none");
  EXPECT_EQ(parsed(""), "none");
}

TEST(RecordValues, TextsOfAnyDepthAreCut) {
  base::json::Document document;
  const std::string text = "{\"a\":[1,true,null,{\"b\":\"" + std::string(70000, 'x') + "\"}]}";
  const std::string cut = to_cut_json(*document.parse(text));
  EXPECT_LT(cut.size(), 66000u);
  EXPECT_TRUE(cut.starts_with("{\"a\":[1,true,null,{\"b\":\"xxx"));
  EXPECT_TRUE(cut.ends_with("x [cut]\"}]}"));
}

TEST(RecordValues, ALineIsKnownByWhereItStandsAndWhatItIs) {
  Line line;
  line.text = "hello";
  line.offset = 12;
  EXPECT_EQ(line_id(line), "12:2cf24dba");
}

TEST(RecordValues, TheTextOfAContentIsThatOfItsBlocks) {
  base::json::Document document;
  EXPECT_EQ(text_of(*document.parse("\"a\"")), "a");
  EXPECT_EQ(text_of(*document.parse(R"([{"text":"a"},{"x":1},"b",3])")), "a\nb");
  EXPECT_EQ(text_of(*document.parse("{\"text\":\"a\"}")), "");
}

TEST(RecordValues, TheFileOfAToolGoesBySeveralNames) {
  base::json::Document document;
  EXPECT_EQ(file_in(*document.parse(R"({"path":"/a","file_path":"/b"})")), "/b");
  EXPECT_EQ(file_in(*document.parse(R"({"file_path":7,"target_file":"/c"})")), "/c");
  EXPECT_EQ(file_in(*document.parse("[]")), "");
}

}  // namespace
}  // namespace agents
