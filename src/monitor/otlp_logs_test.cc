#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "otlp_examples.h"

namespace monitor::otlp {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class OtlpLogsTest : public testing::Test {
 protected:
  /// The event of a record; nothing when it is dropped.
  std::optional<Event> mapped(LogRecord record) {
    Logs logs;
    logs.groups.push_back({resource_, {std::move(record)}});
    const auto events = to_events(logs, limits_);
    return events.empty() ? std::nullopt : std::optional(events.front());
  }
  /// Of a session, with a name and further attributes.
  static LogRecord record(std::string_view name, Pairs more = {}, Value body = {}) {
    LogRecord made;
    made.attributes = attributes({{"gen_ai.session.id", text("s")}, {"event.name", text(name)}});
    for (const auto& [key, value] : more) made.attributes.push_back({std::string(key), value});
    made.body = std::move(body);
    return made;
  }
  Event event(std::string_view name, Pairs more = {}, Value body = {}) {
    auto found = mapped(record(name, more, std::move(body)));
    EXPECT_TRUE(found) << name;
    return found.value_or(Event{});
  }
  std::string type_of(std::string_view event_name, Value body = {},
                      std::string_view severity = {}) {
    LogRecord made = record(event_name, {}, std::move(body));
    made.severity_text = severity;
    const auto found = mapped(made);
    return found ? std::string(monitor::name(found->event_type)) : "none";
  }
  std::string session_of(Pairs of_record, Pairs of_resource = {}, Value body = {}) {
    resource_ = attributes(of_resource);
    LogRecord made;
    made.attributes = attributes(of_record);
    made.attributes.push_back({"event.name", text("x.error")});
    made.body = std::move(body);
    const auto found = mapped(made);
    return found ? found->session_id : "none";
  }
  void from(std::string_view service) { resource_ = attributes({{"service.name", text(service)}}); }

  Attributes resource_;
  ContractLimits limits_ = kLimits;
};

TEST_F(OtlpLogsTest, TheServiceOrTheSdkNamesTheAgent) {
  const auto agent = [&](Pairs resource) {
    resource_ = attributes(resource);
    return event("x.error").agent_type;
  };
  EXPECT_EQ(agent({{"service.name", text("codex_cli_rs")}}), "codex");
  EXPECT_EQ(agent({{"service.name", text("Claude-Code")}}), "claude_code");
  EXPECT_EQ(agent({{"service.name", text("claude on Codex")}}), "codex");
  EXPECT_EQ(agent({{"service.name", text("My Agent")}}), "My Agent");
  EXPECT_EQ(agent({{"service.name", text("x")}, {"telemetry.sdk.name", text("codex-otel")}}),
            "codex");
  EXPECT_EQ(agent({{"telemetry.sdk.name", text("opentelemetry")}}), "unknown");
  EXPECT_EQ(agent({}), "unknown");
}

TEST_F(OtlpLogsTest, TheSessionHasItsSourcesInOrder) {
  const Value body = text(R"({"session_id":"body"})");
  const Pairs resource = {{"conversation.id", text("rc")},
                          {"gen_ai.session.id", text("rg")},
                          {"session.id", text("rs")}};
  EXPECT_EQ(
      session_of({{"conversation.id", text("c")}, {"gen_ai.session.id", text("g")}}, resource),
      "g");
  EXPECT_EQ(session_of({{"conversation.id", text("c")}}, resource, body), "c");
  EXPECT_EQ(session_of({{"session.id", text("later")}}, resource, body), "rs");
  EXPECT_EQ(session_of({}, {{"conversation.id", text("rc")}, {"gen_ai.session.id", text("rg")}}),
            "rg");
  EXPECT_EQ(session_of({}, {{"conversation.id", text("rc")}}, body), "rc");
  EXPECT_EQ(session_of({{"session.id", text("later")}}, {}, body), "body");
  EXPECT_EQ(session_of({{"session.id", text("later")}}), "later");
  EXPECT_EQ(session_of({{"gen_ai.conversation.id", text("g")}}), "g");
  EXPECT_EQ(session_of({}, {{"gen_ai.conversation.id", text("r")}}), "r");
  EXPECT_EQ(session_of({{"conversation.id", integer(17)}}), "17");
}

TEST_F(OtlpLogsTest, ARecordWithoutASessionIsDropped) {
  EXPECT_EQ(session_of({}), "none");
  EXPECT_EQ(session_of({{"gen_ai.session.id", text("")}}), "none");
  EXPECT_EQ(session_of({{"gen_ai.session.id", text("  ")}}), "none");
  EXPECT_EQ(session_of({{"gen_ai.session.id", {true}}}), "none");
  EXPECT_EQ(session_of({}, {}, text(R"({"session_id":7})")), "none");
}

TEST_F(OtlpLogsTest, AnyPrefixWillDoForTheNamesThatAllKnow) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"tool_result", "tool_use"},        {"tool_use", "tool_use"},
      {"api_request", "llm_request"},     {"api_response", "llm_response"},
      {"session_start", "session_start"}, {"session_end", "session_end"},
      {"file_change", "file_change"},     {"git_commit", "git_commit"},
      {"plan_step", "plan_step"},         {"error", "error"},
      {"user_prompt", "user_prompt"},     {"user_prompt_submit", "user_prompt"},
      {"user_message", "user_prompt"}};
  for (const std::string_view service : {"claude-code", "codex", "other"}) {
    from(service);
    for (const std::string prefix : {"claude_code.", "codex.", "a.b.", ""})
      for (const auto& [name, type] : names) EXPECT_EQ(type_of(prefix + std::string(name)), type);
  }
}

