#pragma once

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "monitor/ledger.h"
#include "test_executor.h"

namespace monitor {

/// A ledger with its thread, on a database of its own.
class LedgerTest : public testing::Test, public LedgerListener {
 protected:
  LedgerTest() { open(); }
  ~LedgerTest() override {
    close();
    pool_.stop();
    worker_.join();
  }

  void open() {
    auto opened =
        Ledger::open(path_, {settings_, true}, Pricing::builtin(), branches_, clock_, metrics_);
    ASSERT_TRUE(opened) << opened.error().what;
    ledger_ = std::move(*opened);
    ledger_->set_listener(*this);
    thread_ = std::thread([this] { ledger_->run(); });
  }
  void close() {
    if (!ledger_) return;
    ledger_->stop();
    thread_.join();
    ledger_.reset();
  }

  static Event event(std::string session, EventType type = EventType::tool_use) {
    Event e;
    e.session_id = std::move(session);
    e.agent_type = "codex";
    e.event_type = type;
    return e;
  }
  std::vector<std::int64_t> append(std::vector<Event> events) {
    auto result = executor_.await(ledger_->append(std::move(events)));
    EXPECT_TRUE(result) << result.error().what;
    return result->ids;
  }
  std::int64_t append(Event e) { return append(std::vector<Event>{std::move(e)}).front(); }

  store::Database reader() { return *store::Database::open(path_, store::Access::read_only); }
  std::string text(const std::string& sql) { return reader().text(sql)->value_or("NULL"); }
  std::int64_t number(const std::string& sql) { return reader().integer(sql)->value_or(-1); }
  std::string session(const std::string& id, const std::string& column) {
    return text("SELECT " + column + " FROM sessions WHERE id = '" + id + "'");
  }
  /// What another program does to the file.
  void by_another_program(const std::string& sql) {
    store::Database other = *store::Database::open(path_, store::Access::read_write);
    const auto done = other.execute(sql);
    ASSERT_TRUE(done) << done.error().what;
  }
  /// Every sum against a recount over the events.
  void expect_totals_equal_a_recount() {
    EXPECT_EQ(number("SELECT count(*) FROM events"),
              number("SELECT coalesce(sum(events), 0) FROM sightline_totals"));
    EXPECT_EQ(number("SELECT count(*) FROM events"),
              number("SELECT coalesce(sum(events), 0) FROM sightline_hour_totals"));
    EXPECT_EQ(number("SELECT count(*) FROM events"),
              number("SELECT count(*) FROM sightline_kind_events"));
    EXPECT_EQ(number("SELECT total(tokens_in) * 3 + total(tokens_out) FROM events"),
              number("SELECT total(tokens_in) * 3 + total(tokens_out) FROM sightline_totals"));
    EXPECT_EQ(number("SELECT round(total(cost_usd) * 1e6) FROM events"),
              number("SELECT round(total(cost_usd) * 1e6) FROM sightline_hour_totals"));
    EXPECT_EQ(
        number("SELECT count(*) FROM (SELECT session_id, count(*) AS n, total(tokens_in) AS t "
               "FROM events GROUP BY 1) e LEFT JOIN sightline_session_totals s USING (session_id) "
               "WHERE s.events IS NOT e.n OR s.tokens_in IS NOT CAST(e.t AS INTEGER)"),
        0);
    EXPECT_EQ(number("SELECT max(id) FROM events"),
              number("SELECT value FROM sightline_state WHERE key = 'last_event_id'"));
  }

  /// Every row of the totals, without the numbers of the kinds.
  std::string totals() {
    store::Database db = reader();
    std::string rows;
    for (const char* table :
         {"sightline_session_totals", "sightline_session_files", "sightline_cost_totals",
          "sightline_usage_totals", "sightline_displaced_times", "sightline_timeline_totals",
          "sightline_usage_details", "sightline_state"}) {
      const std::string columns =
          *db.text(
                 "SELECT group_concat('quote(' || name || ')', ' || '' '' || ') FROM "
                 "pragma_table_info(?1)",
                 table)
               .value();
      auto row = *db.prepare("SELECT " + columns + " FROM " + table + " ORDER BY 1");
      rows.append(table).append(":\n");
      while (*row.step()) rows.append(row.text(0)).append("\n");
    }
    return rows;
  }
  /// The sums that were kept with each event, against those of the events as they stand there.
  void expect_totals_equal_those_counted_anew() {
    expect_totals_equal_a_recount();
    const std::string kept = totals();
    close();
    by_another_program("UPDATE sightline_state SET value = 1 WHERE key = 'stale'");
    open();
    EXPECT_EQ(kept, totals());
  }

  bool stored_up_to(std::int64_t last_id) override {
    announced_ = last_id;
    return true;
  }
  void stored(std::int64_t previous_id, std::int64_t, std::vector<StoredEvent> events) override {
    previous_ids_.push_back(previous_id);
    for (StoredEvent& e : events) published_.push_back(std::move(e));
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "monitor.db";
  Settings settings_;
  support::TestExecutor executor_;
  support::FakeClock clock_;
  base::Metrics metrics_;
  base::WorkerPool pool_;
  std::thread worker_{[this] { pool_.work(0); }};
  Branches branches_{folder_.path(), pool_};
  std::unique_ptr<Ledger> ledger_;
  std::thread thread_;
  std::int64_t announced_ = 0;
  std::vector<std::int64_t> previous_ids_;
  std::vector<StoredEvent> published_;
};

}  // namespace monitor
