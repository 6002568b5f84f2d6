#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "otlp_examples.h"

namespace monitor::otlp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class OtlpMetricsTest : public testing::Test {
 protected:
  MetricEvents exported(std::string_view name, double value, Pairs point = {},
                        bool is_cumulative = false) {
    Metric metric;
    metric.name = name;
    metric.is_cumulative = is_cumulative;
    metric.points.push_back({value, attributes(point)});
    Metrics metrics;
    metrics.groups.push_back({resource_, {std::move(metric)}});
    return to_events(metrics, kLimits, counters_, &logged_);
  }
  Event event(std::string_view name, double value, Pairs point = {}) {
    const auto events = exported(name, value, point).events;
    EXPECT_EQ(events.size(), 1u);
    return events.empty() ? Event{} : events.front();
  }
  /// The input tokens that each export of a total adds; 0 where it is no event.
  std::vector<std::int64_t> added(std::initializer_list<double> totals, Pairs point = {}) {
    std::vector<std::int64_t> all;
    for (const double total : totals) {
      const auto events = exported("claude_code.token.usage", total, point, true).events;
      all.push_back(events.empty() ? 0 : events.front().tokens_in);
    }
    return all;
  }

  Attributes resource_ = attributes({{"session.id", text("s")}});
  CounterStates counters_;
  LoggedSessions logged_;
};

TEST_F(OtlpMetricsTest, AllSixMetricsOfUseAreKnownAndNoOther) {
  for (const std::string_view name :
       {"claude_code.token.usage", "codex_cli_rs.token.usage", "gen_ai.client.token.usage"}) {
    EXPECT_EQ(event(name, 5).tokens_in, 5);
    EXPECT_FALSE(event(name, 5).cost_usd);
  }
  for (const std::string_view name :
       {"claude_code.cost.usage", "codex_cli_rs.cost.usage", "gen_ai.client.cost.usage"}) {
    EXPECT_EQ(event(name, 0.5).cost_usd, 0.5);
    EXPECT_EQ(event(name, 0.5).tokens_in, 0);
  }
  EXPECT_THAT(exported("claude_code.lines_of_code.count", 5).events, IsEmpty());
}

TEST_F(OtlpMetricsTest, AnEventSaysThatItIsMadeUp) {
  const Event made = event("claude_code.token.usage", 1);
  EXPECT_EQ(made.event_type, EventType::llm_response);
  EXPECT_EQ(made.status, EventStatus::success);
  EXPECT_EQ(made.source, "otel");
  EXPECT_EQ(made.client_timestamp, "");
  EXPECT_EQ(made.metadata, R"({"_synthetic":true,"_source":"otel_metric"})");
}

TEST_F(OtlpMetricsTest, TheTypeSaysWhichTokens) {
  const auto tokens = [&](Pairs point) {
    const Event made = event("claude_code.token.usage", 7, point);
    return std::vector{made.tokens_in, made.tokens_out, made.cache_read_tokens,
                       made.cache_write_tokens};
  };
  EXPECT_THAT(tokens({{"type", text("output")}}), ElementsAre(0, 7, 0, 0));
  EXPECT_THAT(tokens({{"token.type", text("output")}}), ElementsAre(0, 7, 0, 0));
  EXPECT_THAT(tokens({{"token.type", text("output")}, {"type", text("input")}}),
              ElementsAre(7, 0, 0, 0));
  for (const std::string_view type : {"cacheRead", "cache_read"})
    EXPECT_THAT(tokens({{"type", text(type)}}), ElementsAre(0, 0, 7, 0));
  for (const std::string_view type : {"cacheCreation", "cache_creation", "cache_write"})
    EXPECT_THAT(tokens({{"type", text(type)}}), ElementsAre(0, 0, 0, 7));
  EXPECT_THAT(tokens({{"type", text("Output")}}), ElementsAre(7, 0, 0, 0));
  EXPECT_THAT(tokens({}), ElementsAre(7, 0, 0, 0));
}

