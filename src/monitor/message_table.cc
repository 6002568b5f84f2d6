#include "message_table.h"

#include <algorithm>
#include <array>
#include <optional>

namespace monitor {
namespace {

using base::Result;
using store::Database;

constexpr std::string_view kFind =
    "SELECT tokens_in, tokens_out, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, "
    "reasoning_tokens, cost_usd FROM sightline_messages WHERE key = ?1";
constexpr std::string_view kFindGap =
    "SELECT tokens_in, tokens_out, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, "
    "reasoning_tokens, cost_usd FROM sightline_message_gaps WHERE key = ?1";
constexpr std::string_view kStore =
    "INSERT OR REPLACE INTO sightline_messages VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

// In the order of the columns.
constexpr std::array<std::int64_t Event::*, 6> kCounts = {&Event::tokens_in,
                                                          &Event::tokens_out,
                                                          &Event::cache_read_tokens,
                                                          &Event::cache_write_tokens,
                                                          &Event::cache_write_1h_tokens,
                                                          &Event::reasoning_tokens};

bool has_tokens(const Event& event) { return event.tokens_in > 0 || event.tokens_out > 0; }

/// `event` with the counts and the cost that a table has of its message; nothing: it has none.
Result<std::optional<Event>> read(Database& db, std::string_view sql, const Event& event) {
  TRY(auto row, db.prepare(sql));
  TRY(const bool found, row.bind(event.usage_key).step());
  if (!found) return std::optional<Event>();
  Event counted = event;
  for (std::size_t i = 0; i < kCounts.size(); ++i)
    counted.*kCounts[i] = row.integer(static_cast<int>(i));
  counted.cost_usd = row.real(kCounts.size());
  return std::optional(std::move(counted));
}

Event without_counts(Event event) {
  for (const auto count : kCounts) event.*count = 0;
  event.cost_usd = 0;
  return event;
}

/// What the event's counts add to the cost of its message; nothing: that is not known, or nothing.
std::optional<double> added_cost(const Event& event, const Event& before, const Event& after,
                                 bool adds, const Pricing& pricing, base::Time at) {
  if (event.cost_usd) {
    if (*event.cost_usd > *before.cost_usd) return *event.cost_usd - *before.cost_usd;
    // Paid for already; no cost at all would mean that its price is not known.
    return adds ? std::optional(0.0) : std::nullopt;
  }
  if (event.model.empty() || !has_tokens(after) || !adds) return std::nullopt;
  // The difference of two prices, not the price of the difference: a tier looks at the whole.
  // What was counted had no price as long as it was nothing but cache.
  const auto whole = pricing.cost(event.model, after, at);
  const auto counted =
      has_tokens(before) ? pricing.cost(event.model, before, at) : std::optional(0.0);
  if (!whole || !counted) return std::nullopt;
  return std::max(*whole - *counted, 0.0);
}

}  // namespace

Result<MessageTable::Settlement> MessageTable::settle(Database& db, const Event& event,
                                                      const Pricing& pricing, base::Time at) {
  TRY(const auto known, read(db, kFind, event));
  TRY(const auto gap, read(db, kFindGap, event));
  const Event before = known ? *known : without_counts(event);
  Settlement settled{event, event, false, gap.has_value()};
  for (const auto count : kCounts) {
    settled.message.*count = std::max(event.*count, before.*count);
    settled.event.*count = settled.message.*count - before.*count;
    settled.adds = settled.adds || settled.event.*count > 0;
  }
  std::optional<double>& cost = settled.event.cost_usd;
  cost = added_cost(event, before, settled.message, settled.adds, pricing, at);
  settled.message.cost_usd = *before.cost_usd + cost.value_or(0);
  if (!gap) return settled;
  for (const auto count : kCounts) settled.event.*count += (*gap).*count;
  if (cost || *gap->cost_usd > 0) cost = cost.value_or(0) + *gap->cost_usd;
  settled.adds = true;
  return settled;
}

Result<void> MessageTable::count(Database& db, const Settlement& settled) {
  const Event& m = settled.message;
  if (settled.fills_gap)
    TRY_OK(db.run("DELETE FROM sightline_message_gaps WHERE key = ?1", m.usage_key));
  return db.run(kStore, m.usage_key, m.tokens_in, m.tokens_out, m.cache_read_tokens,
                m.cache_write_tokens, m.cache_write_1h_tokens, m.reasoning_tokens, *m.cost_usd);
}

}  // namespace monitor
