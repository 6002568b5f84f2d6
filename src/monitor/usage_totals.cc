#include "usage_totals.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "base/saturating.h"

// Invariant: as that of Totals. What an event's time is, is said twice, here for live events and in
// SQL for stored ones; both mean SQLite's reading of coalesce(client_timestamp, created_at).

namespace monitor {

const std::string_view kUsageTime =
    "CAST(strftime('%s', coalesce(e.client_timestamp, e.created_at)) AS INTEGER)";
// SQLite divides toward zero; times before 1970 have slots too.
const std::string_view kUsageSlot =
    "((CAST(strftime('%s', coalesce(e.client_timestamp, e.created_at)) AS INTEGER) + "
    "900000000000) / 900 - 1000000000)";
const std::string_view kIsNear =
    "(e.created_at IS datetime(e.created_at) AND abs(CAST(strftime('%s', coalesce("
    "e.client_timestamp, e.created_at)) AS INTEGER) - CAST(strftime('%s', e.created_at) AS "
    "INTEGER)) <= 60)";

namespace {

using base::Result;
using store::Database;

constexpr std::string_view kAddUsage = R"sql(
INSERT INTO sightline_usage_totals VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT(slot, agent_type, model) DO UPDATE SET events = events + excluded.events,
  tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
  cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
  cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
  cache_write_1h_tokens = cache_write_1h_tokens + excluded.cache_write_1h_tokens,
  reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
  cost_usd = cost_usd + excluded.cost_usd, unpriced = unpriced + excluded.unpriced)sql";
constexpr std::string_view kAddHour = R"sql(
INSERT INTO sightline_timeline_totals VALUES(?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT(hour, agent_type) DO UPDATE SET events = events + excluded.events,
  tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
  cost_usd = cost_usd + excluded.cost_usd)sql";
constexpr std::string_view kAddCost = R"sql(
INSERT INTO sightline_cost_totals VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(hour, session_id, agent_type, model) DO UPDATE SET events = events + excluded.events,
  tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
  cost_usd = cost_usd + excluded.cost_usd)sql";
constexpr std::string_view kAddDisplaced =
    "INSERT INTO sightline_displaced_times(at, id) VALUES(?1, ?2)";

// The same for rows that are stored already: those with ?1 < id <= ?2.
constexpr std::array<std::string_view, 4> kCountRows = {
    R"sql(INSERT INTO sightline_usage_totals
    SELECT coalesce({slot}, -1000000000), e.agent_type, coalesce(e.model, ''), count(*),
      total(e.tokens_in), total(e.tokens_out), total(e.cache_read_tokens),
      total(e.cache_write_tokens), total(d.cache_write_1h_tokens), total(d.reasoning_tokens),
      total(e.cost_usd), total(e.cost_usd IS NULL
        AND (e.tokens_in > 0 OR e.tokens_out > 0))
    FROM events e LEFT JOIN sightline_usage_details d ON d.event = e.id
    WHERE e.id > ?1 AND e.id <= ?2 GROUP BY 1, 2, 3
    ON CONFLICT(slot, agent_type, model) DO UPDATE SET events = events + excluded.events,
      tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
      cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
      cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
      cache_write_1h_tokens = cache_write_1h_tokens + excluded.cache_write_1h_tokens,
      reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
      cost_usd = cost_usd + excluded.cost_usd, unpriced = unpriced + excluded.unpriced)sql",
    // Whole hours of a slot: both sides of 1970 are rounded down, and the slot of none too.
    R"sql(INSERT INTO sightline_timeline_totals
    SELECT (coalesce({slot}, -1000000000) + 1000000000) / 4 - 250000000, e.agent_type, count(*),
      total(e.tokens_in), total(e.tokens_out), total(e.cost_usd)
    FROM events e WHERE e.id > ?1 AND e.id <= ?2 GROUP BY 1, 2
    ON CONFLICT(hour, agent_type) DO UPDATE SET events = events + excluded.events,
      tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
      cost_usd = cost_usd + excluded.cost_usd)sql",
    R"sql(INSERT INTO sightline_cost_totals
    SELECT coalesce(CAST(strftime('%s', created_at) AS INTEGER), 0) / 3600, session_id, agent_type,
      coalesce(model, ''), count(*), total(tokens_in), total(tokens_out), total(cost_usd)
    FROM events e WHERE e.id > ?1 AND e.id <= ?2 AND e.cost_usd > 0 GROUP BY 1, 2, 3, 4
    ON CONFLICT(hour, session_id, agent_type, model) DO UPDATE SET
      events = events + excluded.events, tokens_in = tokens_in + excluded.tokens_in,
      tokens_out = tokens_out + excluded.tokens_out,
      cost_usd = cost_usd + excluded.cost_usd)sql",
    R"sql(INSERT INTO sightline_displaced_times(at, id)
    SELECT {time}, e.id FROM events e
    WHERE e.id > ?1 AND e.id <= ?2 AND {time} IS NOT NULL AND {near} IS NOT TRUE)sql",
};

