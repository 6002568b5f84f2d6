#include "usage_report.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <time.h>

#include <filesystem>
#include <map>
#include <thread>

#include "base/log.h"
#include "base/saturating.h"
#include "base/time_text.h"
#include "monitor/log_usage.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using store::Database;

// As monitor::read_usage, but by session or project: over the events, for no sums are kept of
// these. {key}: what the rows are for.
constexpr std::string_view kOverEvents = R"sql(
SELECT {key}, e.agent_type, coalesce(e.model, ''), total(e.tokens_in), total(e.tokens_out),
  total(e.cache_write_tokens), total(e.cache_read_tokens), total(d.reasoning_tokens),
  total(e.cost_usd),
  sum(e.tokens_in + e.tokens_out > 0 AND e.cost_usd IS NULL),
  max(coalesce(e.client_timestamp, e.created_at)), coalesce(s.project, '')
FROM events e LEFT JOIN sightline_usage_details d ON d.event = e.id
  LEFT JOIN sessions s ON s.id = e.session_id
WHERE (e.tokens_in > 0 OR e.tokens_out > 0 OR e.cache_read_tokens > 0 OR e.cache_write_tokens > 0
    OR e.cost_usd > 0)
  AND (?1 IS NULL OR e.agent_type = ?1)
  AND (?2 IS NULL
    OR CAST(strftime('%s', coalesce(e.client_timestamp, e.created_at)) AS INTEGER) >= ?2)
  AND (?3 IS NULL
    OR CAST(strftime('%s', coalesce(e.client_timestamp, e.created_at)) AS INTEGER) < ?3)
  AND (?4 IS NULL OR coalesce(nullif(e.project, ''), s.project) = ?4)
GROUP BY 1, 2, 3)sql";

constexpr const char* kNoDate = "(no date)";

/// Codex counts cached tokens as input, too.
std::int64_t total_of(const std::string& agent_type, const UsageSums& s) {
  const std::int64_t both = base::saturating_add(s.input, s.output);
  if (agent_type == "codex") return both;
  return base::saturating_add(both, base::saturating_add(s.cache_write, s.cache_read));
}

std::string local_day(std::int64_t at, const char* format) {
  const ::time_t seconds = at;
  ::tm local{};
  ::localtime_r(&seconds, &local);
  char text[32];
  return {text, ::strftime(text, sizeof text, format, &local)};
}

/// The first second of a day in the zone, `days` after the one that is named.
Result<std::optional<std::int64_t>> day_start(std::string day, int days, std::string_view flag) {
  if (day.empty()) return std::optional<std::int64_t>();
  const Error wrong{Errc::invalid_argument,
                    fmt::format("--{}: \"{}\" must be a day, such as 2026-03-01", flag, day)};
  if (day.size() == 8) day = day.substr(0, 4) + "-" + day.substr(4, 2) + "-" + day.substr(6);
  const auto parsed = base::parse_date(day);
  if (!parsed || base::to_iso_ms(*parsed).substr(0, 10) != day) return wrong;
  ::tm local{};
  local.tm_year = std::stoi(day.substr(0, 4)) - 1900;
  local.tm_mon = std::stoi(day.substr(5, 2)) - 1;
  local.tm_mday = std::stoi(day.substr(8)) + days;
  local.tm_isdst = -1;
  return std::optional<std::int64_t>(::mktime(&local));
}

class Builder {
 public:
  void add(const std::string& key, const std::string& agent, const std::string& model,
           UsageSums sums, const std::string& project = {}, const std::string& last = {}) {
    sums.total = total_of(agent, sums);
    if (sums.total == 0 && sums.cost_usd == 0) return;
    UsageRow& row = rows_[{key, agent}];
    row.key = key;
    row.agent_type = agent;
    row.project = project;
    row.last_activity = std::max(row.last_activity, last);
    row.sums.add(sums);
    auto& models = models_[{key, agent}];
    models[model].add(sums);
    report_.sums.add(sums);
    if (sums.unpriced > 0) report_.unpriced_models.insert(model.empty() ? "(no model)" : model);
  }

  UsageReport finish() {
    for (auto& [key, row] : rows_) {
      for (auto& [model, sums] : models_[key]) row.models.emplace_back(model, sums);
      report_.rows.push_back(std::move(row));
    }
    return std::move(report_);
  }

 private:
  using Key = std::pair<std::string, std::string>;
  std::map<Key, UsageRow> rows_;
  std::map<Key, std::map<std::string, UsageSums>> models_;
  UsageReport report_;
};

/// A session has a project and a last moment; what else is summed up over events has none.
const char* key_of_event(UsageBy by) {
  switch (by) {
    case UsageBy::session:
      return "e.session_id";
    case UsageBy::project:
      return "coalesce(nullif(e.project, ''), nullif(s.project, ''), '(none)')";
    case UsageBy::model:
      return "coalesce(nullif(e.model, ''), '(none)')";
    case UsageBy::day:
    case UsageBy::month:  // quarters of an hour, of which the days of any zone are made
      return "CAST(strftime('%s', coalesce(e.client_timestamp, e.created_at)) AS INTEGER) / 900";
    case UsageBy::all:
      break;
  }
  return "'All'";
}

