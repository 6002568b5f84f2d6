#include "agents/locations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "test_executor.h"

namespace agents {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

Environment environment(std::map<std::string, std::string> set) {
  return [set](const std::string& name) -> std::optional<std::string> {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  };
}
std::vector<std::string> patterns(Agent agent, System system,
                                  std::map<std::string, std::string> set) {
  std::vector<std::string> all;
  for (const Location& location : locations_of(agent, system, environment(std::move(set)))) {
    EXPECT_EQ(location.agent, agent);
    all.push_back(location.pattern);
  }
  return all;
}
const std::map<std::string, std::string> kHome{{"HOME", "/h"}};

TEST(Agents, D12_BothNamesOfAnAgentAreKnown) {
  EXPECT_EQ(parse_agent("copilot"), Agent::copilot);
  EXPECT_EQ(parse_agent("github-copilot"), Agent::copilot);
  EXPECT_EQ(parse_agent("claude"), Agent::claude_code);
  EXPECT_EQ(parse_agent("nobody"), std::nullopt);
  EXPECT_EQ(adapter_name(Agent::copilot), "github-copilot");
  EXPECT_EQ(short_name(Agent::copilot), "copilot");
}

TEST(Agents, D36_TheirOrderIsFixed) {
  std::vector<std::string_view> names;
  for (const Agent agent : agents_in_order()) names.push_back(short_name(agent));
  EXPECT_THAT(names, ElementsAre("copilot", "claude", "cursor", "aider", "cline", "codex", "gemini",
                                 "generic", "opencode"));
}

TEST(Locations, OfCopilotAreThoseOfEveryEditor) {
  const auto linux_ = patterns(Agent::copilot, System::linux_, kHome);
  for (const std::string expected :
       {"/h/.config/Code/User/workspaceStorage/*/chatSessions",
        "/h/.config/Code - Insiders/User/workspaceStorage/*/chatSessions",
        "/h/.config/VSCodium/User/globalStorage/emptyWindowChatSessions",
        "/h/.vscode-server/data/User/workspaceStorage/*/chatSessions", "/h/.copilot/session-state"})
    EXPECT_THAT(linux_, Contains(expected));
  EXPECT_THAT(patterns(Agent::copilot, System::mac, kHome),
              Contains("/h/Library/Application Support/Code/User/workspaceStorage/*/chatSessions"));
}

TEST(Locations, D24_VariablesOfWindowsArePutIn) {
  const auto windows =
      patterns(Agent::copilot, System::windows,
               {{"APPDATA", "C:\\Users\\x\\AppData\\Roaming"}, {"USERPROFILE", "C:\\Users\\x"}});
  EXPECT_THAT(windows, AllOf(Contains("C:/Users/x/AppData/Roaming/Code/User/workspaceStorage/*/"
                                      "chatSessions"),
                             Contains("C:/Users/x/.copilot/session-state")));
  EXPECT_THAT(patterns(Agent::claude_code, System::windows,
                       {{"APPDATA", "C:\\R"}, {"LOCALAPPDATA", "C:\\L"}}),
              ElementsAre("C:/R/Claude/logs", "C:/L/Claude/logs"));
}

TEST(Locations, OfTheOtherAgentsFollowTheirVariables) {
  EXPECT_THAT(patterns(Agent::claude_code, System::linux_, kHome),
              ElementsAre("/h/.claude/projects", "/h/.claude/logs", "/h/.config/claude/logs",
                          "/h/.local/share/claude/logs"));
  EXPECT_THAT(patterns(Agent::claude_code, System::linux_, {{"CLAUDE_CONFIG_DIR", "/a, /b"}}),
              ElementsAre("/a/projects", "/b/projects"));
  EXPECT_THAT(patterns(Agent::claude_code, System::mac, kHome),
              ElementsAre("/h/.claude/projects", "/h/.claude/logs",
                          "/h/Library/Application Support/Claude/logs", "/h/Library/Logs/Claude"));
  EXPECT_THAT(patterns(Agent::codex, System::linux_, {{"HOME", "/h"}, {"CODEX_HOME", "/c"}}),
              ElementsAre("/c/sessions", "/c/archived_sessions"));
  EXPECT_THAT(patterns(Agent::opencode, System::linux_, {{"HOME", "/h"}, {"XDG_DATA_HOME", "/d"}}),
              ElementsAre("/d/opencode/opencode.db", "/d/opencode/storage/session"));
  EXPECT_THAT(patterns(Agent::gemini, System::mac, kHome), ElementsAre("/h/.gemini/tmp/*/chats"));
  EXPECT_THAT(patterns(Agent::cursor, System::linux_, {{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/c"}}),
              AllOf(Contains("/c/Cursor/User/globalStorage/state.vscdb"),
                    Contains("/h/.cursor/projects/*/agent-transcripts"),
                    Contains("/c/cursor/chats/*/*/store.db"), Contains("/c/Cursor/logs")));
  EXPECT_THAT(patterns(Agent::aider, System::linux_, kHome),
              ElementsAre("/h/.aider/logs", "/h/.aider/.aider.history"));
  EXPECT_THAT(patterns(Agent::generic, System::linux_, kHome), IsEmpty());
}

TEST(Locations, WithoutTheirVariablesThereAreNone) {
  for (const Agent agent : agents_in_order())
    for (const System system : {System::linux_, System::mac, System::windows})
      EXPECT_THAT(patterns(agent, system, {}), IsEmpty());
}

TEST(Locations, TheConfigurationMayNameOne) {
  const auto at = [](std::string_view path) {
    return location_at(Agent::generic, path, environment({{"HOME", "/h"}, {"A", "/a"}})).pattern;
  };
  EXPECT_EQ(at("~/logs/"), "/h/logs");
  EXPECT_EQ(at("~"), "/h");
  EXPECT_EQ(at("$A/x/${A}y*"), "/a/x//ay*");
  EXPECT_EQ(at("$B/x"), "/x");
  EXPECT_EQ(at("/a~/$/${"), "/a~/$/${");
}

class SourcesTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text = "") {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  std::string relative(const std::string& path) const {
    return fs::path(path).lexically_relative(folder_.path()).string();
  }
  std::vector<std::string> sources(const std::string& pattern) const {
    std::vector<std::string> found;
    for (const Source& source : find_sources({Agent::generic, folder_ / pattern, {}}))
      found.push_back(relative(source.path) + (source.is_folder ? "/" : ""));
    return found;
  }
  std::vector<std::string> logs(Agent agent, const std::string& pattern,
                                std::optional<Format> format = {}) const {
    std::vector<std::string> found;
    for (const Source& source : find_sources({agent, folder_ / pattern, format}))
      for (const LogLocation& log : logs_of(source))
        found.push_back(relative(log.path) + " " + std::string(name(log.format)));
    return found;
  }
  support::TemporaryFolder folder_;
};

TEST_F(SourcesTest, AStarStandsForOneComponentAndTwoForAnyNumber) {
  for (const char* file : {"a/x/s/1", "a/.y/s/1", "a/s/1", "a/x/t", "a/x/z/s/1"}) write(file);
  EXPECT_THAT(sources("a/*/s"), ElementsAre("a/.y/s/", "a/x/s/"));
  EXPECT_THAT(sources("a/**/s"), ElementsAre("a/.y/s/", "a/s/", "a/x/s/", "a/x/z/s/"));
  EXPECT_THAT(sources("a/x/t"), ElementsAre("a/x/t"));
  EXPECT_THAT(sources("a/*x*/*"), ElementsAre("a/x/s/", "a/x/t", "a/x/z/"));
  EXPECT_THAT(sources("a/none/*"), IsEmpty());
}

TEST_F(SourcesTest, LinksToFoldersAreNotFollowedBelowASource) {
  write("a/1.jsonl");
  fs::create_directory_symlink(folder_.path(), folder_ / "a/loop");
  EXPECT_THAT(logs(Agent::generic, "a"), ElementsAre("a/1.jsonl generic"));
  EXPECT_THAT(sources("a/**/1.jsonl"), ElementsAre("a/1.jsonl"));
}

TEST_F(SourcesTest, D11_OfTwoFormsOfOneChatTheNewerCounts) {
  for (const char* file : {"c/1.json", "c/1.jsonl", "c/2.json", "c/notes.md"}) write(file);
  EXPECT_THAT(logs(Agent::copilot, "c"),
              ElementsAre("c/1.jsonl copilot_chat_log", "c/2.json copilot_chat"));
  EXPECT_THAT(logs(Agent::gemini, "c"),
              ElementsAre("c/1.jsonl gemini_chat_log", "c/2.json gemini_chat"));
}

TEST_F(SourcesTest, OutputsOfToolsAreNoLogs) {
  write("p/w/1.jsonl");
  write("p/w/1/tool-results/2.jsonl");
  write("p/w/1/subagents/agent-3.jsonl");
  write("p/w/notes.txt");
  EXPECT_THAT(logs(Agent::claude_code, "p", Format::claude_code),
              ElementsAre("p/w/1.jsonl claude_code", "p/w/1/subagents/agent-3.jsonl claude_code"));
}

TEST_F(SourcesTest, TheNamesOfCursorsFilesSayWhatTheyAre) {
  for (const char* file :
       {"User/globalStorage/state.vscdb", "User/workspaceStorage/h/state.vscdb",
        "agent-transcripts/1/1.jsonl", "agent-transcripts/2.txt", "chats/h/s/store.db"})
    write(file);
  EXPECT_THAT(logs(Agent::cursor, ""),
              ElementsAre("User/globalStorage/state.vscdb cursor_state",
                          "User/workspaceStorage/h/state.vscdb cursor_workspace",
                          "agent-transcripts/1/1.jsonl cursor_transcript",
                          "agent-transcripts/2.txt cursor_text", "chats/h/s/store.db cursor_chat"));
}

TEST_F(SourcesTest, D01_WhereTheNameDoesNotSayItIsAFormatOfTheAgent) {
  write("l/a.log", "{\"type\":\"user\",\"sessionId\":\"s\"}\n");
  write("l/b.log", "{\"prompt\":\"p\"}\n");
  write("l/c.LOG", "{\"role\":\"user\",\"message\":{\"content\":\"x\"}}\n");
  write("l/Console-1", "");
  write("l/picture.png", "");
  EXPECT_THAT(logs(Agent::claude_code, "l"),
              ElementsAre("l/Console-1 claude_log", "l/a.log claude_code", "l/b.log claude_log",
                          "l/c.LOG claude_log"));
  EXPECT_THAT(logs(Agent::cursor, "l"),
              ElementsAre("l/Console-1 cursor_log", "l/a.log cursor_log", "l/b.log cursor_log",
                          "l/c.LOG cursor_transcript"));
  EXPECT_THAT(logs(Agent::generic, "l/b.log"), ElementsAre("l/b.log generic"));
  EXPECT_THAT(logs(Agent::cline, "l"), IsEmpty());
}

TEST(Patterns, D13_WhatIsWatchedIsThePartBeforeTheFirstStar) {
  EXPECT_EQ(constant_prefix("/h/User/workspaceStorage/*/chatSessions"), "/h/User/workspaceStorage");
  EXPECT_EQ(constant_prefix("/h/ext-*/logs"), "/h");
  EXPECT_EQ(constant_prefix("/h/logs"), "/h/logs");
  EXPECT_EQ(constant_prefix("/*"), "/");
  EXPECT_EQ(constant_prefix("*"), ".");
}

TEST(WorkspaceHash, IsTheComponentBehindWorkspaceStorage) {
  EXPECT_EQ(workspace_hash("C:/Users/x/Code/User/workspaceStorage/h1/chatSessions/s.json"), "h1");
  EXPECT_EQ(workspace_hash("/x/workspaceStorage"), "");
  EXPECT_EQ(workspace_hash("/x/workspaceStorage/"), "");
  EXPECT_EQ(workspace_hash("/x/myworkspaceStorage/h"), "");
  EXPECT_EQ(workspace_hash("workspaceStorage/a/workspaceStorage/b"), "a");
}

}  // namespace
}  // namespace agents
