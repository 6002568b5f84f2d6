#include "copilot_cli_reader.h"

#include "told_test_support.h"

namespace agents {
namespace {

using Kind = Record::Kind;

std::string line(const std::string& type, const std::string& data, const std::string& id = "e",
                 int second = 0) {
  return R"({"type":")" + type + R"(","id":")" + id + R"(","timestamp":"2026-02-20T09:00:0)" +
         std::to_string(second) + R"(Z","parentId":null,"data":{)" + data + "}}\n";
}
std::string start(const std::string& more = "") {
  return line("session.start",
              R"("sessionId":"s","copilotVersion":"1.2","startTime":"2026-02-20T08:00:00Z",)"
              R"("context":{"cwd":"/home/dev/shop","branch":"main"})" +
                  more);
}
std::string call(const std::string& id, const std::string& name, const std::string& input) {
  return line("tool.execution_start",
              R"("toolCallId":")" + id + R"(","toolName":")" + name + R"(","arguments":)" + input);
}
std::string outcome(const std::string& id, const std::string& more) {
  return line("tool.execution_complete", R"("toolCallId":")" + id + "\"," + more, "e", 3);
}
std::string answer(const std::string& text, int output) {
  return line("assistant.message",
              R"("content":")" + text + R"(","outputTokens":)" + std::to_string(output));
}
std::string shutdown(const std::string& id, int input, int output) {
  return line("session.shutdown",
              R"("modelMetrics":{"m":{"usage":{"inputTokens":)" + std::to_string(input) +
                  R"(,"outputTokens":)" + std::to_string(output) + R"(,"cacheReadTokens":1}}})",
              id);
}
std::string model(const std::string& name) {
  return line("session.model_change", R"("newModel":")" + name + "\"");
}

std::unique_ptr<LogReader> make(const std::string& path = "/c/5e55/events.jsonl") {
  return std::make_unique<CopilotCliReader>(path);
}
std::vector<ToldRecord> read(const std::string& log, AtEnd at_end = AtEnd::settles) {
  return tell_log([] { return make(); }, log, at_end);
}
ToldRecord only(const std::string& log) {
  const auto told = read(log);
  EXPECT_EQ(told.size(), 1u) << log;
  return told.empty() ? ToldRecord() : told[0];
}

TEST(CopilotCliTest, ASessionSaysWhereItRuns) {
  const auto told = read(start() + model("m") + line("user.message", R"("content":"hi")", "u"));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].kind, Kind::session_start);
  EXPECT_EQ(told[0]["at"], "2026-02-20T08:00:00.000Z");
  EXPECT_EQ(told[0]["version"], "1.2");
  EXPECT_EQ(told[1].kind, Kind::prompt);
  EXPECT_EQ(told[1]["id"], "u");
  EXPECT_EQ(told[1]["text"], "hi");
  EXPECT_EQ(told[1]["session"], "s");
  EXPECT_EQ(told[1]["cwd"], "/home/dev/shop");
  EXPECT_EQ(told[1]["branch"], "main");
  EXPECT_EQ(told[1]["model"], "m");
}

TEST(CopilotCliTest, WithoutAStartTheSessionIsNamedByItsFile) {
  const std::string log = line("user.message", R"("content":"hi")");
  EXPECT_EQ(only(log)["session"], "5e55");
  EXPECT_EQ(tell_log([] { return make("/c/77.jsonl"); }, log).at(0)["session"], "77");
}

TEST(CopilotCliTest, AnAnswerHasTheTokensItSays) {
  const ToldRecord told = only(answer("a", 7));
  EXPECT_EQ(told.kind, Kind::response);
  EXPECT_EQ(told["text"], "a");
  EXPECT_EQ(told.usage->output, 7);
  EXPECT_EQ(only(answer("", 7)).usage->output, 7);
  EXPECT_FALSE(only(answer("a", 0)).usage);
  EXPECT_TRUE(read(answer("", 0)).empty());
}

