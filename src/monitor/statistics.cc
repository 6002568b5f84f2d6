#include "monitor/statistics.h"

#include <vector>

#include "base/json_writer.h"
#include "base/saturating.h"
#include "base/time_text.h"
#include "breakdown.h"
#include "monitor/ledger.h"
#include "since.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;
using store::Statement;

struct Sums {
  std::int64_t events = 0, tokens_in = 0, tokens_out = 0;
  double cost_usd = 0;
};

/// Sums of events with a common agent, tool and model.
struct Line {
  std::string agent_type, tool_name, model;
  Sums sums;
};

// All the time there is, or: whole hours from the totals, then the events of the hour in which the
// limit lies. Columns: agent type, tool name, model, events, tokens in, tokens out, cost.
constexpr std::string_view kAllTime =
    "SELECT k.agent_type, k.tool_name, k.model, sum(events), total(tokens_in), total(tokens_out), "
    "sum(cost_usd) FROM sightline_totals t JOIN sightline_kinds k ON k.id = t.kind "
    "WHERE ?1 IS NULL OR k.agent_type = ?1 GROUP BY 1, 2, 3";
constexpr std::string_view kWholeHours =
    "SELECT k.agent_type, k.tool_name, k.model, sum(events), total(tokens_in), total(tokens_out), "
    "sum(cost_usd) FROM sightline_hour_totals t JOIN sightline_kinds k ON k.id = t.kind "
    "WHERE (?1 IS NULL OR k.agent_type = ?1) AND t.hour >= ?2 GROUP BY 1, 2, 3";
constexpr std::string_view kFirstHour =
    "SELECT agent_type, coalesce(tool_name, ''), coalesce(model, ''), count(*), total(tokens_in), "
    "total(tokens_out), total(cost_usd) FROM events "
    "WHERE (?1 IS NULL OR agent_type = ?1) AND created_at >= ?2 AND created_at < ?3 GROUP BY 1, 2, "
    "3";

Result<void> take_lines(Statement rows, std::vector<Line>& lines) {
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return {};
    lines.push_back({std::string(rows.text(0)),
                     std::string(rows.text(1)),
                     std::string(rows.text(2)),
                     {rows.integer(3), rows.integer(4), rows.integer(5), rows.real(6)}});
  }
}

Result<std::vector<Line>> read_lines(Database& db, const std::string& agent_type,
                                     const Since& since) {
  const store::NullIfEmpty agent{agent_type};
  std::vector<Line> lines;
  if (!since.is_limited()) {
    TRY(auto rows, db.prepare(kAllTime));
    rows.bind(agent);
    TRY_OK(take_lines(std::move(rows), lines));
    return lines;
  }
  {
    TRY(auto rows, db.prepare(kFirstHour));
    rows.bind(agent, since.at, since.first_hour_at);
    TRY_OK(take_lines(std::move(rows), lines));
  }
  TRY(auto rows, db.prepare(kWholeHours));
  rows.bind(agent, since.first_hour);
  TRY_OK(take_lines(std::move(rows), lines));
  return lines;
}

Result<std::int64_t> count(Database& db, std::string_view sql) {
  TRY(const auto value, db.integer(sql));
  return value.value_or(0);
}

/// One window of the usage monitor: what was used since `hours` ago.
Result<void> write_window(Database& db, base::json::Writer& json, const std::string& agent_type,
                          bool in_tokens, double limit, int hours, base::Time now) {
  TRY(const auto since, Since::read(db, base::to_sql_datetime(now - std::chrono::hours{hours})));
  TRY(const auto lines, read_lines(db, agent_type, since.value_or(Since())));
  double used = 0;
  for (const Line& line : lines)
    used +=
        in_tokens
            ? static_cast<double>(base::saturating_add(line.sums.tokens_in, line.sums.tokens_out))
            : line.sums.cost_usd;
  json.begin_object().key("used").value(used).key("limit").value(limit);
  json.key("windowHours").value(hours).end_object();
  return {};
}

}  // namespace

