#include "claude_conversation_reader.h"

#include "told_test_support.h"

namespace agents {
namespace {

using Kind = Record::Kind;

/// The language: lines of a log; they get the uuids u1, u2 ... in their order, a second apart.
class ClaudeConversationTest : public testing::Test {
 protected:
  static std::string line(const std::string& type, const std::string& members) {
    return R"({"type":")" + type +
           R"(","uuid":"u@","sessionId":"s","timestamp":"2026-02-20T09:00:0@Z",)"
           R"("cwd":"/home/dev/shop","gitBranch":"main","version":"2.1.0",)" +
           members + "}\n";
  }
  static std::string numbered(const std::string& log) {
    std::string result;
    int number = 1;
    bool is_second = false;
    for (const char byte : log) {
      if (byte != '@') {
        result += byte;
        continue;
      }
      result += std::to_string(is_second ? number % 10 : number);
      number += is_second;
      is_second = !is_second;
    }
    return result;
  }
  static std::string user(const std::string& text, const std::string& more = "") {
    return line("user", R"("message":{"role":"user","content":")" + text + "\"}" + more);
  }
  static std::string result(const std::string& id, const std::string& content,
                            const std::string& more = "") {
    return line("user", R"("message":{"content":[{"type":"tool_result","tool_use_id":")" + id +
                            R"(","content":)" + content + more + "}]}");
  }
  static std::string assistant(const std::string& message, const std::string& block, int output = 1,
                               const std::string& more = R"("stop_reason":null)") {
    return line("assistant", R"("requestId":"r","message":{"id":")" + message +
                                 R"(","model":"opus","usage":{"input_tokens":10,)"
                                 R"("output_tokens":)" +
                                 std::to_string(output) + "},\"content\":[" + block + "]," + more +
                                 "}");
  }
  static std::string text(const std::string& text) {
    return R"({"type":"text","text":")" + text + "\"}";
  }
  static std::string call(const std::string& id, const std::string& name,
                          const std::string& input) {
    return R"({"type":"tool_use","id":")" + id + R"(","name":")" + name + R"(","input":)" + input +
           "}";
  }
  static std::vector<ToldRecord> read(const std::string& log, AtEnd at_end = AtEnd::settles,
                                      const std::string& path = "/p/s.jsonl") {
    auto told = tell_log([&] { return std::make_unique<ClaudeConversationReader>(path); },
                         numbered(log), at_end);
    if (!told.empty() && told.front().kind == Kind::session_start) told.erase(told.begin());
    return told;
  }
  static ToldRecord only(const std::string& log, AtEnd at_end = AtEnd::settles) {
    const auto told = read(log, at_end);
    EXPECT_EQ(told.size(), 1u) << log;
    return told.empty() ? ToldRecord() : told[0];
  }
};

TEST_F(ClaudeConversationTest, ASessionBeginsWithItsFirstLineOfTalk) {
  const auto told =
      tell_log([] { return std::make_unique<ClaudeConversationReader>("/p/s.jsonl"); },
               "{\"type\":\"summary\",\"summary\":\"x\"}\n" + numbered(user("hi") + user("ho")),
               AtEnd::finishes);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0].kind, Kind::session_start);
  EXPECT_EQ(told[0]["id"], "start");
  EXPECT_EQ(told[0]["session"], "s");
  EXPECT_EQ(told[0]["at"], "2026-02-20T09:00:01.000Z");
  EXPECT_EQ(told[0]["cwd"], "/home/dev/shop");
  EXPECT_EQ(told[0]["branch"], "main");
  EXPECT_EQ(told[0]["version"], "2.1.0");
  EXPECT_EQ(told[3].kind, Kind::session_end);
  EXPECT_EQ(told[3]["id"], "end");
  EXPECT_EQ(told[3]["at"], "2026-02-20T09:00:02.000Z");
}

TEST_F(ClaudeConversationTest, WhatTheUserWritesIsAPrompt) {
  const ToldRecord prompt = only(user("sort these"));
  EXPECT_EQ(prompt.kind, Kind::prompt);
  EXPECT_EQ(prompt["text"], "sort these");
  EXPECT_EQ(prompt["id"], "u1");
  const ToldRecord blocks =
      only(line("user", R"("message":{"content":[)" + text("a") + "," +
                            text("<ide_opened_file>x</ide_opened_file>") + "," + text("b") + "]}"));
  EXPECT_EQ(blocks.kind, Kind::prompt);
  EXPECT_EQ(blocks["text"], "a\nb");
}

