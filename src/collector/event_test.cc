#include "collector/event.h"

#include <gtest/gtest.h>

namespace collector {
namespace {

constexpr std::string_view kWhole =
    R"({"id":"3b241101-e2bb-4255-8caf-4136c566a962","timestamp":"2026-03-01T12:00:00.250Z",)"
    R"("eventType":"tool_use","agentId":"claude","agentVersion":"2.1.0",)"
    R"("sessionId":"9a2c3f9e-0000-4000-8000-000000000001","projectId":7,"machineId":3,)"
    R"("workspaceId":41,"legacyProjectId":"7","context":{"branch":"main"},)"
    R"("data":{"tool":"Bash","n":1},"metrics":{"tokenCount":5,"durationMs":12,)"
    R"("promptTokens":2,"responseTokens":3,"cost":0.25}})";

base::Result<AgentEvent> parse(std::string_view text) {
  base::json::Document document;
  const auto value = document.parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return parse_event(*value);
}

/// `kWhole` with one piece of it replaced.
std::string with(std::string_view piece, std::string_view other) {
  std::string text(kWhole);
  const std::size_t at = text.find(piece);
  EXPECT_NE(at, text.npos) << piece;
  return text.replace(at, piece.size(), other);
}

std::string refusal(std::string_view piece, std::string_view other) {
  const auto event = parse(with(piece, other));
  return event ? "accepted" : event.error().what;
}

TEST(AgentEventTest, AnEventIsWrittenAsItWasRead) {
  const auto event = parse(kWhole);
  ASSERT_TRUE(event.ok()) << event.error().what;
  EXPECT_EQ(event->data, R"("tool":"Bash","n":1)");
  EXPECT_EQ(to_json(*event), kWhole);
}

TEST(AgentEventTest, WhatIsNotGivenIsNotWrittenButDataAndProjectAre) {
  AgentEvent event;
  event.id = "i";
  event.event_type = "llm_request";
  event.agent_id = "cursor";
  event.has_metrics = true;
  EXPECT_EQ(to_json(event),
            R"({"id":"i","timestamp":"1970-01-01T00:00:00.000Z","eventType":"llm_request",)"
            R"("agentId":"cursor","agentVersion":"","sessionId":"","projectId":0,"data":{},)"
            R"("metrics":{}})");
}

TEST(AgentEventTest, D28_ATimeThatCannotBeWrittenIsMovedToTheNearestThatCan) {
  AgentEvent event;
  event.timestamp = base::Time::max();
  EXPECT_NE(to_json(event).find("\"9999-12-31T23:59:59.999Z\""), std::string::npos);
  event.timestamp = base::Time::min();
  EXPECT_NE(to_json(event).find("\"0000-01-01T00:00:00.000Z\""), std::string::npos);
}

TEST(AgentEventTest, TheMomentCountsNotTheZoneItIsWrittenIn) {
  const auto event = parse(with("2026-03-01T12:00:00.250Z", "2026-03-01T14:00:00.250999+02:00"));
  ASSERT_TRUE(event.ok()) << event.error().what;
  EXPECT_EQ(event->timestamp, parse(kWhole)->timestamp);
}

TEST(AgentEventTest, AnyEventTypeIsTaken) {
  EXPECT_EQ(parse(with("tool_use", "test-event"))->event_type, "test-event");
}

TEST(AgentEventTest, NullCountsAsNotGiven) {
  const auto event = parse(with(R"({"branch":"main"})", "null"));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->context, "");
}

TEST(AgentEventTest, ARefusalNamesTheField) {
  EXPECT_EQ(refusal("\"id\"", "\"no\""), "id is missing");
  EXPECT_EQ(refusal("\"projectId\":7", "\"projectId\":\"7\""), "projectId must be an integer");
  EXPECT_EQ(refusal("\"projectId\":7", "\"projectId\":7.5"), "projectId must be an integer");
  EXPECT_EQ(refusal("\"claude\"", "5"), "agentId must be a string");
  EXPECT_EQ(refusal("\"data\":{\"tool\":\"Bash\",\"n\":1}", "\"data\":[]"),
            "data must be an object");
  EXPECT_EQ(refusal("\"data\":", "\"date\":"), "data is missing");
  EXPECT_EQ(refusal("\"cost\":0.25", "\"cost\":\"much\""), "metrics.cost must be a number");
  EXPECT_EQ(refusal("\"cost\":0.25", "\"cost\":1e999"), "metrics.cost must be a number");
  for (const char* time : {"2026-03-01", "2026-03-01T12:00:00", "yesterday", ""})
    EXPECT_EQ(refusal("2026-03-01T12:00:00.250Z", time),
              "timestamp must be a time such as 2026-03-01T12:00:00Z");
  EXPECT_EQ(parse("[]").error().what, "an event must be an object");
}

}  // namespace
}  // namespace collector
