#include "workspace_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test_executor.h"

namespace collector {
namespace {

class WorkspaceStorageTest : public testing::Test {
 protected:
  std::string read(const std::string& json) {
    std::ofstream(folder_ / "workspace.json") << json;
    return read();
  }
  std::string read() {
    const auto target = read_workspace_target(folder_.path());
    return target ? target->type + " " + target->path : target.error().what;
  }
  support::TemporaryFolder folder_;
};

TEST_F(WorkspaceStorageTest, D31_AFolderIsReadAndDecoded) {
  std::filesystem::create_directory(folder_ / "my work");
  EXPECT_EQ(read("{\"folder\":\"file://" + folder_.path() + "/my%20work\"}"),
            "folder " + (folder_ / "my work"));
}

TEST_F(WorkspaceStorageTest, D31_AListOfFoldersIsOneOfSeveralRoots) {
  std::ofstream(folder_ / "a.code-workspace") << "{}";
  EXPECT_EQ(read("{\"workspace\":\"file://" + folder_.path() + "/a.code-workspace\"}"),
            "multi-root " + (folder_ / "a.code-workspace"));
}

TEST_F(WorkspaceStorageTest, WhatIsElsewhereOrGoneSaysSo) {
  const std::string unresolved = "could not resolve workspace path from " + folder_.path();
  EXPECT_EQ(read(), unresolved);
  EXPECT_EQ(read("{"), unresolved);
  EXPECT_EQ(read("{\"folder\":\"vscode-remote://ssh/x\"}"), unresolved);
  EXPECT_EQ(read("{\"folder\":\"file:///a%00b\"}"), unresolved);
  EXPECT_EQ(read("{\"folder\":7}"), unresolved);
  EXPECT_EQ(read("{\"folder\":\"file:///no/such\"}"), "project path does not exist: /no/such");
}

TEST_F(WorkspaceStorageTest, AnOlderFileIsNotRead) {
  std::ofstream(folder_ / "meta.json") << "{}";
  EXPECT_EQ(read(), "workspace path resolution from meta.json not implemented");
}

}  // namespace
}  // namespace collector
