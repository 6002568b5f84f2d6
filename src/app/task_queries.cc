#include "task_queries.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace app {
namespace {

using net::Query;

constexpr std::int64_t kMostLimit = std::int64_t{1} << 40;  // more than there can be

std::optional<std::string_view> find(const Query& query, std::string_view name) {
  for (const auto& [key, value] : query.pairs())
    if (key == name) return value;
  return std::nullopt;
}

/// A whole number and nothing else.
std::optional<std::int64_t> integer(const Query& query, std::string_view name) {
  const auto text = find(query, name);
  if (!text) return std::nullopt;
  const std::string_view digits = base::trim(*text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::int64_t limit_of(const Query& query) {
  return std::clamp<std::int64_t>(integer(query, "limit").value_or(0), 0, kMostLimit);
}

std::optional<base::Time> moment(const Query& query) {
  const auto milliseconds = integer(query, "since.timestamp");
  if (!milliseconds || *milliseconds == 0) return std::nullopt;
  return base::Time(std::chrono::milliseconds(*milliseconds));
}

std::optional<std::string> event_id(const Query& query) {
  const auto id = find(query, "since.id");
  if (!id || id->empty()) return std::nullopt;
  return std::string(*id);
}

void read_lists(const Query& query, tasks::EventFilter& filter) {
  if (const auto types = find(query, "types")) filter.types.emplace(tasks::split_list(*types));
  if (const auto levels = find(query, "levels")) filter.levels = tasks::split_list(*levels);
}

/// Anything but `false` is true.
bool is_on(const Query& query, std::string_view name) { return find(query, name) != "false"; }

}  // namespace

TaskStreamQuery parse_stream_query(const net::Request& request, bool resumes_by_header) {
  const Query query = request.query();
  TaskStreamQuery asked;
  read_lists(query, asked.filter);
  asked.filter.include_status = is_on(query, "includeStatus");
  asked.is_wrapped = is_on(query, "wrap");
  if (find(query, "seriesFormat") == "accumulated") asked.format = SeriesFormat::accumulated;
  asked.since.id = event_id(query);
  asked.since.timestamp = moment(query);
  asked.since_index = integer(query, "since.index");
  for (const char* name : {"since.id", "since.index", "since.timestamp"})
    asked.has_cursor |= find(query, name).has_value();
  if (resumes_by_header && !asked.has_cursor && !request.header("last-event-id").empty()) {
    asked.since.id = request.header("last-event-id");
    asked.has_cursor = true;
  }
  asked.limit = limit_of(query);
  return asked;
}

TaskHistoryQuery parse_history_query(const net::Request& request) {
  const Query query = request.query();
  TaskHistoryQuery asked;
  asked.query.since = {event_id(query), integer(query, "since.index"), moment(query)};
  asked.query.limit = limit_of(query);
  asked.is_collapsed = find(query, "seriesFormat") == "accumulated";
  asked.query.with_series = asked.is_collapsed;
  return asked;
}

tasks::TaskFilter parse_task_filter(const net::Request& request) {
  const Query query = request.query();
  tasks::TaskFilter filter;
  const auto names = tasks::split_list(query.first("status"));
  for (const std::string& name : names)
    if (const auto status = tasks::parse_status(name)) filter.statuses.push_back(*status);
  filter.matches_none = !names.empty() && filter.statuses.empty();
  if (const std::string_view type = query.first("type"); !type.empty())
    filter.type = std::string(type);
  return filter;
}

tasks::EventFilter parse_global_filter(const net::Request& request) {
  const Query query = request.query();
  tasks::EventFilter filter;
  read_lists(query, filter);
  if (filter.types && filter.types->patterns().empty()) filter.types.reset();
  if (filter.levels && filter.levels->empty()) filter.levels.reset();
  return filter;
}

}  // namespace app