TEST_F(OtlpLogsTest, AToolDecisionIsAToolUseOfCodexAlone) {
  from("claude-code");
  EXPECT_EQ(type_of("claude_code.tool_decision"), "none");
  EXPECT_EQ(type_of("codex.tool_decision"), "none");
  from("codex");
  EXPECT_EQ(type_of("codex.tool_decision"), "tool_use");
}

TEST_F(OtlpLogsTest, PiecesOfStreamsAreDroppedEvenAsErrors) {
  for (const std::string_view service : {"claude-code", "codex", "other"}) {
    from(service);
    for (const std::string_view name :
         {"codex.sse_event", "codex.websocket.event", "claude_code.response"})
      EXPECT_EQ(type_of(name, {}, "ERROR"), "none") << name;
  }
}

TEST_F(OtlpLogsTest, MessagesOfAUserInACodexStreamArePrompts) {
  from("codex");
  for (const std::string_view name : {"codex.response", "codex.event_msg"}) {
    EXPECT_EQ(type_of(name, text(R"({"type":"user_prompt"})")), "user_prompt");
    EXPECT_EQ(type_of(name, text(R"({"payload":{"type":"user_message"}})")), "user_prompt");
    EXPECT_EQ(type_of(name, text(R"({"type":"user_prompt","payload":{"type":"x"}})")), "none");
    EXPECT_EQ(type_of(name), "none");
  }
  EXPECT_EQ(type_of("anything", text(R"({"type":"user_message"})")), "user_prompt");
  EXPECT_EQ(type_of("anything", text(R"({"payload":{"type":"user_message"}})")), "user_prompt");
  EXPECT_EQ(type_of("anything", text(R"({"type":"user_prompt"})")), "none");
  from("claude-code");
  EXPECT_EQ(type_of("anything", text(R"({"type":"user_message"})")), "none");
  EXPECT_EQ(type_of("codex.event_msg", text(R"({"type":"user_prompt"})")), "none");
}

TEST_F(OtlpLogsTest, OnlyTheSeverityErrorMakesAnUnknownNameAnError) {
  EXPECT_EQ(type_of("anything", {}, "ERROR"), "error");
  EXPECT_EQ(type_of("", {}, "ERROR"), "error");
  EXPECT_EQ(type_of("x.tool_use", {}, "ERROR"), "tool_use");
  for (const std::string_view severity : {"error", "ERROR2", "WARN", ""})
    EXPECT_EQ(type_of("anything", {}, severity), "none") << severity;
}

