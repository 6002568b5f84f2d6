#include "claude_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace app {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<HookEntry> kOurs = {
    {"Stop", false, "", "/opt/sightline hook --url http://127.0.0.1:3141", true, ""},
    {"PreToolUse", true, "Bash", "'/a b/sightline' hook", false, "checking..."},
};

std::string installed(std::string_view settings) {
  auto text = with_hooks(settings, kOurs);
  EXPECT_TRUE(text) << text.error().what;
  return text ? *text : "";
}
std::string uninstalled(std::string_view settings) {
  auto text = with_hooks(settings, {});
  EXPECT_TRUE(text) << text.error().what;
  return text ? *text : "";
}

TEST(ClaudeSettingsTest, NewSettingsHoldOurHooksAlone) {
  EXPECT_EQ(installed(""), R"({
  "hooks": {
    "Stop": [
      {
        "hooks": [
          {
            "type": "command",
            "command": "/opt/sightline hook --url http://127.0.0.1:3141",
            "async": true,
            "timeout": 10
          }
        ]
      }
    ],
    "PreToolUse": [
      {
        "matcher": "Bash",
        "hooks": [
          {
            "type": "command",
            "command": "'/a b/sightline' hook",
            "async": false,
            "timeout": 10,
            "statusMessage": "checking..."
          }
        ]
      }
    ]
  }
}
)");
  EXPECT_EQ(installed("{}"), installed(""));
}

TEST(ClaudeSettingsTest, EverythingElseStaysAsItIs) {
  const std::string foreign = R"({
  "model": "opus",
  "10": 1.0,
  "2": [],
  "hooks": {
    "Stop": [
      {
        "matcher": "x",
        "hooks": [
          {
            "type": "command",
            "command": "say \"sightline hook\" \u00e9"
          }
        ]
      }
    ],
    "PreCompact": []
  },
  "env": {
    "A": null,
    "B": true,
    "C": {}
  }
}
)";
  const std::string with = installed(foreign);
  EXPECT_LT(with.find("say"), with.find("/opt/sightline"));
  EXPECT_LT(with.find("\"model\""), with.find("\"10\": 1.0"));
  EXPECT_EQ(installed(with), with);
  EXPECT_EQ(uninstalled(with), *formatted(foreign));
  EXPECT_EQ(uninstalled(foreign), *formatted(foreign));
}

TEST(ClaudeSettingsTest, WithoutOursNothingEmptyIsLeft) {
  EXPECT_EQ(uninstalled(installed("")), "{}\n");
  EXPECT_EQ(uninstalled(R"({"hooks":{}})"), *formatted(R"({"hooks":{}})"));
}

TEST(ClaudeSettingsTest, AnEntryOfOursInAGroupOfOthersGoesAlone) {
  const std::string text =
      uninstalled(R"({"hooks":{"Stop":[{"matcher":"","hooks":[{"type":"command","command":"a"},)"
                  R"({"type":"command","command":"sightline hook"}]}]}})");
  EXPECT_EQ(
      text,
      *formatted(
          R"({"hooks":{"Stop":[{"matcher":"","hooks":[{"type":"command","command":"a"}]}]}})"));
}

TEST(ClaudeSettingsTest, KnowsItsOwnFromOthers) {
  const auto is_ours = [](const std::string& command) {
    return uninstalled(R"({"hooks":{"Stop":[{"hooks":[{"command":")" + command + R"("}]}]}})") ==
           "{}\n";
  };
  for (const char* command :
       {"/x/sightline hook", "sightline hook stop", "'/a b/sightline' hook",
        "A=1 B='x y' /x/sightline hook --url http://h:1",
        "AGENTMONITOR_URL=http://127.0.0.1:3141 /x/hooks/claude-code/session_end.sh",
        "AGENTMONITOR_URL=x '/x y/hooks/claude-code/pre_tool_use.py'",
        "python3 /x/hooks/claude-code/pre_tool_use.py"})
    EXPECT_TRUE(is_ours(command)) << command;
  for (const char* command :
       {"sightline status", "sightline", "echo sightline hook", "my-sightline hook", "",
        "cd /src/agentmonitor && make", "/x/hooks/claude-code/mine.sh", "/y/session_end.sh", "A=1",
        "/x/hooks/claude-code/session_end.sh.bak", "'unclosed"})
    EXPECT_FALSE(is_ours(command)) << command;
}

TEST(ClaudeSettingsTest, WhatIsNotAsClaudeWritesItIsRefused) {
  for (const char* settings :
       {"{", "[]", "7", R"({"hooks":[]})", R"({"hooks":{"Stop":{}}})", "{} x",
        R"({"hooks":{},"hooks":{}})", R"({"hooks":{"Stop":[],"Stop":[]}})"}) {
    const auto text = with_hooks(settings, kOurs);
    ASSERT_FALSE(text) << settings;
    EXPECT_EQ(text.error().code, base::Errc::invalid_argument);
  }
}

TEST(ClaudeSettingsTest, OddGroupsAreLeftAlone) {
  const std::string odd = R"({"hooks":{"Stop":[7,"x",{},{"hooks":{}},{"hooks":[7,{}]}]}})";
  EXPECT_EQ(uninstalled(odd), *formatted(odd));
}

TEST(ShellQuotedTest, QuotesWhatNeedsIt) {
  EXPECT_EQ(shell_quoted("/opt/sightline"), "/opt/sightline");
  EXPECT_EQ(shell_quoted("/a b"), "'/a b'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted("$x"), "'$x'");
  EXPECT_EQ(shell_quoted(""), "''");
}

}  // namespace
}  // namespace app
