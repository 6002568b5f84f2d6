#include "array_splitter.h"

#include <gmock/gmock.h>

#include <vector>

namespace agents {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Split {
  std::vector<std::string> elements;
  std::string head;
};
Split split(std::string_view text, std::size_t block = 1000000) {
  Split result;
  ArraySplitter splitter("list",
                         [&](std::string_view element) { result.elements.emplace_back(element); });
  for (; !text.empty(); text.remove_prefix(std::min(block, text.size())))
    splitter.feed(text.substr(0, block));
  result.head = splitter.head();
  return result;
}

TEST(ArraySplitterTest, ElementsComeOneByOneAndTheRestStays) {
  const std::string text =
      R"({"a":{"list":[7]},"s":"\"list\":[","list" : [ {"b":[1,2]}, "x,]\"", 3 ,[4]], "z":[5]})";
  for (const std::size_t block : {1, 2, 7, 1000}) {
    const Split all = split(text, block);
    EXPECT_THAT(all.elements, ElementsAre(R"({"b":[1,2]})", R"("x,]\"")", "3", "[4]"));
    EXPECT_EQ(all.head, R"({"a":{"list":[7]},"s":"\"list\":[","list":[],"z":[5]})");
  }
}

TEST(ArraySplitterTest, AnEmptyOrMissingArrayHasNone) {
  EXPECT_THAT(split(R"({"list":[]})").elements, IsEmpty());
  EXPECT_THAT(split(R"({"x":["list",[1]]})").elements, IsEmpty());
  EXPECT_THAT(split(R"({"list":{"a":[1]}})").elements, IsEmpty());
  EXPECT_THAT(split("}]]}}{[").elements, IsEmpty());
}

TEST(ArraySplitterTest, LongStringsAreShortenedAndWhatIsTooLongEvenSoIsEmpty) {
  const std::string numbers(3000000, '1');
  const Split all =
      split("{\"list\":[\"" + std::string(3000000, 'x') + "\",[" + numbers + "],3],\"y\":4}");
  ASSERT_EQ(all.elements.size(), 3u);
  EXPECT_LT(all.elements[0].size(), 70000u);
  EXPECT_TRUE(all.elements[0].ends_with("x [cut]\""));
  EXPECT_EQ(all.elements[1], "");
  EXPECT_EQ(all.elements[2], "3");
  EXPECT_EQ(all.head, "{\"list\":[],\"y\":4}");
  EXPECT_EQ(split("{\"y\":[" + numbers + "],\"list\":[1]}").head, "");
}

}  // namespace
}  // namespace agents
