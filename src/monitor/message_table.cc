#include "message_table.h"

#include <algorithm>
#include <array>

namespace monitor {
namespace {

using base::Result;
using store::Database;

constexpr std::string_view kFind =
    "SELECT tokens_in, tokens_out, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, "
    "reasoning_tokens, cost_usd FROM sightline_messages WHERE key = ?1";
constexpr std::string_view kAdd = R"sql(
INSERT INTO sightline_messages VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(key) DO UPDATE SET tokens_in = tokens_in + excluded.tokens_in,
  tokens_out = tokens_out + excluded.tokens_out,
  cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
  cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
  cache_write_1h_tokens = cache_write_1h_tokens + excluded.cache_write_1h_tokens,
  reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
  cost_usd = cost_usd + excluded.cost_usd)sql";

// In the order of the columns.
constexpr std::array<std::int64_t Event::*, 6> kCounts = {&Event::tokens_in,
                                                          &Event::tokens_out,
                                                          &Event::cache_read_tokens,
                                                          &Event::cache_write_tokens,
                                                          &Event::cache_write_1h_tokens,
                                                          &Event::reasoning_tokens};

bool has_tokens(const Event& event) { return event.tokens_in > 0 || event.tokens_out > 0; }

}  // namespace

Result<Event> MessageTable::settle(Database& db, const Event& event, const Pricing& pricing,
                                   base::Time at) {
  Event before = event;
  for (const auto count : kCounts) before.*count = 0;
  double cost_before = 0;
  bool is_known = false;
  {
    TRY(auto row, db.prepare(kFind));
    TRY(is_known, row.bind(event.usage_key).step());
    if (is_known) {
      for (std::size_t i = 0; i < kCounts.size(); ++i)
        before.*kCounts[i] = row.integer(static_cast<int>(i));
      cost_before = row.real(kCounts.size());
    }
  }
  Event after = event;
  Event step = event;
  bool adds = false;
  for (const auto count : kCounts) {
    after.*count = std::max(event.*count, before.*count);
    step.*count = after.*count - before.*count;
    adds = adds || step.*count > 0;
  }
  if (event.cost_usd) {
    if (is_known && *event.cost_usd <= cost_before) {
      // Paid for already; no cost at all would mean that its price is not known.
      step.cost_usd = adds ? std::optional(0.0) : std::nullopt;
    } else {
      step.cost_usd = *event.cost_usd - cost_before;
    }
  } else if (!event.model.empty() && has_tokens(after) && adds) {
    // The difference of two prices, not the price of the difference: a tier looks at the whole.
    // What was counted had no price as long as it was nothing but cache.
    const auto whole = pricing.cost(event.model, after, at);
    const auto counted =
        has_tokens(before) ? pricing.cost(event.model, before, at) : std::optional(0.0);
    if (whole && counted) step.cost_usd = std::max(*whole - *counted, 0.0);
  }
  return step;
}

Result<void> MessageTable::count(Database& db, const Event& settled) {
  return db.run(kAdd, settled.usage_key, settled.tokens_in, settled.tokens_out,
                settled.cache_read_tokens, settled.cache_write_tokens,
                settled.cache_write_1h_tokens, settled.reasoning_tokens,
                settled.cost_usd.value_or(0));
}

}  // namespace monitor
