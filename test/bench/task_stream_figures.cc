#include <algorithm>
#include <string>
#include <thread>

#include "figures.h"
#include "history.h"
#include "load.h"
#include "subscribers.h"
#include "task_requests.h"

// What followers of one task get from `sightline tasks start`, how soon, and what that costs.

namespace bench {
namespace {

using std::chrono::seconds;
using Mode = StreamScanner::Mode;
using Ready = Subscription::Ready;

constexpr int kPacedConnections = 8;  // one is always free
constexpr int kPublishers = 40;
constexpr std::uint64_t kWarmUpEvents = 200;
constexpr seconds kWarmUpLimit{10};
constexpr seconds kIdle{1};

constexpr int kIdleStreams = 10'000;
constexpr int kResuming = 1000;
constexpr int kMissedBatch = 500;
constexpr std::uint64_t kOtherFiles = 100;  // this program has open, or a server, beside streams

// Events without those of the task's status, so that each client gets what was published.
constexpr std::string_view kTarget = "/tasks/t/events?types=llm.text";

Result<std::unique_ptr<Subscribers>> follow(std::uint16_t port, int clients, Mode mode,
                                            Ready ready = Ready::head,
                                            const std::string& cursor = {}) {
  TRY_OK(allow_open_files(static_cast<std::uint64_t>(clients) + kOtherFiles));
  return Subscribers::connect({.port = port,
                               .clients = clients,
                               .mode = mode,
                               .stream = StreamScanner::Stream::task,
                               .target = std::string(kTarget) + cursor,
                               .ready = ready});
}

void check_delivery(Report& report, std::string_view figure, const std::string& who,
                    const Delivery& delivery) {
  if (delivery.refused > 0)
    report.add_problem(figure, who + ": " + std::to_string(delivery.refused) + " were refused");
  if (delivery.disconnected > 0)
    report.add_problem(figure,
                       who + ": " + std::to_string(delivery.disconnected) + " were cut off");
  if (!delivery.all_arrived) report.add_problem(figure, who + ": not each got every event");
}

double per_second(std::uint64_t messages, Clock::time_point from, const Delivery& delivery) {
  const double time = std::chrono::duration<double>(delivery.last_arrival - from).count();
  return time > 0 ? static_cast<double>(messages) / time : 0;
}

/// So many clients on one task.
struct Group {
  int clients;
  int events_per_second;  // when paced

