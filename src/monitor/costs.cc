#include "monitor/costs.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "base/text.h"
#include "base/time_text.h"

namespace monitor {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using store::Database;
using store::Statement;

constexpr std::string_view kSelect =
    "SELECT e.id, e.model, e.tokens_in, e.tokens_out, e.cache_read_tokens, e.cache_write_tokens, "
    "e.cost_usd, coalesce(e.client_timestamp, ''), e.created_at, d.cache_write_1h_tokens, "
    "d.reasoning_tokens, d.input_includes_cache, e.event_id, e.session_id, e.agent_type "
    "FROM events e LEFT JOIN sightline_usage_details d ON d.event = e.id";

PricedEvent to_priced(const Statement& row) {
  PricedEvent priced;
  Event& e = priced.tokens;
  priced.id = row.integer(0);
  e.model = row.text(1);
  e.tokens_in = row.integer(2);
  e.tokens_out = row.integer(3);
  e.cache_read_tokens = row.integer(4);
  e.cache_write_tokens = row.integer(5);
  e.cost_usd = row.real_or_null(6);
  e.client_timestamp = row.text(7);
  e.cache_write_1h_tokens = row.integer(9);
  e.reasoning_tokens = row.integer(10);
  e.input_includes_cache = row.integer(11) != 0;
  e.event_id = row.text(12);
  e.session_id = row.text(13);
  e.agent_type = row.text(14);
  const auto received = base::parse_date(std::string(row.text(8)) + "Z");
  priced.at = base::parse_date(e.client_timestamp).value_or(received.value_or(base::Time{}));
  return priced;
}

double to_ten_decimals(double usd) { return std::round(usd * 1e10) / 1e10; }

}  // namespace

Result<Recalculation> recalculate_costs(Database& db, const Pricing& pricing, Apply apply) {
  Recalculation result;
  TRY(auto rows, db.prepare(fmt::format(
                     "{} WHERE e.model IS NOT NULL AND (e.tokens_in > 0 OR e.tokens_out > 0 OR "
                     "e.cache_read_tokens > 0 OR e.cache_write_tokens > 0) ORDER BY e.id",
                     kSelect)));
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return result;
    const PricedEvent priced = to_priced(rows);
    ++result.candidates;
    const double before = priced.tokens.cost_usd.value_or(0);
    result.usd_before += before;
    const auto cost = pricing.cost(priced.tokens.model, priced.tokens, priced.at);
    if (!cost) {
      ++result.unknown;
      result.usd_after += before;
      continue;
    }
    result.usd_after += *cost;
    if (priced.tokens.cost_usd && to_ten_decimals(before) == to_ten_decimals(*cost)) {
      ++result.unchanged;
      continue;
    }
    ++result.updated;
    if (apply == Apply::yes)
      TRY_OK(db.run("UPDATE events SET cost_usd = ?1 WHERE id = ?2", to_ten_decimals(*cost),
                    priced.id));
  }
}

Result<PricedEvent> explain_cost(Database& db, const Pricing& pricing, const std::string& id) {
  const bool is_number = !id.empty() && id.find_first_not_of("0123456789") == id.npos;
  TRY(auto row, db.prepare(fmt::format("{} WHERE e.event_id = ?1 OR e.id = ?2 "
                                       "ORDER BY e.event_id IS ?1 DESC LIMIT 1",
                                       kSelect)));
  const std::int64_t number = is_number ? base::parse_leading_int(id).value_or(-1) : -1;
  TRY(const bool found, row.bind(id, number).step());
  if (!found) return Error{Errc::not_found, fmt::format("no event {}", id)};
  PricedEvent priced = to_priced(row);
  if (!priced.tokens.model.empty())
    priced.quote = pricing.explain(priced.tokens.model, priced.tokens, priced.at);
  return priced;
}

}  // namespace monitor
