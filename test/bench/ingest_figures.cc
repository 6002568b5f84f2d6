#include <algorithm>
#include <optional>
#include <string>
#include <thread>

#include "events.h"
#include "figures.h"
#include "load.h"
#include "subscribers.h"
#include "yardstick.h"

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kConnections = 40;
constexpr int kBatch = 50;
constexpr int kSubscribers = 50;
constexpr std::uint64_t kWarmUpEvents = 500;
constexpr seconds kWarmUpLimit{10};
constexpr int kPacedConnections = 8;  // at 200 requests a second one is always free
constexpr int kPacedPerSecond = 200;
constexpr seconds kIdle{1};

struct Ingest {
  int events_per_request = 1;
  int subscribers = 0;
  milliseconds time{};
};

struct Ingested {
  LoadResult load;
  std::uint64_t acknowledged = 0;  // events, those of the warm-up included
  std::uint64_t warm_up = 0;       // events
  std::optional<Delivery> delivery;
};

// The subscribers see the warm-up too, so that their count is exact whatever is still on its way
// when it ends.
Result<Ingested> ingest(const ServerProcess& server, const Ingest& what) {
  const auto events = static_cast<std::uint64_t>(what.events_per_request);
  EventRequests source({.port = server.port(),
                        .connections = kConnections,
                        .events_per_request = what.events_per_request});
  std::unique_ptr<Subscribers> subscribers;
  if (what.subscribers > 0) {
    TRY(subscribers, Subscribers::connect({.port = server.port(), .clients = what.subscribers}));
  }
  Load load{.port = server.port(),
            .connections = kConnections,
            .max_requests = std::max<std::uint64_t>(kWarmUpEvents / events, 1),
            .max_time = kWarmUpLimit};
  TRY(const LoadResult warm_up, run_load(load, source));
  load.max_requests = Load::kNoLimit;
  load.max_time = what.time;
  Ingested done;
  TRY(done.load, run_load(load, source));
  done.load.failed += warm_up.failed;
  done.load.broken_connections += warm_up.broken_connections;
  done.warm_up = warm_up.ok * events;
  done.acknowledged = done.warm_up + done.load.ok * events;
  if (subscribers) done.delivery = subscribers->finish(done.acknowledged);
  return done;
}

// A client that is cut off was told so; one that stays and misses messages was not.
void check_delivery(Report& report, std::string_view figure, const Delivery& delivery) {
  if (!delivery.all_arrived && delivery.disconnected == 0)
    report.add_problem(figure, "subscribers that stayed connected did not get every message");
}

void report_delivery(Report& report, std::string_view figure, const Ingested& done) {
  const Delivery& delivery = *done.delivery;
  const std::uint64_t before = done.warm_up * kSubscribers;
  const std::uint64_t messages = delivery.messages - std::min(before, delivery.messages);
  const std::chrono::duration<double> time = delivery.last_arrival - done.load.started;
  report.add(figure, "delivered_per_s",
             time.count() > 0 ? static_cast<double>(messages) / time.count() : 0);
  report.add_flag(figure, "all_arrived", delivery.all_arrived);
  report.add(figure, "disconnected", delivery.disconnected);
  check_delivery(report, figure, delivery);
}

// Acknowledged means stored. More may be stored than was acknowledged, when a connection broke.
Result<void> check_stored(Report& report, std::string_view figure, const RunningServer& server,
                          std::uint64_t acknowledged) {
  TRY(const std::uint64_t stored, count_events(server.database));
  if (stored < acknowledged)
    report.add_problem(figure, std::to_string(acknowledged) + " events acknowledged, " +
                                   std::to_string(stored) + " stored");
  return {};
}