TEST(CopilotCliTest, ACallIsGivenWithItsOutcome) {
  const ToldRecord told = only(call("c", "view", R"({"path":"/w/a"})") +
                               outcome("c", R"("success":false,"result":{"content":"x"})"));
  EXPECT_EQ(told.kind, Kind::file_read);
  EXPECT_EQ(told["id"], "c");
  EXPECT_EQ(told["file"], "/w/a");
  EXPECT_EQ(told["input"], R"({"path":"/w/a"})");
  EXPECT_EQ(told["output"], R"("x")");
  EXPECT_TRUE(told.is_error);
  EXPECT_EQ(told.duration_ms, 3000);
  EXPECT_EQ(only(call("c", "bash", "7") + outcome("c", R"("error":{"message":"x"})"))["output"],
            R"({"message":"x"})");
}

TEST(CopilotCliTest, ACallWithoutOutcomeIsGivenWhenTheUserSpeaks) {
  const std::string begin = call("c", "x", "{}");
  EXPECT_TRUE(read(begin).empty());
  EXPECT_EQ(read(begin + line("user.message", R"("content":"go")")).size(), 2u);
  EXPECT_EQ(read(begin, AtEnd::finishes).size(), 1u);
  EXPECT_EQ(only(call("", "x", "{}"))["id"], "e");
}

TEST(CopilotCliTest, TheEndBringsTheTokensThatNoMessageSaid) {
  const std::string log = model("m") + answer("a", 7) + shutdown("x", 100, 10) + answer("b", 2) +
                          shutdown("y", 130, 12);
  const auto told = read(log);
  ASSERT_EQ(told.size(), 6u);
  EXPECT_EQ(told[1].kind, Kind::response);
  EXPECT_EQ(told[1]["id"], "x:m");
  EXPECT_EQ(told[1].usage->input, 100);
  EXPECT_EQ(told[1].usage->output, 3);
  EXPECT_EQ(told[1].usage->cache_read, 1);
  EXPECT_EQ(told[2].kind, Kind::session_end);
  EXPECT_EQ(told[4].usage->input, 30);
  EXPECT_EQ(told[4].usage->output, 0);
  EXPECT_EQ(read(log + shutdown("z", 130, 12)).size(), 7u);
}

TEST(CopilotCliTest, ErrorsAreFailures) {
  const ToldRecord told = only(line("session.error", R"("message":"no quota")"));
  EXPECT_EQ(told.kind, Kind::failure);
  EXPECT_EQ(told["text"], "no quota");
}

TEST(CopilotCliTest, WhatSaysNothingIsPassedOver) {
  EXPECT_TRUE(read("7\n{}\n{\"type\":\"user.message\"}\nno json\n" + line("hook.start", "") +
                   line("user.message", R"("content":7)") + outcome("none", "\"x\":1") +
                   line("session.model_change", ""))
                  .empty());
}

TEST(CopilotCliTest, ModelsAndWaitingCallsHaveABound) {
  std::string log;
  for (int i = 0; i < 300; ++i)
    log += model(std::string(2000, 'm') + std::to_string(i)) + answer("a", 1) +
           call(std::to_string(i), "x", "\"" + std::string(5000, 'x') + "\"");
  EXPECT_EQ(tell_log([] { return make(); }, log, AtEnd::finishes, 899).size(), 600u);
}

TEST(CopilotCliTest, ItGoesOnWhereAnotherStopped) {
  expect_same_in_two_parts([] { return make(); },
                           start() + model("m") + call("c", "view", "{}") + answer("a", 3) +
                               outcome("c", R"("success":true,"result":"x")") +
                               shutdown("x", 9, 5) + answer("b", 1) + shutdown("y", 12, 9) +
                               "{\"type\":\"user.message\",\"data\":{\"content\":\"no id\"}}\n");
}

}  // namespace
}  // namespace agents
