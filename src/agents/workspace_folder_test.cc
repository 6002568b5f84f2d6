#include "agents/workspace_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "test_executor.h"

namespace agents {
namespace {

class WorkspaceFolderTest : public testing::Test {
 protected:
  std::optional<WorkspaceFolder> read(const std::string& text) {
    std::ofstream(folder_ / "workspace.json") << text;
    return read_workspace_folder(folder_.path());
  }
  support::TemporaryFolder folder_;
};

TEST_F(WorkspaceFolderTest, D31_TheFolderIsPercentDecoded) {
  const auto folder = read(R"({"folder":"file:///w/a%20b%C3%A4"})");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->path, "/w/a b\xC3\xA4");
  EXPECT_FALSE(folder->is_multi_root);
  EXPECT_TRUE(folder->is_local);
  EXPECT_FALSE(read(R"({"folder":"vscode-remote://ssh/w"})")->is_local);
  EXPECT_EQ(folder->directory(), folder->path);
}

TEST_F(WorkspaceFolderTest, D31_SeveralFoldersAreReadToo) {
  const auto folder = read(R"({"workspace":"file:///w/all.code-workspace"})");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->path, "/w/all.code-workspace");
  EXPECT_TRUE(folder->is_multi_root);
  EXPECT_EQ(folder->directory(), "/w");
}

TEST_F(WorkspaceFolderTest, WithoutASayingFileThereIsNone) {
  EXPECT_FALSE(read_workspace_folder(folder_.path()));
  EXPECT_FALSE(read("{}"));
  EXPECT_FALSE(read("x"));
  EXPECT_FALSE(read(R"({"folder":7})"));
}

TEST(PathOfUri, IsWhatStandsBehindTheHost) {
  EXPECT_EQ(path_of_uri("vscode-remote://ssh-remote%2Bbox/home/x"), "/home/x");
  EXPECT_EQ(path_of_uri("file:///c%3A/Users/x"), "c:/Users/x");
  EXPECT_EQ(path_of_uri("/plain/p%20"), "/plain/p%20");
  EXPECT_EQ(path_of_uri("file:///a%2"), "/a%2");
  EXPECT_EQ(path_of_uri("file:///a%zz%ff"), "/a%zz\xEF\xBF\xBD");
  EXPECT_EQ(path_of_uri("file://"), "");
}

}  // namespace
}  // namespace agents
