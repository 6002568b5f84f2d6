#include "monitor/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/json_writer.h"
#include "base/saturating.h"
#include "usage_totals.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;
using store::Statement;

constexpr std::int64_t kSlot = UsageTotals::kSlotSeconds;

constexpr std::string_view kWholeSlots =
    "SELECT slot, agent_type, model, events, tokens_in, tokens_out, cache_read_tokens, "
    "cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, cost_usd, unpriced "
    "FROM sightline_usage_totals WHERE slot >= ?2 AND slot < ?3 "
    "AND (?1 IS NULL OR agent_type = ?1) ORDER BY slot, agent_type, model";

// The events whose time is from ?2 to before ?3: through the index on the receipt those that were
// received about then, and the others through their own.
constexpr std::string_view kEvents = R"sql(
SELECT {slot}, e.agent_type, coalesce(e.model, ''), count(*), total(e.tokens_in),
  total(e.tokens_out), total(e.cache_read_tokens), total(e.cache_write_tokens),
  total(d.cache_write_1h_tokens), total(d.reasoning_tokens), total(e.cost_usd),
  total(e.cost_usd IS NULL AND (e.tokens_in > 0 OR e.tokens_out > 0))
FROM (
  SELECT e.id FROM events e
  WHERE e.created_at >= datetime(?2 - 60, 'unixepoch')
    AND e.created_at < datetime(?3 + 60, 'unixepoch')
    AND {near} AND {time} >= ?2 AND {time} < ?3
  UNION ALL SELECT id FROM sightline_displaced_times WHERE at >= ?2 AND at < ?3
) found CROSS JOIN events e ON e.id = found.id
LEFT JOIN sightline_usage_details d ON d.event = e.id
WHERE ?1 IS NULL OR e.agent_type = ?1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3)sql";

Result<void> take_lines(Statement rows, std::vector<UsageLine>& lines) {
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return {};
    UsageLine& line = lines.emplace_back();
    const std::int64_t slot = rows.integer(0);
    if (slot != UsageTotals::kUnreadableSlot) line.start = slot * kSlot;
    line.agent_type = rows.text(1);
    line.model = rows.text(2);
    line.events = rows.integer(3);
    line.tokens_in = rows.integer(4);
    line.tokens_out = rows.integer(5);
    line.cache_read_tokens = rows.integer(6);
    line.cache_write_tokens = rows.integer(7);
    line.cache_write_1h_tokens = rows.integer(8);
    line.reasoning_tokens = rows.integer(9);
    line.cost_usd = rows.real(10);
    line.unpriced = rows.integer(11);
  }
}

Result<void> take_events(Database& db, const std::string& agent_type, std::int64_t from,
                         std::int64_t until, std::vector<UsageLine>& lines) {
  if (from >= until) return {};
  TRY(auto rows, db.prepare(fmt::format(fmt::runtime(kEvents), fmt::arg("slot", kUsageSlot),
                                        fmt::arg("time", kUsageTime), fmt::arg("near", kIsNear))));
  rows.bind(store::NullIfEmpty{agent_type}, from, until);
  return take_lines(std::move(rows), lines);
}

}  // namespace

Result<std::vector<UsageLine>> read_usage(Database& db, const UsageFilter& filter) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::vector<UsageLine> lines;
  // The slots that are asked for as a whole.
  std::int64_t first = Limits::min(), end = Limits::max();
  if (filter.from) {
    first = usage_slot(*filter.from);
    if (first * kSlot < *filter.from) ++first;
  } else if (filter.until) {
    first = UsageTotals::kUnreadableSlot + 1;
  }
  if (filter.until) end = usage_slot(*filter.until);
  if (filter.from && filter.until && first > end) {  // within one slot
    TRY_OK(take_events(db, filter.agent_type, *filter.from, *filter.until, lines));
    return lines;
  }
  if (filter.from) TRY_OK(take_events(db, filter.agent_type, *filter.from, first * kSlot, lines));
  {
    TRY(auto rows, db.prepare(kWholeSlots));
    rows.bind(store::NullIfEmpty{filter.agent_type}, first, end);
    TRY_OK(take_lines(std::move(rows), lines));
  }
  if (filter.until) TRY_OK(take_events(db, filter.agent_type, end * kSlot, *filter.until, lines));
  return lines;
}

Result<std::string> read_usage_sums(Database& db, const UsageFilter& filter) {
  TRY(const auto lines, read_usage(db, filter));
  std::map<std::pair<std::string, std::string>, UsageLine> sums;
  double cost = 0;
  std::int64_t unpriced = 0;
  for (const UsageLine& line : lines) {
    UsageLine& sum = sums[{line.agent_type, line.model}];
    sum.events += line.events;
    sum.tokens_in = base::saturating_add(sum.tokens_in, line.tokens_in);
    sum.tokens_out = base::saturating_add(sum.tokens_out, line.tokens_out);
    sum.cache_read_tokens = base::saturating_add(sum.cache_read_tokens, line.cache_read_tokens);
    sum.cache_write_tokens = base::saturating_add(sum.cache_write_tokens, line.cache_write_tokens);
    sum.cache_write_1h_tokens =
        base::saturating_add(sum.cache_write_1h_tokens, line.cache_write_1h_tokens);
    sum.reasoning_tokens = base::saturating_add(sum.reasoning_tokens, line.reasoning_tokens);
    sum.cost_usd += line.cost_usd;
    sum.unpriced += line.unpriced;
    cost += line.cost_usd;
    unpriced += line.unpriced;
  }
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("usage").begin_array();
  for (const auto& [key, sum] : sums) {
    json.begin_object().key("agent_type").value(key.first);
    json.key("model").value_or_null(key.second).key("events").value(sum.events);
    json.key("tokens_in").value(sum.tokens_in).key("tokens_out").value(sum.tokens_out);
    json.key("cache_read_tokens").value(sum.cache_read_tokens);
    json.key("cache_write_tokens").value(sum.cache_write_tokens);
    json.key("cache_write_1h_tokens").value(sum.cache_write_1h_tokens);
    json.key("reasoning_tokens").value(sum.reasoning_tokens);
    json.key("cost_usd").value(sum.cost_usd).key("unpriced").value(sum.unpriced).end_object();
  }
  json.end_array().key("total_cost_usd").value(cost).key("unpriced").value(unpriced);
  TRY(const auto live, db.integer("SELECT count(*) FROM sessions WHERE status < 'ended' "
                                  "OR status > 'ended'"));
  json.key("live_sessions").value(live.value_or(0)).end_object();
  return out;
}

}  // namespace monitor