TEST_F(OtlpLogsTest, TheNameMayBeAnotherAttributeOrAFieldOfTheRecord) {
  LogRecord unnamed;
  unnamed.attributes = attributes({{"gen_ai.session.id", text("s")}});
  EXPECT_FALSE(mapped(unnamed));
  unnamed.event_name = "codex.error";
  EXPECT_EQ(mapped(unnamed)->event_type, EventType::error);
  unnamed.attributes.push_back({"name", text("x.tool_use")});
  EXPECT_EQ(mapped(unnamed)->event_type, EventType::tool_use);
  unnamed.attributes.push_back({"event.name", text("x.plan_step")});
  EXPECT_EQ(mapped(unnamed)->event_type, EventType::plan_step);
}

TEST_F(OtlpLogsTest, OnlyErrorsHaveTheStatusError) {
  EXPECT_EQ(event("x.error").status, EventStatus::error);
  EXPECT_EQ(event("x.tool_result", {{"success", text("false")}}).status, EventStatus::success);
}

TEST_F(OtlpLogsTest, AttributesComeBeforeTheBody) {
  const Value body = text(
      R"({"tool_name":"bt","model":"bm","input_tokens":1,"output_tokens":2,"cache_read_tokens":3,
          "cache_write_tokens":4,"cost_usd":0.5,"duration_ms":6,"project":"bp","branch":"bb"})");
  const Event of_body = event("x.api_response", {}, body);
  EXPECT_EQ(of_body.tool_name, "bt");
  EXPECT_EQ(of_body.model, "bm");
  EXPECT_EQ(of_body.tokens_in, 1);
  EXPECT_EQ(of_body.tokens_out, 2);
  EXPECT_EQ(of_body.cache_read_tokens, 3);
  EXPECT_EQ(of_body.cache_write_tokens, 4);
  EXPECT_EQ(of_body.cost_usd, 0.5);
  EXPECT_EQ(of_body.duration_ms, 6);
  EXPECT_EQ(of_body.project, "bp");
  EXPECT_EQ(of_body.branch, "bb");
  EXPECT_EQ(of_body.metadata, "{}");

  resource_ = attributes({{"project", text("rp")}, {"branch", text("rb")}});
  const Event of_both = event("x.api_response",
                              {{"gen_ai.tool.name", text("at")},
                               {"gen_ai.request.model", text("am")},
                               {"gen_ai.usage.input_tokens", integer(11)},
                               {"gen_ai.usage.output_tokens", text("12")},
                               {"gen_ai.usage.cache_read_input_tokens", real(13)},
                               {"gen_ai.usage.cache_creation_input_tokens", integer(14)},
                               {"gen_ai.usage.cost", real(0)},
                               {"gen_ai.latency", real(16.9)},
                               {"branch", text("ab")}},
                              body);
  EXPECT_EQ(of_both.tool_name, "at");
  EXPECT_EQ(of_both.model, "am");
  EXPECT_EQ(of_both.tokens_in, 11);
  EXPECT_EQ(of_both.tokens_out, 12);
  EXPECT_EQ(of_both.cache_read_tokens, 13);
  EXPECT_EQ(of_both.cache_write_tokens, 14);
  EXPECT_EQ(of_both.cost_usd, 0);
  EXPECT_EQ(of_both.duration_ms, 16);
  EXPECT_EQ(of_both.project, "rp");
  EXPECT_EQ(of_both.branch, "ab");
}

TEST_F(OtlpLogsTest, NumbersInTheBodyMustBeNumbers) {
  const Event event = this->event("x.api_response", {}, text(R"({"input_tokens":"7"})"));
  EXPECT_EQ(event.tokens_in, 0);
}

TEST_F(OtlpLogsTest, NumbersThatMakeNoSenseAreNone) {
  for (const Value& absurd : {integer(-5), real(1e300), text("-1"), text("many"), Value{true}}) {
    const Event event = this->event(
        "x.api_response", {{"gen_ai.usage.input_tokens", absurd}, {"duration_ms", absurd}});
    EXPECT_EQ(event.tokens_in, 0);
    EXPECT_EQ(event.duration_ms, 0);
  }
  EXPECT_FALSE(event("x.api_response", {{"gen_ai.usage.cost", integer(-1)}}).cost_usd);
  EXPECT_EQ(event("x.api_response", {{"gen_ai.usage.cost", text("0.25 USD")}}).cost_usd, 0.25);
}