TEST_F(ClaudeConversationTest, WhatTheProgramWritesForTheUserIsNoPrompt) {
  EXPECT_TRUE(read(user("x", R"(,"isMeta":true)")).empty());
  EXPECT_TRUE(read(user("x", R"(,"isCompactSummary":true)")).empty());
  EXPECT_TRUE(read(user(" ")).empty());
  for (const char* text :
       {"<command-name>/clear</command-name>", "<local-command-stdout>x</local-command-stdout>",
        " <system-reminder>x</system-reminder>", "[Request interrupted by user]"}) {
    EXPECT_EQ(only(user(text)).kind, Kind::interaction) << text;
    EXPECT_EQ(only(line("user", R"("message":{"content":[)" + this->text(text) + "]}")).kind,
              Kind::interaction)
        << text;
  }
}

TEST_F(ClaudeConversationTest, TheLinesOfOneAnswerAreOneResponseWithTheGreatestUsage) {
  const ToldRecord answer = only(assistant("m", R"({"type":"thinking","thinking":"hm"})", 1) +
                                 assistant("m", text("a"), 9) + assistant("m", text("b"), 5));
  EXPECT_EQ(answer.kind, Kind::response);
  EXPECT_EQ(answer["text"], "a\nb");
  EXPECT_EQ(answer["id"], "u1");
  EXPECT_EQ(answer["message"], "m");
  EXPECT_EQ(answer["request"], "r");
  EXPECT_EQ(answer["model"], "opus");
  EXPECT_EQ(answer.usage->output, 9);
  EXPECT_EQ(answer.usage->input, 10);
}

TEST_F(ClaudeConversationTest, AnAnswerEndsWhereItStopsOrAnotherBegins) {
  const std::string stop = R"("stop_reason":"end_turn")";
  EXPECT_EQ(read(assistant("m", text("a"), 1, stop), AtEnd::goes_on).size(), 1u);
  EXPECT_EQ(read(assistant("m", text("a")), AtEnd::goes_on).size(), 0u);
  EXPECT_EQ(read(assistant("m", text("a")) + assistant("n", text("b")), AtEnd::goes_on).size(), 1u);
  EXPECT_EQ(read(assistant("m", text("a")) + user("x"), AtEnd::goes_on).size(), 2u);
  // Thoughts alone are not what an answer stops with.
  EXPECT_EQ(only(assistant("m", R"({"type":"thinking","thinking":"x"})", 1, stop) +
                     assistant("m", text("a"), 1, stop),
                 AtEnd::goes_on)["text"],
            "a");
}

TEST_F(ClaudeConversationTest, ALineThatComesLateBringsOnlyWhatIsNew) {
  const auto told =
      read(assistant("m", text("a"), 3) + result("?", "\"\"") + assistant("m", text("b"), 3) +
           result("?", "\"\"") + assistant("m", call("c", "X", "{}"), 8));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].usage->output, 3);
  EXPECT_EQ(told[1]["text"], "b");
  EXPECT_FALSE(told[1].usage);
  EXPECT_EQ(told[2]["text"], "");
  EXPECT_EQ(told[2].usage->output, 5);
  EXPECT_EQ(told[2].usage->input, 0);
}

TEST_F(ClaudeConversationTest, AnAnswerWithoutTextStillHasItsUsage) {
  const ToldRecord answer = only(assistant("m", call("c", "Read", "{}"), 4));
  EXPECT_EQ(answer["text"], "");
  EXPECT_EQ(answer.usage->output, 4);
  EXPECT_TRUE(read(line("assistant", R"("message":{"id":"m","content":[]})")).empty());
}

TEST_F(ClaudeConversationTest, ALongAnswerIsCut) {
  const std::string part(40000, 'x');
  const ToldRecord answer =
      only(assistant("m", text(part)) + assistant("m", text(part)) + assistant("m", text(part)));
  EXPECT_TRUE(answer.is_cut);
  EXPECT_EQ(answer["text"].size(), (64u << 10) + kCutMark.size());
}

