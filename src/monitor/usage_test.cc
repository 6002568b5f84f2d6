#include "monitor/usage.h"

#include <random>

#include "base/time_text.h"
#include "ledger_fixture.h"

namespace monitor {
namespace {

/// Events of live and of displaced times, asked for between any two limits.
class UsageTest : public LedgerTest {
 protected:
  void fill() {
    std::mt19937 random(5);
    for (int i = 0; i < 400; ++i) {
      Event e = event("s");
      e.agent_type = i % 3 ? "codex" : "claude_code";
      e.model = i % 2 ? "no-such-model" : "";
      e.tokens_in = static_cast<std::int64_t>(random() % 100);
      e.reasoning_tokens = i % 5;
      const auto off = std::chrono::seconds{i % 4 ? random() % 90 : random() % 20000};
      if (i % 7) e.client_timestamp = base::to_iso_ms(clock_.time - off);
      if (i % 50 == 0) e.client_timestamp = "no time";
      append(std::move(e));
      clock_.time += std::chrono::seconds{random() % 40};
    }
  }
  void expect_sums_of_events(const UsageFilter& filter) {
    std::string where = "TRUE";
    if (filter.from) where += " AND at >= " + std::to_string(*filter.from);
    if (filter.until) where += " AND at < " + std::to_string(*filter.until);
    if (!filter.agent_type.empty()) where += " AND agent_type = '" + filter.agent_type + "'";
    SCOPED_TRACE(where);
    Database db = reader();
    auto rows = *db.prepare(
        "SELECT at / 900 * 900, agent_type, coalesce(model, ''), count(*), sum(tokens_in), "
        "total(reasoning_tokens), sum(cost_usd IS NULL AND tokens_in > 0) "
        "FROM (SELECT *, CAST(strftime('%s', coalesce(client_timestamp, created_at)) AS INTEGER) "
        "AS at FROM events) LEFT JOIN sightline_usage_details ON event = id WHERE " +
        where + " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
    const auto lines = read_usage(db, filter);
    ASSERT_TRUE(lines) << lines.error().what;
    for (const UsageLine& line : *lines) {
      ASSERT_TRUE(*rows.step());
      EXPECT_EQ(line.start.has_value(), !rows.is_null(0));
      EXPECT_EQ(line.start.value_or(0), rows.integer(0));
      EXPECT_EQ(line.agent_type, rows.text(1));
      EXPECT_EQ(line.model, rows.text(2));
      EXPECT_EQ(line.events, rows.integer(3));
      EXPECT_EQ(line.tokens_in, rows.integer(4));
      EXPECT_EQ(line.reasoning_tokens, rows.integer(5));
      EXPECT_EQ(line.unpriced, rows.integer(6));
    }
    EXPECT_FALSE(*rows.step());
  }
  using Database = store::Database;
};

TEST_F(UsageTest, LinesAreTheSumsOfTheirEventsBetweenAnyLimits) {
  fill();
  const auto at = [](std::int64_t seconds) {
    return std::optional<std::int64_t>(1772366400 + seconds);  // 2026-03-01 12:00:00
  };
  expect_sums_of_events({});
  expect_sums_of_events({{}, {}, "codex"});
  for (const std::int64_t from : {-20000, -900, -1, 0, 1, 450, 899, 900, 1800, 3601, 90000}) {
    expect_sums_of_events({at(from), {}, ""});
    expect_sums_of_events({{}, at(from), "claude_code"});
    for (const std::int64_t until : {-1, 0, 300, 899, 900, 901, 2700, 5000})
      expect_sums_of_events({at(from), at(until), ""});
  }
}

}  // namespace
}  // namespace monitor
