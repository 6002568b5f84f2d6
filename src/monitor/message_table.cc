#include "message_table.h"

#include "message_count.h"

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

}  // namespace

Result<Event> MessageTable::settle(Database& db, const Event& event, const Pricing& pricing,
                                   base::Time at) {
  MessageCount counted;
  bool is_known = false;
  {
    TRY(auto row, db.prepare(kFind));
    TRY(is_known, row.bind(event.usage_key).step());
    if (is_known)
      counted = {row.integer(0), row.integer(1), row.integer(2), row.integer(3),
                 row.integer(4), row.integer(5), row.real(6)};
  }
  return counted.step(event, pricing, at, is_known);
}

Result<void> MessageTable::count(Database& db, const Event& settled) {
  return db.run(kAdd, settled.usage_key, settled.tokens_in, settled.tokens_out,
                settled.cache_read_tokens, settled.cache_write_tokens,
                settled.cache_write_1h_tokens, settled.reasoning_tokens,
                settled.cost_usd.value_or(0));
}

}  // namespace monitor
