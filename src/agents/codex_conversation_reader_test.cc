#include "codex_conversation_reader.h"

#include "told_test_support.h"

namespace agents {
namespace {

using Kind = Record::Kind;

std::string line(const std::string& type, const std::string& payload, int second = 0) {
  return R"({"timestamp":"2026-02-20T09:00:0)" + std::to_string(second) + R"(Z","type":")" + type +
         R"(","payload":{)" + payload + "}}\n";
}
std::string event(const std::string& type, const std::string& more = "") {
  return line("event_msg", R"("type":")" + type + "\"" + more);
}
std::string said(const std::string& type, const std::string& text) {
  return event(type, R"(,"message":")" + text + "\"");
}
std::string item(const std::string& role, const std::string& text) {
  return line("response_item", R"("type":"message","role":")" + role +
                                   R"(","content":[{"type":"input_text","text":")" + text + "\"}]");
}
std::string call(const std::string& id, const std::string& name, const std::string& arguments) {
  return line("response_item", R"("type":"function_call","name":")" + name + R"(","call_id":")" +
                                   id + R"(","arguments":")" + arguments + "\"");
}
std::string output(const std::string& id, const std::string& json, int second = 2) {
  return line("response_item",
              R"("type":"function_call_output","call_id":")" + id + R"(","output":)" + json,
              second);
}
std::string tokens(int in, int out) {
  return event("token_count", R"(,"info":{"total_token_usage":{"input_tokens":)" +
                                  std::to_string(in) + R"(,"output_tokens":)" +
                                  std::to_string(out) + "}}");
}
std::string meta() {
  return line("session_meta",
              R"("id":"s","cwd":"/home/dev/shop","originator":"codex-tui","cli_version":"0.9",)"
              R"("timestamp":"2026-02-20T08:59:00Z","forked_from_id":"p",)"
              R"("git":{"branch":"main","repository_url":"https://h/a/b.git"})");
}
std::string turn(const std::string& id) {
  return line("turn_context", R"("turn_id":")" + id + R"(","model":"gpt-5")");
}

std::vector<ToldRecord> read(const std::string& log, AtEnd at_end = AtEnd::settles) {
  return tell_log([] { return std::make_unique<CodexConversationReader>("/s/f.jsonl", "o4"); }, log,
                  at_end);
}
ToldRecord only(const std::string& log) {
  const auto told = read(log);
  EXPECT_EQ(told.size(), 1u) << log;
  return told.empty() ? ToldRecord() : told[0];
}
/// What was said, `>` before a prompt.
std::string talk(const std::string& log, AtEnd at_end = AtEnd::settles) {
  std::string talk;
  for (const ToldRecord& told : read(log, at_end))
    talk += (told.kind == Kind::prompt     ? ">"
             : told.kind == Kind::response ? ""
                                           : "!") +
            told["text"] + " ";
  return talk;
}

TEST(CodexConversationTest, ASessionBeginsWithItsFirstMeta) {
  const auto told = read(meta() + line("session_meta", R"("id":"p")") + said("user_message", "a"));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].kind, Kind::session_start);
  EXPECT_EQ(told[0]["id"], "start");
  EXPECT_EQ(told[0]["parent"], "p");
  EXPECT_EQ(told[0]["at"], "2026-02-20T08:59:00.000Z");
  EXPECT_EQ(told[0]["repository"], "https://h/a/b.git");
  EXPECT_EQ(told[0]["originator"], "codex-tui");
  EXPECT_EQ(told[0]["model"], "o4");
  EXPECT_EQ(told[1]["session"], "s");
  EXPECT_EQ(told[1]["cwd"], "/home/dev/shop");
  EXPECT_EQ(told[1]["branch"], "main");
  EXPECT_EQ(told[1]["version"], "0.9");
}

TEST(CodexConversationTest, WhatIsSaidTwiceIsToldOnce) {
  const std::string user_event = said("user_message", "a"), user_item = item("user", "a");
  const std::string agent_event = said("agent_message", "b"), agent_item = item("assistant", "b");
  EXPECT_EQ(talk(user_event + user_item + agent_event + agent_item), ">a b ");
  EXPECT_EQ(talk(user_item + user_event + agent_item + agent_event), ">a b ");
  EXPECT_EQ(talk(user_item + user_event + agent_item + agent_event + user_item + user_event +
                 agent_event + agent_item),
            ">a b >a b ");
  EXPECT_EQ(talk(user_item + turn("t") + user_event + agent_event), ">a b ");
}

