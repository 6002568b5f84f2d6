#include "monitor/metadata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/json_writer.h"

namespace monitor {
namespace {

constexpr std::size_t kKilobyte = 1024;
constexpr std::string_view kE = "\xC3\xA9";              // two bytes
constexpr std::string_view kEmoji = "\xF0\x9F\x98\x80";  // four bytes

class MetadataTest : public testing::Test {
 protected:
  StoredMetadata store(std::string_view json, std::size_t max_bytes) {
    StoredMetadata stored = to_stored_metadata(document_.parse(json).value(), max_bytes);
    EXPECT_TRUE(base::json::Document().parse(stored.json).ok()) << stored.json;
    EXPECT_LE(stored.json.size(), std::max<std::size_t>(max_bytes, 2));
    return stored;
  }
  /// Empty where the limit cuts it.
  std::string whole(std::string_view json, std::size_t max_bytes = 10 * kKilobyte) {
    const StoredMetadata stored = store(json, max_bytes);
    return stored.truncated ? "" : stored.json;
  }
  /// Empty where the limit does not cut it.
  std::string cut(std::string_view json, std::size_t max_bytes) {
    const StoredMetadata stored = store(json, max_bytes);
    return stored.truncated ? stored.json : "";
  }

  static std::string repeat(std::string_view text, std::size_t times) {
    std::string repeated;
    while (times-- > 0) repeated += text;
    return repeated;
  }
  static std::string marks(std::size_t original_bytes, std::string_view key_fields = "") {
    std::string json = "{\"_truncated\":true,\"_original_bytes\":";
    base::json::append_int(json, static_cast<std::int64_t>(original_bytes));
    return json.append(key_fields).append("}");
  }
  /// An object of `bytes` compact bytes whose one member is `name`.
  static std::string object_of(std::size_t bytes, std::string_view name = "blob") {
    const std::string frame = "{\"" + std::string(name) + "\":\"\"}";
    return frame.substr(0, frame.size() - 2) + std::string(bytes - frame.size(), 'x') + "\"}";
  }

 private:
  base::json::Document document_;
};

TEST_F(MetadataTest, ALimitBelowTwoBytesCutsEverything) {
  for (const char* json : {"{}", "1", "null", R"({"command":"ls"})", "[]"})
    for (std::size_t limit : {0u, 1u}) EXPECT_EQ(cut(json, limit), "{}") << json;
}

TEST_F(MetadataTest, WhatFitsIsKeptAsCompactJson) {
  EXPECT_EQ(whole(R"( { "a" : [ 1 , { "b" : null } ] } )"), R"({"a":[1,{"b":null}]})");
  EXPECT_EQ(whole("{}", 2), "{}");
  EXPECT_EQ(whole("null", 2), "{}");
  EXPECT_EQ(whole("false"), "false");
  EXPECT_EQ(whole("0"), "0");
  EXPECT_EQ(whole(R"("text")"), R"("text")");
}

TEST_F(MetadataTest, NumbersAndKeyOrderAreThoseOfJavaScript) {
  EXPECT_EQ(whole(R"({"b":1.0,"a":1e3,"2":"y","1":"x"})"), R"({"1":"x","2":"y","b":1,"a":1000})");
  EXPECT_EQ(whole(R"({"a":1,"a":2})"), R"({"a":2})");
}

TEST_F(MetadataTest, TheLimitItselfIsKeptAndOneByteMoreIsCut) {
  EXPECT_EQ(whole(object_of(1024), kKilobyte), object_of(1024));
  EXPECT_EQ(cut(object_of(1025), kKilobyte), marks(1025));
}

TEST_F(MetadataTest, BytesAreCountedWithoutWhiteSpaceAndEscapes) {
  std::string spaced = object_of(1024);
  spaced.insert(1, std::string(500, ' '));
  EXPECT_EQ(whole(spaced, kKilobyte), object_of(1024));
  EXPECT_EQ(whole(R"("\u00e9\u0041")", 5),
            "\"\xC3\xA9"
            "A\"");
}

TEST_F(MetadataTest, MultiByteTextIsCountedInBytes) {
  const std::string fits = "\"" + repeat(kE, 511) + "\"";             // 1024 bytes
  const std::string too_long = "\"" + repeat(kEmoji, 255) + "abc\"";  // 1025 bytes
  EXPECT_EQ(whole(fits, kKilobyte), fits);
  EXPECT_EQ(cut(too_long, kKilobyte), marks(1025));
  EXPECT_EQ(cut("{\"a\":\"" + repeat(kE, 509) + "\"}", kKilobyte), marks(1026));
}

TEST_F(MetadataTest, ALargerObjectKeepsItsKeyFields) {
  EXPECT_EQ(cut(R"({"command":"ls","blob":")" + std::string(2000, 'x') + "\"}", kKilobyte),
            marks(2026, R"(,"command":"ls")"));
}

TEST_F(MetadataTest, KeyFieldsHaveTheirOwnOrderAndTheirWholeValues) {
  const std::string json =
      R"({"type":null,"path":{"b":[1.0]},"tool_name":0,"message":"m","error":false,"pattern":[],)"
      R"("query":"\u00e9","file_path":"f","command":"c","Command":1,"blob":")" +
      std::string(2000, 'x') + "\"}";
  const std::size_t bytes = whole(json).size();
  EXPECT_EQ(cut(json, kKilobyte),
            marks(bytes,
                  ",\"command\":\"c\",\"file_path\":\"f\",\"query\":\"\xC3\xA9\",\"pattern\":[],"
                  "\"error\":false,\"message\":\"m\",\"tool_name\":0,\"path\":{\"b\":[1]},"
                  "\"type\":null"));
}

