#include "agents/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "test_executor.h"

namespace agents {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

class DiscoveryTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text = "") {
    fs::create_directories(fs::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  std::vector<std::string> find(Agent agent) const {
    std::vector<std::string> found;
    for (const FoundLog& log : find_logs(places_, agent)) {
      EXPECT_EQ(log.agent, agent);
      found.push_back(fs::path(log.path).lexically_relative(folder_.path()).string());
    }
    return found;
  }
  static Places places(std::map<std::string, std::string> set) {
    return Places::of([set](const std::string& name) -> std::optional<std::string> {
      const auto found = set.find(name);
      return found == set.end() ? std::nullopt : std::optional(found->second);
    });
  }

  support::TemporaryFolder folder_;
  Places places_{{folder_ / "claude", folder_ / "second"}, folder_ / "codex"};
};

TEST_F(DiscoveryTest, FoldersComeFromTheEnvironment) {
  const Places home = places({{"HOME", "/h"}});
  EXPECT_THAT(home.claude_projects, ElementsAre("/h/.claude/projects"));
  EXPECT_EQ(home.codex_home, "/h/.codex");
  const Places set =
      places({{"HOME", "/h"}, {"CLAUDE_CONFIG_DIR", " /a , /b,"}, {"CODEX_HOME", "/c"}});
  EXPECT_THAT(set.claude_projects, ElementsAre("/a/projects", "/b/projects"));
  EXPECT_EQ(set.codex_home, "/c");
  const Places own = places({{"CLAUDE_CONFIG_DIR", "/a"}, {"AGENTMONITOR_CLAUDE_DIR", "/own"}});
  EXPECT_THAT(own.claude_projects, ElementsAre("/own/projects"));
  EXPECT_THAT(
      places({{"HOME", "/h"}, {"CLAUDE_CONFIG_DIR", " , "}, {"CODEX_HOME", ""}}).claude_projects,
      ElementsAre("/h/.claude/projects"));
}

TEST_F(DiscoveryTest, LogsOfClaudeCodeStandInTheFoldersOfProjects) {
  write("claude/p2/b.jsonl");
  write("claude/p1/z.jsonl");
  write("claude/p1/a.jsonl");
  write("claude/p1/a/subagents/agent-1.jsonl");
  write("claude/p1/a/tool-results/out.jsonl");
  write("claude/p1/notes.txt");
  write("claude/loose.jsonl");
  write("second/p/c.jsonl");
  EXPECT_THAT(find(Agent::claude_code),
              ElementsAre("claude/p1/a.jsonl", "claude/p1/a/subagents/agent-1.jsonl",
                          "claude/p1/z.jsonl", "claude/p2/b.jsonl", "second/p/c.jsonl"));
}

TEST_F(DiscoveryTest, LogsOfCodexStandAtAnyDepth) {
  write("codex/sessions/2026/02/20/b.jsonl");
  write("codex/sessions/a.jsonl");
  write("codex/history.jsonl");
  write("codex/archived_sessions/c.jsonl");
  EXPECT_THAT(find(Agent::codex),
              ElementsAre("codex/sessions/2026/02/20/b.jsonl", "codex/sessions/a.jsonl"));
}

TEST_F(DiscoveryTest, AFolderThatIsNotThereHoldsNone) {
  EXPECT_THAT(find(Agent::claude_code), ElementsAre());
  EXPECT_THAT(find(Agent::codex), ElementsAre());
  write("claude", "a file");
  EXPECT_THAT(find(Agent::claude_code), ElementsAre());
}

TEST_F(DiscoveryTest, LinksToFoldersAreNotFollowedLinksToFilesAre) {
  write("elsewhere/p/a.jsonl");
  fs::create_directories(folder_ / "claude/p");
  fs::create_directory_symlink(folder_ / "elsewhere/p", folder_ / "claude/link");
  fs::create_directory_symlink(folder_ / "claude", folder_ / "claude/p/loop");
  fs::create_symlink(folder_ / "elsewhere/p/a.jsonl", folder_ / "claude/p/linked.jsonl");
  fs::create_symlink(folder_ / "nowhere", folder_ / "claude/p/broken.jsonl");
  EXPECT_THAT(find(Agent::claude_code), ElementsAre("claude/p/linked.jsonl"));
}

TEST_F(DiscoveryTest, WhatIsNoFileIsNoLog) {
  fs::create_directories(folder_ / "claude/p/folder.jsonl");
  ASSERT_EQ(::mkfifo((folder_ / "claude/p/pipe.jsonl").c_str(), 0600), 0);
  EXPECT_THAT(find(Agent::claude_code), ElementsAre());
}

TEST_F(DiscoveryTest, AFolderThatMayNotBeReadHoldsNone) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  write("claude/a/a.jsonl");
  write("claude/b/b.jsonl");
  fs::permissions(folder_ / "claude/a", fs::perms::none);
  EXPECT_THAT(find(Agent::claude_code), ElementsAre("claude/b/b.jsonl"));
  fs::permissions(folder_ / "claude/a", fs::perms::owner_all);
}

TEST_F(DiscoveryTest, TheModelIsThatOfTheFirstLineThatSetsIt) {
  const auto model = [this](const std::string& text) {
    write("codex/config.toml", text);
    return codex_default_model(folder_ / "codex");
  };
  EXPECT_EQ(codex_default_model(folder_ / "nowhere"), "");
  EXPECT_EQ(model(""), "");
  EXPECT_EQ(model("model_provider = \"x\"\n# model = \"c\"\n model = \"i\"\nmodel=\"a\"\r\n"
                  "model = \"b\"\n"),
            "a");
  EXPECT_EQ(model("model   =   \"gpt-5\" # comment"), "gpt-5");
  EXPECT_EQ(model("model = \"\"\nmodel = unquoted\nmodel = \"open\nmodel = \"ok\"\n"), "ok");
}

}  // namespace
}  // namespace agents
