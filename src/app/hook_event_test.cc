#include "hook_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "monitor/contract.h"

namespace app {
namespace {

using testing::HasSubstr;

constexpr const char* kBlocked[] = {
    "rm -rf /",
    "rm -rf ~",
    "rm -f $HOME",
    "rm /",
    "rm  ~",
    "echo x; rm -fr / ",
    "rm -rf /\n",
    "rm\t-rf\t/",
    "rm --force /",
    "rm -f --force -rf ~",
    "sudo rm -rf / &&",
    "/bin/rm -rf /",
    "rm -rf\n/",
    "farm -f /",
    "x && rm -rfv $HOME;true rm /",
};
constexpr const char* kAllowed[] = {
    "",
    "rm",
    "rm -rf /tmp/x",
    "rm -rf ./build",
    "rm -r /",
    "rm -rf /*",
    "rm -rf ~/x",
    "rm -rf/",
    "rm -rf $HOME/",
    "rm -rf /;",
    "ls /",
    "rm -rf",
    "rmdir /",
    "rm x /",
    "rm -r -f /",
    "rm -rf -- /",
    "rm \"/\"",
    "rm -rf2 /",
    "rm --force=yes /",
    "rm -rf // ",
    "alarm-f /",
};

class HookEventTest : public testing::Test {
 protected:
  HookOutcome claude(std::string_view input, std::optional<HookKind> kind = std::nullopt) {
    auto outcome = parse_claude_hook(input, kind, surroundings_);
    EXPECT_TRUE(outcome) << outcome.error().what;
    return outcome ? *outcome : HookOutcome{};
  }
  /// The outcome of a use of a tool.
  HookOutcome tool(const char* hook, const char* name, const std::string& input) {
    return claude(std::string(R"({"session_id":"s","cwd":"/home/dev/proj/","hook_event_name":")") +
                  hook + R"(","tool_use_id":"t1","tool_name":")" + name + R"(","tool_input":)" +
                  input + "}");
  }
  HookOutcome bash(std::string_view command) {
    std::string input = R"({"command":)";
    base::json::append_string(input, command);
    return tool("PreToolUse", "Bash", input + "}");
  }
  /// The metadata of an event that a server takes.
  std::string metadata(const HookOutcome& outcome) {
    base::json::Document document;
    const auto parsed =
        monitor::parse_event(monitor::recover_json(outcome.event, document), {1 << 20});
    const auto* event = std::get_if<monitor::Event>(&parsed);
    EXPECT_TRUE(event) << outcome.event;
    if (!event) return {};
    event_ = *event;
    return event->metadata;
  }

