#include <string>

#include "figures.h"
#include "load.h"
#include "task_requests.h"

// What the task server does in a second, by the store that keeps its tasks.

namespace bench {
namespace {

constexpr int kConnections = 40;
constexpr int kBatch = 50;
constexpr std::chrono::seconds kWarmUp{1};

constexpr std::string_view kTask =
    R"({"type":"llm.chat","params":{"prompt":"sort these lines","model":"m"},"tags":["eu"]})";

Result<void> measure(Lab& lab, Report& report, std::string_view figure, const std::string& value,
                     const std::string& storage, std::string_view path, std::string_view body,
                     int items) {
  TRY(const RunningServer server, lab.start_new({}, {"TASKCAST_STORAGE=" + storage}));
  const std::uint16_t port = server.process->port();
  TRY_OK(make_running_task(port));
  FixedRequest source(to_task_request("POST", path, body));
  Load load{.port = port, .connections = kConnections, .max_time = kWarmUp};
  TRY(const LoadResult warm_up, run_load(load, source));
  load.max_time = lab.scale().ingest;
  TRY(LoadResult result, run_load(load, source));
  report.add(figure, value + "_per_s", result.ok_per_second() * items);
  report.add(figure, value + "_p99_ms", to_ms(percentile(result.latency_ns, 99)));
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  report.add(figure, value + "_peak_mb", to_mb(peak));
  check_replies(report, figure, warm_up);
  check_replies(report, figure, result);
  return {};
}

Result<void> measure_all(Lab& lab, Report& report, std::string_view figure,
                         const std::string& storage) {
  TRY_OK(measure(lab, report, figure, "create", storage, "/tasks", kTask, 1));
  TRY_OK(measure(lab, report, figure, "publish", storage, kTaskEvents, kTaskEvent, 1));
  return measure(lab, report, figure, "batch", storage, kTaskEvents,
                 to_task_batch(kTaskEvent, kBatch), kBatch);
}

}  // namespace

Result<void> tasks_memory(Lab& lab, Report& report) {
  return measure_all(lab, report, "tasks_memory", "memory");
}

Result<void> tasks_sqlite(Lab& lab, Report& report) {
  return measure_all(lab, report, "tasks_sqlite", "sqlite");
}

}  // namespace bench