TEST_F(OtlpLogsTest, TheTimeIsThatOfTheRecord) {
  LogRecord made = record("x.error");
  EXPECT_EQ(mapped(made)->client_timestamp, "");
  made.time_unix_nano = 1'771'999'200'001'999'999;
  EXPECT_EQ(mapped(made)->client_timestamp, "2026-02-25T06:00:00.001Z");
  EXPECT_EQ(mapped(made)->source, "otel");
  EXPECT_EQ(mapped(made)->event_id, "");
}

TEST_F(OtlpLogsTest, TheRestOfTheBodyIsTheMetadata) {
  const auto metadata = [&](Value body) { return event("x.error", {}, std::move(body)).metadata; };
  EXPECT_EQ(metadata({}), "{}");
  EXPECT_EQ(metadata(text("")), "{}");
  EXPECT_EQ(metadata(integer(7)), "{}");
  EXPECT_EQ(metadata(text("it broke")), R"({"message":"it broke"})");
  EXPECT_EQ(metadata(text("{not json")), R"({"message":"{not json"})");
  EXPECT_EQ(metadata(text("17")), R"({"message":"17"})");
  EXPECT_EQ(metadata(text(R"( {"a":[1.0,{"b":null}],"model":"m"} )")), R"({"a":[1,{"b":null}]})");
  EXPECT_EQ(metadata(text("[1,2]")), "[1,2]");
  const Value map{attributes({{"model", text("m")},
                              {"a", {List{integer(1), {true}, {}, text("x")}}},
                              {"b", {attributes({{"c", real(0.5)}})}}})};
  EXPECT_EQ(metadata(map), R"({"a":[1,true,null,"x"],"b":{"c":0.5}})");
  EXPECT_EQ(event("x.error", {}, map).model, "m");
}

TEST_F(OtlpLogsTest, LargeMetadataIsSummarised) {
  limits_.max_metadata_bytes = 60;
  const Event event = this->event(
      "x.error", {}, text(R"({"command":"ls","blob":")" + std::string(100, 'x') + "\"}"));
  EXPECT_TRUE(event.payload_truncated);
  EXPECT_EQ(event.metadata, R"({"_truncated":true,"_original_bytes":126,"command":"ls"})");
}

TEST_F(OtlpLogsTest, APromptIsLookedForUntilThereIsOne) {
  const auto metadata = [&](Pairs attributes, Value body) {
    return event("x.user_prompt", attributes, std::move(body)).metadata;
  };
  const Pairs prompt = {{"prompt", text("p")}};
  EXPECT_EQ(metadata(prompt, text("plain")), R"({"message":"plain"})");
  EXPECT_EQ(metadata(prompt, text(R"({"message":"m"})")), R"({"message":"m"})");
  EXPECT_EQ(metadata(prompt, text(R"({"payload":{"message":"pm"}})")),
            R"({"payload":{"message":"pm"},"message":"pm"})");
  EXPECT_EQ(metadata(prompt, {}), R"({"message":"p"})");
  for (const std::string_view name :
       {"gen_ai.prompt", "message", "prompt", "codex.prompt", "gen_ai.content.prompt"})
    EXPECT_EQ(metadata({{name, text("p")}}, {}), R"({"message":"p"})") << name;
  EXPECT_EQ(metadata({{"prompt", text("second")}, {"gen_ai.prompt", text("first")}}, {}),
            R"({"message":"first"})");
  EXPECT_EQ(event("x.error", prompt).metadata, "{}");
}

TEST_F(OtlpLogsTest, APatchIsCounted) {
  const Value body = text(R"({"tool_name":"apply_patch",
      "input":"*** Update File: cart.c\n-old\n+new\n+more\n"})");
  EXPECT_EQ(event("codex.tool_result", {}, body).metadata,
            R"({"input":"*** Update File: cart.c\n-old\n+new\n+more\n","file_path":"cart.c",)"
            R"("lines_added":2,"lines_removed":1})");
  EXPECT_EQ(
      event("codex.tool_result", {}, text(R"({"tool_name":"apply_patch","input":5})")).metadata,
      R"({"input":5})");
}

