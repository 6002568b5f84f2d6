#include "message_table.h"

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

/// What a table has of the message; nothing: it has none.
Result<std::optional<MessageCount>> read(Database& db, std::string_view sql,
                                         const std::string& key) {
  TRY(auto row, db.prepare(sql));
  TRY(const bool found, row.bind(key).step());
  if (!found) return std::optional<MessageCount>();
  return std::optional(MessageCount{row.integer(0), row.integer(1), row.integer(2), row.integer(3),
                                    row.integer(4), row.integer(5), row.real(6)});
}

}  // namespace

Result<MessageTable::Settlement> MessageTable::settle(Database& db, const Event& event,
                                                      const Pricing& pricing, base::Time at) {
  TRY(const auto known, read(db, kFind, event.usage_key));
  TRY(const auto gap, read(db, kFindGap, event.usage_key));
  const MessageCount before = known.value_or(MessageCount());
  Settlement settled{before.step(event, pricing, at, known.has_value()), before, false,
                     gap.has_value()};
  settled.message.add(settled.event);
  settled.adds = settled.message.has_more_tokens_than(before);
  if (gap) {
    gap->give_back(settled.event);
    settled.adds = true;
  }
  return settled;
}

Result<void> MessageTable::count(Database& db, const Settlement& settled) {
  const MessageCount& m = settled.message;
  const std::string& key = settled.event.usage_key;
  if (settled.fills_gap) TRY_OK(db.run("DELETE FROM sightline_message_gaps WHERE key = ?1", key));
  return db.run(kStore, key, m.tokens_in, m.tokens_out, m.cache_read_tokens, m.cache_write_tokens,
                m.cache_write_1h_tokens, m.reasoning_tokens, m.cost_usd);
}

}  // namespace monitor
