#include "message_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "ledger_fixture.h"

namespace monitor {
namespace {

/// How often the event of a message stands in the logs, and with what counts.
struct Count {
  std::int64_t in = 0, out = 0, cache_read = 0, cache_write = 0, cache_write_1h = 0;
};

class MessageTableTest : public LedgerTest {
 protected:
  Event line(const Count& count, const std::string& message = "m") {
    Event e = event("s" + std::to_string(made_ % 3), EventType::llm_response);
    e.event_id = "import-cc-" + std::to_string(made_++);
    e.source = "import";
    e.client_timestamp = "2026-02-20T08:00:00Z";
    e.model = model_;
    e.usage_key = message;
    e.tokens_in = count.in;
    e.tokens_out = count.out;
    e.cache_read_tokens = count.cache_read;
    e.cache_write_tokens = count.cache_write;
    e.cache_write_1h_tokens = count.cache_write_1h;
    return e;
  }
  double cost() { return std::stod(text("SELECT total(cost_usd) FROM events")); }
  double price(const Count& count) {
    const Event whole = line(count);
    return *Pricing::builtin().cost(model_, whole, clock_.now());
  }
  void expect_sums(const Count& largest) {
    EXPECT_EQ(number("SELECT sum(tokens_in) FROM events"), largest.in);
    EXPECT_EQ(number("SELECT sum(tokens_out) FROM events"), largest.out);
    EXPECT_EQ(number("SELECT sum(cache_read_tokens) FROM events"), largest.cache_read);
    EXPECT_EQ(number("SELECT sum(cache_write_tokens) FROM events"), largest.cache_write);
    EXPECT_EQ(number("SELECT coalesce(sum(cache_write_1h_tokens), 0) FROM sightline_usage_details"),
              largest.cache_write_1h);
    EXPECT_NEAR(cost(), price(largest), 1e-12);
    EXPECT_EQ(number("SELECT count(*) FROM events WHERE cost_usd IS NULL AND tokens_out > 0"), 0);
    expect_totals_equal_a_recount();
  }

  std::string model_ = "claude-sonnet-4-5";
  int made_ = 0;
};

TEST_F(MessageTableTest, EqualLinesCountOnce) {
  const Count count{900, 120, 4000, 500, 100};
  append({line(count), line(count), line(count)});
  append(line(count));
  expect_sums(count);
  EXPECT_EQ(number("SELECT count(*) FROM events"), 4);
}

TEST_F(MessageTableTest, InAnyOrderTheLargestCountHolds) {
  const std::vector<Count> counts = {
      {0, 0, 4000, 0, 0}, {3, 1, 4000, 500, 0}, {3, 80, 4000, 500, 100}, {3, 120, 3000, 900, 400}};
  std::vector<int> order(counts.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    by_another_program(
        "DELETE FROM events; DELETE FROM sightline_messages; DELETE FROM sightline_message_gaps;");
    for (const int i : order) append(line(counts[static_cast<std::size_t>(i)]));
    SCOPED_TRACE(testing::PrintToString(order));
    expect_sums({3, 120, 4000, 900, 400});
    if (HasFailure()) return;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(MessageTableTest, OtherMessagesCountForThemselves) {
  append({line({1, 10}, "a"), line({2, 20}, "b"), line({2, 20}, "a"), line({4, 40}, "")});
  append(line({4, 40}, ""));
  expect_sums({2 + 2 + 8, 20 + 20 + 80});
}

TEST_F(MessageTableTest, ADuplicateAddsNothing) {
  const Event first = line({5, 50});
  append(first);
  Event again = first;
  again.tokens_out = 500;
  EXPECT_EQ(append(again), 0);
  expect_sums({5, 50});
  EXPECT_EQ(number("SELECT tokens_out FROM sightline_messages"), 50);
}

// What `verify` finds missing can be brought in again.
TEST_F(MessageTableTest, WhatWentWithRemovedEventsComesBackWithTheNextOne) {
  const std::vector<Event> lines = {line({3, 10, 4000}), line({3, 25, 4000, 500, 100}),
                                    line({3, 5, 4000})};
  const Count largest{3, 25, 4000, 500, 100};
  append(lines);
  for (const char* removed : {"0", "1", "2", "0' OR event_id = 'import-cc-1"}) {
    by_another_program(std::string("DELETE FROM events WHERE event_id = 'import-cc-") + removed +
                       "'");
    append(lines);
    SCOPED_TRACE(removed);
    expect_sums(largest);
    append(lines);
    expect_sums(largest);
  }
  by_another_program("DELETE FROM events");
  append({lines[2], line({3, 25, 4000, 500, 100})});
  expect_sums(largest);
  EXPECT_EQ(number("SELECT count(*) FROM sightline_message_gaps"), 0);
}

// Above its threshold all of the prompt has another price, also what was counted before.
TEST_F(MessageTableTest, ATierLooksAtTheWholeMessage) {
  model_ = "gemini-2.5-pro";
  clock_.time = std::chrono::sys_days{std::chrono::year{2026} / 8 / 2};
  std::vector<Event> lines = {line({150'000, 100}), line({250'000, 200})};
  for (Event& e : lines) e.client_timestamp = "2026-08-02T00:00:00Z";
  append(lines);
  expect_sums({250'000, 200});
  EXPECT_NEAR(cost(), 250'000 * 2.5e-6 + 200 * 15e-6, 1e-9);
}

TEST_F(MessageTableTest, ACostThatTheLogSaysCountsOnceToo) {
  Event a = line({5, 50}), b = line({5, 60}), c = line({5, 60});
  a.cost_usd = 0.25;
  b.cost_usd = 0.25;
  c.cost_usd = 0.375;
  append({a, b, c});
  EXPECT_DOUBLE_EQ(cost(), 0.375);
  EXPECT_EQ(number("SELECT sum(unpriced) FROM sightline_usage_totals"), 0);
}

TEST_F(MessageTableTest, AModelWithoutAPriceHasNoCost) {
  model_ = "nobody-knows";
  append({line({5, 50}), line({5, 60})});
  EXPECT_EQ(number("SELECT count(*) FROM events WHERE cost_usd IS NULL"), 2);
  EXPECT_EQ(number("SELECT sum(unpriced) FROM sightline_usage_totals"), 2);
}

TEST_F(MessageTableTest, WhatIsNothingButCacheHasNoCost) {
  append({line({0, 0, 4000})});
  EXPECT_EQ(number("SELECT count(*) FROM events WHERE cost_usd IS NULL"), 1);
}

}  // namespace
}  // namespace monitor