Result<void> measure_ingest(Lab& lab, Report& report, std::string_view figure, Ingest what) {
  what.time = lab.scale().ingest;
  TRY(RunningServer server, lab.start_new());
  TRY(Ingested done, ingest(*server.process, what));
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  if (const Result<void> stopped = server.process->stop(); !stopped.ok())
    report.add_problem(figure, stopped.error().what);
  TRY_OK(check_stored(report, figure, server, done.acknowledged));

  const double requests_per_second = done.load.ok_per_second();
  if (what.events_per_request > 1)
    report.add(figure, "events_per_s", requests_per_second * what.events_per_request);
  report.add(figure, "requests_per_s", requests_per_second);
  report.add(figure, "p50_ms", to_ms(percentile(done.load.latency_ns, 50)));
  report.add(figure, "p99_ms", to_ms(percentile(done.load.latency_ns, 99)));
  if (done.delivery) report_delivery(report, figure, done);
  report.add(figure, "failed_requests", static_cast<double>(done.load.failed));
  check_replies(report, figure, done.load);
  report.add(figure, "peak_mb", to_mb(peak));
  report.add(figure, "generator_cores", done.load.generator_cores);
  return {};
}

}  // namespace

Result<void> ingest_batch(Lab& lab, Report& report) {
  return measure_ingest(lab, report, "ingest_batch", {.events_per_request = kBatch});
}

Result<void> ingest_single(Lab& lab, Report& report) {
  return measure_ingest(lab, report, "ingest_single", {});
}

Result<void> ingest_batch_50_subscribers(Lab& lab, Report& report) {
  return measure_ingest(lab, report, "ingest_batch_50_subscribers",
                        {.events_per_request = kBatch, .subscribers = kSubscribers});
}

Result<void> ingest_single_50_subscribers(Lab& lab, Report& report) {
  return measure_ingest(lab, report, "ingest_single_50_subscribers", {.subscribers = kSubscribers});
}

Result<void> delivery_latency(Lab& lab, Report& report) {
  constexpr std::string_view kName = "delivery_latency";
  TRY(const RunningServer server, lab.start_new());
  const std::uint16_t port = server.process->port();
  EventRequests source(
      {.port = port, .connections = kPacedConnections, .stamp = EventRequests::Stamp::send_time});
  TRY(const auto subscribers,
      Subscribers::connect(
          {.port = port, .clients = kSubscribers, .mode = StreamScanner::Mode::stamps}));
  TRY(LoadResult load, run_load({.port = port,
                                 .connections = kPacedConnections,
                                 .max_time = lab.scale().paced,
                                 .requests_per_second = kPacedPerSecond},
                                source));
  Delivery delivery = subscribers->finish(load.ok);
  if (delivery.latency_ns.size() != delivery.messages)
    report.add_problem(kName, "event messages without a send time");
  report.add(kName, "p50_ms", to_ms(percentile(delivery.latency_ns, 50)));
  report.add(kName, "p99_ms", to_ms(percentile(delivery.latency_ns, 99)));
  report.add(kName, "events_per_s", load.ok_per_second());
  report.add(kName, "publish_p50_ms", to_ms(percentile(load.latency_ns, 50)));
  report.add(kName, "publish_p99_ms", to_ms(percentile(load.latency_ns, 99)));
  report.add_flag(kName, "all_arrived", delivery.all_arrived);
  report.add(kName, "disconnected", delivery.disconnected);
  check_delivery(report, kName, delivery);
  report.add(kName, "failed_requests", static_cast<double>(load.failed));
  check_replies(report, kName, load);
  return {};
}

// One server goes through all four kinds of ingest, so the peak is that of a server that has seen
// everything.
Result<void> memory(Lab& lab, Report& report) {
  TRY(const RunningServer server, lab.start_new());
  std::this_thread::sleep_for(kIdle);
  TRY(const std::uint64_t idle, server.process->memory_bytes("VmRSS"));
  for (const int subscribers : {0, kSubscribers}) {
    for (const int events_per_request : {kBatch, 1}) {
      TRY(const Ingested done, ingest(*server.process, {.events_per_request = events_per_request,
                                                        .subscribers = subscribers,
                                                        .time = lab.scale().ingest / 2}));
      check_replies(report, "memory", done.load);
    }
  }
  TRY(const std::uint64_t peak, server.process->memory_bytes("VmHWM"));
  report.add("memory", "idle_mb", to_mb(idle));
  report.add("memory", "peak_mb", to_mb(peak));
  return {};
}

}  // namespace bench
