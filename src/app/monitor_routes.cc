#include "monitor_routes.h"

#include <sys/stat.h>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time_text.h"
#include "monitor/statistics.h"

// Registration, GET /api/stats, GET /api/stream, GET /api/health; event_routes.cc,
// session_routes.cc and statistics_routes.cc have the rest.

namespace app {
namespace {

using base::Result;
using base::Task;
using net::Request;
using net::Response;

using Handler = Task<Response> (MonitorRoutes::*)(Request&);

}  // namespace

Response to_response(const base::Error& error) {
  switch (error.code) {
    case base::Errc::invalid_argument:
      return Response::error(400, error.what);
    case base::Errc::not_found:
      return Response::error(404, error.what);
    case base::Errc::conflict:
      return Response::error(409, error.what);
    case base::Errc::gone:
      return Response::error(410, error.what);
    case base::Errc::cancelled:
    case base::Errc::unavailable: {
      Response response = Response::error(503, error.what);
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    case base::Errc::corrupt:
      break;
  }
  base::log::error("internal error: {}", error.what);
  return Response::error(500, "internal server error");
}

MonitorRoutes::MonitorRoutes(Parts parts) : parts_(std::move(parts)) {}

void MonitorRoutes::add_to(net::Router& router) {
  const auto to = [this](Handler handler) {
    return [this, handler](Request& request) { return (this->*handler)(request); };
  };
  router.post("/api/events", to(&MonitorRoutes::post_event));
  router.get("/api/events", to(&MonitorRoutes::get_events));
  router.post("/api/events/batch", to(&MonitorRoutes::post_batch));
  router.get("/api/stats", to(&MonitorRoutes::get_statistics));
  router.get("/api/usage", to(&MonitorRoutes::get_usage));
  router.get("/api/stats/usage-monitor", to(&MonitorRoutes::get_usage_monitor));
  router.get("/api/stats/tools", to(&MonitorRoutes::get_tools));
  router.get("/api/stats/cost", to(&MonitorRoutes::get_cost));
  router.get("/api/sessions", to(&MonitorRoutes::get_sessions));
  router.get("/api/sessions/{id}", to(&MonitorRoutes::get_session));
  router.get("/api/sessions/{id}/transcript", to(&MonitorRoutes::get_transcript));
  router.get("/api/sessions/{id}/stream", to(&MonitorRoutes::get_session_stream));
  router.get("/api/filter-options", to(&MonitorRoutes::get_filter_options));
  router.get("/api/stream", to(&MonitorRoutes::get_stream));
  router.get("/api/health", to(&MonitorRoutes::get_health));
}

Task<Response> MonitorRoutes::get_statistics(Request& request) {
  const net::Query query_string = request.query();
  monitor::StatisticsFilter filter{std::string(query_string.first("agent_type")),
                                   std::string(query_string.first("since"))};
  auto members = co_await statistics(std::move(filter), false);
  if (!members) co_return to_response(members.error());
  co_return Response::json(200, "{" + *members + "}");
}

/// The members of the statistics, read after an idle check if one is due.
Task<Result<std::string>> MonitorRoutes::statistics(monitor::StatisticsFilter filter,
                                                    bool with_usage) {
  std::function<Result<std::string>(store::Database&)> read =
      [this, &filter, with_usage](store::Database& db) -> Result<std::string> {
    TRY(std::string members, monitor::read_statistics(db, filter));
    if (with_usage) {
      TRY(const std::string usage,
          monitor::read_usage_monitor(db, parts_.settings, parts_.clock.now()));
      members.append(",\"usage_monitor\":").append(usage);
    }
    return members;
  };
  co_return co_await query_after_idle_check<std::string>(std::move(read));
}

/// When the database cannot be written what is read is still worth having.
Task<void> MonitorRoutes::run_idle_check() {
  const auto idle = co_await parts_.ledger.check_idle();
  if (!idle) base::log::warn("idle check: {}", idle.error().what);
}

Task<Response> MonitorRoutes::get_usage_monitor(Request&) {
  std::function<Result<std::string>(store::Database&)> read = [this](store::Database& db) {
    return monitor::read_usage_monitor(db, parts_.settings, parts_.clock.now());
  };
  auto usage = co_await query<std::string>(std::move(read));
  if (!usage) co_return to_response(usage.error());
  co_return Response::json(200, std::move(*usage));
}

Task<Response> MonitorRoutes::get_health(Request&) {
  const auto uptime =
      std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - started_);
  // Once a second is often enough to look at a file.
  if (db_size_read_at_.exchange(uptime.count()) != uptime.count()) {
    struct stat file {};
    db_size_.store(::stat(parts_.db_path.c_str(), &file) == 0 ? file.st_size : 0);
  }
  std::string body;
  base::json::Writer json(body);
  json.begin_object().key("status").value("ok");
  json.key("uptime").value(uptime.count());
  json.key("db_size_bytes").value(db_size_.load());
  json.key("sse_clients").value(parts_.feed.live().subscribers()).end_object();
  co_return Response::json(200, std::move(body));
}

Task<Response> MonitorRoutes::get_stream(Request& request) {
  const net::Query query_string = request.query();
  monitor::StreamFilter filter;
  filter.agent_type = query_string.first("agent_type");
  filter.event_type = query_string.first("event_type");
  std::string last_event_id(request.header("last-event-id"));
  if (last_event_id.empty()) last_event_id = query_string.first("last_event_id");
  co_return open_stream(filter, std::move(last_event_id));
}

/// From its first event on, unless another is named.
Task<Response> MonitorRoutes::get_session_stream(Request& request) {
  monitor::StreamFilter filter;
  filter.session_id = request.params.text("id");
  std::function<Result<std::optional<std::string>>(store::Database&)> read =
      [&filter](store::Database& db) { return monitor::read_session(db, filter.session_id); };
  const auto session = co_await query<std::optional<std::string>>(std::move(read));
  if (!session) co_return to_response(session.error());
  if (!*session) co_return Response::error(404, "Session not found");
  const net::Query query_string = request.query();
  filter.event_type = query_string.first("event_type");
  std::string after(request.header("last-event-id"));
  if (after.empty()) after = query_string.first("last_event_id");
  co_return open_stream(filter, std::move(after));
}

Response MonitorRoutes::open_stream(const monitor::StreamFilter& filter,
                                    std::string last_event_id) {
  const std::size_t limit = parts_.settings.max_stream_clients;
  auto slot = std::make_shared<net::LiveFeed::Slot>(parts_.feed.live().take_slot(limit));
  if (!*slot) {
    std::string body;
    base::json::Writer json(body);
    json.begin_object().key("error").value("SSE client limit reached");
    json.key("max_clients").value(limit).end_object();
    Response full = Response::json(503, std::move(body));
    full.headers.emplace_back("Retry-After", "1");
    return full;
  }
  Response response = Response::text(200, "text/event-stream", {});
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  const Begin begin = filter.session_id.empty() ? Begin::newest : Begin::oldest;
  response.stream = [this, slot, channel = filter.channel(), begin,
                     last = std::move(last_event_id)](net::ResponseStream& stream) {
    return serve_stream(stream, channel, last, begin);
  };
  return response;
}

Task<void> MonitorRoutes::serve_stream(net::ResponseStream& stream, std::string channel,
                                       std::string last_event_id, Begin begin) {
  std::string hello = "data: ";
  base::json::Writer json(hello);
  json.begin_object().key("type").value("connected");
  json.key("timestamp").value(base::to_iso_ms(parts_.clock.now())).end_object();
  stream.send(net::share(hello + "\n\n"));

  const std::int64_t newest = parts_.feed.live().newest();
  std::int64_t after = begin == Begin::newest ? newest : 0;
  if (!last_event_id.empty()) {
    const bool is_number = last_event_id.find_first_not_of("0123456789") == last_event_id.npos;
    const std::int64_t asked = base::parse_leading_int(last_event_id).value_or(0);
    std::function<Result<std::int64_t>(store::Database&)> read = &monitor::oldest_event_id;
    const auto oldest = co_await query<std::int64_t>(std::move(read));
    // An id that was never given out (the database is another one), or rows that are gone: all of
    // them where there is no oldest.
    const std::int64_t first = oldest && *oldest > 0 ? *oldest : newest + 1;
    const bool is_gap = !is_number || asked > newest || (oldest && asked + 1 < first);
    after = is_number && asked <= newest ? asked : newest;
    if (is_gap) {
      std::string gap = "data: ";
      base::json::Writer notice(gap);
      notice.begin_object().key("type").value("gap").key("payload").begin_object();
      notice.key("last_event_id").value(base::cut_utf8(last_event_id, 64));
      notice.key("resumed_after").value(after).end_object().end_object();
      stream.send(net::share(gap + "\n\n"));
    }
  }
  co_await parts_.feed.live().serve(stream, std::move(channel), after);
}

Task<void> MonitorRoutes::broadcast_statistics() {
  // One at a time: where they take longer than the interval, the queue of queries would only grow.
  if (broadcasting_ || !parts_.feed.live().has_subscribers()) co_return;
  broadcasting_ = true;
  monitor::StatisticsFilter everything;
  auto members = co_await statistics(std::move(everything), true);
  broadcasting_ = false;
  if (!members) {
    base::log::warn("statistics for the stream: {}", members.error().what);
    co_return;
  }
  parts_.feed.publish_notice("{\"type\":\"stats\",\"payload\":{" + *members + "}}");
}

Task<void> MonitorRoutes::check_idle() {
  std::function<Result<bool>(store::Database&)> read = [this](store::Database& db) {
    return monitor::has_silent_sessions(db, parts_.settings, parts_.clock.now());
  };
  const auto due = co_await query<bool>(std::move(read));
  if (!due || !*due) co_return;
  const auto check = co_await parts_.ledger.check_idle();
  if (!check) {
    base::log::warn("idle check: {}", check.error().what);
    co_return;
  }
  if (check->idled == 0 || !parts_.feed.live().has_subscribers()) co_return;
  std::string notice;
  base::json::Writer json(notice);
  json.begin_object().key("type").value("session_update").key("payload").begin_object();
  json.key("type").value("idle_check").key("idled").value(check->idled).end_object().end_object();
  parts_.feed.publish_notice(std::move(notice));
}

}  // namespace app