  HookSurroundings surroundings_{
      base::Time(std::chrono::milliseconds(1771410000123)),
      [](const std::string& folder) { return folder == "/home/dev/proj/" ? "main" : ""; },
      [] { return "ID"; }};
  monitor::Event event_;
};

TEST_F(HookEventTest, ASessionStartsWithItsModelAndSource) {
  const auto outcome =
      claude(R"({"hook_event_name":"SessionStart","session_id":" s ","cwd":"/home/dev/proj/",)"
             R"("model":"m","source":"startup"})");
  EXPECT_EQ(outcome.event,
            R"({"event_id":"hook-ID","session_id":"s","agent_type":"claude_code",)"
            R"("event_type":"session_start","project":"proj","branch":"main","model":"m",)"
            R"("source":"hook","client_timestamp":"2026-02-18T10:20:00.123Z",)"
            R"("metadata":{"hook_source":"startup"}})");
  surroundings_.are_instructions_told = true;
  EXPECT_EQ(metadata(claude(R"({"hook_event_name":"SessionStart","session_id":"s"})")),
            R"({"instruction_load_instrumented":true})");
}

TEST_F(HookEventTest, StopAndSessionEndEndTheSession) {
  EXPECT_EQ(metadata(claude(R"({"hook_event_name":"Stop","session_id":"s"})")), "{}");
  EXPECT_EQ(event_.event_type, monitor::EventType::session_end);
  EXPECT_EQ(metadata(claude(R"({"hook_event_name":"SessionEnd","session_id":"s","reason":"x"})")),
            R"({"reason":"x"})");
  EXPECT_EQ(event_.event_type, monitor::EventType::session_end);
}

TEST_F(HookEventTest, ASubagentThatStopsEndsNoSession) {
  metadata(claude(R"({"hook_event_name":"SubagentStop","session_id":"s","agent_id":"a"})"));
  EXPECT_EQ(event_.event_type, monitor::EventType::response);
}

TEST_F(HookEventTest, AUsedToolTellsWhatItWorkedOn) {
  EXPECT_EQ(metadata(tool("PostToolUse", "Grep",
                          R"({"pattern":"p","query":"q","url":"u","other":"o","command":7})")),
            R"({"tool_use_id":"t1","pattern":"p","query":"q","url":"u"})");
  EXPECT_EQ(event_.event_id, "hook-s-t1-post");
  EXPECT_EQ(event_.tool_name, "Grep");
}

TEST_F(HookEventTest, LinesAreCountedByTheirNewlines) {
  EXPECT_THAT(metadata(tool("PostToolUse", "Write", R"({"content":"a\nb\n"})")),
              HasSubstr(R"("lines_added":2})"));
  EXPECT_THAT(metadata(tool("PostToolUse", "Edit", R"({"old_string":"a","new_string":"b\n"})")),
              HasSubstr(R"("lines_added":1,"lines_removed":0})"));
  EXPECT_THAT(metadata(tool("PostToolUse", "MultiEdit",
                            R"({"edits":[{"old_string":"\n","new_string":"\n\n"},7,)"
                            R"({"new_string":"\n"}],"old_string":"\n"})")),
              HasSubstr(R"("lines_added":3,"lines_removed":2})"));
  EXPECT_EQ(metadata(tool("PostToolUse", "Bash", R"({"content":"\n"})")),
            R"({"tool_use_id":"t1"})");
}

TEST_F(HookEventTest, AnEmptyPromptIsNotTold) {
  EXPECT_EQ(claude(R"({"hook_event_name":"UserPromptSubmit","session_id":"s","prompt":""})").event,
            "");
  EXPECT_EQ(claude(R"({"hook_event_name":"UserPromptSubmit","session_id":"s"})").event, "");
  EXPECT_EQ(
      metadata(claude(R"({"hook_event_name":"UserPromptSubmit","session_id":"s","prompt":"hi"})")),
      R"({"message":"hi"})");
}

TEST_F(HookEventTest, NotificationsAndInstructionsAreTold) {
  EXPECT_EQ(metadata(claude(R"({"hook_event_name":"Notification","session_id":"s",)"
                            R"("notification_type":"n","message":"m"})")),
            R"({"notification_type":"n","message":"m"})");
  EXPECT_EQ(metadata(claude(R"({"hook_event_name":"InstructionsLoaded","session_id":"s",)"
                            R"("file_path":"f","memory_type":"Project","load_reason":"r",)"
                            R"("globs":["*.c",1,"*.h"],"trigger_file_path":"t",)"
                            R"("parent_file_path":"p"})")),
            R"({"file_path":"f","memory_type":"Project","load_reason":"r",)"
            R"("globs":["*.c","*.h"],"trigger_file_path":"t","parent_file_path":"p"})");
  EXPECT_EQ(event_.event_type, monitor::EventType::instruction_load);
}

TEST_F(HookEventTest, WhatWouldDeleteEverythingIsRefused) {
  for (const char* command : kBlocked) {
    const auto outcome = bash(command);
    EXPECT_EQ(outcome.refusal,
              std::string("AgentMonitor: Blocked destructive command: ") + command);
    EXPECT_THAT(metadata(outcome), HasSubstr(R"("reason":"destructive_command")"));
    EXPECT_EQ(event_.status, monitor::EventStatus::error);
    EXPECT_EQ(event_.event_id, "hook-s-t1-blocked");
  }
}

TEST_F(HookEventTest, OtherCommandsAreNeitherRefusedNorTold) {
  for (const char* command : kAllowed) {
    const auto outcome = bash(command);
    EXPECT_EQ(outcome.refusal, "") << command;
    EXPECT_EQ(outcome.event, "") << command;
  }
}

TEST_F(HookEventTest, ARefusalHoldsAlsoWithoutASession) {
  const auto outcome = claude(
      R"({"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"rm /"}})");
  EXPECT_NE(outcome.refusal, "");
  EXPECT_EQ(outcome.event, "");
}

TEST_F(HookEventTest, OnlyBashIsRefused) {
  EXPECT_EQ(tool("PreToolUse", "Other", R"({"command":"rm /"})").refusal, "");
}

