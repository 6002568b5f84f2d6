#include "imported_ids.h"

#include <gtest/gtest.h>

namespace tasks {
namespace {

std::string shown(const ImportedIds& ids, ImportedIds::Hash id) {
  std::string text;
  for (const auto& place : ids.find(id))
    text += std::string(place.task_id) + std::to_string(place.index) + " ";
  return text;
}

TEST(ImportedIdsTest, TellsWhereAnIdMayBe) {
  ImportedIds ids;
  ids.replace("a", {7, 8});
  ids.replace("b", {9});
  EXPECT_EQ(shown(ids, 8), "a1 ");
  EXPECT_EQ(shown(ids, 9), "b0 ");
  EXPECT_EQ(shown(ids, 10), "");
}

TEST(ImportedIdsTest, AnotherArchiveLeavesNothingOfTheOneBefore) {
  ImportedIds ids;
  ids.replace("a", {7, 8});
  ids.replace("a", {8});
  EXPECT_EQ(shown(ids, 7), "");
  EXPECT_EQ(shown(ids, 8), "a0 ");
  ids.replace("a", {});
  EXPECT_EQ(shown(ids, 8), "");
}

TEST(ImportedIdsTest, IdsOfOneHashAreKeptApart) {
  ImportedIds ids;
  ids.replace("a", {7});
  ids.replace("b", {7});
  EXPECT_EQ(ids.find(7).size(), 2u);
  ids.replace("a", {});
  EXPECT_EQ(shown(ids, 7), "b0 ");
}

TEST(ImportedIdsTest, EqualIdsHaveEqualHashes) {
  std::vector<Event> events(3);
  events[0].id = events[2].id = "x";
  events[1].id = "y";
  const auto hashes = ImportedIds::hashes(events);
  EXPECT_EQ(hashes[0], hashes[2]);
  EXPECT_NE(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace tasks
