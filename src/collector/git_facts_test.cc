#include "collector/git_facts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test_executor.h"

namespace collector {
namespace {

namespace fs = std::filesystem;

TEST(NormalisedRemoteTest, Vector16_EveryWayToWriteARemoteBecomesOne) {
  EXPECT_EQ(normalised_remote("git@github.com:acme/parser.git"), "https://github.com/acme/parser");
  EXPECT_EQ(normalised_remote("https://github.com/acme/parser.git"),
            "https://github.com/acme/parser");
  EXPECT_EQ(normalised_remote("github.com/acme/parser"), "https://github.com/acme/parser");
  EXPECT_EQ(normalised_remote("http://github.com/acme/parser.git"),
            "http://github.com/acme/parser");
}

TEST(NormalisedRemoteTest, D31_CredentialsPortsAndSlashesGo) {
  EXPECT_EQ(normalised_remote("https://ana:t0ken@GitHub.com:8443/acme/Parser.git/"),
            "https://github.com/acme/Parser");
  EXPECT_EQ(normalised_remote("ssh://git@host.example:2222/acme/parser.git"),
            "https://host.example/acme/parser");
  EXPECT_EQ(normalised_remote("git://host.example/acme/parser//"),
            "https://host.example/acme/parser");
  EXPECT_EQ(normalised_remote("https://a@b:pass@host/x"), "https://host/x");
  EXPECT_EQ(normalised_remote("host.example:acme/parser"), "https://host.example/acme/parser");
  EXPECT_EQ(normalised_remote("git@host:42/parser"), "https://host/42/parser");
  EXPECT_EQ(normalised_remote("file:///home/ana/x"), "file:///home/ana/x");
}

TEST(NormalisedRemoteTest, OddTextsDoNoHarm) {
  for (const char* text : {"", ":", "@", "://", "git@", "/", "a:b:c", ".git", "https://"})
    EXPECT_TRUE(normalised_remote(text).starts_with("http")) << text;
}

class GitFactsTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  void repository(const std::string& head = "ref: refs/heads/main\n") {
    write(".git/HEAD", head);
    write(".git/config",
          "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = x\n[remote \"origin\"]\n"
          "\turl = git@host:acme/parser.git\n\turl = second\n");
    write(".git/packed-refs", "# pack-refs\n" + kPacked + " refs/heads/main\n");
  }
  std::string refusal() {
    const auto facts = read_git_facts(folder_.path());
    return facts ? "read" : facts.error().what;
  }

  const std::string kPacked = std::string(40, 'a'), kLoose = std::string(40, 'b');
  support::TemporaryFolder folder_;
};

TEST_F(GitFactsTest, ABranchIsFoundPackedOrLoose) {
  repository();
  auto facts = read_git_facts(folder_.path());
  ASSERT_TRUE(facts.ok()) << facts.error().what;
  EXPECT_EQ(facts->remote, "https://host/acme/parser");
  EXPECT_EQ(facts->branch, "main");
  EXPECT_EQ(facts->commit, kPacked);
  write(".git/refs/heads/main", kLoose + "\n");
  EXPECT_EQ(read_git_facts(folder_.path())->commit, kLoose);
}

TEST_F(GitFactsTest, ADetachedHeadHasACommitAndNoBranch) {
  repository(kLoose + "\n");
  EXPECT_EQ(read_git_facts(folder_.path())->branch, "");
  EXPECT_EQ(read_git_facts(folder_.path())->commit, kLoose);
}

TEST_F(GitFactsTest, AWorktreeHasItsOwnHeadAndTheRemoteOfItsRepository) {
  repository();
  write(".git/worktrees/w/HEAD", "ref: refs/heads/feature/x\n");
  write(".git/worktrees/w/commondir", "../..\n");
  write(".git/refs/heads/feature/x", kLoose);
  write("w/.git", std::string("gitdir: ") + (folder_ / ".git/worktrees/w") + "\n");
  const auto facts = read_git_facts(folder_ / "w");
  ASSERT_TRUE(facts.ok()) << facts.error().what;
  EXPECT_EQ(facts->remote, "https://host/acme/parser");
  EXPECT_EQ(facts->branch, "feature/x");
  EXPECT_EQ(facts->commit, kLoose);
}

TEST_F(GitFactsTest, WhatIsMissingIsNamed) {
  EXPECT_EQ(refusal(), "failed to open git repository");
  repository("nonsense");
  EXPECT_EQ(refusal(), "failed to get HEAD");
  write(".git/config", "[remote \"origin\"]\n fetch = x\n");
  EXPECT_EQ(refusal(), "no remote URL configured");
  write(".git/config", "[remote \"other\"]\n url = x\n");
  EXPECT_EQ(refusal(), "failed to get origin remote");
}

TEST_F(GitFactsTest, AHeadThatLeadsAwayIsNotFollowed) {
  write("outside", kLoose);
  repository("ref: refs/../../outside\n");
  EXPECT_EQ(read_git_facts(folder_.path())->commit, "");
}

TEST_F(GitFactsTest, TheRootIsTheNearestFolderAbove) {
  repository();
  write("a/b/file", "");
  EXPECT_EQ(*repository_root(folder_ / "a/b"), folder_.path());
  const auto none = repository_root("/proc/self");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().what, "not a git repository: /proc/self");
}

}  // namespace
}  // namespace collector
