#include "patch_statistics.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(PatchStatisticsTest, LinesOfAllFilesAreCountedAndTheFirstFileIsNamed) {
  const auto patch = read_patch(
      "*** Begin Patch\n*** Update File:  cart.c \n@@\n-old\n+new\n+more\n"
      "*** Delete File: b.c\n--- a\n+++ b\n-gone\n*** End Patch");
  ASSERT_TRUE(patch);
  EXPECT_EQ(patch->file_path, "cart.c");
  EXPECT_EQ(patch->lines_added, 2);
  EXPECT_EQ(patch->lines_removed, 2);
}

TEST(PatchStatisticsTest, EachWayToNameAFileWillDo) {
  for (const std::string_view head : {"*** Update File:", "*** Add File:", "*** Delete File:"})
    EXPECT_EQ(read_patch(std::string(head) + " x\r\n")->file_path, "x") << head;
}

TEST(PatchStatisticsTest, WithoutAFileThereIsNothing) {
  EXPECT_FALSE(read_patch(""));
  EXPECT_FALSE(read_patch("+a\n-b\n *** Update File: indented"));
}

}  // namespace
}  // namespace monitor
