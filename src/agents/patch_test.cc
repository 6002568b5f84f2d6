#include "agents/patch.h"

#include <gtest/gtest.h>

namespace agents {
namespace {

TEST(PatchTest, LinesOfAllFilesAreCountedAndTheFirstFileIsNamed) {
  const auto patch = summarize_patch(
      "*** Begin Patch\n*** Update File:  cart.c \n@@\n-old\n+new\n+more\n"
      "*** Delete File: b.c\n--- a\n+++ b\n-gone\n*** End Patch");
  ASSERT_TRUE(patch);
  EXPECT_EQ(patch->file_path, "cart.c");
  EXPECT_EQ(patch->lines_added, 2);
  EXPECT_EQ(patch->lines_removed, 2);
}

TEST(PatchTest, EachWayToNameAFileWillDo) {
  for (const std::string_view head : {"*** Update File:", "*** Add File:", "*** Delete File:"})
    EXPECT_EQ(summarize_patch(std::string(head) + " x\r\n")->file_path, "x") << head;
}

TEST(PatchTest, WithoutAFileThereIsNothing) {
  EXPECT_FALSE(summarize_patch(""));
  EXPECT_FALSE(summarize_patch("+a\n-b\n*** Update File:  \n"));
}

}  // namespace
}  // namespace agents
