#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "otlp_examples.h"

namespace monitor::otlp {
namespace {

class OtlpTracesTest : public testing::Test {
 protected:
  static Span span(std::string_view operation, Pairs more = {}) {
    Span made;
    made.trace_id = "0af7651916cd43dd8448eb211c80319c";
    made.span_id = "b7ad6b7169203331";
    made.name = "a span";
    made.start_unix_nano = 1'771'999'200'000'000'000;
    made.end_unix_nano = made.start_unix_nano + 1'234'567'890;
    made.attributes =
        attributes({{"gen_ai.operation.name", text(operation)}, {"session.id", text("s")}});
    for (const auto& [key, value] : more) made.attributes.push_back({std::string(key), value});
    return made;
  }
  std::optional<Event> mapped(Span made) {
    Traces traces;
    traces.groups.push_back({resource_, {std::move(made)}});
    const auto events = to_events(traces, kLimits);
    return events.empty() ? std::nullopt : std::optional(events.front());
  }

  Attributes resource_;
};

TEST_F(OtlpTracesTest, AnswersOfModelsAreEvents) {
  for (const std::string_view operation : {"chat", "generate_content", "text_completion"}) {
    const auto event = mapped(span(operation, {{"gen_ai.request.model", text("o3")},
                                               {"gen_ai.usage.input_tokens", integer(100)},
                                               {"gen_ai.usage.output_tokens", integer(20)}}));
    ASSERT_TRUE(event) << operation;
    EXPECT_EQ(event->event_type, EventType::llm_response);
    EXPECT_EQ(event->status, EventStatus::success);
    EXPECT_EQ(event->model, "o3");
    EXPECT_EQ(event->tokens_in, 100);
    EXPECT_EQ(event->tokens_out, 20);
    EXPECT_EQ(event->duration_ms, 1234);
    EXPECT_EQ(event->client_timestamp, "2026-02-25T06:00:01.234Z");
    EXPECT_EQ(event->source, "otel");
    EXPECT_EQ(event->event_id, "otel-span-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331");
    EXPECT_EQ(event->metadata, R"({"span":"a span"})");
  }
}

TEST_F(OtlpTracesTest, CallsOfToolsAreEvents) {
  Span call = span("execute_tool", {{"gen_ai.tool.name", text("Bash")}});
  call.has_failed = true;
  call.status_message = "exit 1";
  const auto event = mapped(call);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->event_type, EventType::tool_use);
  EXPECT_EQ(event->tool_name, "Bash");
  EXPECT_EQ(event->status, EventStatus::error);
  EXPECT_EQ(event->metadata, R"({"span":"a span","error":"exit 1"})");
}

TEST_F(OtlpTracesTest, OtherSpansAreNone) {
  for (const std::string_view operation : {"invoke_agent", "create_agent", "embeddings", ""})
    EXPECT_FALSE(mapped(span(operation))) << operation;
}

TEST_F(OtlpTracesTest, ASpanWithoutASessionIsNone) {
  Span made = span("chat");
  made.attributes.pop_back();
  EXPECT_FALSE(mapped(made));
  resource_ = attributes({{"session.id", text("r")}});
  EXPECT_EQ(mapped(made)->session_id, "r");
  made.attributes.push_back({"gen_ai.conversation.id", text("later")});
  EXPECT_EQ(mapped(made)->session_id, "r");
  made.attributes.push_back({"conversation.id", text("c")});
  EXPECT_EQ(mapped(made)->session_id, "c");
}

TEST_F(OtlpTracesTest, CachedTokensUnderTheirPresentNamesArePartOfTheInput) {
  const auto now =
      mapped(span("chat", {{"gen_ai.usage.input_tokens", integer(100)},
                           {"gen_ai.usage.cache_read.input_tokens", integer(60)},
                           {"gen_ai.usage.cache_creation.input_tokens", integer(30)}}));
  EXPECT_EQ(now->tokens_in, 10);
  EXPECT_EQ(now->cache_read_tokens, 60);
  EXPECT_EQ(now->cache_write_tokens, 30);
  const auto once = mapped(span("chat", {{"gen_ai.usage.input_tokens", integer(100)},
                                         {"gen_ai.usage.cache_read_input_tokens", integer(60)}}));
  EXPECT_EQ(once->tokens_in, 100);
  EXPECT_EQ(once->cache_read_tokens, 60);
}

TEST_F(OtlpTracesTest, ASpanThatEndsBeforeItBeganHasNoDuration) {
  Span made = span("chat");
  made.end_unix_nano = 0;
  EXPECT_EQ(mapped(made)->duration_ms, 0);
  EXPECT_EQ(mapped(made)->client_timestamp, "2026-02-25T06:00:00.000Z");
}

}  // namespace
}  // namespace monitor::otlp