TEST_F(MetadataTest, OfEqualKeyFieldsTheLastIsKept) {
  const std::string json =
      R"({"path":"first","path":"last","blob":")" + std::string(2000, 'x') + "\"}";
  EXPECT_EQ(cut(json, kKilobyte), marks(whole(json).size(), R"(,"path":"last")"));
}

TEST_F(MetadataTest, MarksThatTheSenderWroteAreNotKept) {
  const std::string json =
      R"({"_truncated":false,"_original_bytes":1,"blob":")" + std::string(2000, 'x') + "\"}";
  EXPECT_EQ(cut(json, kKilobyte), marks(whole(json).size()));
}

TEST_F(MetadataTest, WhatIsNoObjectIsCutToTheMarks) {
  const std::string text = "\"" + std::string(2000, 'x') + "\"";
  EXPECT_EQ(cut(text, kKilobyte), marks(2002));
  EXPECT_EQ(cut("[{\"command\":\"ls\"}," + text + "]", kKilobyte), marks(2021));
  EXPECT_EQ(cut(std::string(60, '7'), 50), marks(60));
  EXPECT_EQ(cut("false", 4), "{}");
}

TEST_F(MetadataTest, ASummaryAtTheLimitIsKeptAndOneByteMoreLosesEveryKeyField) {
  const auto json = [](std::size_t path_bytes) {
    return R"({"type":"t","path":")" + std::string(path_bytes, 'p') + R"(","blob":")" +
           std::string(3000 - path_bytes, 'x') + "\"}";
  };
  const std::size_t bytes = whole(json(1)).size();
  const std::size_t rest = marks(bytes, R"(,"path":"","type":"t")").size();
  const std::string path(kKilobyte - rest, 'p');
  EXPECT_EQ(cut(json(path.size()), kKilobyte),
            marks(bytes, ",\"path\":\"" + path + "\",\"type\":\"t\""));
  EXPECT_EQ(cut(json(path.size() + 1), kKilobyte), marks(bytes));
}

TEST_F(MetadataTest, ASummaryOfMultiByteTextIsNeverCutInside) {
  // 1025 to 1030 bytes of summary: each is over by less than a character has bytes, or by one.
  for (std::size_t pad = 0; pad < 6; ++pad) {
    const std::string json =
        "{\"command\":\"" + std::string(pad, 'x') + repeat(kEmoji, 300) + "\"}";
    EXPECT_EQ(cut(json, kKilobyte), marks(1214 + pad));
  }
}

TEST_F(MetadataTest, KeyFieldsThatAreTooLargeInAnyFormLeaveTheMarks) {
  const auto with = [](std::string_view value) {
    return R"({"command":"ls","path":)" + std::string(value) + "}";
  };
  const std::string many = "[0" + repeat(",0", 600) + "]";
  const std::string nested = "{\"a\":" + object_of(1200) + "}";
  const std::string escapes = "\"" + repeat("\\u0001", 200) + "\"";  // 200 bytes, written as 1200
  for (const std::string& value : {many, nested, escapes})
    EXPECT_EQ(cut(with(value), kKilobyte), marks(whole(with(value)).size())) << value;
}

TEST_F(MetadataTest, EqualKeysInsideAKeyFieldDoNotCountAsBytes) {
  const std::string path = "{\"a\":0" + repeat(",\"a\":1", 600) + "}";  // {"a":1}
  const std::string json = R"({"blob":")" + std::string(1100, 'x') + R"(","path":)" + path + "}";
  EXPECT_EQ(cut(json, kKilobyte), marks(whole(json).size(), R"(,"path":{"a":1})"));
}

TEST_F(MetadataTest, WhereTheMarksDoNotFitNothingIsLeft) {
  const std::string json = object_of(100);
  const std::size_t bytes = marks(100).size();
  EXPECT_EQ(cut(json, bytes), marks(100));
  EXPECT_EQ(cut(json, bytes - 1), "{}");
  EXPECT_EQ(cut(json, 2), "{}");
}

}  // namespace
}  // namespace monitor
