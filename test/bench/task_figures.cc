#include <string>

#include "figures.h"
#include "load.h"

// What the task server does in a second, by the store that keeps its tasks.

namespace bench {
namespace {

constexpr int kConnections = 40;
constexpr int kBatch = 50;
constexpr std::chrono::seconds kWarmUp{1};

std::string to_request(std::string_view method, std::string_view path, std::string_view body) {
  std::string request(method);
  request.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  request.append("Content-Type: application/json\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return request;
}

std::string to_batch(std::string_view event) {
  std::string batch = "[";
  for (int i = 0; i < kBatch; ++i) batch.append(i > 0 ? "," : "").append(event);
  return batch + "]";
}

constexpr std::string_view kTask =
    R"({"type":"llm.chat","params":{"prompt":"sort these lines","model":"m"},"tags":["eu"]})";
constexpr std::string_view kEvent =
    R"({"type":"llm.text","level":"info","data":{"text":"The lines are sorted now, as asked."}})";

Result<void> send_once(std::uint16_t port, std::string request) {
  FixedRequest source(std::move(request));
  const Load load{
      .port = port, .connections = 1, .max_requests = 1, .max_time = std::chrono::seconds{10}};
  TRY(const LoadResult sent, run_load(load, source));
  if (sent.ok != 1) return Error{"a request was refused"};
  return {};
}

Result<void> measure(Lab& lab, Report& report, std::string_view figure, const std::string& value,
                     const std::string& storage, std::string_view path, std::string_view body,
                     int items) {
  TRY(const RunningServer server, lab.start_new({}, {"TASKCAST_STORAGE=" + storage}));
  const std::uint16_t port = server.process->port();
  TRY_OK(send_once(port, to_request("POST", "/tasks", R"({"id":"t"})")));
  TRY_OK(send_once(port, to_request("PATCH", "/tasks/t/status", R"({"status":"running"})")));
  FixedRequest source(to_request("POST", path, body));
  Load load{.port = port, .connections = kConnections, .max_time = kWarmUp};
  TRY(const LoadResult warm_up, run_load(load, source));
  load.max_time = lab.scale().ingest;
  TRY(LoadResult result, run_load(load, source));
  report.add(figure, value + "_per_s", result.ok_per_second() * items);
  report.add(figure, value + "_p99_ms", to_ms(percentile(result.latency_ns, 99)));
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  report.add(figure, value + "_peak_mb", to_mb(peak));
  if (warm_up.failed + result.failed > 0) report.add_problem(figure, "requests were refused");
  if (result.broken_connections > 0) report.add_problem(figure, "connections broke");
  return {};
}

Result<void> measure_all(Lab& lab, Report& report, std::string_view figure,
                         const std::string& storage) {
  constexpr std::string_view kEvents = "/tasks/t/events";
  TRY_OK(measure(lab, report, figure, "create", storage, "/tasks", kTask, 1));
  TRY_OK(measure(lab, report, figure, "publish", storage, kEvents, kEvent, 1));
  return measure(lab, report, figure, "batch", storage, kEvents, to_batch(kEvent), kBatch);
}

}  // namespace

Result<void> tasks_memory(Lab& lab, Report& report) {
  return measure_all(lab, report, "tasks_memory", "memory");
}

Result<void> tasks_sqlite(Lab& lab, Report& report) {
  return measure_all(lab, report, "tasks_sqlite", "sqlite");
}

}  // namespace bench
