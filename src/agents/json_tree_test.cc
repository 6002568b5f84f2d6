#include "json_tree.h"

#include <gtest/gtest.h>

namespace agents {
namespace {

class JsonTreeTest : public testing::Test {
 protected:
  base::json::Value path(const std::string& json) { return *document_.parse(json); }
  std::string text() {
    std::string text;
    if (auto* const a = tree_.member("a")) JsonTree::write(*a, [&](auto piece) { text += piece; });
    return text;
  }
  base::json::Document document_;
  JsonTree tree_{R"({"a":{"b":[1,{"c":"d\n"}],"e":null}})"};
};

TEST_F(JsonTreeTest, AValueIsSetWhereItStandsOrBehindTheLast) {
  EXPECT_TRUE(tree_.set(path(R"(["a","b",1,"c"])"), "2"));
  EXPECT_TRUE(tree_.set(path(R"(["a","b",2])"), "3"));
  EXPECT_TRUE(tree_.set(path(R"(["a","\""])"), "[]"));
  EXPECT_EQ(text(), R"({"b":[1,{"c":2},3],"e":null,"\"":[]})");
  EXPECT_TRUE(tree_.set(path("[]"), R"({"a":7})"));
  EXPECT_EQ(text(), "7");
}

TEST_F(JsonTreeTest, ElementsAreAppendedBehindThoseThatStay) {
  EXPECT_TRUE(tree_.append(path(R"(["a","b"])"), {"5", "6"}, std::nullopt));
  EXPECT_TRUE(tree_.append(path(R"(["a","b"])"), {"7"}, 3));
  EXPECT_TRUE(tree_.append(path(R"(["a","e"])"), {"8"}, 100));
  EXPECT_TRUE(tree_.append(path(R"(["a","new"])"), {}, std::nullopt));
  EXPECT_EQ(text(), R"({"b":[1,{"c":"d\n"},5,7],"e":[8],"new":[]})");
}

TEST_F(JsonTreeTest, AMemberIsRemovedAndAnElementBecomesNull) {
  EXPECT_TRUE(tree_.remove(path(R"(["a","e"])")));
  EXPECT_TRUE(tree_.remove(path(R"(["a","b",0])")));
  EXPECT_EQ(text(), R"({"b":[null,{"c":"d\n"}]})");
}

TEST_F(JsonTreeTest, WhereThereIsNoPlaceNothingChanges) {
  const std::size_t bytes = tree_.bytes();
  for (const char* json : {R"(["x","y"])", R"(["a","b",9])", R"(["a","b",-1])", R"(["a","b","c"])",
                           R"(["a",0])", R"(["a","b",0,"x"])", "7", R"(["a","b",1.5])"})
    EXPECT_FALSE(tree_.set(path(json), "1")) << json;
  EXPECT_FALSE(tree_.remove(path("[]")));
  EXPECT_FALSE(tree_.remove(path(R"(["x"])")));
  EXPECT_FALSE(tree_.append(path("[]"), {"1"}, std::nullopt));
  EXPECT_EQ(text(), R"({"b":[1,{"c":"d\n"}],"e":null})");
  EXPECT_LT(tree_.bytes(), bytes + 2000);
}

TEST_F(JsonTreeTest, ItsBytesAreThoseOfItsNodes) {
  tree_.set(path(R"(["a","b",1,"c"])"), "[1,2,3]");
  tree_.append(path(R"(["a","b",1,"c"])"), {"4"}, 1);
  tree_.remove(path(R"(["a","b",0])"));
  tree_.remove(path(R"(["a","e"])"));
  const std::size_t bytes = tree_.bytes();
  EXPECT_EQ(JsonTree::bytes_of(*tree_.member("a")) + JsonTree::bytes_of({}) - 4, bytes);
}

TEST_F(JsonTreeTest, ElementsAreThoseOfAnArray) {
  EXPECT_EQ(tree_.elements(*tree_.member("a")).size(), 0u);
  tree_.set(path(R"(["a"])"), "[1,[2]]");
  EXPECT_EQ(tree_.elements(*tree_.member("a")).size(), 2u);
  EXPECT_EQ(tree_.member("x"), nullptr);
  tree_.set(path("[]"), "7");
  EXPECT_EQ(tree_.member("a"), nullptr);
}

}  // namespace
}  // namespace agents
