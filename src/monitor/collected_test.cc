#include "monitor/collected.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

class CollectedEventTest : public testing::Test {
 protected:
  Event read(const std::string& text) {
    auto parsed = parse_collected_event(*document.parse(text), {});
    EXPECT_TRUE(std::holds_alternative<Event>(parsed)) << text;
    return std::get<Event>(std::move(parsed));
  }
  std::string refusal(const std::string& text) {
    auto parsed = parse_collected_event(*document.parse(text), {});
    const auto* errors = std::get_if<FieldErrors>(&parsed);
    std::string all;
    if (errors)
      for (const FieldError& error : *errors) all += error.field + " " + error.message + ";";
    return all;
  }
  static std::string event(const std::string& type, const std::string& rest,
                           const std::string& agent = "claude") {
    return R"({"id":"e-1","timestamp":"2026-03-01T10:00:00Z","eventType":")" + type +
           R"(","agentId":")" + agent + R"(","sessionId":"s-1","projectId":1)" + rest + "}";
  }

  base::json::Document document;
};

TEST_F(CollectedEventTest, APromptIsAUserPrompt) {
  const Event prompt = read(event("llm_request", R"(,"context":{"workingDirectory":"/w/app",
      "branch":"main","machineName":"box"},"data":{"prompt":"go on"},"metrics":{"promptTokens":3})"));
  EXPECT_EQ(prompt.event_id, "e-1");
  EXPECT_EQ(prompt.event_type, EventType::user_prompt);
  EXPECT_EQ(prompt.agent_type, "claude_code");
  EXPECT_EQ(prompt.client_timestamp, "2026-03-01T10:00:00.000Z");
  EXPECT_EQ(prompt.project, "app");
  EXPECT_EQ(prompt.branch, "main");
  EXPECT_EQ(prompt.machine, "box");
  EXPECT_EQ(prompt.workspace, "/w/app");
  EXPECT_EQ(prompt.tokens_in, 0);
  EXPECT_EQ(prompt.metadata,
            R"({"message":"go on","cwd":"/w/app","machine":"box","type":"llm_request"})");
}

TEST_F(CollectedEventTest, AnAnswerCarriesWhatTheProviderCounted) {
  const Event answer = read(event("llm_response", R"(,"context":{"model":"m-1"},"data":{
      "response":"done","messageId":"msg_1","requestId":"req_1","usage":{"inputTokens":5,
      "outputTokens":7,"cacheReadTokens":100,"cacheWriteTokens":20,"cacheWrite1hTokens":20}},
      "metrics":{"promptTokens":125,"responseTokens":7,"tokenCount":132})"));
  EXPECT_EQ(answer.tokens_in, 5);
  EXPECT_EQ(answer.tokens_out, 7);
  EXPECT_EQ(answer.cache_read_tokens, 100);
  EXPECT_EQ(answer.cache_write_1h_tokens, 20);
  EXPECT_EQ(answer.model, "m-1");
  EXPECT_EQ(answer.usage_key.size(), 32u);
}

TEST_F(CollectedEventTest, WithoutACountTheEstimateOfTheAnswerIsTaken) {
  const Event answer =
      read(event("llm_response", R"(,"data":{},"metrics":{"responseTokens":3})", "github-copilot"));
  EXPECT_EQ(answer.tokens_out, 3);
  EXPECT_EQ(answer.agent_type, "copilot");
}

TEST_F(CollectedEventTest, ToolsAndFilesAreToolUses) {
  const Event tool = read(event("command_execution", R"(,"data":{"toolName":"Bash",
      "toolCallId":"t-1","toolInput":{"command":"make"},"isError":true})"));
  EXPECT_EQ(tool.event_type, EventType::tool_use);
  EXPECT_EQ(tool.tool_name, "Bash");
  EXPECT_EQ(tool.status, EventStatus::error);
  EXPECT_EQ(tool.metadata, R"({"command":"make","tool_use_id":"t-1","type":"command_execution"})");
  const Event file = read(event("file_read", R"(,"data":{"filePath":"/w/a.c"})"));
  EXPECT_EQ(file.tool_name, "file_read");
  EXPECT_EQ(file.metadata, R"({"file_path":"/w/a.c","type":"file_read"})");
}

TEST_F(CollectedEventTest, ASessionIsCalledAsItsAgentCallsIt) {
  const Event start = read(event("session_start", R"(,"context":{"nativeSessionId":"chat 7",
      "parentSessionId":"chat 6"},"data":{})"));
  EXPECT_EQ(start.session_id, "chat 7");
  EXPECT_EQ(start.parent_session_id, "chat 6");
}

TEST_F(CollectedEventTest, AnUnknownTypeIsStoredToo) {
  const Event event_of_later = read(event("test-event", R"(,"data":{"message":"hello"})"));
  EXPECT_EQ(event_of_later.event_type, EventType::response);
  EXPECT_EQ(event_of_later.metadata, R"({"content_preview":"hello","type":"test-event"})");
}

TEST_F(CollectedEventTest, WhatTellsItFromOthersIsNeeded) {
  EXPECT_EQ(refusal("[]"),
            "id is required;eventType is required;agentId is required;sessionId is required;");
  EXPECT_EQ(refusal(R"({"id":7,"eventType":" ","agentId":"a","sessionId":"s"})"),
            "id must be a string;eventType must not be empty;");
}

TEST_F(CollectedEventTest, OtherFieldsOfTheWrongTypeAreNotGiven) {
  const Event odd = read(
      R"({"id":"e","eventType":"llm_response","agentId":"x","sessionId":"s","timestamp":"never",
      "context":[],"data":{"usage":7,"response":["a"]},"metrics":{"promptTokens":-4,"cost":"1"}})");
  EXPECT_EQ(odd.client_timestamp, "");
  EXPECT_EQ(odd.tokens_in, 0);
  EXPECT_FALSE(odd.cost_usd);
}

}  // namespace
}  // namespace monitor
