#include "monitor/ledger.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "base/json_reader.h"
#include "base/time_text.h"
#include "ledger_fixture.h"
#include "monitor/event_query.h"
#include "monitor/statistics.h"

namespace monitor {
namespace {

using store::Database;

TEST_F(LedgerTest, AnEventMakesItsAgentAndItsSession) {
  EXPECT_EQ(append(event("s")), 1);
  EXPECT_EQ(session("s", "status"), "active");
  EXPECT_EQ(session("s", "agent_id"), "codex-default");
  EXPECT_EQ(session("s", "started_at"), "2026-03-01 12:00:00");
  EXPECT_EQ(text("SELECT last_seen_at FROM agents WHERE id = 'codex-default'"),
            "2026-03-01 12:00:00");
}

TEST_F(LedgerTest, ADuplicateChangesNothing) {
  Event first = event("s");
  first.event_id = "e";
  append(first);
  append(event("s", EventType::session_end));
  clock_.time += std::chrono::minutes{1};
  EXPECT_EQ(append(first), 0);
  EXPECT_EQ(session("s", "status"), "ended");
  EXPECT_EQ(session("s", "last_event_at"), "2026-03-01 12:00:00");
  EXPECT_EQ(published_.size(), 2u);
  expect_totals_equal_a_recount();
}

TEST_F(LedgerTest, ADuplicateDoesNotNameTheAgentOfASession) {
  Event first = event("s");
  first.event_id = "e";
  append(first);
  Event other = first;
  other.session_id = "t";
  other.agent_type = "first_agent";
  Event real = event("t");
  const auto ids = append({other, real});
  EXPECT_EQ(ids[0], 0);
  EXPECT_GT(ids[1], 1);
  EXPECT_EQ(session("t", "agent_type"), "codex");
}

TEST_F(LedgerTest, ASessionLivesAsItsEventsSay) {
  append(event("s"));
  append(event("s", EventType::session_end));
  EXPECT_EQ(session("s", "status"), "ended");
  EXPECT_EQ(session("s", "ended_at"), "2026-03-01 12:00:00");
  append(event("s"));
  EXPECT_EQ(session("s", "status"), "active");
  EXPECT_EQ(session("s", "ended_at"), "NULL");

  Event stop = event("c", EventType::session_end);
  stop.agent_type = "claude_code";
  append(stop);
  EXPECT_EQ(session("c", "status"), "idle");
  EXPECT_EQ(session("c", "ended_at"), "NULL");
}

TEST_F(LedgerTest, ImportedHistoryEndsItsSessionAndFreshImportsDoNot) {
  Event fresh = event("fresh", EventType::session_end);
  fresh.source = "import";
  fresh.client_timestamp = base::to_iso_ms(clock_.time - std::chrono::minutes{30});
  append(fresh);
  EXPECT_EQ(session("fresh", "status"), "active");
  Event old = event("old");
  old.source = "import";
  old.client_timestamp = base::to_iso_ms(clock_.time - std::chrono::minutes{31});
  append(old);
  EXPECT_EQ(session("old", "status"), "ended");
  Event undated = event("undated");
  undated.source = "import";
  append(undated);
  EXPECT_EQ(session("undated", "status"), "ended");
}

TEST_F(LedgerTest, SilenceMakesASessionIdleAndThenEndsIt) {
  append(event("s"));
  const auto after = [&](int minutes) {
    clock_.time = support::FakeClock().time + std::chrono::minutes{minutes};
    return executor_.await(ledger_->check_idle())->idled;
  };
  EXPECT_EQ(after(5), 0);
  EXPECT_EQ(session("s", "status"), "active");
  clock_.time += std::chrono::seconds{1};
  EXPECT_EQ(executor_.await(ledger_->check_idle())->idled, 1);
  EXPECT_EQ(session("s", "status"), "idle");
  EXPECT_EQ(after(11), 0);
  EXPECT_EQ(session("s", "status"), "ended");
  EXPECT_EQ(session("s", "ended_at"), "2026-03-01 12:11:00");
  append(event("s"));
  EXPECT_EQ(session("s", "status"), "active");
  EXPECT_EQ(after(60), 1);  // both steps in one check
  EXPECT_EQ(session("s", "status"), "ended");
}

TEST_F(LedgerTest, ProjectAndBranchAreTakenFromTheSession) {
  Event first = event("s");
  first.project = "shop";
  first.branch = "main";
  append(first);
  append(event("s"));
  EXPECT_EQ(text("SELECT project || '/' || branch FROM events WHERE id = 2"), "shop/main");
  Event other = event("s");
  other.branch = "fix";
  append(other);
  EXPECT_EQ(session("s", "project || '/' || branch"), "shop/fix");
}

TEST_F(LedgerTest, OnlyTokensOfAKnownModelArePriced) {
  const auto cost = [&](const std::string& model, std::int64_t in, std::int64_t cached,
                        std::optional<double> given) {
    Event e = event("s");
    e.model = model;
    e.tokens_in = in;
    e.cache_read_tokens = cached;
    e.cost_usd = given;
    return text("SELECT cost_usd FROM events WHERE id = " + std::to_string(append(e)));
  };
  EXPECT_EQ(cost("o3", 500000, 0, {}), "1.0");
  EXPECT_EQ(cost("o3", 500000, 0, 0.0), "0.0");
  EXPECT_EQ(cost("o3", 0, 1000, {}), "NULL");
  EXPECT_EQ(cost("no-such-model", 10, 0, {}), "NULL");
}

TEST_F(LedgerTest, SumsThatDoNotFitStopAtTheLargestNumber) {
  Event huge = event("s");
  huge.tokens_in = INT64_MAX - 7;
  append({huge, huge});
  append(huge);
  Database db = reader();
  const auto stats = read_statistics(db, {});
  ASSERT_TRUE(stats) << stats.error().what;
  EXPECT_NE(stats->find("\"total_tokens_in\":9223372036854775807"), std::string::npos) << *stats;
}

TEST_F(LedgerTest, AForeignRowWithBrokenMetadataIsRepairedWithoutCountingAllAnew) {
  append({event("s"), event("s")});
  close();
  by_another_program(
      "INSERT INTO events(session_id, agent_type, event_type, metadata) "
      "VALUES('x', 'other', 'tool_use', 'no \"json\"');"
      "UPDATE sightline_totals SET events = 1000");
  open();
  EXPECT_EQ(text("SELECT metadata FROM events WHERE id = 3"), "\"no \\\"json\\\"\"");
  EXPECT_EQ(number("SELECT sum(events) FROM sightline_totals"),
            1001);  // 1000 was not counted again
}

TEST_F(LedgerTest, TheListenerGetsWhatWasStoredInOrder) {
  append({event("a"), event("b")});
  append(event("c"));
  ASSERT_EQ(published_.size(), 3u);
  EXPECT_EQ(published_[2].id, 3);
  EXPECT_EQ(published_[2].created_at, "2026-03-01 12:00:00");
  EXPECT_EQ(previous_ids_, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(announced_, 3);
}

TEST_F(LedgerTest, RowsOfAnotherProgramAreCountedAtTheNextWriteAndAtTheNextStart) {
  append(event("s"));
  const std::string insert =
      "INSERT INTO events(session_id, agent_type, event_type, tool_name, tokens_in, cost_usd) "
      "VALUES('x', 'other', 'tool_use', 'Bash', 7, 0.5)";
  by_another_program(insert);
  append(event("s"));
  EXPECT_EQ(number("SELECT events FROM sightline_session_totals WHERE session_id = 'x'"), 1);
  expect_totals_equal_a_recount();
  close();
  by_another_program(insert);
  open();
  EXPECT_EQ(number("SELECT events FROM sightline_session_totals WHERE session_id = 'x'"), 2);
  expect_totals_equal_a_recount();
}

TEST_F(LedgerTest, ChangesByAnotherProgramAreSeenInTheTotals) {
  Event e = event("s");
  e.tokens_in = 100;
  append({e, e, e});
  close();
  by_another_program(
      "UPDATE events SET tokens_in = 5, cost_usd = 2 WHERE id = 1; DELETE FROM events WHERE id = "
      "3");
  open();
  EXPECT_EQ(number("SELECT sum(tokens_in) FROM sightline_totals"), 105);
  expect_totals_equal_a_recount();
  by_another_program("UPDATE events SET tokens_in = 6 WHERE id = 1");
  append(event("t"));
  EXPECT_EQ(number("SELECT sum(tokens_in) FROM sightline_totals"), 106);
  expect_totals_equal_a_recount();
}

TEST_F(LedgerTest, ATableRebuiltByAnotherProgramIsCountedAnew) {
  append({event("s"), event("s")});
  close();
  by_another_program(
      "CREATE TABLE copy AS SELECT * FROM events; DROP TABLE copy; DROP TRIGGER "
      "sightline_event_changed;"
      "UPDATE events SET tokens_in = 9");
  open();
  EXPECT_EQ(number("SELECT sum(tokens_in) FROM sightline_totals"), 18);
  expect_totals_equal_a_recount();
}

TEST_F(LedgerTest, TheBranchThatIsCheckedOutIsTheSessions) {
  std::filesystem::create_directories(folder_ / "shop/.git");
  std::ofstream(folder_ / "shop/.git/HEAD") << "ref: refs/heads/real\n";
  std::ofstream(folder_ / "shop/.git/packed-refs") << std::string(40, 'a') << " refs/heads/real\n";
  Event stale = event("s");
  stale.project = "shop";
  stale.branch = "stale";
  append(stale);
  Event without = event("t");
  without.project = "shop";
  append(without);
  EXPECT_EQ(text("SELECT branch FROM events WHERE id = 1"), "stale");
  EXPECT_EQ(session("s", "branch"), "real");
  EXPECT_EQ(text("SELECT branch FROM events WHERE id = 2"), "real");
}

/// Random events, asked for in many ways, against a plain scan.
class QueryTest : public LedgerTest {
 protected:
  static constexpr int kEvents = 3000;

  void fill() {
    std::mt19937 random(7);
    const auto one_of = [&](std::initializer_list<const char*> values) {
      return std::string(*(values.begin() + random() % values.size()));
    };
    for (int group = 0; group < kEvents / 50; ++group) {
      std::vector<Event> events;
      for (int i = 0; i < 50; ++i) {
        Event e = event(one_of({"s1", "s2", "s3", "s4"}));
        e.agent_type = one_of({"claude_code", "codex", "other"});
        e.tool_name = random() % 400 == 0 ? "rare" : one_of({"", "Bash", "Edit"});
        e.model = one_of({"", "o3", "gpt-5"});
        e.branch = one_of({"", "main", "fix"});
        e.source = one_of({"api", "hook"});
        e.tokens_in = static_cast<std::int64_t>(random() % 1000);
        e.cost_usd = 0.001;
        events.push_back(std::move(e));
      }
      append(std::move(events));
      clock_.time += std::chrono::minutes{7};
    }
  }
  std::string ids(const EventFilter& filter, std::int64_t offset, std::int64_t limit) {
    Database db = reader();
    const auto page = read_events(db, filter, std::nullopt, offset, limit);
    EXPECT_TRUE(page) << page.error().what;
    std::string found;
    std::size_t at = 0;
    while ((at = page->rows.find("{\"id\":", at)) != std::string::npos)
      found += page->rows.substr(at + 6, page->rows.find(',', at) - at - 6) + " ", at += 6;
    return found;
  }
  std::string expected_ids(const std::string& where, std::int64_t offset, std::int64_t limit) {
    Database db = reader();
    auto rows = *db.prepare("SELECT id FROM events WHERE " + where +
                            " ORDER BY created_at DESC, id DESC LIMIT " + std::to_string(limit) +
                            " OFFSET " + std::to_string(offset));
    std::string found;
    while (*rows.step()) found += std::to_string(rows.integer(0)) + " ";
    return found;
  }
  void expect_same(const EventFilter& filter, const std::string& where) {
    SCOPED_TRACE(where);
    Database db = reader();
    EXPECT_EQ(*count_events(db, filter), number("SELECT count(*) FROM events WHERE " + where));
    EXPECT_EQ(ids(filter, 0, 10), expected_ids(where, 0, 10));
    EXPECT_EQ(ids(filter, 3, 4), expected_ids(where, 3, 4));
    EXPECT_EQ(ids(filter, 0, 100000), expected_ids(where, 0, 100000));
  }
};

TEST_F(QueryTest, EveryWayToAPageGivesWhatAScanGives) {
  fill();
  EventFilter f;
  expect_same(f, "TRUE");
  f.tool_name = "rare";
  expect_same(f, "tool_name = 'rare'");
  f.agent_type = "codex";
  expect_same(f, "tool_name = 'rare' AND agent_type = 'codex'");
  f = {};
  f.tool_name = "no such tool";
  expect_same(f, "FALSE");
  f = {};
  f.session_id = "s2";
  f.model = "o3";
  expect_same(f, "session_id = 's2' AND model = 'o3'");
  f = {};
  f.branch = "main";
  f.since = "2026-03-01T13:15:30Z";
  expect_same(f, "branch = 'main' AND created_at >= '2026-03-01 13:15:30'");
  f.until = "2026-03-01 14:00:00";
  expect_same(
      f, "branch = 'main' AND created_at BETWEEN '2026-03-01 13:15:30' AND '2026-03-01 14:00:00'");
  f.until = "2026-03-01 13:20:00";
  f.source = "hook";
  expect_same(
      f,
      "branch = 'main' AND source = 'hook' AND created_at BETWEEN '2026-03-01 13:15:30' AND "
      "'2026-03-01 13:20:00'");
  f = {};
  f.until = "nonsense";
  expect_same(f, "FALSE");
  f = {};
  f.until = "2026-03-01";
  expect_same(f, "created_at <= '2026-03-01 00:00:00'");
}

TEST_F(QueryTest, PagesFollowOneAnotherWithoutAGapOrARepeat) {
  fill();
  Database db = reader();
  EventFilter filter;
  filter.agent_type = "other";
  std::optional<EventPosition> behind;
  std::size_t count = 0;
  std::int64_t previous = INT64_MAX;
  for (;;) {
    const auto page = read_events(db, filter, behind, 0, 97);
    ASSERT_TRUE(page);
    if (page->count == 0) break;
    count += page->count;
    EXPECT_LT(page->end->id, previous);
    previous = page->end->id;
    behind = page->end;
  }
  EXPECT_EQ(static_cast<std::int64_t>(count),
            number("SELECT count(*) FROM events WHERE agent_type = 'other'"));
}

TEST_F(QueryTest, StatisticsEqualTheSumsOfTheirEvents) {
  fill();
  Database db = reader();
  for (const char* since :
       {"", "2026-03-01 13:15:30", "2026-03-01T14:00:00Z", "2026-03-01 18:59:59"}) {
    for (const char* agent : {"", "codex"}) {
      SCOPED_TRACE(std::string(since) + " " + agent);
      const std::string where =
          (*since ? "created_at >= datetime('" + std::string(since) + "')" : std::string("TRUE")) +
          (*agent ? " AND agent_type = '" + std::string(agent) + "'" : "");
      const std::string members = "{" + *read_statistics(db, {agent, since}) + "}";
      base::json::Document document;
      const auto stats = document.parse(members);
      ASSERT_TRUE(stats) << members;
      EXPECT_EQ(stats->find("total_events")->to_int(),
                number("SELECT count(*) FROM events WHERE " + where));
      EXPECT_EQ(stats->find("total_tokens_in")->to_int(),
                number("SELECT CAST(total(tokens_in) AS INTEGER) FROM events WHERE " + where));
      EXPECT_NEAR(stats->find("total_cost_usd")->to_double(),
                  0.001 * static_cast<double>(*stats->find("total_events")->to_int()), 1e-9);
      const auto bash = stats->find("tool_breakdown")->find("Bash");
      EXPECT_EQ(bash ? *bash->to_int() : 0,
                number("SELECT count(*) FROM events WHERE tool_name = 'Bash' AND " + where));
    }
  }
}

}  // namespace
}  // namespace monitor
