#include "collector/place.h"

#include <gtest/gtest.h>

#include "test_executor.h"

namespace collector {
namespace {

std::optional<Place> parse(std::string_view text) {
  base::json::Document document;
  return parse_place(*document.parse(text));
}

TEST(PlaceTest, D23_AFlatReplyIsRead) {
  EXPECT_EQ(parse(R"({"id":41,"projectId":12,"machineId":3,"workspaceId":"9c0ffee0",)"
                  R"("project":{"fullName":"acme/parser"},"machine":{"hostname":"box"}})"),
            (Place{12, 3, 41, "acme/parser", "box"}));
}

TEST(PlaceTest, D23_AWrappedReplyIsReadToo) {
  EXPECT_EQ(parse(R"({"workspace":{"id":41,"workspaceId":"9c"},"context":{"projectId":12,)"
                  R"("machineId":3,"workspaceId":41,"projectName":"p","machineName":"m"}})"),
            (Place{12, 3, 41, "p", "m"}));
  EXPECT_EQ(parse(R"({"workspace":{"id":41,"projectId":12},"context":{"workspaceId":"9c"}})"),
            (Place{12, 0, 41, "unknown", "unknown"}));
}

TEST(PlaceTest, D23_AReplyOfZerosIsNone) {
  for (const char* reply : {"{}", "[]", "null", R"({"id":0,"projectId":0})", R"({"id":"41"})",
                            R"({"workspace":{},"context":{"projectId":-1}})"})
    EXPECT_EQ(parse(reply), std::nullopt) << reply;
}

class PlaceCacheTest : public testing::Test {
 protected:
  support::FakeClock clock_;
  PlaceCache cache_{clock_};
};

TEST_F(PlaceCacheTest, APlaceIsKnownForTenMinutes) {
  EXPECT_EQ(cache_.find("a"), std::nullopt);
  cache_.add("a", Place{1});
  clock_.time += std::chrono::seconds{599};
  EXPECT_EQ(cache_.find("a"), std::optional(std::optional(Place{1})));
  clock_.time += std::chrono::seconds{1};
  EXPECT_EQ(cache_.find("a"), std::nullopt);
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(PlaceCacheTest, ThatThereIsNoneIsKnownForAMinute) {
  cache_.add("a", std::nullopt);
  EXPECT_TRUE(cache_.find("a").has_value());
  EXPECT_FALSE(cache_.find("a")->has_value());
  clock_.time += std::chrono::seconds{60};
  EXPECT_FALSE(cache_.find("a").has_value());
}

TEST_F(PlaceCacheTest, TheOneAskedForLongestAgoGoes) {
  for (std::size_t i = 0; i < PlaceCache::kMost; ++i) cache_.add(std::to_string(i), Place{1});
  EXPECT_TRUE(cache_.find("0").has_value());
  cache_.add("new", Place{2});
  EXPECT_TRUE(cache_.find("0").has_value());
  EXPECT_FALSE(cache_.find("1").has_value());
  EXPECT_EQ(cache_.size(), PlaceCache::kMost);
  cache_.add("new", Place{3});
  EXPECT_EQ((*cache_.find("new"))->project_id, 3);
  EXPECT_EQ(cache_.size(), PlaceCache::kMost);
}

}  // namespace
}  // namespace collector