Result<std::string> read_statistics(Database& db, const StatisticsFilter& filter) {
  std::vector<Line> lines;
  TRY(const auto since, Since::read(db, filter.since));
  if (since) {
    TRY(lines, read_lines(db, filter.agent_type, *since));
  }

  Sums all;
  Breakdown tools, agents, models;
  for (const Line& line : lines) {
    all.events += line.sums.events;
    all.tokens_in = base::saturating_add(all.tokens_in, line.sums.tokens_in);
    all.tokens_out = base::saturating_add(all.tokens_out, line.sums.tokens_out);
    all.cost_usd += line.sums.cost_usd;
    tools.add(line.tool_name, line.sums.events);
    agents.add(line.agent_type, line.sums.events);
    models.add(line.model, line.sums.events);
  }
  TRY(const auto active, count(db, "SELECT count(*) FROM sessions WHERE status = 'active'"));
  TRY(const auto sessions, count(db, "SELECT count(*) FROM sessions"));
  TRY(const auto ended, count(db, "SELECT count(*) FROM sessions WHERE status = 'ended'"));
  TRY(const auto active_agents, count(db,
                                      "SELECT count(DISTINCT agent_type) FROM sessions WHERE "
                                      "status < 'ended' OR status > 'ended'"));

  std::string out;
  base::json::Writer json(out);
  json.key("total_events").value(all.events);
  json.key("active_sessions").value(active);
  json.key("total_sessions").value(sessions);
  json.key("live_sessions").value(sessions - ended);
  json.key("active_agents").value(active_agents);
  json.key("total_tokens_in").value(all.tokens_in);
  json.key("total_tokens_out").value(all.tokens_out);
  json.key("total_cost_usd").value(all.cost_usd);
  json.key("tool_breakdown");
  tools.write(json);
  json.key("agent_breakdown");
  agents.write(json);
  json.key("model_breakdown");
  models.write(json);
  json.key("branches").begin_array();
  TRY(auto branches, db.prepare("SELECT branch FROM sessions WHERE branch IS NOT NULL "
                                "GROUP BY branch ORDER BY max(last_event_at) DESC, branch"));
  for (;;) {
    TRY(const bool row, branches.step());
    if (!row) break;
    json.value(branches.text(0));
  }
  json.end_array();
  return out;
}

Result<std::string> read_usage_monitor(Database& db, const Settings& settings, base::Time now) {
  std::string out;
  base::json::Writer json(out);
  json.begin_array();
  struct Agent {
    std::string type;
    const UsageLimits& limits;
    bool in_tokens;
  };
  for (const Agent& agent :
       {Agent{"claude_code", settings.claude_code, true}, Agent{"codex", settings.codex, false}}) {
    const UsageLimits& limits = agent.limits;
    if (limits.session_limit <= 0 && limits.extended_limit <= 0 && limits.weekly_limit <= 0)
      continue;
    TRY(const auto seen, db.integer("SELECT 1 FROM sightline_kinds k JOIN sightline_totals t "
                                    "ON t.kind = k.id WHERE k.agent_type = ?1 LIMIT 1",
                                    agent.type));
    if (!seen) continue;
    json.begin_object().key("agent_type").value(agent.type);
    json.key("limitType").value(agent.in_tokens ? "tokens" : "cost").key("session");
    TRY_OK(write_window(db, json, agent.type, agent.in_tokens, limits.session_limit,
                        limits.session_window_hours, now));
    json.key("extended");
    if (limits.extended_limit > 0) {
      TRY_OK(write_window(db, json, agent.type, agent.in_tokens, limits.extended_limit,
                          limits.extended_window_hours, now));
    } else {
      json.null();
    }
    json.key("weekly");
    if (limits.weekly_limit > 0) {
      TRY_OK(write_window(db, json, agent.type, agent.in_tokens, limits.weekly_limit,
                          limits.weekly_window_hours, now));
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array();
  return out;
}

Result<bool> has_silent_sessions(Database& db, const Settings& settings, base::Time now) {
  const IdleLimits limits = idle_limits(now, settings.session_timeout);
  TRY(const auto found,
      db.integer(
          "SELECT EXISTS(SELECT 1 FROM sessions WHERE status = 'active' AND last_event_at < ?1) "
          "OR EXISTS(SELECT 1 FROM sessions WHERE status = 'idle' AND last_event_at < ?2)",
          limits.idle_before, limits.ended_before));
  return found.value_or(0) != 0;
}

}  // namespace monitor
