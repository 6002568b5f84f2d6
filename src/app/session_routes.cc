#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "monitor_routes.h"

// GET /api/sessions, GET /api/sessions/{id}, GET /api/sessions/{id}/transcript

namespace app {
namespace {

using base::Result;
using base::Task;
using net::Request;
using net::Response;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kDefaultSessions = 50;
constexpr std::int64_t kDefaultEvents = 10;

/// `],"total":N}`
std::string total_tail(std::size_t total) {
  std::string tail = "],\"total\":";
  base::json::append_int(tail, static_cast<std::int64_t>(total));
  return tail + "}";
}

/// The next page of `sessions`, which it is taken from.
std::span<const monitor::SessionHandle> take_page(std::span<const monitor::SessionHandle>& sessions,
                                                  std::int64_t rows) {
  const auto page = sessions.first(std::min(sessions.size(), static_cast<std::size_t>(rows)));
  sessions = sessions.subspan(page.size());
  return page;
}

/// How many events of a session are asked for.
std::int64_t event_limit(const net::Query& query) {
  std::string_view text = query.first("event_limit");
  if (text.empty()) text = query.first("limit");
  const std::int64_t limit = base::parse_leading_int(text).value_or(kDefaultEvents);
  return limit < 0 ? kAll : limit;
}

}  // namespace

Task<Response> MonitorRoutes::get_sessions(Request& request) {
  const net::Query query_string = request.query();
  const auto text = [&](std::string_view name) { return std::string(query_string.first(name)); };
  const monitor::SessionFilter filter{text("status"), text("exclude_status"), text("agent_type"),
                                      text("since")};
  const std::int64_t asked =
      base::parse_leading_int(query_string.first("limit")).value_or(kDefaultSessions);
  const std::int64_t limit = asked <= 0 ? kAll : asked;

  struct First {
    std::vector<monitor::SessionHandle> sessions;
    monitor::SessionRows page;
  };
  std::function<Result<First>(store::Database&)> read_first =
      [&](store::Database& db) -> Result<First> {
    TRY(auto sessions, monitor::find_sessions(db, filter, limit));
    std::span<const monitor::SessionHandle> all = sessions;
    TRY(auto page, monitor::read_sessions(db, take_page(all, kPageRows)));
    return First{std::move(sessions), std::move(page)};
  };
  auto first = co_await query_after_idle_check<First>(std::move(read_first));
  if (!first) co_return to_response(first.error());
  if (first->sessions.size() <= static_cast<std::size_t>(kPageRows))
    co_return Response::json(200,
                             "{\"sessions\":[" + first->page.rows + total_tail(first->page.count));

  // Too long for memory. Which sessions it has is settled: one that changes its place meanwhile
  // comes neither twice nor not at all.
  Response response;
  response.stream = [this, sessions = std::move(first->sessions),
                     page = std::move(first->page)](net::ResponseStream& stream) {
    return stream_sessions(stream, sessions, page);
  };
  co_return response;
}

Task<void> MonitorRoutes::stream_sessions(net::ResponseStream& stream,
                                          std::vector<monitor::SessionHandle> sessions,
                                          monitor::SessionRows page) {
  std::span<const monitor::SessionHandle> left = sessions;
  (void)take_page(left, kPageRows);
  std::size_t total = page.count;
  stream.send(net::share("{\"sessions\":[" + page.rows));
  while (!left.empty()) {
    co_await stream.drained();
    if (stream.is_closed()) break;
    const std::span<const monitor::SessionHandle> next = take_page(left, kPageRows);
    std::function<Result<monitor::SessionRows>(store::Database&)> read_next =
        [next](store::Database& db) { return monitor::read_sessions(db, next); };
    auto rows = co_await query<monitor::SessionRows>(std::move(read_next));
    if (!rows) {
      stream.close();  // cut short: the client sees a broken body, not a short list
      co_return;
    }
    if (rows->count == 0) continue;
    stream.send(net::share((total > 0 ? "," : "") + rows->rows));
    total += rows->count;
  }
  // Ended by a stop of the server: without its last chunk, or it would pass for a whole body.
  if (stream.is_closed()) stream.close();
  stream.send(net::share(total_tail(total)));
}

Task<Response> MonitorRoutes::get_session(Request& request) {
  const net::Query query_string = request.query();
  const std::int64_t limit = event_limit(query_string);
  monitor::EventFilter filter;
  filter.session_id = request.params.text("id");

  struct First {
    std::optional<std::string> session;
    monitor::EventPage page;
  };
  const std::int64_t first_rows = std::min(limit, kPageRows);
  std::function<Result<First>(store::Database&)> read_first =
      [&](store::Database& db) -> Result<First> {
    TRY(auto session, monitor::read_session(db, filter.session_id));
    if (!session) return First{};
    TRY(auto page, monitor::read_events(db, filter, std::nullopt, 0, first_rows));
    return First{std::move(session), std::move(page)};
  };
  auto first = co_await query<First>(std::move(read_first));
  if (!first) co_return to_response(first.error());
  if (!first->session) co_return Response::error(404, "Session not found");

  const std::string head = "{\"session\":" + *first->session + ",\"events\":[";
  if (limit <= kPageRows || first->page.count < static_cast<std::size_t>(kPageRows))
    co_return Response::json(200, head + first->page.rows + "]}");
  Response response;
  response.stream = [this, head, filter, page = std::move(first->page),
                     left = limit - kPageRows](net::ResponseStream& stream) {
    return stream_events(stream, head, filter, page, left, "]}");
  };
  co_return response;
}

Task<Response> MonitorRoutes::get_transcript(Request& request) {
  const std::string session_id = request.params.text("id");
  std::function<Result<monitor::TranscriptPage>(store::Database&)> read_first =
      [&](store::Database& db) {
        return monitor::read_transcript(db, session_id, std::nullopt, kPageRows);
      };
  auto page = co_await query<monitor::TranscriptPage>(std::move(read_first));
  if (!page) co_return to_response(page.error());
  if (page->count == 0) co_return Response::error(404, "No transcript data for this session");

  std::string head = "{\"session_id\":";
  base::json::append_string(head, session_id);
  head += ",\"entries\":[";
  if (page->count < static_cast<std::size_t>(kPageRows))
    co_return Response::json(200, head + page->entries + "]}");
  Response response;
  response.stream = [this, head, session_id, page = std::move(*page)](net::ResponseStream& stream) {
    return stream_transcript(stream, head, session_id, page);
  };
  co_return response;
}

Task<void> MonitorRoutes::stream_transcript(net::ResponseStream& stream, std::string head,
                                            std::string session_id, monitor::TranscriptPage page) {
  stream.send(net::share(head + page.entries));
  while (page.count == static_cast<std::size_t>(kPageRows) && page.end) {
    co_await stream.drained();
    if (stream.is_closed()) break;
    const monitor::EventPosition end = *page.end;
    std::function<Result<monitor::TranscriptPage>(store::Database&)> read_next =
        [&session_id, &end](store::Database& db) {
          return monitor::read_transcript(db, session_id, end, kPageRows);
        };
    auto next = co_await query<monitor::TranscriptPage>(std::move(read_next));
    if (!next) {
      stream.close();  // cut short: the client sees a broken body, not a short list
      co_return;
    }
    page = std::move(*next);
    if (page.count > 0) stream.send(net::share("," + page.entries));
  }
  // Ended by a stop of the server: without its last chunk, or it would pass for a whole body.
  if (stream.is_closed()) stream.close();
  stream.send(net::share("]}"));
}

}  // namespace app