TEST_F(OtlpMetricsTest, TheSessionIsThatOfTheResourceElseOfThePointElseUnknown) {
  const auto session = [&](Pairs resource, Pairs point = {}) {
    resource_ = attributes(resource);
    return event("claude_code.token.usage", 1, point).session_id;
  };
  EXPECT_EQ(session({{"conversation.id", text("c")},
                     {"session.id", text("s")},
                     {"gen_ai.session.id", text("g")}}),
            "g");
  EXPECT_EQ(session({{"conversation.id", text("c")}, {"session.id", text("s")}}), "s");
  EXPECT_EQ(session({{"conversation.id", text("c")}}, {{"session.id", text("p")}}), "c");
  EXPECT_EQ(session({}, {{"session.id", text("p")}}), "p");
  EXPECT_EQ(session({}), "unknown");
}

TEST_F(OtlpMetricsTest, TheModelIsThatOfThePointElseOfTheResource) {
  resource_.push_back({"model", text("r")});
  const auto model = [&](Pairs point) { return event("claude_code.cost.usage", 1, point).model; };
  EXPECT_EQ(model({{"gen_ai.request.model", text("g")}, {"model", text("m")}}), "m");
  EXPECT_EQ(model({{"gen_ai.request.model", text("g")}}), "g");
  EXPECT_EQ(model({}), "r");
}

TEST_F(OtlpMetricsTest, NothingAddedIsNoEvent) {
  EXPECT_THAT(exported("claude_code.token.usage", 0).events, IsEmpty());
  EXPECT_THAT(exported("claude_code.token.usage", -3).events, IsEmpty());
  EXPECT_THAT(exported("claude_code.token.usage", 1e300).events, IsEmpty());
  EXPECT_THAT(exported("claude_code.cost.usage", -0.5).events, IsEmpty());
}

TEST_F(OtlpMetricsTest, TotalsBecomeDifferences) {
  EXPECT_THAT(added({1000, 1500, 1500}), ElementsAre(1000, 500, 0));
}

TEST_F(OtlpMetricsTest, ACounterThatBeganAnewCountsFromThere) {
  EXPECT_THAT(added({1000, 200, 250}), ElementsAre(1000, 0, 50));
}

TEST_F(OtlpMetricsTest, CountersOfOtherSessionsModelsTypesAndMetricsAreOthers) {
  EXPECT_THAT(added({1000}), ElementsAre(1000));
  EXPECT_THAT(added({1100}, {{"model", text("m")}}), ElementsAre(1100));
  EXPECT_THAT(added({1200}, {{"type", text("input")}}), ElementsAre(1200));
  EXPECT_EQ(exported("codex_cli_rs.token.usage", 9, {}, true).events.front().tokens_in, 9);
  resource_ = attributes({{"session.id", text("other")}});
  EXPECT_THAT(added({1300}), ElementsAre(1300));
  resource_.push_back({"service.name", text("codex")});
  EXPECT_THAT(added({1400}), ElementsAre(1400));
}

TEST_F(OtlpMetricsTest, WhatCouldNotBeStoredIsCountedByTheNextExport) {
  const auto lost = exported("claude_code.token.usage", 1000, {}, true);
  counters_.give_back(lost.taken);
  EXPECT_THAT(added({1000, 1000}), ElementsAre(1000, 0));
}

TEST_F(OtlpMetricsTest, WhatTheLogsOfASessionToldIsNotCountedAgain) {
  resource_ = {};
  const auto of = [this](std::string_view session) {
    return exported("claude_code.token.usage", 5, {{"session.id", text(session)}}).events.size();
  };
  EXPECT_EQ(of("told"), 1u);
  logged_.add("told");
  EXPECT_EQ(of("told"), 0u);
  EXPECT_EQ(of("other"), 1u);
  // Where the contract finds the session, it counts.
  resource_ = attributes({{"session.id", text("told")}});
  EXPECT_EQ(of("told"), 1u);
}

TEST_F(OtlpMetricsTest, PointsThatDifferInAnotherAttributeAreCountersOfTheirOwn) {
  const auto of = [this](std::string_view from, double total) {
    const auto events =
        exported("claude_code.token.usage", total, {{"query_source", text(from)}}, true).events;
    return events.empty() ? 0 : events.front().tokens_in;
  };
  EXPECT_EQ(of("main", 1000), 1000);
  EXPECT_EQ(of("subagent", 10), 10);
  EXPECT_EQ(of("main", 1000), 0);
  EXPECT_EQ(of("subagent", 15), 5);
}

}  // namespace
}  // namespace monitor::otlp
