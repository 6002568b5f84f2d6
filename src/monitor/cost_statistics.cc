#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json_writer.h"
#include "base/saturating.h"
#include "monitor/statistics.h"
#include "monitor/usage.h"
#include "since.h"

namespace monitor {
namespace {

using base::Result;
using base::json::Writer;
using store::Database;
using store::NullIfEmpty;

struct Sums {
  std::int64_t events = 0, tokens_in = 0, tokens_out = 0;
  double cost_usd = 0;

  void add(const Sums& other) {
    events += other.events;
    tokens_in = base::saturating_add(tokens_in, other.tokens_in);
    tokens_out = base::saturating_add(tokens_out, other.tokens_out);
    cost_usd += other.cost_usd;
  }
};

Sums sums_of(const store::Statement& row, int column) {
  return {row.integer(column), row.integer(column + 1), row.integer(column + 2),
          row.real(column + 3)};
}

// ---- the timeline: by hours of the client's time, in order

struct Hour {
  std::int64_t hour;  // since 1970; that of unreadable times is before all others
  Sums sums;
};

void add_hour(std::vector<Hour>& hours, std::int64_t hour, const Sums& sums) {
  if (hours.empty() || hours.back().hour != hour) hours.push_back({hour, {}});
  hours.back().sums.add(sums);
}

Result<std::vector<Hour>> read_timeline(Database& db, const std::string& agent_type,
                                        const Since& since) {
  std::vector<Hour> hours;
  if (since.is_limited()) {  // the rest of the hour in which it lies
    const UsageFilter rest{since.seconds, since.first_hour * 3600, agent_type};
    TRY(const auto lines, read_usage(db, rest));
    for (const UsageLine& line : lines)
      add_hour(hours, since.first_hour - 1,
               {line.events, line.tokens_in, line.tokens_out, line.cost_usd});
  }
  TRY(auto rows, db.prepare("SELECT hour, events, tokens_in, tokens_out, cost_usd "
                            "FROM sightline_timeline_totals WHERE hour >= ?2 "
                            "AND (?1 IS NULL OR agent_type = ?1) ORDER BY hour"));
  rows.bind(NullIfEmpty{agent_type}, since.first_hour);
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return hours;
    add_hour(hours, rows.integer(0), sums_of(rows, 1));
  }
}

Result<void> write_timeline(Database& db, Writer& json, const std::vector<Hour>& hours) {
  for (const Hour& hour : hours) {
    json.begin_object().key("bucket");
    // SQLite writes the years that are before all calendars, too; a time that is none is null.
    TRY(const auto bucket,
        db.text("SELECT strftime('%Y-%m-%dT%H:00:00Z', ?1, 'unixepoch')", hour.hour * 3600));
    json.value_or_null(bucket.value_or(""));
    json.key("cost_usd").value(hour.sums.cost_usd);
    json.key("tokens_in").value(hour.sums.tokens_in);
    json.key("tokens_out").value(hour.sums.tokens_out);
    json.key("event_count").value(hour.sums.events).end_object();
  }
  return {};
}

// ---- projects and models: by the time of receipt, only what cost something

constexpr std::string_view kWholeHours =
    "SELECT session_id, model, events, tokens_in, tokens_out, cost_usd FROM sightline_cost_totals "
    "WHERE hour >= ?2 AND (?1 IS NULL OR agent_type = ?1)";
constexpr std::string_view kFirstHour =
    "SELECT session_id, coalesce(model, ''), count(*), total(tokens_in), total(tokens_out), "
    "total(cost_usd) FROM events WHERE cost_usd > 0 AND (?1 IS NULL OR agent_type = ?1) "
    "AND created_at >= ?2 AND created_at < ?3 GROUP BY 1, 2";

struct Hash : std::hash<std::string_view> {
  using is_transparent = void;
};
using SumsByName = std::unordered_map<std::string, Sums, Hash, std::equal_to<>>;

void add_to(SumsByName& all, std::string_view name, const Sums& sums) {
  auto found = all.find(name);
  if (found == all.end()) found = all.emplace(name, Sums()).first;
  found->second.add(sums);
}

struct Costs {
  SumsByName by_session, by_model;
};

Result<void> take_costs(store::Statement rows, Costs& costs) {
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return {};
    const Sums sums = sums_of(rows, 2);
    add_to(costs.by_session, rows.text(0), sums);
    if (!rows.text(1).empty()) add_to(costs.by_model, rows.text(1), sums);
  }
}

