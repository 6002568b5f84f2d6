#include "usage_totals.h"

#include "ledger_fixture.h"

namespace monitor {
namespace {

using UsageTotalsTest = LedgerTest;

TEST_F(UsageTotalsTest, FilesAndLinesOfASessionAreThoseOfItsMetadata) {
  const auto edit = [&](const std::string& tool, const std::string& metadata) {
    Event e = event("s");
    e.tool_name = tool;
    e.metadata = metadata;
    return e;
  };
  append({edit("Edit", R"({"file_path":"/a","lines_added":3,"lines_removed":1})"),
          edit("Write", R"({"file_path":"/a","lines_added":"4 lines"})"),
          edit("Read", R"({"file_path":"/b","lines_removed":-2.5})"),
          edit("MultiEdit", R"({"file_path":null,"lines_added":null})"),
          edit("apply_patch", R"({"file_path":5})"), edit("Edit", "no json: file_path lines_")});
  append({edit("write_stdin", R"({"file_path":"/c"})"), edit("Edit", R"({"file_path":"5"})"),
          edit("Edit", R"({"file_path":"/a"})")});
  EXPECT_EQ(text("SELECT files_edited || ' ' || lines_added || ' ' || lines_removed "
                 "FROM sightline_session_totals"),
            "4 7 -1");
  expect_totals_equal_those_counted_anew();
}

TEST_F(UsageTotalsTest, UseIsCountedByTheClientsTime) {
  for (const char* time :
       {"", "2026-03-01T12:00:30.000Z", "2026-03-01T12:01:00.999Z", "2026-03-01T12:01:01.000Z",
        "2026-03-01T11:59:00.000Z", "2026-03-01T11:58:59.000Z", "2026-02-28 10:00:00",
        "1969-12-31T23:59:59.000Z", "2026-03-01T13:30:00+01:00", "not a time", "2460000.5"}) {
    Event e = event("s");
    e.client_timestamp = time;
    e.tokens_in = 10;
    e.cost_usd = 0.25;
    append(e);
  }
  const auto events_at = [&](const std::string& slot_start) {
    return number(
        "SELECT coalesce(sum(events), 0) FROM sightline_usage_totals "
        "WHERE datetime(slot * 900, 'unixepoch') = '" +
        slot_start + "'");
  };
  EXPECT_EQ(events_at("2026-03-01 12:00:00"), 4);
  EXPECT_EQ(events_at("2026-03-01 12:30:00"), 1);
  EXPECT_EQ(events_at("2026-03-01 11:45:00"), 2);
  EXPECT_EQ(events_at("2026-02-28 10:00:00"), 1);
  EXPECT_EQ(events_at("1969-12-31 23:45:00"), 1);
  EXPECT_EQ(events_at("2023-02-25 00:00:00"), 1);
  EXPECT_EQ(number("SELECT events FROM sightline_usage_totals WHERE slot = -1000000000"), 1);
  EXPECT_EQ(text("SELECT group_concat(id) FROM (SELECT id FROM sightline_displaced_times ORDER BY "
                 "id)"),
            "4,6,7,8,9,11");
  expect_totals_equal_those_counted_anew();
}

TEST_F(UsageTotalsTest, WhatTheColumnsHaveNoRoomForIsKeptBesideThem) {
  Event plain = event("s"), detailed = event("s");
  plain.model = detailed.model = "no-such-model";
  detailed.tokens_out = 50;
  detailed.cache_write_1h_tokens = 7;
  detailed.reasoning_tokens = 20;
  Event inclusive = event("s");
  inclusive.input_includes_cache = true;
  append({plain, detailed, inclusive});
  EXPECT_EQ(number("SELECT count(*) FROM sightline_usage_details"), 2);
  EXPECT_EQ(text("SELECT event || ' ' || cache_write_1h_tokens || ' ' || reasoning_tokens || ' ' "
                 "|| input_includes_cache FROM sightline_usage_details"),
            "2 7 20 0");
  EXPECT_EQ(text("SELECT sum(cache_write_1h_tokens) || ' ' || sum(reasoning_tokens) || ' ' || "
                 "sum(unpriced) FROM sightline_usage_totals"),
            "7 20 1");
  expect_totals_equal_those_counted_anew();
  by_another_program("DELETE FROM events WHERE id = 2");
  append(event("s"));
  EXPECT_EQ(number("SELECT sum(reasoning_tokens) FROM sightline_usage_totals"), 0);
  expect_totals_equal_those_counted_anew();
}

TEST_F(UsageTotalsTest, OnlyWhatCostSomethingIsACost) {
  const auto costing = [&](std::optional<double> cost, const std::string& session) {
    Event e = event(session);
    e.tokens_in = 8;
    e.cost_usd = cost;
    return e;
  };
  append({costing(0.5, "s"), costing(0.0, "s"), costing({}, "s"), costing(0.25, "s")});
  clock_.time += std::chrono::hours{1};
  append({costing(1, "s"), costing(2, "t")});
  EXPECT_EQ(text("SELECT group_concat(session_id || ' ' || events || ' ' || tokens_in || ' ' || "
                 "cost_usd) FROM sightline_cost_totals"),
            "s 2 16 0.75,s 1 8 1.0,t 1 8 2.0");
  expect_totals_equal_those_counted_anew();
}

TEST_F(UsageTotalsTest, ADatabaseOfTheStepBeforeIsCountedAnew) {
  Event e = event("s");
  e.cost_usd = 0.5;
  append({e, e});
  const std::string kept = totals();
  close();
  by_another_program(
      "DROP TABLE sightline_session_files; DROP TABLE sightline_cost_totals; "
      "DROP TABLE sightline_usage_totals; DROP TABLE sightline_timeline_totals; DROP TABLE "
      "sightline_displaced_times; "
      "DROP TRIGGER sightline_event_left_a_gap; DROP TABLE sightline_usage_details; "
      "DROP TABLE sightline_messages; DROP TABLE sightline_message_gaps; "
      "DROP TABLE sightline_import_files; DROP TABLE sightline_usage_tellers; "
      "DROP TABLE sightline_workspaces; DROP TABLE sightline_projects; "
      "DROP TABLE sightline_machines; "
      "ALTER TABLE sightline_session_totals DROP COLUMN files_edited; "
      "ALTER TABLE sightline_session_totals DROP COLUMN lines_added; "
      "ALTER TABLE sightline_session_totals DROP COLUMN lines_removed; "
      "UPDATE sightline_schema SET step = 1");
  open();
  EXPECT_EQ(kept, totals());
}

/// Two processes on one file, as the server and an import beside it are.
class TwoLedgersTest : public LedgerTest {
 protected:
  TwoLedgersTest() {
    second_ = std::move(
        *Ledger::open(path_, {settings_, true}, Pricing::builtin(), branches_, clock_, metrics_));
    second_thread_ = std::thread([this] { second_->run(); });
  }
  ~TwoLedgersTest() override {
    second_->stop();
    second_thread_.join();
  }
  std::int64_t append_second(Event e) {
    std::vector<Event> events;
    events.push_back(std::move(e));
    auto result = executor_.await(second_->append(std::move(events)));
    EXPECT_TRUE(result) << result.error().what;
    return result->ids.front();
  }
  Event numbered(int number) {
    Event e = event("s" + std::to_string(number % 3));
    e.tool_name = "tool" + std::to_string(number % 5);
    e.cost_usd = 0.25;
    e.tokens_in = number;
    e.metadata = R"({"lines_added":)" + std::to_string(number) + "}";
    return e;
  }