TEST_F(ClaudeConversationTest, ACallIsGivenWithItsResult) {
  const auto told = read(assistant("m", call("c", "Bash", R"({"command":"ls"})"), 0) +
                         result("c", R"([{"type":"text","text":"a.c"}])", R"(,"is_error":true)"));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].kind, Kind::command);
  EXPECT_EQ(told[1]["id"], "c");
  EXPECT_EQ(told[1]["call"], "c");
  EXPECT_EQ(told[1]["tool"], "Bash");
  EXPECT_EQ(told[1]["input"], R"({"command":"ls"})");
  EXPECT_EQ(told[1]["output"], R"("a.c")");
  EXPECT_EQ(told[1]["at"], "2026-02-20T09:00:01.000Z");
  EXPECT_EQ(told[1].duration_ms, 1000);
  EXPECT_TRUE(told[1].is_error);
  EXPECT_FALSE(told[1].usage);
}

TEST_F(ClaudeConversationTest, AFilesToolNamesItsFile) {
  const auto told = read(assistant("m", call("c", "Edit", R"({"file_path":"/w/a.c"})") + "," +
                                            call("d", "NotebookEdit", R"({"notebook_path":"n"})")) +
                         result("c", "\"ok\"") + result("d", R"([{"type":"image","x":1}])"));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].kind, Kind::file_modify);
  EXPECT_EQ(told[1]["file"], "/w/a.c");
  EXPECT_EQ(told[2]["file"], "n");
  EXPECT_EQ(told[2]["output"], R"([{"type":"image","x":1}])");
}

TEST_F(ClaudeConversationTest, ACallWaitsUntilTheUserSpeaksAgain) {
  const std::string begin = assistant("m", call("c", "Read", "{}"), 0);
  EXPECT_EQ(read(begin).size(), 1u);
  const auto told = read(begin + user("go on") + result("c", "\"late\""));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].kind, Kind::file_read);
  EXPECT_EQ(told[1]["output"], "");
  EXPECT_EQ(told[2].kind, Kind::prompt);
  EXPECT_EQ(read(begin, AtEnd::finishes).size(), 3u);
}

TEST_F(ClaudeConversationTest, APromptOfASubagentLeavesTheCallThatRunsIt) {
  const auto told = read(assistant("m", call("c", "Task", "{}"), 0) +
                         user("find it", R"(,"isSidechain":true)") + result("c", "\"found\""));
  EXPECT_EQ(told.back()["output"], "\"found\"");
}

TEST_F(ClaudeConversationTest, ACallWithoutAnIdIsGivenAtOnce) {
  const auto told = read(assistant("m", text("a") + R"(,{"type":"tool_use","name":"X","input":3})"),
                         AtEnd::goes_on);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["id"], "u1#1");
  EXPECT_EQ(told[0]["input"], "3");
}

TEST_F(ClaudeConversationTest, ErrorsAreFailures) {
  const ToldRecord api = only(
      line("assistant", R"("isApiErrorMessage":true,"message":{"id":"m","model":"<synthetic>",)"
                        R"("usage":{"input_tokens":0,"output_tokens":0},"content":[)" +
                            text("API Error: 529") + "]}"));
  EXPECT_EQ(api.kind, Kind::failure);
  EXPECT_EQ(api["text"], "API Error: 529");
  EXPECT_EQ(api["model"], "");
  EXPECT_TRUE(api.is_error);
  const ToldRecord error =
      only(line("system", R"("subtype":"api_error","error":{"message":"overloaded"})"));
  EXPECT_EQ(error.kind, Kind::failure);
  EXPECT_EQ(error["text"], "overloaded");
  EXPECT_EQ(only(line("system", R"("subtype":"api_error","error":{"status":529})"))["text"],
            R"({"status":529})");
  EXPECT_EQ(only(line("system", R"("subtype":"api_error")"))["text"], "api_error");
  EXPECT_EQ(only(line("system", R"("level":"error","content":"no")"))["text"], "no");
  EXPECT_TRUE(read(line("system", R"("subtype":"compact_boundary","content":"x")")).empty());
}

