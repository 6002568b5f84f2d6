#include "ingest_routes.h"

#include <fmt/format.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "json_body.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Task;
using base::json::Kind;
using collector::AgentEvent;
using net::Request;
using net::Response;

bool is_json(const Request& request) {
  const std::string type = net::media_type(request.header("content-type"));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

Result<AgentEvent> read_event(const base::json::Value& value) {
  TRY(AgentEvent event, collector::parse_event(value));
  // By its id it is known again: the second of two without one would be taken for the first.
  if (event.id.empty()) return Error{Errc::invalid_argument, "id must not be empty"};
  return event;
}

Result<std::vector<AgentEvent>> read_events(const base::json::Value& array) {
  if (!array.is(Kind::array)) return Error{Errc::invalid_argument, "the body must be an array"};
  std::vector<AgentEvent> events;
  for (const base::json::Value element : array.elements()) {
    auto event = read_event(element);
    if (!event) return std::move(event.error()).within(fmt::format("event {}", events.size()));
    events.push_back(std::move(*event));
  }
  return events;
}

Response busy(std::string_view why) {
  Response response = Response::error(503, why);
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

IngestRoutes::IngestRoutes(collector::Buffer& buffer, base::Metrics& metrics,
                           std::function<CollectionStatus()> status,
                           std::chrono::milliseconds ping_period)
    : buffer_(buffer),
      status_(std::move(status)),
      ping_period_(ping_period),
      ignored_(metrics.counter("sightline_collector_ignored_total",
                               "WebSocket messages that were no events")),
      evicted_(metrics.counter("sightline_buffer_evicted_total",
                               "events that made room for newer ones and were never sent")) {}

void IngestRoutes::add_to(net::Router& router) {
  router.get("/health", [this](Request& request) { return get_health(request); });
  router.post(
      "/events", [this](Request& request) { return post_events(request); }, kMaxBodyBytes);
  router.get("/ws", [this](Request& request) { return get_ws(request); });
}

void IngestRoutes::close() {
  for (net::WebSocket* socket : sockets_) socket->close(net::WebSocket::Close::going_away);
}

Task<Response> IngestRoutes::get_health(Request&) {
  const CollectionStatus status = status_();
  const collector::ForwarderState& forwarder = status.forwarder;
  const auto uptime = std::chrono::steady_clock::now() - begin_;
  std::uint64_t files = 0, behind = 0;
  for (const collector::AgentProgress& agent : status.logs.agents)
    files += agent.files, behind += agent.behind;
  std::string body;
  base::json::Writer json(body);
  json.begin_object().key("status").value("ok").key("version").value(SIGHTLINE_VERSION);
  json.key("uptime_seconds")
      .value(std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
  json.key("pending").value(forwarder.pending).key("capacity").value(buffer_.capacity());
  json.key("sent").value(forwarder.sent);
  json.key("failed_attempts").value(forwarder.failed_attempts);
  json.key("parked").value(forwarder.parked).key("evicted").value(evicted_.value());
  json.key("last_error").value_or_null(forwarder.last_error);
  json.key("events").value(status.items).key("files").value(files);
  json.key("lag_bytes").value(behind).key("broken").value(status.broken);
  json.key("failures").value(status.failures).key("ignored").value(ignored_.value());
  json.end_object();
  co_return Response::json(200, std::move(body));
}

/// Answered when the events are on disk. One that is wrong is reason to take none: the sender
/// could not tell which ones to send again.
Task<Response> IngestRoutes::post_events(Request& request) {
  if (!is_json(request))
    co_return Response::error(415, "the content type must be application/json");
  if (auto refusal = read_text(request)) co_return std::move(*refusal);
  std::vector<AgentEvent> events;
  {
    const auto document = thread_document().parse(request.body);
    if (!document) co_return Response::error(400, document.error().what);
    auto read = read_events(*document);
    if (!read) co_return Response::error(422, read.error().what);
    events = std::move(*read);
  }
  if (buffer_.room() <= 0) co_return busy("the buffer is full: the backend takes no events");
  const std::size_t accepted = events.size();
  auto stored = co_await buffer_.store(std::move(events), {}, collector::Buffer::WhenFull::exceed);
  if (!stored) {
    base::log::error("events could not be stored: {}", stored.error().what);
    co_return busy("the events could not be stored");
  }
  std::string body;
  base::json::Writer json(body);
  json.begin_object().key("status").value("success").key("accepted").value(accepted);
  json.key("failed").value(0).end_object();
  co_return Response::json(200, std::move(body));
}

Task<Response> IngestRoutes::get_ws(Request& request) {
  const bool wants_acks = request.query().first("ack") == "1";
  co_return net::open_websocket(
      request, [this, wants_acks](net::WebSocket& socket) { return serve(socket, wants_acks); },
      ping_period_);
}

/// While the buffer is full nothing is received, and the sender has to wait.
Task<void> IngestRoutes::serve(net::WebSocket& socket, bool wants_acks) {
  sockets_.insert(&socket);
  for (;;) {
    auto message = co_await socket.receive();
    if (!message) break;
    if (!message->is_text) {
      ignored_.add();
      continue;
    }
    const bool has_room = co_await buffer_.wait_for_room(1);
    if (!has_room) break;
    co_await take(socket, std::move(message->data), wants_acks);
  }
  sockets_.erase(&socket);
}

/// One event or an array of them; of an array those that are events.
Task<void> IngestRoutes::take(net::WebSocket& socket, std::string text, bool wants_acks) {
  std::vector<AgentEvent> events;
  std::vector<std::string> ids;
  const auto add = [&](const base::json::Value& value) {
    auto event = read_event(value);
    if (!event) return ignored_.add();
    ids.push_back(event->id);
    events.push_back(std::move(*event));
  };
  {
    const auto document = thread_document().parse(text);
    if (!document) {
      ignored_.add();
    } else if (document->is(Kind::array)) {
      for (const base::json::Value element : document->elements()) add(element);
    } else {
      add(*document);
    }
  }
  if (events.empty()) co_return;
  auto stored = co_await buffer_.store(std::move(events), {}, collector::Buffer::WhenFull::exceed);
  if (!stored) {
    // Without acks nobody would know: a sender that is cut off can.
    base::log::error("events could not be stored: {}", stored.error().what);
    socket.close(net::WebSocket::Close::internal_error, "the events could not be stored");
    co_return;
  }
  if (!wants_acks) co_return;
  for (const std::string& id : ids) {
    std::string ack;
    base::json::Writer(ack).begin_object().key("ack").value(id).end_object();
    socket.send_text(ack);
  }
}

Response unknown_route(const net::Router& router, const Request& request) {
  std::string allowed = router.allowed(request);
  if (allowed.empty()) return Response::error(404, "there is no such route");
  Response response = Response::error(405, "this route takes " + allowed);
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

}  // namespace app