// Details cannot be counted again: only those whose event is gone go too.
constexpr const char* kForgetAll =
    "DELETE FROM sightline_usage_totals; DELETE FROM sightline_cost_totals;"
    "DELETE FROM sightline_displaced_times; DELETE FROM sightline_timeline_totals;"
    "DELETE FROM sightline_usage_details WHERE event NOT IN (SELECT id FROM events)";

void append_part(std::string& key, std::string_view part) { key.append(part).push_back('\0'); }

}  // namespace

void UsageTotals::Usage::add(const Event& event) {
  ++events;
  tokens_in = base::saturating_add(tokens_in, event.tokens_in);
  tokens_out = base::saturating_add(tokens_out, event.tokens_out);
  cache_read = base::saturating_add(cache_read, event.cache_read_tokens);
  cache_write = base::saturating_add(cache_write, event.cache_write_tokens);
  cache_write_1h = base::saturating_add(cache_write_1h, event.cache_write_1h_tokens);
  reasoning = base::saturating_add(reasoning, event.reasoning_tokens);
  cost_usd += event.cost_usd.value_or(0);
  unpriced += !event.cost_usd && (event.tokens_in > 0 || event.tokens_out > 0);
}

void UsageTotals::Sums::add(const Event& event) {
  ++events;
  tokens_in = base::saturating_add(tokens_in, event.tokens_in);
  tokens_out = base::saturating_add(tokens_out, event.tokens_out);
  cost_usd += event.cost_usd.value_or(0);
}

Result<void> UsageTotals::add(Database& db, const Event& event, const EventFacts& facts,
                              std::int64_t id, std::int64_t at) {
  std::optional<std::int64_t> used_at = facts.client_at;
  if (facts.asks_sqlite) {
    TRY(used_at, db.integer("SELECT CAST(strftime('%s', ?1) AS INTEGER)", event.client_timestamp));
  } else if (!used_at) {
    used_at = at;
  }
  if (used_at && std::abs(*used_at - at) > kNearSeconds)
    TRY_OK(db.run(kAddDisplaced, *used_at, id));
  const std::int64_t slot = used_at ? usage_slot(*used_at) : kUnreadableSlot;
  add_usage(event, slot);
  add_hour(event, usage_hour(slot));
  if (event.cost_usd.value_or(0) > 0) add_cost(event);
  return {};
}

void UsageTotals::add_usage(const Event& event, std::int64_t slot) {
  key_.assign(reinterpret_cast<const char*>(&slot), sizeof slot);
  append_part(key_, event.agent_type);
  append_part(key_, event.model);
  auto usage = usage_.find(key_);
  if (usage == usage_.end())
    usage = usage_.emplace(key_, Usage{slot, event.agent_type, event.model}).first;
  usage->second.add(event);
}

void UsageTotals::add_hour(const Event& event, std::int64_t hour) {
  key_.assign(reinterpret_cast<const char*>(&hour), sizeof hour);
  append_part(key_, event.agent_type);
  auto line = hours_.find(key_);
  if (line == hours_.end()) line = hours_.emplace(key_, Hour{hour, event.agent_type, {}}).first;
  line->second.sums.add(event);
}

void UsageTotals::add_cost(const Event& event) {
  key_.clear();
  append_part(key_, event.session_id);
  append_part(key_, event.agent_type);
  append_part(key_, event.model);
  auto cost = cost_.find(key_);
  if (cost == cost_.end())
    cost = cost_.emplace(key_, Cost{event.session_id, event.agent_type, event.model, {}}).first;
  cost->second.sums.add(event);
}

Result<void> UsageTotals::flush(Database& db, std::int64_t hour) {
  for (const auto& [key, u] : usage_)
    TRY_OK(db.run(kAddUsage, u.slot, u.agent_type, u.model, u.events, u.tokens_in, u.tokens_out,
                  u.cache_read, u.cache_write, u.cache_write_1h, u.reasoning, u.cost_usd,
                  u.unpriced));
  for (const auto& [key, h] : hours_)
    TRY_OK(db.run(kAddHour, h.hour, h.agent_type, h.sums.events, h.sums.tokens_in,
                  h.sums.tokens_out, h.sums.cost_usd));
  for (const auto& [key, c] : cost_)
    TRY_OK(db.run(kAddCost, hour, c.session_id, c.agent_type, c.model, c.sums.events,
                  c.sums.tokens_in, c.sums.tokens_out, c.sums.cost_usd));
  forget();
  return {};
}

void UsageTotals::forget() {
  usage_.clear();
  hours_.clear();
  cost_.clear();
}

Result<void> UsageTotals::count_rows(Database& db, std::int64_t after, std::int64_t up_to) {
  for (const std::string_view sql : kCountRows)
    TRY_OK(db.run(fmt::format(fmt::runtime(sql), fmt::arg("slot", kUsageSlot),
                              fmt::arg("time", kUsageTime), fmt::arg("near", kIsNear)),
                  after, up_to));
  return {};
}

Result<void> UsageTotals::forget_all(Database& db) { return db.execute(kForgetAll); }

}  // namespace monitor