TEST_F(ClaudeConversationTest, ASyntheticMessageHasNoModelAndNoUsage) {
  const ToldRecord told =
      only(line("assistant", R"("message":{"model":"<synthetic>","usage":{"output_tokens":3},)"
                             R"("content":[)" +
                                 text("No response requested.") + "]}"));
  EXPECT_EQ(told["model"], "");
  EXPECT_FALSE(told.usage);
}

TEST_F(ClaudeConversationTest, CommandsAndQueuedPromptsAreTheUsers) {
  EXPECT_EQ(only(line("system", R"("subtype":"local_command","content":"<x>")")).kind,
            Kind::interaction);
  const auto queued = [](const std::string& members) {
    return read(line("attachment", R"("attachment":{"type":"queued_command",)" + members + "}"));
  };
  ASSERT_EQ(queued(R"("prompt":"wait","commandMode":"prompt")").size(), 1u);
  EXPECT_EQ(queued(R"("prompt":[{"type":"text","text":"wait"}])").at(0)["text"], "wait");
  EXPECT_TRUE(queued(R"("prompt":"x","commandMode":"task-notification")").empty());
  EXPECT_TRUE(queued(R"("x":1)").empty());
}

TEST_F(ClaudeConversationTest, ASubagentHasASessionOfItsOwn) {
  const auto told = read(user("find it", R"(,"isSidechain":true)"), AtEnd::settles,
                         "/p/s/subagents/agent-1f.jsonl");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["session"], "s-agent-1f");
  EXPECT_EQ(told[0]["parent"], "s");
}

TEST_F(ClaudeConversationTest, OldCostsAndDurationsAreOfTheAnswer) {
  const ToldRecord told = only(line("assistant", R"("costUSD":0.25,"durationMs":7,"message":{)"
                                                 R"("id":"m","usage":{"output_tokens":1}})"));
  EXPECT_EQ(told.cost_usd, 0.25);
  EXPECT_EQ(told.duration_ms, 7);
}

TEST_F(ClaudeConversationTest, WhatSaysNothingIsPassedOver) {
  EXPECT_TRUE(read("[]\n7\nno json\n{\"type\":\"user\"}\n{\"type\":\"assistant\"}\n{\"type\":1}\n" +
                   line("user", R"("message":{"content":7})") + line("progress", R"("data":{})") +
                   line("attachment", R"("attachment":7)") +
                   line("assistant", R"("message":{"content":[7,{"type":"tool_result"}]})"))
                  .empty());
}

TEST_F(ClaudeConversationTest, WhatWaitsHasABound) {
  std::string log;
  for (int i = 0; i < 300; ++i)
    log += assistant("m" + std::to_string(i) + std::string(2000, 'm'),
                     call("c" + std::to_string(i), "X", "\"" + std::string(9000, 'x') + "\"") +
                         "," + text(std::string(70000, 't')));
  const auto make = [] { return std::make_unique<ClaudeConversationReader>("/p/s.jsonl"); };
  EXPECT_EQ(tell_log(make, numbered(log), AtEnd::finishes, 299).size(), 602u);
}

TEST_F(ClaudeConversationTest, ItGoesOnWhereAnotherStopped) {
  const std::string log =
      user("sort", R"(,"isSidechain":true)") +
      assistant("m", R"({"type":"thinking","thinking":"hm"})") + assistant("m", text("a"), 5) +
      assistant("m", call("c", "Read", R"({"file_path":"f"})") + "," + call("d", "X", "{}"), 6) +
      result("c", "\"x\"") + assistant("m", text("b"), 6) +
      "{\"type\":\"user\",\"isSidechain\":true,\"message\":{\"content\":\"no session\"}}\n" +
      result("d", "[]") + line("system", R"("subtype":"api_error")") +
      assistant("n", text("c"), 2, R"("stop_reason":"end_turn")");
  for (const char* path : {"/p/s.jsonl", "/p/s/subagents/agent-1f.jsonl", "/p/agent-1f.jsonl"})
    expect_same_in_two_parts([&] { return std::make_unique<ClaudeConversationReader>(path); },
                             numbered(log));
}

}  // namespace
}  // namespace agents
