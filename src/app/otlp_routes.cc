#include "otlp_routes.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "json_body.h"
#include "monitor/otlp.h"
#include "monitor_routes.h"
#include "process_memory.h"

namespace app {
namespace {

using base::Result;
using base::Task;
using monitor::otlp::Encoding;
using monitor::otlp::Signal;
using monitor::otlp::StatusCode;
using net::Request;
using net::Response;

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kNotJson = R"({"error":"Invalid OTEL JSON payload"})";
constexpr std::string_view kNotProtobuf =
    R"({"error":"Protobuf not supported yet. Use JSON format.",)"
    R"("hint":"Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json"})";

// What a larger request needed is given back at once: an idle server stays small.
constexpr std::size_t kLargeBodyBytes = std::size_t{1} << 20;
constexpr std::size_t kManyEvents = 4096;

bool carries_protobuf(const Request& request) {
  const std::string type = base::to_lower(request.header("content-type"));
  return type.find("application/x-protobuf") != type.npos ||
         type.find("application/protobuf") != type.npos;
}

Response answer(Encoding encoding, int status, std::string body) {
  return encoding == Encoding::json ? Response::json(status, std::move(body))
                                    : Response::text(status, kProtobuf, std::move(body));
}

StatusCode code_of(int status) {
  switch (status) {
    case 413:
      return StatusCode::resource_exhausted;
    case 503:
      return StatusCode::unavailable;
    case 500:
      return StatusCode::internal;
    default:
      return StatusCode::invalid_argument;
  }
}

Response refuse(Encoding encoding, int status, std::string_view message) {
  return answer(encoding, status,
                monitor::otlp::to_status_body(encoding, code_of(status), message));
}

}  // namespace

OtlpRoutes::OtlpRoutes(monitor::Ledger& ledger, base::WorkerPool& pool,
                       monitor::ContractLimits limits, base::Metrics& metrics)
    : ledger_(ledger),
      pool_(pool),
      limits_(limits),
      records_(metrics.counter("sightline_otlp_records_total",
                               "log records, data points and spans received over OTLP")),
      rejected_(metrics.counter("sightline_otlp_rejected_total",
                                "of these, left out because their structure is broken")) {}

void OtlpRoutes::add_to(net::Router& router) {
  constexpr std::array<std::pair<std::string_view, Signal>, 3> kSignals = {
      {{"logs", Signal::logs}, {"metrics", Signal::metrics}, {"traces", Signal::traces}}};
  constexpr std::array<std::pair<std::string_view, Path>, 2> kPaths = {
      {{"/api/otel/v1/", Path::contract}, {"/v1/", Path::standard}}};
  for (const auto& [prefix, path] : kPaths)
    for (const auto& [name, signal] : kSignals) {
      const Call call{path, signal};
      router.post(
          std::string(prefix).append(name),
          [this, call](Request& request) { return post(request, call); }, kMaxBodyBytes);
    }
}

Task<Response> OtlpRoutes::post(Request& request, Call call) {
  if (carries_protobuf(request)) call.encoding = Encoding::protobuf;
  bool is_large = request.body.size() > kLargeBodyBytes;
  std::variant<Intake, Response> read{Intake()};
  if (is_large) {  // a worker's: this thread has other clients
    std::function<base::Result<std::variant<Intake, Response>>(std::size_t)> work =
        [this, &request, &call](std::size_t) -> base::Result<std::variant<Intake, Response>> {
      return this->read(request, call);
    };
    auto done = co_await pool_.run(work);
    if (!done) co_return to_response(done.error());
    read = std::move(*done);
  } else {
    read = this->read(request, call);
  }
  if (auto* refusal = std::get_if<Response>(&read)) co_return std::move(*refusal);
  Intake& intake = std::get<Intake>(read);
  is_large = is_large || intake.events.size() > kManyEvents;
  std::string().swap(request.body);  // nothing points into it any more

  if (!intake.events.empty()) {
    const auto stored = co_await ledger_.append(std::move(intake.events));
    if (!stored) {
      counters_.give_back(intake.taken);
      Response response = to_response(stored.error());
      if (call.path == Path::contract) co_return response;
      Response refusal = refuse(call.encoding, response.status,
                                response.status == 500 ? "internal error" : stored.error().what);
      refusal.headers = std::move(response.headers);
      co_return refusal;
    }
  }
  if (is_large) release_free_memory();
  records_.add(intake.received);
  rejected_.add(intake.rejected);
  const bool is_plain = call.path == Path::contract && call.encoding == Encoding::json;
  co_return answer(
      call.encoding, 200,
      monitor::otlp::to_response_body(call.encoding, call.signal, is_plain ? 0 : intake.rejected));
}

std::variant<OtlpRoutes::Intake, Response> OtlpRoutes::read(Request& request, const Call& call) {
  return call.encoding == Encoding::json ? read_json(request, call) : read_protobuf(request, call);
}

std::variant<OtlpRoutes::Intake, Response> OtlpRoutes::read_json(Request& request,
                                                                 const Call& call) {
  using base::json::Kind;
  const bool is_standard = call.path == Path::standard;
  if (is_standard && !carries_json(request))
    return refuse(call.encoding, 415,
                  "content type must be application/json or application/x-protobuf");
  if (auto refusal = read_text(request)) return std::move(*refusal);
  base::json::Document large;  // the thread's own would keep its size until it parses again
  const base::json::Value body = monitor::recover_json(
      request.body, request.body.size() > kLargeBodyBytes ? large : thread_document());
  if (is_standard && !body.is(Kind::object))
    return refuse(call.encoding, 400, "body is not an OTLP request: not a JSON object");
  if (!body.is(Kind::object) && !body.is(Kind::array))
    return Response::json(400, std::string(kNotJson));

  auto intake = map(call.signal, body);
  if (intake) return std::move(*intake);
  if (is_standard) return refuse(call.encoding, 413, intake.error().what);
  return Response::error(413, intake.error().what);
}

std::variant<OtlpRoutes::Intake, Response> OtlpRoutes::read_protobuf(const Request& request,
                                                                     const Call& call) {
  auto intake = map(call.signal, std::string_view(request.body));
  const bool is_large = !intake && intake.error().code == base::Errc::invalid_argument;
  if (call.path == Path::standard) {
    if (intake) return std::move(*intake);
    return refuse(call.encoding, is_large ? 413 : 400, intake.error().what);
  }
  // AgentMonitor takes no protobuf, and says so of whatever is none.
  if (intake && intake->received > 0) return std::move(*intake);
  if (is_large) return Response::error(413, intake.error().what);
  return Response::json(415, std::string(kNotProtobuf));
}

template <class Body>
Result<OtlpRoutes::Intake> OtlpRoutes::map(Signal signal, const Body& body) {
  Intake intake;
  const auto count = [&](const auto& request) {
    intake.received = request.received;
    intake.rejected = request.broken;
  };
  switch (signal) {
    case Signal::logs: {
      TRY(const auto logs, monitor::otlp::parse_logs(body));
      count(logs);
      intake.events = to_events(logs, limits_, &logged_);
      break;
    }
    case Signal::metrics: {
      TRY(const auto metrics, monitor::otlp::parse_metrics(body));
      count(metrics);
      auto mapped = to_events(metrics, limits_, counters_, &logged_);
      intake.events = std::move(mapped.events);
      intake.taken = std::move(mapped.taken);
      break;
    }
    case Signal::traces: {
      TRY(const auto traces, monitor::otlp::parse_traces(body));
      count(traces);
      intake.events = to_events(traces, limits_);
      break;
    }
  }
  return intake;
}

}  // namespace app
