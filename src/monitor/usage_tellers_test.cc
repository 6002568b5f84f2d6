#include <gtest/gtest.h>

#include "ledger_fixture.h"

namespace monitor {
namespace {

/// A session that is told by its agent's telemetry and by its log.
class UsageTellersTest : public LedgerTest {
 protected:
  static Event of_log(const std::string& session, int index) {
    Event e = event(session, EventType::llm_response);
    e.agent_type = "claude_code";
    e.source = "import";
    e.event_id = "import-cc-" + session + std::to_string(index);
    e.tokens_in = 100;
    e.cost_usd = 1;
    return e;
  }
  static Event of_telemetry(const std::string& session) {
    Event e = event(session, EventType::llm_request);
    e.agent_type = "claude_code";
    e.source = "otel";
    e.repeats_log = true;
    e.tokens_in = 100;
    e.cost_usd = 1;
    return e;
  }
  std::int64_t tokens() { return number("SELECT total(tokens_in) FROM events"); }
};

TEST_F(UsageTellersTest, TheFirstThatTellsAnyUseIsBelieved) {
  append({of_telemetry("s"), of_log("s", 1), of_telemetry("s"), of_log("s", 2)});
  EXPECT_EQ(tokens(), 200);
  append({of_log("t", 1), of_telemetry("t"), of_log("t", 2)});
  EXPECT_EQ(tokens(), 400);
  EXPECT_EQ(number("SELECT total(cost_usd) FROM events"), 4);
  EXPECT_EQ(number("SELECT count(*) FROM events"), 7);
  expect_totals_equal_a_recount();
}

TEST_F(UsageTellersTest, ItIsRememberedOverARestart) {
  append(of_telemetry("s"));
  close();
  open();
  append(of_log("s", 1));
  EXPECT_EQ(tokens(), 100);
}

TEST_F(UsageTellersTest, WhatTellsNoUseDecidesNothing) {
  Event silent = of_telemetry("s");
  silent.tokens_in = 0;
  silent.cost_usd.reset();
  append({silent, of_log("s", 1)});
  EXPECT_EQ(tokens(), 100);
}

TEST_F(UsageTellersTest, TelemetryOfASessionTellsItsSubagentsToo) {
  append(of_telemetry("s"));
  Event subagent = of_log("s-agent-1", 1);
  subagent.parent_session_id = "s";
  append(subagent);
  EXPECT_EQ(tokens(), 100);
}

TEST_F(UsageTellersTest, OtherSourcesCountBesideBoth) {
  append({of_telemetry("s"), of_log("s", 1)});
  Event api = event("s");
  api.tokens_in = 7;
  Event otel = of_telemetry("s");
  otel.repeats_log = false;  // the contract finds its session: it counts, as it always has
  append({api, otel});
  EXPECT_EQ(tokens(), 207);
}

TEST_F(UsageTellersTest, WhatIsStreamedIsWhatIsStored) {
  append(of_log("s", 1));
  append(of_telemetry("s"));
  ASSERT_EQ(published_.size(), 2u);  // the log's, which was imported, and telemetry's
  EXPECT_EQ(published_[1].event.tokens_in, 0);
  EXPECT_FALSE(published_[1].event.cost_usd);
}

}  // namespace
}  // namespace monitor
