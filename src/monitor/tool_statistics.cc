#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/json_writer.h"
#include "base/saturating.h"
#include "breakdown.h"
#include "monitor/statistics.h"
#include "since.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;
using store::Statement;

struct Tool {
  std::int64_t calls = 0, errors = 0, duration_ms = 0, durations = 0;
  Breakdown by_agent;
};
using Tools = std::map<std::string, Tool>;

// As those of statistics.cc. Columns: tool name, agent type, events, of these errors, sum of the
// durations, number of durations.
constexpr std::string_view kAllTime =
    "SELECT k.tool_name, k.agent_type, sum(t.events), sum(iif(k.status = 'error', t.events, 0)), "
    "total(t.duration_ms), sum(t.durations) "
    "FROM sightline_totals t JOIN sightline_kinds k ON k.id = t.kind "
    "WHERE k.tool_name <> '' AND (?1 IS NULL OR k.agent_type = ?1) GROUP BY 1, 2";
constexpr std::string_view kWholeHours =
    "SELECT k.tool_name, k.agent_type, sum(t.events), sum(iif(k.status = 'error', t.events, 0)), "
    "total(t.duration_ms), sum(t.durations) "
    "FROM sightline_hour_totals t JOIN sightline_kinds k ON k.id = t.kind "
    "WHERE k.tool_name <> '' AND (?1 IS NULL OR k.agent_type = ?1) AND t.hour >= ?2 GROUP BY 1, 2";
constexpr std::string_view kFirstHour =
    "SELECT tool_name, agent_type, count(*), sum(status = 'error'), total(duration_ms), "
    "count(duration_ms) FROM events WHERE tool_name <> '' AND (?1 IS NULL OR agent_type = ?1) "
    "AND created_at >= ?2 AND created_at < ?3 GROUP BY 1, 2";

Result<void> take_tools(Statement rows, Tools& tools) {
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return {};
    Tool& tool = tools[std::string(rows.text(0))];
    tool.calls += rows.integer(2);
    tool.errors += rows.integer(3);
    tool.duration_ms = base::saturating_add(tool.duration_ms, rows.integer(4));
    tool.durations += rows.integer(5);
    tool.by_agent.add(std::string(rows.text(1)), rows.integer(2));
  }
}

Result<Tools> read_all(Database& db, const std::string& agent_type, const Since& since) {
  const store::NullIfEmpty agent{agent_type};
  Tools tools;
  if (!since.is_limited()) {
    TRY(auto rows, db.prepare(kAllTime));
    rows.bind(agent);
    TRY_OK(take_tools(std::move(rows), tools));
    return tools;
  }
  {
    TRY(auto rows, db.prepare(kFirstHour));
    rows.bind(agent, since.at, since.first_hour_at);
    TRY_OK(take_tools(std::move(rows), tools));
  }
  TRY(auto rows, db.prepare(kWholeHours));
  rows.bind(agent, since.first_hour);
  TRY_OK(take_tools(std::move(rows), tools));
  return tools;
}

void write_tool(base::json::Writer& json, const std::string& name, const Tool& tool) {
  const auto calls = static_cast<double>(tool.calls);
  json.begin_object().key("tool_name").value(name);
  json.key("total_calls").value(tool.calls);
  json.key("error_count").value(tool.errors);
  json.key("error_rate").value(std::round(static_cast<double>(tool.errors) / calls * 1e4) / 1e4);
  json.key("avg_duration_ms");
  if (tool.durations > 0) {
    json.value(
        std::round(static_cast<double>(tool.duration_ms) / static_cast<double>(tool.durations)));
  } else {
    json.null();
  }
  json.key("by_agent");
  tool.by_agent.write(json);
  json.end_object();
}

}  // namespace

Result<std::string> read_tools(Database& db, const StatisticsFilter& filter) {
  Tools tools;
  TRY(const auto since, Since::read(db, filter.since));
  if (since) {
    TRY(tools, read_all(db, filter.agent_type, *since));
  }
  std::vector<const Tools::value_type*> order;
  for (const auto& tool : tools) order.push_back(&tool);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->second.calls > b->second.calls; });
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("tools").begin_array();
  for (const auto* tool : order) write_tool(json, tool->first, tool->second);
  json.end_array().end_object();
  return out;
}

}  // namespace monitor