TEST_F(OtlpLogsTest, TheEndOfACodexStreamTellsWhatTheModelUsed) {
  from("codex_cli_rs");
  const Event completed = event("codex.sse_event", {{"event.kind", text("response.completed")},
                                                    {"model", text("gpt-5")},
                                                    {"input_token_count", integer(1000)},
                                                    {"cached_token_count", integer(400)},
                                                    {"output_token_count", text("200")},
                                                    {"reasoning_token_count", integer(50)}});
  EXPECT_EQ(completed.event_type, EventType::llm_response);
  EXPECT_EQ(completed.tokens_in, 1000);
  EXPECT_TRUE(completed.input_includes_cache);
  EXPECT_EQ(completed.cache_read_tokens, 400);
  EXPECT_EQ(completed.tokens_out, 200);
  EXPECT_EQ(completed.reasoning_tokens, 50);
  EXPECT_EQ(completed.model, "gpt-5");

  const Event failed = event("codex.sse_event", {{"event.kind", text("response.failed")},
                                                 {"cached_token_count", integer(4)},
                                                 {"error.message", text("overloaded")}});
  EXPECT_EQ(failed.event_type, EventType::error);
  EXPECT_EQ(failed.status, EventStatus::error);
  EXPECT_EQ(failed.tokens_in, 0);
  EXPECT_EQ(failed.metadata, R"({"error":"overloaded"})");

  EXPECT_FALSE(
      mapped(record("codex.sse_event", {{"event.kind", text("response.output_item.done")}})));
}

TEST_F(OtlpLogsTest, LaterNamesOfCodexAreKnown) {
  from("codex_cli_rs");
  EXPECT_EQ(type_of("codex.conversation_starts"), "session_start");
  EXPECT_EQ(type_of("codex.websocket_request"), "llm_request");
  from("other");
  EXPECT_EQ(type_of("codex.conversation_starts"), "none");
}

TEST_F(OtlpLogsTest, WhatClaudeCodeSendsIsUnderstood) {
  from("claude-code");
  LogRecord request;
  request.attributes = attributes({{"session.id", text("s-1")},
                                   {"event.name", text("api_request")},
                                   {"model", text("claude-sonnet-4-5")},
                                   {"input_tokens", integer(10)},
                                   {"output_tokens", text("20")},
                                   {"cache_read_tokens", integer(30)},
                                   {"cache_creation_tokens", integer(40)},
                                   {"cost_usd", real(0.01)},
                                   {"duration_ms", integer(1500)}});
  request.body = text("claude_code.api_request");
  const auto event = mapped(request);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->event_type, EventType::llm_request);
  EXPECT_EQ(event->session_id, "s-1");
  EXPECT_EQ(event->tokens_in, 10);
  EXPECT_EQ(event->tokens_out, 20);
  EXPECT_EQ(event->cache_read_tokens, 30);
  EXPECT_EQ(event->cache_write_tokens, 40);
  EXPECT_EQ(event->cost_usd, 0.01);
  EXPECT_EQ(event->duration_ms, 1500);
  EXPECT_EQ(event->metadata, "{}");

  LogRecord prompt;
  prompt.attributes = attributes({{"session.id", text("s-1")},
                                  {"event.name", text("user_prompt")},
                                  {"prompt", text("fix it")}});
  prompt.body = text("claude_code.user_prompt");
  EXPECT_EQ(mapped(prompt)->metadata, R"({"message":"fix it"})");
  EXPECT_EQ(type_of("claude_code.api_error"), "error");
}

TEST_F(OtlpLogsTest, ARepeatedExportHasTheSameEventsAgain) {
  Logs logs;
  logs.groups.push_back({{}, {record("x.error"), record("x.error")}});
  EXPECT_THAT(to_events(logs, kLimits), SizeIs(2));
  EXPECT_THAT(to_events(Logs{}, kLimits), IsEmpty());
}

}  // namespace
}  // namespace monitor::otlp