TEST(CodexConversationTest, WithoutEventsTheItemsCount) {
  EXPECT_EQ(talk(item("user", "a") + item("assistant", "b") + item("user", "c")), ">a b >c ");
  EXPECT_EQ(talk(item("user", "a") + item("user", "b")), ">a >b ");
}

TEST(CodexConversationTest, WhatTheProgramSaysForTheUserIsPassedOver) {
  EXPECT_EQ(talk(item("user", "<environment_context>x") + item("user", "# AGENTS.md instructions") +
                 item("developer", "x") + item("user", " ") + item("user", "a")),
            ">a ");
}

TEST(CodexConversationTest, AnAnswerHasTheTokensThatComeBehindIt) {
  const ToldRecord told =
      only(turn("t") + said("agent_message", "b") + tokens(100, 7) + tokens(100, 7));
  EXPECT_EQ(told["text"], "b");
  EXPECT_EQ(told["id"], "t:1");
  EXPECT_EQ(told["model"], "gpt-5");
  EXPECT_EQ(told["message"], "t:100:7:0");
  EXPECT_EQ(told.usage->input, 100);
  EXPECT_TRUE(told.usage->input_includes_cache);
}

TEST(CodexConversationTest, TokensWithoutAnAnswerAreAnEmptyOne) {
  const auto told = read(tokens(5, 1) + said("agent_message", "b") + tokens(8, 2));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0]["text"], "");
  EXPECT_EQ(told[0].usage->input, 5);
  EXPECT_EQ(told[1].usage->input, 3);
  EXPECT_EQ(
      only(event("token_count", R"(,"info":{"last_token_usage":{"input_tokens":4}})")).usage->input,
      4);
  EXPECT_TRUE(read(event("token_count", R"(,"info":null)")).empty());
}

TEST(CodexConversationTest, AnAnswerWaitsNoLongerThanItsTurn) {
  const std::string answer = said("agent_message", "b");
  EXPECT_EQ(talk(answer, AtEnd::goes_on), "");
  EXPECT_EQ(talk(answer + event("task_complete"), AtEnd::goes_on), "b ");
  EXPECT_EQ(talk(answer + said("user_message", "c"), AtEnd::goes_on), "b >c ");
  EXPECT_EQ(talk(answer + said("agent_message", "c"), AtEnd::goes_on), "b ");
}