Result<Costs> read_costs(Database& db, const std::string& agent_type, const Since& since) {
  Costs costs;
  if (since.is_limited()) {
    TRY(auto rows, db.prepare(kFirstHour));
    rows.bind(NullIfEmpty{agent_type}, since.at, since.first_hour_at);
    TRY_OK(take_costs(std::move(rows), costs));
  }
  TRY(auto rows, db.prepare(kWholeHours));
  rows.bind(NullIfEmpty{agent_type}, since.first_hour);
  TRY_OK(take_costs(std::move(rows), costs));
  return costs;
}

struct Named {
  std::string name;
  Sums sums;
  std::int64_t sessions = 0;
};

/// The dearest first, equals by name.
void sort_by_cost(std::vector<Named>& all) {
  std::sort(all.begin(), all.end(), [](const Named& a, const Named& b) {
    return a.sums.cost_usd != b.sums.cost_usd ? a.sums.cost_usd > b.sums.cost_usd : a.name < b.name;
  });
}

Result<std::vector<Named>> read_projects(Database& db, const SumsByName& by_session) {
  std::unordered_map<std::string, Named> by_project;
  for (const auto& [session, sums] : by_session) {
    TRY(auto row, db.prepare("SELECT coalesce(project, 'unknown') FROM sessions WHERE id = ?1"));
    TRY(const bool found, row.bind(session).step());
    if (!found) continue;
    std::string name(row.text(0));
    Named& project = by_project[name];
    project.name = std::move(name);
    project.sums.add(sums);
    ++project.sessions;
  }
  std::vector<Named> projects;
  for (auto& [name, project] : by_project) projects.push_back(std::move(project));
  sort_by_cost(projects);
  return projects;
}

void write_projects(Writer& json, const std::vector<Named>& projects, std::size_t limit) {
  for (std::size_t i = 0; i < projects.size() && i < limit; ++i) {
    const Named& project = projects[i];
    json.begin_object().key("project").value(project.name);
    json.key("cost_usd").value(project.sums.cost_usd);
    json.key("session_count").value(project.sessions);
    json.key("event_count").value(project.sums.events).end_object();
  }
}

void write_models(Writer& json, const SumsByName& by_model) {
  std::vector<Named> models;
  for (const auto& [name, sums] : by_model) models.push_back({name, sums});
  sort_by_cost(models);
  for (const Named& model : models) {
    json.begin_object().key("model").value(model.name);
    json.key("cost_usd").value(model.sums.cost_usd);
    json.key("event_count").value(model.sums.events);
    json.key("tokens_in").value(model.sums.tokens_in);
    json.key("tokens_out").value(model.sums.tokens_out).end_object();
  }
}

}  // namespace

Result<std::string> read_cost(Database& db, const StatisticsFilter& filter, std::size_t projects) {
  TRY(const auto since, Since::read(db, filter.since));
  if (!since) return std::string(R"({"timeline":[],"by_project":[],"by_model":[]})");
  TRY(const auto hours, read_timeline(db, filter.agent_type, *since));
  TRY(const Costs costs, read_costs(db, filter.agent_type, *since));
  TRY(const auto all_projects, read_projects(db, costs.by_session));

  std::string out;
  Writer json(out);
  json.begin_object().key("timeline").begin_array();
  TRY_OK(write_timeline(db, json, hours));
  json.end_array().key("by_project").begin_array();
  write_projects(json, all_projects, projects);
  json.end_array().key("by_model").begin_array();
  write_models(json, costs.by_model);
  json.end_array().end_object();
  return out;
}

}  // namespace monitor