  std::unique_ptr<Ledger> second_;
  std::thread second_thread_;
};

TEST_F(TwoLedgersTest, CountEveryEventOnceWhoeverStoredIt) {
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(i % 4 < 2 ? append(numbered(i)) : append_second(numbered(i)), i + 1);
  expect_totals_equal_those_counted_anew();
}

TEST_F(TwoLedgersTest, KnowTheKindsThatTheOtherHasNumberedAnew) {
  for (int i = 0; i < 5; ++i) append(numbered(i));
  append_second(numbered(9));
  // The kinds get other numbers: the first has to be forgotten by both.
  by_another_program("DELETE FROM events WHERE id IN (1, 2)");
  append_second(numbered(4));
  for (int i = 0; i < 5; ++i) append(numbered(i));
  EXPECT_EQ(number("SELECT count(*) FROM sightline_kind_events ke JOIN events e ON e.id = ke.id "
                   "JOIN sightline_kinds k ON k.id = ke.kind WHERE k.tool_name <> e.tool_name"),
            0);
  EXPECT_EQ(number("SELECT count(*) FROM sightline_kind_events"),
            number("SELECT count(*) FROM events"));
  expect_totals_equal_those_counted_anew();
}

TEST_F(TwoLedgersTest, SeeTheSessionsThatTheOtherHasChanged) {
  append(event("s"));
  append_second(event("s", EventType::session_end));
  EXPECT_EQ(session("s", "status"), "ended");
  Event moved = event("s");
  moved.project = "shop";
  append_second(moved);
  append(event("s"));
  EXPECT_EQ(text("SELECT project FROM events WHERE id = 4"), "shop");
}

TEST_F(TwoLedgersTest, MayBothWriteAtOnce) {
  std::thread other([this] {
    support::TestExecutor executor;
    for (int i = 0; i < 200; ++i) {
      std::vector<Event> events{numbered(i)};
      auto stored = executor.await(second_->append(std::move(events)));
      EXPECT_TRUE(stored) << stored.error().what;
    }
  });
  for (int i = 0; i < 200; ++i) append(numbered(i));
  other.join();
  EXPECT_EQ(number("SELECT count(*) FROM events"), 400);
  expect_totals_equal_those_counted_anew();
}

}  // namespace
}  // namespace monitor