TEST(CodexConversationTest, ACallIsGivenWithItsOutput) {
  const ToldRecord told =
      only(call("c", "exec_command", R"({\"cmd\":\"ls\"})") +
           output("c", R"("{\"output\":\"x\",\"metadata\":{\"exit_code\":1}}")"));
  EXPECT_EQ(told.kind, Kind::command);
  EXPECT_EQ(told["id"], "c");
  EXPECT_EQ(told["tool"], "exec_command");
  EXPECT_EQ(told["input"], R"({"cmd":"ls"})");
  EXPECT_EQ(told["output"], R"({"output":"x","metadata":{"exit_code":1}})");
  EXPECT_EQ(told.duration_ms, 2000);
  EXPECT_TRUE(told.is_error);
}

TEST(CodexConversationTest, OutputsSayWhetherTheyFailed) {
  const auto fails = [](const std::string& json) {
    return only(call("c", "x", "no json") + output("c", json)).is_error;
  };
  EXPECT_TRUE(fails(R"("Exit code: 1\nx")"));
  EXPECT_TRUE(fails(R"("Chunk\nProcess exited with code 127\n")"));
  EXPECT_TRUE(fails(R"({"success":false})"));
  EXPECT_FALSE(fails(R"("Exit code: 0\nx")"));
  EXPECT_FALSE(fails(R"("text")"));
  EXPECT_FALSE(fails(R"([{"type":"text"}])"));
  EXPECT_FALSE(fails(R"("[1]")"));
}

TEST(CodexConversationTest, APatchModifiesItsFirstFile) {
  const std::string patch = R"(*** Begin Patch\n*** Update File: a.c\n+x)";
  const std::string in_json = R"(*** Begin Patch\\n*** Update File: a.c\\n+x)";
  const std::string custom =
      line("response_item", R"("type":"custom_tool_call","name":"apply_patch","call_id":"c",)"
                            R"("input":")" +
                                patch + "\"");
  for (const std::string& log :
       {custom, call("c", "apply_patch", R"({\"input\":\")" + in_json + R"(\"})"),
        call("c", "exec_command", R"({\"cmd\":\"apply_patch <<X\\n)" + in_json + R"(\"})"),
        call("c", "shell", R"({\"command\":[\"apply_patch\",\")" + in_json + R"(\"]})"),
        call("c", "shell",
             R"({\"command\":[\"sh\",\"-lc\",\"apply_patch <<X\\n)" + in_json + R"(\"]})")}) {
    const ToldRecord told = only(log + output("c", "\"ok\""));
    EXPECT_EQ(told.kind, Kind::file_modify) << log;
    EXPECT_EQ(told["file"], "a.c") << log;
  }
  EXPECT_EQ(only(call("c", "shell", R"({\"command\":[\"ls\",7]})") + output("c", "1")).kind,
            Kind::command);
}

TEST(CodexConversationTest, ACallWithoutOutputIsGivenWhenTheUserSpeaks) {
  const std::string begin = call("c", "x", "{}");
  EXPECT_TRUE(read(begin).empty());
  EXPECT_EQ(read(begin + said("user_message", "a")).size(), 2u);
  EXPECT_EQ(read(begin + item("user", "a")).size(), 2u);
  EXPECT_EQ(read(begin, AtEnd::finishes).size(), 1u);
  const ToldRecord search = only(
      line("response_item", R"("type":"web_search_call","action":{"query":"x"},"status":"done")"));
  EXPECT_EQ(search["tool"], "web_search");
  EXPECT_EQ(search["id"], "line:0");
  EXPECT_EQ(search["input"], R"({"query":"x"})");
  const ToldRecord shell =
      only(line("response_item", R"("type":"local_shell_call","call_id":"c",)"
                                 R"("action":{"type":"exec","command":["ls"]})") +
           output("c", "\"a\""));
  EXPECT_EQ(shell.kind, Kind::command);
  EXPECT_EQ(shell["tool"], "local_shell");
}

TEST(CodexConversationTest, AbortsAndErrorsAreFailures) {
  EXPECT_EQ(only(event("turn_aborted", R"(,"reason":"interrupted")"))["text"], "interrupted");
  EXPECT_EQ(only(said("error", "no such model")).kind, Kind::failure);
  EXPECT_EQ(only(event("stream_error"))["text"], "stream_error");
}

TEST(CodexConversationTest, TheTurnIsTheOneThatStartedLast) {
  EXPECT_EQ(only(turn("t") + event("task_started", R"(,"turn_id":"u")") +
                 said("user_message", "a"))["id"],
            "u:2");
}

TEST(CodexConversationTest, TheOldestFilesHaveBareItems) {
  const auto told =
      read(R"({"id":"s","timestamp":"2025-05-01T00:00:00Z","git":{"branch":"b"}})"
           "\n"
           R"({"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]})"
           "\n");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].kind, Kind::session_start);
  EXPECT_EQ(told[1]["session"], "s");
  EXPECT_EQ(told[1]["branch"], "b");
  EXPECT_EQ(told[1]["text"], "a");
}

TEST(CodexConversationTest, WhatWaitsHasABound) {
  std::string log = meta() + turn(std::string(5000, 't'));
  for (int i = 0; i < 300; ++i) log += call(std::to_string(i), "x", std::string(5000, 'x'));
  log += item("assistant", std::string(100000, 'a')) + item("user", std::string(40000, 'b'));
  const auto make = [] { return std::make_unique<CodexConversationReader>("/s/f.jsonl", "o4"); };
  const auto told = tell_log(make, log, AtEnd::finishes, 303);
  ASSERT_EQ(told.size(), 303u);
  EXPECT_EQ(told.back()["text"].size(), 40000u);
}

TEST(CodexConversationTest, ItGoesOnWhereAnotherStopped) {
  expect_same_in_two_parts(
      [] { return std::make_unique<CodexConversationReader>("/s/f.jsonl", "o4"); },
      meta() + item("user", "<environment_context>") + turn("t") + item("user", "a") +
          said("user_message", "a") + call("c", "shell", "{}") + item("assistant", "b") +
          said("agent_message", "b") + tokens(3, 1) + call("d", "shell", "{}") +
          output("c", "\"x\"") + tokens(9, 4) + "no json\n" + item("user", "e") +
          said("user_message", "e") + said("agent_message", "f") + event("turn_aborted"));
  expect_same_in_two_parts(
      [] { return std::make_unique<CodexConversationReader>("/s/f.jsonl", ""); },
      item("user", "a") + item("assistant", "b") + tokens(1, 1) + item("user", "c"));
}

}  // namespace
}  // namespace agents
