#include "collector/event_ids.h"

#include <gtest/gtest.h>

namespace collector {
namespace {

TEST(EventIdsTest, D02_TheSameNamesGiveTheSameIdInEveryRun) {
  EXPECT_EQ(event_id("claude", "s1", "msg_1#0"), "6c0e4680-0cbf-57ef-9112-5022267576b5");
  EXPECT_EQ(session_uuid("my session"), "9d46975a-e5e6-52cd-a16c-f1111ae6236f");
}

TEST(EventIdsTest, AnIdIsAUuidOfVersion5) {
  const std::string id = event_id("claude", "s1", "1");
  EXPECT_TRUE(is_uuid(id));
  EXPECT_EQ(id[14], '5');
  EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
}

TEST(EventIdsTest, NamesThatRunTogetherAreStillDifferent) {
  EXPECT_NE(event_id("a", "bc", "d"), event_id("ab", "c", "d"));
  EXPECT_NE(event_id("a", "b", "c"), event_id("a", "b", "d"));
  EXPECT_NE(event_id("a", "b:c", ""), event_id("a", "b", "c"));
}

TEST(EventIdsTest, D18_ASessionThatIsAUuidKeepsIt) {
  EXPECT_EQ(session_uuid("7D1D6C0E-3a55-4f6e-8f0b-2b8f5c1f9e77"),
            "7D1D6C0E-3a55-4f6e-8f0b-2b8f5c1f9e77");
  EXPECT_NE(session_uuid("7d1d6c0e-3a55-4f6e-8f0b-2b8f5c1f9e7g"),
            "7d1d6c0e-3a55-4f6e-8f0b-2b8f5c1f9e7g");
  EXPECT_TRUE(is_uuid(session_uuid("")));
  EXPECT_FALSE(is_uuid("7d1d6c0e3a55-4f6e-8f0b-2b8f5c1f9e77-"));
}

TEST(EventIdsTest, Vector18_TheReferenceHashIsTheReferences) {
  EXPECT_EQ(reference_event_hash("github-copilot", "llm_request", 1764547200, "rq-7"),
            "1dad390c9368c0534b10ce32a1746ce2c965d877f7de0a35b461d683df732f34");
  EXPECT_EQ(reference_event_hash("claude", "tool_use", 1764547200, std::nullopt),
            "0c2eae74243c810c55c0aa1c0e981ccd36758d303bb31c417d9721cbcaeeb177");
}

}  // namespace
}  // namespace collector