TEST_F(HookEventTest, FilesWithSecretsAreToldAndAllowed) {
  for (const char* file : {"/a/.env", "x.pem", "id.key", "a.credentials", "b.secret"}) {
    const auto outcome =
        tool("PreToolUse", "Read", std::string(R"({"file_path":")") + file + "\"}");
    EXPECT_EQ(outcome.refusal, "");
    EXPECT_EQ(metadata(outcome),
              std::string(R"({"security_warning":true,"reason":"sensitive_file_access",)") +
                  R"("file_path":")" + file + "\"}");
  }
  EXPECT_EQ(tool("PreToolUse", "Read", R"({"file_path":"/a/.env.example"})").event, "");
}

TEST_F(HookEventTest, WithoutSafetyNothingIsLookedAt) {
  surroundings_.is_safety_on = false;
  EXPECT_EQ(bash("rm -rf /").refusal, "");
  EXPECT_EQ(bash("rm -rf /").event, "");
  EXPECT_EQ(tool("PreToolUse", "Read", R"({"file_path":".env"})").event, "");
}

TEST_F(HookEventTest, AGivenKindWinsAndAnUnknownOneIsNothing) {
  metadata(claude(R"({"hook_event_name":"SessionStart","session_id":"s"})", HookKind::stop));
  EXPECT_EQ(event_.event_type, monitor::EventType::session_end);
  EXPECT_EQ(claude(R"({"hook_event_name":"PreCompact","session_id":"s"})").event, "");
  EXPECT_EQ(claude("{}").event, "");
}

TEST_F(HookEventTest, KindsHaveTheirNamesInEveryStyle) {
  for (const char* name : {"PostToolUse", "post-tool-use", "post_tool_use", "posttooluse"})
    EXPECT_EQ(parse_hook_kind(name), HookKind::post_tool_use);
  EXPECT_FALSE(parse_hook_kind("post"));
  EXPECT_FALSE(parse_hook_kind(""));
}

TEST_F(HookEventTest, WhatIsNoInputIsRefused) {
  for (const char* input : {"", "[]", "{", "7", R"({"hook_event_name":"Stop"})",
                            R"({"hook_event_name":"Stop","session_id":"  "})",
                            R"({"hook_event_name":"Stop","session_id":7})"}) {
    EXPECT_FALSE(parse_claude_hook(input, std::nullopt, surroundings_)) << input;
  }
}

TEST_F(HookEventTest, LongTextsAreCutBetweenCharacters) {
  std::string prompt;
  for (int i = 0; i < 20000; ++i) prompt += "\u20ac";
  metadata(claude(R"({"hook_event_name":"UserPromptSubmit","session_id":"s","prompt":")" + prompt +
                  "\"}"));
  EXPECT_LE(event_.metadata.size(), kMaxHookText + 20);
  EXPECT_GT(event_.metadata.size(), kMaxHookText - 20);
  const auto outcome = bash(std::string(1 << 20, ' ') + "rm -rf /");
  EXPECT_NE(outcome.refusal, "");
}

TEST_F(HookEventTest, ACommandOfNothingButOptionsIsJudgedInOneGo) {
  std::string command;
  for (int i = 0; i < 1'000'000; ++i) command += "-frm ";
  EXPECT_FALSE(is_destructive(command + "x"));
  EXPECT_TRUE(is_destructive(command + "/"));
}

TEST_F(HookEventTest, CodexTellsTheEndOfATurn) {
  const auto outcome = parse_codex_notification(
      R"({"type":"agent-turn-complete","thread-id":"th","turn-id":"tu","cwd":"/home/dev/proj/",)"
      R"("input-messages":["a","b"],"last-assistant-message":"done"})",
      surroundings_);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(metadata(*outcome), R"({"notification_type":"agent-turn-complete","turn_id":"tu",)"
                                R"("message":"done","input_messages":["a","b"]})");
  EXPECT_EQ(event_.agent_type, "codex");
  EXPECT_EQ(event_.session_id, "th");
  EXPECT_EQ(event_.event_id, "hook-th-tu-turn");
  EXPECT_EQ(event_.project, "proj");
}

TEST_F(HookEventTest, OtherNotificationsOfCodexAreNothing) {
  EXPECT_EQ(parse_codex_notification(R"({"type":"other"})", surroundings_)->event, "");
  EXPECT_FALSE(parse_codex_notification(R"({"type":"agent-turn-complete"})", surroundings_));
  EXPECT_FALSE(parse_codex_notification("nonsense", surroundings_));
}

}  // namespace
}  // namespace app