  std::string prefix() const { return "with_" + std::to_string(clients) + "_"; }
  std::string who() const { return "of " + std::to_string(clients) + " clients"; }
};

Result<void> measure_latency(Lab& lab, Report& report, std::string_view figure,
                             const std::string& storage, const Group& group) {
  TRY(const RunningServer server, lab.start_tasks(storage));
  const std::uint16_t port = server.process->port();
  TRY_OK(make_running_task(port));
  TRY(const auto subscribers, follow(port, group.clients, Mode::stamps));
  TaskEvents source(kPacedConnections);
  TRY(const LoadResult load, run_load({.port = port,
                                       .connections = kPacedConnections,
                                       .max_time = lab.scale().paced,
                                       .requests_per_second = group.events_per_second},
                                      source));
  Delivery delivery = subscribers->finish(load.ok);
  report.add(figure, group.prefix() + "p50_ms", to_ms(percentile(delivery.latency_ns, 50)));
  report.add(figure, group.prefix() + "p99_ms", to_ms(percentile(delivery.latency_ns, 99)));
  if (delivery.latency_ns.size() != delivery.messages)
    report.add_problem(figure, "events without a send time");
  check_replies(report, figure, load);
  check_delivery(report, figure, group.who(), delivery);
  return {};
}

// The subscribers see the warm-up too, so that their count is exact whatever is still on its way
// when it ends.
Result<void> measure_speed(Lab& lab, Report& report, std::string_view figure,
                           const std::string& storage, const Group& group) {
  TRY(const RunningServer server, lab.start_tasks(storage));
  const std::uint16_t port = server.process->port();
  TRY_OK(make_running_task(port));
  TRY(const auto subscribers, follow(port, group.clients, Mode::count));
  TaskEvents source(kPublishers);
  Load load{.port = port,
            .connections = kPublishers,
            .max_requests = kWarmUpEvents,
            .max_time = kWarmUpLimit};
  TRY(const LoadResult warm_up, run_load(load, source));
  load.max_requests = Load::kNoLimit;
  load.max_time = lab.scale().ingest;
  TRY(LoadResult result, run_load(load, source));
  const Delivery delivery = subscribers->finish(warm_up.ok + result.ok);
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  const std::uint64_t before = warm_up.ok * static_cast<std::uint64_t>(group.clients);
  const std::uint64_t messages = delivery.messages - std::min(before, delivery.messages);
  report.add(figure, group.prefix() + "delivered_per_s",
             per_second(messages, result.started, delivery));
  report.add(figure, group.prefix() + "publish_per_s", result.ok_per_second());
  report.add(figure, group.prefix() + "publish_p99_ms", to_ms(percentile(result.latency_ns, 99)));
  report.add(figure, group.prefix() + "peak_mb", to_mb(peak));
  report.add(figure, group.prefix() + "generator_cores", result.generator_cores);
  check_replies(report, figure, warm_up);
  check_replies(report, figure, result);
  check_delivery(report, figure, group.who() + " at full speed", delivery);
  return {};
}

Result<void> measure_streams(Lab& lab, Report& report, std::string_view figure,
                             const std::string& storage) {
  for (const Group& group : {Group{200, 50}, Group{1000, 10}}) {
    TRY_OK(measure_latency(lab, report, figure, storage, group));
    TRY_OK(measure_speed(lab, report, figure, storage, group));
  }
  return {};
}

// In `sightline serve`, whose limit of connections can be set: there must be one left to publish.
Result<void> measure_idle_streams(Lab& lab, Report& report, const std::string& storage) {
  constexpr std::string_view kName = "tasks_idle_streams";
  const std::string limit = std::to_string(kIdleStreams + kOtherFiles);
  TRY(const RunningServer server,
      lab.start_new({"--max-connections", limit}, {"TASKCAST_STORAGE=" + storage}));
  const std::uint16_t port = server.process->port();
  TRY_OK(make_running_task(port));
  TRY(const std::uint64_t before, server.process->memory_bytes("VmRSS"));
  TRY(const auto subscribers, follow(port, kIdleStreams, Mode::stamps));
  std::this_thread::sleep_for(kIdle);
  TRY(const std::uint64_t with_all, server.process->memory_bytes("VmRSS"));
  TaskEvents source(1);
  TRY(const LoadResult load,
      run_load({.port = port, .connections = 1, .max_requests = 1, .max_time = kWarmUpLimit},
               source));
  Delivery delivery = subscribers->finish(load.ok);
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  report.add(kName, storage + "_bytes_each",
             (static_cast<double>(with_all) - static_cast<double>(before)) / kIdleStreams);
  report.add(kName, storage + "_last_ms", to_ms(percentile(delivery.latency_ns, 100)));
  report.add(kName, storage + "_peak_mb", to_mb(peak));
  check_replies(report, kName, load);
  check_delivery(report, kName, storage + ", of " + std::to_string(kIdleStreams) + " clients",
                 delivery);
  return {};
}

/// The first "id" in what `target` answers.
Result<std::string> first_id(std::uint16_t port, std::string_view target) {
  constexpr std::string_view kMember = "\"id\":\"";
  TRY(const std::string body, get_body(port, target));
  const std::size_t member = body.find(kMember);
  if (member == body.npos) return Error{"no id in " + body};
  const std::size_t start = member + kMember.size();
  return body.substr(start, body.find('"', start) - start);
}

// The clients have seen the first event of the task, which tells its status, and miss all others.
Result<void> measure_resume(Lab& lab, Report& report, const std::string& storage) {
  constexpr std::string_view kName = "tasks_resume";
  TRY(const RunningServer server, lab.start_tasks(storage));
  const std::uint16_t port = server.process->port();
  TRY_OK(make_running_task(port));
  const std::string batch = to_task_batch(kTaskEvent, kMissedBatch);
  for (int i = 0; i < lab.scale().missed_events / kMissedBatch; ++i)
    TRY_OK(send_once(port, to_task_request("POST", kTaskEvents, batch)));
  TRY(const std::string seen, first_id(port, "/tasks/t/events/history?limit=1"));
  TRY(const auto subscribers,
      follow(port, kResuming, Mode::count, Ready::asked, "&since.id=" + seen));
  const Delivery delivery =
      subscribers->finish(static_cast<std::uint64_t>(lab.scale().missed_events));
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  const Clock::time_point started = subscribers->started();
  report.add(kName, storage + "_last_ms", to_ms((delivery.last_arrival - started).count()));
  report.add(kName, storage + "_delivered_per_s", per_second(delivery.messages, started, delivery));
  report.add(kName, storage + "_peak_mb", to_mb(peak));
  check_delivery(report, kName, storage + ", of " + std::to_string(kResuming) + " clients",
                 delivery);
  return {};
}

Result<void> measure_process(Lab& lab, Report& report, const std::string& storage) {
  constexpr std::string_view kName = "tasks_process";
  std::vector<std::int64_t> times;
  for (int i = 0; i < lab.scale().starts; ++i) {
    TRY(const RunningServer server, lab.start_tasks(storage));
    times.push_back(server.process->start_time().count());
    TRY_OK(server.process->stop());
  }
  report.add(kName, storage + "_start_ms", to_ms(percentile(times, 50)));
  TRY(const RunningServer server, lab.start_tasks(storage));
  std::this_thread::sleep_for(kIdle);
  TRY(const std::uint64_t idle, server.process->memory_bytes("VmRSS"));
  report.add(kName, storage + "_idle_mb", to_mb(idle));
  return {};
}

}  // namespace

Result<void> tasks_memory_streams(Lab& lab, Report& report) {
  return measure_streams(lab, report, "tasks_memory_streams", "memory");
}

Result<void> tasks_sqlite_streams(Lab& lab, Report& report) {
  return measure_streams(lab, report, "tasks_sqlite_streams", "sqlite");
}

Result<void> tasks_idle_streams(Lab& lab, Report& report) {
  TRY_OK(measure_idle_streams(lab, report, "memory"));
  return measure_idle_streams(lab, report, "sqlite");
}

Result<void> tasks_resume(Lab& lab, Report& report) {
  TRY_OK(measure_resume(lab, report, "memory"));
  return measure_resume(lab, report, "sqlite");
}

Result<void> tasks_process(Lab& lab, Report& report) {
  TRY_OK(measure_process(lab, report, "memory"));
  return measure_process(lab, report, "sqlite");
}

}  // namespace bench
