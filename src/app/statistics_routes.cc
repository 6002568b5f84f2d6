#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "base/time_text.h"
#include "monitor/usage.h"
#include "monitor_routes.h"

// GET /api/stats/tools, GET /api/stats/cost, GET /api/usage, GET /api/filter-options

namespace app {
namespace {

using base::Result;
using base::Task;
using net::Request;
using net::Response;

constexpr std::size_t kDefaultProjects = 10;

monitor::StatisticsFilter filter_of(const net::Query& query) {
  return {std::string(query.first("agent_type")), std::string(query.first("since"))};
}

/// A number as a whole, unlike other limits: what is none, and 0, mean the default; below 0 there
/// is no limit; the fraction is cut off.
std::size_t project_limit(std::string_view text) {
  text = base::trim(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || std::isnan(number))
    return kDefaultProjects;
  if (number < 0) return std::numeric_limits<std::size_t>::max();
  if (number < 1) return kDefaultProjects;
  constexpr double kMost = 1e15;
  return static_cast<std::size_t>(std::min(number, kMost));
}

Response to_json_response(Result<std::string> json) {
  return json ? Response::json(200, std::move(*json)) : to_response(json.error());
}

/// A limit in time; nothing where there is none. `invalid_argument` when it is no date.
Result<std::optional<std::int64_t>> time_limit(const net::Query& query, std::string_view name) {
  const std::string text(query.first(name));
  if (text.empty()) return std::optional<std::int64_t>();
  const auto at = base::parse_date(text);
  if (!at)
    return base::Error{base::Errc::invalid_argument,
                       fmt::format("{}: \"{}\" must be a date, such as 2026-03-01T00:00:00Z", name,
                                   base::cut_utf8(text, 64))};
  return std::optional(std::chrono::floor<std::chrono::seconds>(*at).time_since_epoch().count());
}

}  // namespace

Task<Response> MonitorRoutes::get_usage(Request& request) {
  const net::Query query_string = request.query();
  const auto since = time_limit(query_string, "since");
  const auto until = time_limit(query_string, "until");
  if (!since || !until) co_return to_response(since ? until.error() : since.error());
  const monitor::UsageFilter filter{*since, *until, std::string(query_string.first("agent_type"))};
  std::function<Result<std::string>(store::Database&)> read = [&filter](store::Database& db) {
    return monitor::read_usage_sums(db, filter);
  };
  co_return to_json_response(co_await query<std::string>(std::move(read)));
}

Task<Response> MonitorRoutes::get_tools(Request& request) {
  const monitor::StatisticsFilter filter = filter_of(request.query());
  std::function<Result<std::string>(store::Database&)> read = [&filter](store::Database& db) {
    return monitor::read_tools(db, filter);
  };
  co_return to_json_response(co_await query<std::string>(std::move(read)));
}

Task<Response> MonitorRoutes::get_cost(Request& request) {
  const net::Query query_string = request.query();
  const monitor::StatisticsFilter filter = filter_of(query_string);
  const std::size_t projects = project_limit(query_string.first("limit"));
  std::function<Result<std::string>(store::Database&)> read = [&](store::Database& db) {
    return monitor::read_cost(db, filter, projects);
  };
  co_return to_json_response(co_await query<std::string>(std::move(read)));
}

Task<Response> MonitorRoutes::get_filter_options(Request&) {
  std::function<Result<std::string>(store::Database&)> read = &monitor::read_filter_options;
  co_return to_json_response(co_await query<std::string>(std::move(read)));
}

}  // namespace app
