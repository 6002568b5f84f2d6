#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/worker_pool.h"
#include "collect_process.h"
#include "collect_service.h"
#include "collection.h"
#include "counting_sink.h"

namespace app {
namespace {

using base::Errc;
using base::Result;
using base::Task;
using collector::Settings;
using namespace std::chrono_literals;
using Observer = std::function<void(const BackfillProgress&)>;
using Clock = std::chrono::steady_clock;

constexpr auto kLookPeriod = 50ms;
constexpr auto kObservePeriod = 1s;

/// Tells the observer, about once a second.
class Observation {
 public:
  explicit Observation(const Observer& observe) : observe_(observe) {}

  void see(const CollectionStatus& status) {
    const auto now = Clock::now();
    if (!observe_ || now - told_ < kObservePeriod) return;
    told_ = now;
    observe_({status.items, status.logs.history_bytes, status.logs.history_done});
  }
  BackfillResult result(const CollectionStatus& status) const {
    BackfillResult result;
    result.processed = status.items;
    result.errors = static_cast<std::int64_t>(status.broken + status.failures);
    result.bytes = status.logs.history_bytes;
    result.duration = Clock::now() - begin_;
    return result;
  }

 private:
  const Observer& observe_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point told_ = begin_;
};

/// Whether no more will be sent for now: nothing is left, or the backend takes nothing, and reading
/// has ended or waits for that.
bool is_over(const CollectionStatus& status, Collection& collection) {
  const bool is_read = collection.has_read();
  if (is_read && status.forwarder.pending == 0) return true;
  const collector::Buffer& buffer = collection.buffer();
  const std::int64_t room = collector::BufferSink::room_for(buffer.capacity());
  return status.forwarder.gave_up && (is_read || buffer.room() < room);
}

Result<BackfillResult> take_in(const Settings& settings, const BackfillOptions& options,
                               const Observer& observe, StopSignals& signals) {
  Collection::Options what;
  what.locations = options.locations;
  what.from = options.from;
  what.to = options.to;
  what.is_one_pass = true;
  TRY(const auto collection, Collection::open(settings, std::move(what)));
  Observation observation(observe);
  collection->start();
  bool was_stopped = false, hurries = false;
  for (;;) {
    was_stopped = signals.wait_for(kLookPeriod);
    const CollectionStatus status = collection->status();
    observation.see(status);
    if (was_stopped || is_over(status, *collection)) break;
    if (collection->has_read() && !std::exchange(hurries, true)) collection->hurry();
  }
  collection->stop_reading();
  const CollectionStatus status = collection->status();
  BackfillResult result = observation.result(status);
  collection->stop();
  if (!collection->outcome() && !was_stopped) return collection->outcome().error();
  result.was_stopped = was_stopped;
  result.skipped = collection->known_items();
  result.unsent = collection->buffer().count();
  result.parked = static_cast<std::int64_t>(collection->buffer().parked());
  if (result.unsent > 0) result.why_unsent = status.forwarder.last_error;
  if (result.parked > 0) result.why_parked = status.forwarder.last_parked;
  return result;
}

/// The buffer that the events would go to, if it is there; it is only read.
Result<std::optional<store::Database>> existing_buffer(const Settings& settings) {
  std::error_code ignored;
  if (!settings.buffer_enabled || !std::filesystem::exists(settings.buffer_path, ignored))
    return std::optional<store::Database>{};
  TRY(auto db, store::Database::open(settings.buffer_path, store::Access::read_only));
  return std::optional<store::Database>(std::move(db));
}

/// One pass over the logs that keeps nothing.
class DryPass {
 public:
  DryPass(const Settings& settings, const BackfillOptions& options,
          std::optional<store::Database> buffer)
      : sink_({options.from, options.to, std::move(buffer)}, base::Clock::system()),
        watcher_(collector::make_blind_watcher()),
        follower_({thread_, pool_, *watcher_, sink_, metrics_}, options_for(settings, options)),
        worker_([this] { pool_.work(0); }),
        io_([this] { thread_.run(); }) {
    thread_.post([this] { read().detach(); });
  }
  ~DryPass() {
    pool_.stop();
    worker_.join();
    thread_.post([this] { thread_.stop(); });
    io_.join();
  }
  DryPass(const DryPass&) = delete;

  bool has_ended_within(std::chrono::milliseconds limit) {
    return ended_.wait_for(limit) == std::future_status::ready;
  }
  CollectionStatus status() {
    std::promise<collector::FollowerStatus> told;
    thread_.post([&] { told.set_value(follower_.status()); });
    return counted(told.get_future().get());
  }
  void stop() {
    follower_.cancel();
    begun_.get_future().wait();
    thread_.post([this] { end().detach(); });
    stopped_.get_future().wait();
    ended_.wait();
  }
  const Result<void>& outcome() const { return outcome_; }
  std::int64_t skipped() const { return sink_.skipped(); }

 private:
  static collector::Follower::Options options_for(const Settings& settings,
                                                  const BackfillOptions& options) {
    collector::Follower::Options follower;
    follower.readers = readers_for(settings);
    follower.locations = options.locations;
    follower.from = options.from;
    follower.tries_again = false;
    follower.polling = follower.rediscovery = 24h;
    return follower;
  }
  Task<void> read() {
    outcome_ = co_await follower_.start();
    begun_.set_value();
    if (outcome_) co_await follower_.finish();
    was_read_.set_value();
  }
  Task<void> end() {
    co_await follower_.stop();
    stopped_.set_value();
  }

  base::Metrics metrics_;
  base::WorkerPool pool_;
  net::IoThreads threads_{1};
  net::IoThread& thread_ = threads_.at(0);
  CountingSink sink_;
  std::unique_ptr<collector::Watcher> watcher_;
  collector::Follower follower_;
  Result<void> outcome_;
  std::promise<void> begun_, was_read_, stopped_;
  std::future<void> ended_ = was_read_.get_future();
  std::thread worker_, io_;
};

Result<BackfillResult> look_through(const Settings& settings, const BackfillOptions& options,
                                    const Observer& observe, StopSignals& signals) {
  auto buffer = existing_buffer(settings);
  if (!buffer) return std::move(buffer.error()).within("failed to open database");
  Observation observation(observe);
  DryPass pass(settings, options, std::move(*buffer));
  bool was_stopped = false;
  while (!was_stopped && !pass.has_ended_within(0ms)) {
    was_stopped = signals.wait_for(kLookPeriod);
    observation.see(pass.status());
  }
  pass.stop();
  if (!pass.outcome() && !was_stopped) return pass.outcome().error();
  BackfillResult result = observation.result(pass.status());
  result.was_stopped = was_stopped;
  result.skipped = pass.skipped();
  return result;
}

}  // namespace

Result<BackfillResult> run_backfill(const Settings& settings, const BackfillOptions& options,
                                    const Observer& observe) {
  StopSignals signals;
  ::signal(SIGPIPE, SIG_IGN);
  if (options.dry_run) return look_through(settings, options, observe, signals);
  prepare_log(settings);
  return take_in(settings, options, observe, signals);
}

}  // namespace app
