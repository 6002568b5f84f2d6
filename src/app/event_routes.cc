#include <algorithm>
#include <limits>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "hub_routes.h"
#include "json_body.h"
#include "monitor/event_query.h"
#include "monitor_routes.h"

// POST /api/events, POST /api/events/batch, GET /api/events

namespace app {
namespace {

using base::Result;
using base::Task;
using monitor::Event;
using monitor::FieldErrors;
using net::Request;
using net::Response;

constexpr std::int64_t kDefaultLimit = 50;

constexpr std::string_view kNotABatch = R"({"error":"Expected { events: [...] }"})";

/// What a batch holds: valid events, and the positions of the others.
struct Batch {
  std::vector<Event> events;
  std::string rejected = "[";
};

/// `false` when the body is no batch.
bool parse_batch(const base::json::Value& value, const monitor::ContractLimits& limits,
                 Batch& batch) {
  if (!value.is(base::json::Kind::object)) return false;
  const auto events = value.find("events");
  if (!events || !events->is(base::json::Kind::array)) return false;
  batch.events.reserve(events->size());
  base::json::Writer rejected(batch.rejected);
  std::size_t index = 0;
  for (const base::json::Value& item : events->elements()) {
    auto parsed = monitor::parse_event(item, limits);
    if (auto* event = std::get_if<Event>(&parsed)) {
      batch.events.push_back(std::move(*event));
    } else {
      rejected.begin_object().key("index").value(index).key("errors").begin_array();
      for (const monitor::FieldError& error : std::get<FieldErrors>(parsed))
        rejected.value(error.field + ": " + error.message);
      rejected.end_array().end_object();
    }
    ++index;
  }
  batch.rejected += ']';
  return true;
}

/// Starts the answer to an ingest: how many were stored, their ids, how many were there already.
void write_outcome(base::json::Writer& json, const monitor::AppendResult& result) {
  std::size_t stored = 0;
  for (const std::int64_t id : result.ids) stored += id != 0;
  json.key("received").value(stored).key("ids").begin_array();
  for (const std::int64_t id : result.ids)
    if (id != 0) json.value(id);
  json.end_array().key("duplicates").value(result.ids.size() - stored);
}

}  // namespace

Task<Response> MonitorRoutes::post_event(Request& request) {
  if (auto refusal = read_text(request)) co_return std::move(*refusal);
  const base::json::Value value = monitor::recover_json(request.body, thread_document());
  if (HubRoutes::is_collected_event(value)) co_return co_await parts_.hub.store_event(value);
  auto parsed = monitor::parse_event(value, limits());
  if (const auto* errors = std::get_if<FieldErrors>(&parsed))
    co_return Response::json(400, monitor::to_json(*errors));

  std::vector<Event> events;
  events.push_back(std::move(std::get<Event>(parsed)));
  auto result = co_await parts_.ledger.append(std::move(events));
  if (!result) co_return to_response(result.error());
  std::string body;
  base::json::Writer json(body);
  json.begin_object();
  write_outcome(json, *result);
  json.end_object();
  co_return Response::json(result->ids.front() != 0 ? 201 : 200, std::move(body));
}

Task<Response> MonitorRoutes::post_batch(Request& request) {
  if (auto refusal = read_text(request)) co_return std::move(*refusal);
  const base::json::Value value = monitor::recover_json(request.body, thread_document());
  if (HubRoutes::is_collected_batch(value)) co_return co_await parts_.hub.store_events(value);
  Batch batch;
  if (!parse_batch(value, limits(), batch)) co_return Response::json(400, std::string(kNotABatch));
  std::string().swap(request.body);  // nothing points into it any more

  monitor::AppendResult stored;
  if (!batch.events.empty()) {
    auto result = co_await parts_.ledger.append(std::move(batch.events));
    if (!result) co_return to_response(result.error());
    stored = std::move(*result);
  }
  std::string body;
  base::json::Writer json(body);
  json.begin_object();
  write_outcome(json, stored);
  json.key("rejected").raw(batch.rejected).end_object();
  co_return Response::json(201, std::move(body));
}

Task<Response> MonitorRoutes::get_events(Request& request) {
  const net::Query query_string = request.query();
  const auto text = [&](std::string_view name) { return std::string(query_string.first(name)); };
  monitor::EventFilter filter{text("agent_type"), text("event_type"), text("tool_name"),
                              text("session_id"), text("branch"),     text("model"),
                              text("source"),     text("since"),      text("until")};
  // 0 and what is no number mean the default; below 0 there is no limit.
  const std::int64_t asked =
      base::parse_leading_int(query_string.first("limit")).value_or(kDefaultLimit);
  const std::int64_t limit = asked == 0  ? kDefaultLimit
                             : asked < 0 ? std::numeric_limits<std::int64_t>::max()
                                         : asked;
  const std::int64_t offset = std::clamp<std::int64_t>(
      base::parse_leading_int(query_string.first("offset")).value_or(0), 0, std::int64_t{1} << 60);

  struct First {
    monitor::EventPage page;
    std::int64_t total;
  };
  const std::int64_t first_rows = std::min(limit, kPageRows);
  std::function<Result<First>(store::Database&)> read_first =
      [&](store::Database& db) -> Result<First> {
    TRY(auto page, monitor::read_events(db, filter, std::nullopt, offset, first_rows));
    TRY(const auto total, monitor::count_events(db, filter));
    return First{std::move(page), total};
  };
  auto first = co_await query<First>(std::move(read_first));
  if (!first) co_return to_response(first.error());

  const bool complete =
      limit <= kPageRows || first->page.count < static_cast<std::size_t>(kPageRows);
  std::string tail;
  base::json::Writer json(tail);
  json.key("total").value(first->total);
  tail = "]," + tail + "}";
  if (complete) co_return Response::json(200, "{\"events\":[" + first->page.rows + tail);

  // Too long for memory: page by page, each read when the client has taken the one before.
  Response response;
  response.stream = [this, filter, tail, page = first->page,
                     left = limit - kPageRows](net::ResponseStream& stream) {
    return stream_events(stream, "{\"events\":[", filter, page, left, tail);
  };
  co_return response;
}

Task<void> MonitorRoutes::stream_events(net::ResponseStream& stream, std::string head,
                                        monitor::EventFilter filter, monitor::EventPage page,
                                        std::int64_t left, std::string tail) {
  stream.send(net::share(head + page.rows));
  while (left > 0 && page.count == static_cast<std::size_t>(kPageRows) && page.end) {
    co_await stream.drained();
    if (stream.is_closed()) break;
    const monitor::EventPosition end = *page.end;
    const std::int64_t rows = std::min(left, kPageRows);
    std::function<Result<monitor::EventPage>(store::Database&)> read_next =
        [&filter, &end, rows](store::Database& db) {
          return monitor::read_events(db, filter, end, 0, rows);
        };
    auto next = co_await query<monitor::EventPage>(std::move(read_next));
    if (!next) {
      stream.close();  // cut short: the client sees a broken body, not a short list
      co_return;
    }
    page = std::move(*next);
    left -= rows;
    if (page.count > 0) stream.send(net::share("," + page.rows));
  }
  // Ended by a stop of the server: without its last chunk, or it would pass for a whole body.
  if (stream.is_closed()) stream.close();
  stream.send(net::share(tail));
}

}  // namespace app
