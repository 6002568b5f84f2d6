#include "json_splitter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/json_reader.h"

namespace agents {
namespace {

struct Split {
  std::string parts;  // `key@level=text ` of a member, `text@offset ` of an element
  bool is_done = false, is_broken = false, has_array = false, is_cut = false;
  std::string rest;
};

Split split(const std::string& json, std::size_t block = 1 << 18,
            std::vector<std::string_view> path = {"a"},
            JsonSplitter::Elements elements = JsonSplitter::Elements::give) {
  Split result;
  JsonSplitter splitter(std::move(path), elements);
  JsonSplitter::Part part;
  std::string_view bytes = json;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(block, bytes.size()))) {
    splitter.feed(bytes.substr(0, block));
    while (splitter.next(part)) {
      result.is_cut |= part.is_cut;
      const std::string text = part.is_too_long ? "long" : std::string(part.text);
      if (part.is_element)
        result.parts += text + "@" + std::to_string(part.offset) + " ";
      else
        result.parts += std::string(part.key) + "@" + std::to_string(part.level) + "=" + text + " ";
    }
    if (splitter.is_done()) break;
  }
  result.is_done = splitter.is_done();
  result.is_broken = splitter.is_broken();
  result.has_array = splitter.has_array();
  result.rest = std::string(splitter.rest());
  return result;
}

TEST(JsonSplitterTest, MembersAndElementsAreTheParts) {
  const Split s = split(R"( {"v":3 , "a" : [ {"x":[1,"]"]} ,7, "s" ],"b":{"a":[1]},"c":null} x)");
  EXPECT_EQ(s.parts, R"(v@0=3 {"x":[1,"]"]}@18 7@33 "s"@36 b@0={"a":[1]} c@0=null )");
  EXPECT_TRUE(s.is_done);
  EXPECT_TRUE(s.has_array);
  EXPECT_EQ(s.rest, " x");
}

TEST(JsonSplitterTest, ItDoesNotMatterHowTheBytesCome) {
  const std::string json =
      R"({"k\"\\":"q\"\\\\","a":[{"t":"\\\"}"},[],"\\",{"u":"{[\\\\\""}],"z":[{"a":[]}]})";
  const Split whole = split(json);
  EXPECT_TRUE(whole.is_done);
  for (std::size_t block = 1; block < json.size(); ++block)
    EXPECT_EQ(split(json, block).parts, whole.parts) << block;
}

TEST(JsonSplitterTest, ThePathMayLeadThroughObjects) {
  const Split s = split(R"({"kind":0,"v":{"x":1,"a":[2,3],"y":4},"i":5})", 5, {"v", "a"});
  EXPECT_EQ(s.parts, "kind@0=0 x@1=1 2@26 3@28 y@1=4 i@0=5 ");
  EXPECT_TRUE(s.is_done);
  EXPECT_EQ(split(R"({"v":7,"a":[1]})", 5, {"v", "a"}).parts, "v@0=7 a@0=[1] ");
}

TEST(JsonSplitterTest, WhatIsNoArrayIsAMember) {
  const Split s = split(R"({"a":{"a":[1]}})");
  EXPECT_EQ(s.parts, R"(a@0={"a":[1]} )");
  EXPECT_FALSE(s.has_array);
}

TEST(JsonSplitterTest, ElementsCanBeSkipped) {
  EXPECT_EQ(split(R"({"a":[1,{"b":[2]}],"c":3})", 4, {"a"}, JsonSplitter::Elements::skip).parts,
            "c@0=3 ");
}

TEST(JsonSplitterTest, WhatIsNoObjectIsBroken) {
  for (const char* json : {"[]", "7", "{,", "{\"a\"7", "{\"a\":,", "{\"a\":1 2", "{\"a\":1]", "{7",
                           "{\"a\":[1}", "{\"a\":[,", "{\"a\":1,}"})
    EXPECT_TRUE(split(json).is_broken) << json;
  for (const char* json :
       {"", "{", "{\"a\":[", "{\"a\":[1", "{\"a\":[1,", "{\"a\":\"x", "{\"a\":1"}) {
    EXPECT_FALSE(split(json).is_broken) << json;
    EXPECT_FALSE(split(json).is_done) << json;
  }
  EXPECT_TRUE(split("{}").is_done);
  EXPECT_TRUE(split("{\"a\":[]}").is_done);
}

TEST(JsonSplitterTest, ALongElementIsReduced) {
  const std::string element =
      R"({"t":")" + std::string(3 << 20, 'x') + R"(","l":[[[[[[1,{"d":"}"}]]]]]]})";
  for (const std::size_t block : {1000, 1 << 18, 8 << 20}) {
    const Split s = split("{\"a\":[" + element + ",1]}", block);
    EXPECT_TRUE(s.is_cut);
    EXPECT_EQ(s.parts.size(), (64u << 10) + 44) << block;
    EXPECT_NE(s.parts.find(R"( [cut]","l":[[[[[[]]]]]]}@6 1@)"), s.parts.npos);
  }
}

TEST(JsonSplitterTest, WhatIsTooLongEvenSoIsGivenWithoutText) {
  std::string many = "[0";
  for (int i = 0; i < 1200000; ++i) many += ",0";
  EXPECT_EQ(split("{\"m\":" + many + "],\"a\":[" + many + "],1]}").parts.substr(0, 18),
            "m@0=long long@2400");
  EXPECT_EQ(split("{\"m\":" + many + "]}", 100).parts, "m@0=long ");
}

TEST(JsonSplitterTest, ALongKeyIsCut) {
  const Split s = split("{\"" + std::string(1000, 'k') + "\":1}", 7);
  EXPECT_TRUE(s.is_done);
  EXPECT_LE(s.parts.size(), 270u);
}

TEST(JsonReducerTest, WhatItLeavesIsJson) {
  const std::string json =
      R"({"a":[[[[[{"x":"]}","y":[1]},[],"s"]]]]],"b":"\"{","c":[[[[[[[["z"]]]]],2]]]})";
  for (std::size_t block = 1; block <= json.size(); ++block) {
    JsonReducer reducer;
    std::string out;
    for (std::size_t at = 0; at < json.size(); at += block)
      reducer.feed(std::string_view(json).substr(at, block), out);
    EXPECT_EQ(out, R"({"a":[[[[[{},[],"s"]]]]],"b":"\"{","c":[[[[[[]]],2]]]})") << block;
  }
}

}  // namespace
}  // namespace agents
