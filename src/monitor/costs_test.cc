#include "monitor/costs.h"

#include <gtest/gtest.h>

#include "ledger_fixture.h"

namespace monitor {
namespace {

class CostsTest : public LedgerTest {
 protected:
  std::int64_t add(const std::string& model, std::int64_t in, std::int64_t out,
                   std::optional<double> cost = {}, std::int64_t cache_read = 0) {
    Event e = event("s", EventType::llm_response);
    e.event_id = "e" + std::to_string(++made_);
    e.model = model;
    e.tokens_in = in;
    e.tokens_out = out;
    e.cache_read_tokens = cache_read;
    e.cost_usd = cost;
    return append(e);
  }
  Recalculation recalculate(Apply apply) {
    Recalculation result;
    std::function<base::Result<void>(store::Database&)> work =
        [&](store::Database& db) -> base::Result<void> {
      TRY(result, recalculate_costs(db, pricing_, apply));
      return {};
    };
    auto task = ledger_->change(work, Ledger::Change::counted);
    EXPECT_TRUE(executor_.await(std::move(task)));
    return result;
  }
  std::string cost_of(std::int64_t id) {
    return text("SELECT coalesce(cost_usd, 'none') FROM events WHERE id = " + std::to_string(id));
  }

  Pricing pricing_ = Pricing::builtin();
  int made_ = 0;
};

TEST_F(CostsTest, ADryRunSaysWhatWouldChange) {
  add("claude-sonnet-4-5", 1'000'000, 0);         // $3, as stored
  add("claude-sonnet-4-5", 1'000'000, 0, 1.0);    // what a client said
  add("claude-sonnet-4-5", 0, 0, {}, 1'000'000);  // nothing but cache: none so far, $0.3
  add("nobody-knows", 5, 5, 0.5);
  add("nobody-knows", 5, 5);
  add("", 5, 5, 0.25);
  add("claude-sonnet-4-5", 0, 0);
  const Recalculation found = recalculate(Apply::no);
  EXPECT_EQ(found.candidates, 5);
  EXPECT_EQ(found.unchanged, 1);
  EXPECT_EQ(found.updated, 2);
  EXPECT_EQ(found.unknown, 2);
  EXPECT_DOUBLE_EQ(found.usd_before, 4.5);
  EXPECT_DOUBLE_EQ(found.usd_after, 6.8);
  EXPECT_EQ(cost_of(2), "1.0");
  EXPECT_EQ(cost_of(3), "none");
}

TEST_F(CostsTest, WhatIsWrittenIsCountedAtOnce) {
  add("claude-sonnet-4-5", 1'000'000, 0, 1.0);
  add("claude-sonnet-4-5", 0, 0, {}, 1'000'000);
  add("nobody-knows", 5, 5, 0.5);
  EXPECT_EQ(recalculate(Apply::yes).updated, 2);
  EXPECT_EQ(cost_of(1), "3.0");
  EXPECT_EQ(cost_of(2), "0.3");
  EXPECT_EQ(cost_of(3), "0.5");
  expect_totals_equal_a_recount();
  EXPECT_EQ(recalculate(Apply::yes).updated, 0);
}

TEST_F(CostsTest, ACostIsStoredToTenDecimals) {
  add("claude-sonnet-4-5", 1, 1, 1.8000000001e-5);  // $0.000018 and less than half a decimal
  add("claude-sonnet-4-5", 1, 1, 1.80001e-5);
  const Recalculation found = recalculate(Apply::yes);
  EXPECT_EQ(found.unchanged, 1);
  EXPECT_EQ(found.updated, 1);
  EXPECT_EQ(cost_of(2), "1.8e-05");
}

TEST_F(CostsTest, AnEventIsPricedByItsDay) {
  Event e = event("s");
  e.model = "claude-opus-4-6";
  e.tokens_in = 1'000'000;
  e.client_timestamp = "2026-08-01T00:00:00.000Z";
  e.cost_usd = 1;
  append(e);
  e.client_timestamp = "2026-07-31T23:59:59.999Z";
  append(e);
  e.client_timestamp = "";
  append(e);
  recalculate(Apply::yes);
  EXPECT_EQ(cost_of(1), "5.0");
  EXPECT_EQ(cost_of(2), "15.0");
  EXPECT_EQ(cost_of(3), "15.0") << "received on March 1";
}

TEST_F(CostsTest, AnEventIsExplainedByEitherOfItsIds) {
  add("claude-sonnet-4-5", 1'000'000, 0, 1.0);
  store::Database db = reader();
  for (const char* id : {"1", "e1"}) {
    const auto found = explain_cost(db, pricing_, id);
    ASSERT_TRUE(found) << id;
    EXPECT_EQ(found->id, 1);
    EXPECT_EQ(found->tokens.cost_usd, 1.0);
    ASSERT_TRUE(found->quote);
    EXPECT_DOUBLE_EQ(found->quote->usd, 3);
  }
  EXPECT_EQ(explain_cost(db, pricing_, "7").error().code, base::Errc::not_found);
  EXPECT_EQ(explain_cost(db, pricing_, "").error().code, base::Errc::not_found);
}

TEST_F(CostsTest, AnEventIdThatLooksLikeANumberComesFirst) {
  add("claude-sonnet-4-5", 1, 1);
  Event e = event("s");
  e.event_id = "1";
  append(e);
  store::Database db = reader();
  EXPECT_EQ(explain_cost(db, pricing_, "1")->id, 2);
}

TEST_F(CostsTest, WithoutAPriceThereIsNoQuote) {
  add("nobody-knows", 5, 5);
  add("", 5, 5);
  store::Database db = reader();
  EXPECT_FALSE(explain_cost(db, pricing_, "1")->quote);
  EXPECT_FALSE(explain_cost(db, pricing_, "2")->quote);
}

}  // namespace
}  // namespace monitor