std::string day_or_month(UsageBy by, std::int64_t at) {
  return local_day(at, by == UsageBy::day ? "%Y-%m-%d" : "%Y-%m");
}

Result<void> add_events(Database& db, const UsageRequest& request,
                        const monitor::UsageFilter& filter, Builder& builder) {
  const UsageBy by = request.by;
  TRY(auto rows,
      db.prepare(fmt::format(fmt::runtime(kOverEvents), fmt::arg("key", key_of_event(by)))));
  rows.bind(store::NullIfEmpty{filter.agent_type}, filter.from, filter.until,
            store::NullIfEmpty{request.project});
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return {};
    UsageSums s;
    s.input = rows.integer(3);
    s.output = rows.integer(4);
    s.cache_write = rows.integer(5);
    s.cache_read = rows.integer(6);
    s.reasoning = rows.integer(7);
    s.cost_usd = rows.real(8);
    s.unpriced = rows.integer(9);
    std::string key(rows.text(0));
    if (by == UsageBy::day || by == UsageBy::month)
      key = rows.is_null(0) ? kNoDate : day_or_month(by, rows.integer(0) * 900);
    const bool is_session = by == UsageBy::session;
    builder.add(key, std::string(rows.text(1)), std::string(rows.text(2)), s,
                is_session ? std::string(rows.text(11)) : "",
                is_session ? std::string(rows.text(10)) : "");
  }
}

void add_lines(const std::vector<monitor::UsageLine>& lines, UsageBy by, Builder& builder) {
  for (const monitor::UsageLine& line : lines) {
    UsageSums s;
    s.input = line.tokens_in;
    s.output = line.tokens_out;
    s.cache_write = line.cache_write_tokens;
    s.cache_read = line.cache_read_tokens;
    s.reasoning = line.reasoning_tokens;
    s.cost_usd = line.cost_usd;
    s.unpriced = line.unpriced;
    std::string key = by == UsageBy::all ? "All" : line.model.empty() ? "(none)" : line.model;
    if (by == UsageBy::day || by == UsageBy::month)
      key = line.start ? day_or_month(by, *line.start) : kNoDate;
    builder.add(key, line.agent_type, line.model, s);
  }
}

Result<monitor::UsageFilter> filter_of(const UsageRequest& request) {
  monitor::UsageFilter filter;
  TRY(filter.from, day_start(request.since, 0, "since"));
  TRY(filter.until, day_start(request.until, 1, "until"));
  filter.agent_type = request.agent_type == "claude" ? "claude_code" : request.agent_type;
  return filter;
}

}  // namespace

void UsageSums::add(const UsageSums& other) {
  input = base::saturating_add(input, other.input);
  output = base::saturating_add(output, other.output);
  cache_write = base::saturating_add(cache_write, other.cache_write);
  cache_read = base::saturating_add(cache_read, other.cache_read);
  reasoning = base::saturating_add(reasoning, other.reasoning);
  total = base::saturating_add(total, other.total);
  unpriced += other.unpriced;
  cost_usd += other.cost_usd;
}

Result<void> use_time_zone(const std::string& name) {
  if (name.empty()) return {};
  std::error_code ignored;
  const bool is_path = name.starts_with('/') || name.find("..") != name.npos;
  if (name != "UTC" &&
      (is_path || !std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name, ignored)))
    return Error{Errc::invalid_argument,
                 fmt::format("--timezone: \"{}\" must be a name such as Europe/Berlin", name)};
  ::setenv("TZ", name == "UTC" ? "UTC0" : name.c_str(), 1);
  ::tzset();
  return {};
}

Result<UsageReport> make_usage_report(Database& db, const UsageRequest& request) {
  TRY(const monitor::UsageFilter filter, filter_of(request));
  Builder builder;
  if (request.by == UsageBy::session || request.by == UsageBy::project ||
      !request.project.empty()) {
    TRY_OK(add_events(db, request, filter, builder));
  } else {
    TRY(const auto lines, monitor::read_usage(db, filter));
    add_lines(lines, request.by, builder);
  }
  return builder.finish();
}

Result<UsageReport> make_usage_report(const agents::Places& places, const monitor::Pricing& pricing,
                                      const UsageRequest& request) {
  if (request.by == UsageBy::session || request.by == UsageBy::project || !request.project.empty())
    return Error{Errc::invalid_argument,
                 "--logs: not by session or project; import the logs instead"};
  TRY(const monitor::UsageFilter filter, filter_of(request));
  monitor::LogUsage usage(places);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i)
      threads.emplace_back([&usage] { usage.work(); });
    usage.work();
  }
  for (const std::string& problem : usage.problems()) base::log::warn("not read: {}", problem);
  Builder builder;
  add_lines(usage.lines(pricing, filter), request.by, builder);
  return builder.finish();
}

}  // namespace app
