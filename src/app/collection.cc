#include "collection.h"

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "collector/backfill_state.h"
#include "collector/cursor.h"
#include "collector/machine.h"
#include "command.h"

namespace app {
namespace {

using base::Errc;
using base::Result;
using base::Task;
using collector::Settings;
using namespace std::chrono_literals;

constexpr std::size_t kWorkers = 2;
constexpr auto kExpirePeriod = 2s;
constexpr auto kGreetingPatience = 5s;  // then reading begins without an answer
constexpr auto kGreetingPeriod = 60s;   // until it is answered
constexpr auto kNever = 24h;

/// `work` on the I/O thread, waited for.
template <class Work>
void run_on(net::IoThread& thread, const Work& work) {
  if (thread.is_current()) return work();
  std::promise<void> done;
  thread.post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace

std::unique_ptr<collector::Watcher> watcher_for(net::IoThread& thread) {
  auto watcher = collector::make_inotify_watcher(thread);
  if (watcher) return std::move(*watcher);
  base::log::warn("collector: {}; logs are looked at every few seconds", watcher.error().what);
  return collector::make_blind_watcher();
}

agents::ReaderOptions readers_for(const Settings& settings) {
  agents::ReaderOptions options;
  for (const auto& [name, agent] : settings.agents)
    for (const auto& [target, names] : agent.fields) options.fields[target] = names;
  return options;
}

CollectionStatus counted(collector::FollowerStatus logs) {
  CollectionStatus status;
  status.logs = std::move(logs);
  for (const collector::AgentProgress& agent : status.logs.agents) {
    status.items += agent.items;
    status.broken += agent.broken;
    status.failures += agent.failures;
  }
  return status;
}

Result<std::unique_ptr<Collection>> Collection::open(const Settings& settings, Options options) {
  std::unique_ptr<Collection> made(new Collection(std::move(options)));
  TRY_OK(made->open_buffer(settings));
  TRY_OK(made->connect(settings));
  made->follow(settings);
  return made;
}

Collection::~Collection() { stop(); }

Result<void> Collection::open_buffer(const Settings& settings) {
  collector::Buffer::Options options;
  options.path = settings.buffer_enabled ? settings.buffer_path : ":memory:";
  options.capacity = settings.buffer_max_size;
  options.prepare = [path = settings.backfill_path](store::Database& db) -> Result<void> {
    TRY_OK(collector::cursors::create(db));
    return collector::backfill::create(db, path);
  };
  if (settings.buffer_enabled) {
    std::error_code ignored;
    const auto path = std::filesystem::absolute(settings.buffer_path, ignored);
    std::filesystem::create_directories(path.parent_path(), ignored);
    auto owned = store::OwnerLock::acquire(path.string());
    if (!owned) return std::move(owned.error()).within("the collector cannot start");
    lock_.emplace(std::move(*owned));
  }
  auto buffer = collector::Buffer::open(std::move(options), base::Clock::system(), metrics_);
  if (!buffer) return std::move(buffer.error()).within("failed to create buffer");
  buffer_ = std::move(*buffer);
  return {};
}

Result<void> Collection::connect(const Settings& settings) {
  TRY(backend_, net::parse_url(settings.backend_url));
  net::ClientOptions options;
  options.proxies = net::ProxySettings::from(environment);
  sender_ = net::HttpSender::create(thread_, options);
  questions_ = net::HttpSender::create(thread_, options);
  const base::Clock& clock = base::Clock::system();
  forwarder_ = std::make_unique<collector::Forwarder>(thread_, settings, backend_, *buffer_,
                                                      *sender_, pauses_, clock, metrics_);
  auto machine = collector::detect_machine(environment);
  if (!machine) {
    base::log::warn("events are sent without projects and machines: {}", machine.error().what);
    return {};
  }
  hierarchy_ = std::make_unique<collector::Hierarchy>(
      thread_, backend_, settings.api_key, std::move(*machine), *questions_, pool_, clock);
  places_ = std::make_unique<PlaceFinder>(*hierarchy_, thread_);
  return {};
}

void Collection::follow(const Settings& settings) {
  collector::BufferSink::Options sink;
  sink.legacy_project_id = settings.project_id;
  sink.project_id = settings.numeric_project_id();
  sink.from = options_.from;
  sink.to = options_.to;
  if (places_) {
    sink.resolve = [this](std::string path) { return places_->of_log(std::move(path)); };
    sink.resolve_folder = [this](std::string folder) {
      return places_->of_folder(std::move(folder));
    };
  }
  sink_ = std::make_unique<collector::BufferSink>(*buffer_, std::move(sink), base::Clock::system());

  collector::Follower::Options follower;
  follower.locations = options_.locations;
  follower.readers = readers_for(settings);
  follower.from = options_.from;
  if (options_.is_one_pass) {
    follower.tries_again = false;
    follower.polling = follower.rediscovery = kNever;
    watcher_ = collector::make_blind_watcher();
  } else {
    watcher_ = watcher_for(thread_);
  }
  const collector::Follower::Parts parts{thread_, pool_, *watcher_, *sink_, metrics_};
  follower_ = std::make_unique<collector::Follower>(parts, std::move(follower));
}

void Collection::start() {
  is_started_ = true;
  running_.emplace_back([this] { buffer_->run(); });
  for (std::size_t i = 0; i < kWorkers; ++i) running_.emplace_back([this, i] { pool_.work(i); });
  running_.emplace_back([this] { thread_.run(); });
  thread_.post([this] {
    periodics_.push_back(thread_.every(kExpirePeriod, [this] { buffer_->expire(); }));
    if (places_)
      periodics_.push_back(thread_.every(kGreetingPeriod, [this] {
        if (!is_known_) places_->begin_with(greet(), kGreetingPatience).detach();
      }));
    forwarder_->run().detach();
    read().detach();
  });
}

Task<void> Collection::read() {
  if (places_) co_await places_->begin_with(greet(), kGreetingPatience);
  auto cursors = co_await sink_->cursors();
  if (cursors) known_items_ = items_of(*cursors);
  outcome_ = co_await follower_->start();
  has_begun_.set_value();
  if (outcome_ && options_.is_one_pass) co_await follower_->finish();
  if (!outcome_ && outcome_.error().code != Errc::cancelled)
    base::log::error("collector: {}", outcome_.error().what);
  has_read_ = true;
  has_ended_.set_value();
}

/// Whether the backend is there; and if it is, who we are.
Task<void> Collection::greet() {
  const auto health = co_await collector::check_health(*questions_, backend_);
  if (!health && health.error().code == Errc::cancelled) co_return;
  if (!health) {
    base::log::warn("Backend health check failed: {}", health.error().what);
    base::log::info("events are buffered until the backend answers");
  }
  const auto announced =
      co_await hierarchy_->announce(collector::workspace_storage_roots(environment));
  is_known_ = health.ok() && announced.ok();
}

/// Of those logs that are to be read now.
std::int64_t Collection::items_of(const std::vector<collector::Cursor>& cursors) const {
  std::int64_t items = 0;
  for (const collector::Cursor& cursor : cursors)
    for (const agents::Location& location : options_.locations)
      if (location.agent == cursor.agent &&
          cursor.path.starts_with(agents::constant_prefix(location.pattern))) {
        items += cursor.items;
        break;
      }
  return items;
}

CollectionStatus Collection::status() {
  CollectionStatus status;
  run_on(thread_, [&] {
    status = counted(follower_->status());
    status.forwarder = forwarder_->state();
  });
  return status;
}

void Collection::hurry() {
  thread_.post([this] { forwarder_->hurry(); });
}

void Collection::stop_reading() {
  if (!is_started_ || !std::exchange(reads_, false)) return;
  follower_->cancel();
  buffer_->close_to_waiters();
  thread_.post([this] {
    if (hierarchy_) hierarchy_->cancel();
  });
  has_begun_.get_future().wait();
  std::promise<void> ended;
  thread_.post([this, &ended] { end_reading(ended).detach(); });
  ended.get_future().wait();
  has_ended_.get_future().wait();
}

Task<void> Collection::end_reading(std::promise<void>& ended) {
  periodics_.clear();
  co_await follower_->stop();
  if (places_) co_await places_->finish();
  ended.set_value();
}

void Collection::stop() {
  stop_reading();
  if (!is_started_ || !std::exchange(runs_, false)) return;
  std::promise<void> ended;
  thread_.post([this, &ended] { end_sending(ended).detach(); });
  ended.get_future().wait();
  buffer_->stop();
  pool_.stop();
  thread_.post([this] { thread_.stop(); });  // behind all that was posted before
  for (std::thread& thread : running_) thread.join();
}

Task<void> Collection::end_sending(std::promise<void>& ended) {
  co_await forwarder_->stop();
  collector::Buffer::Work pause = [](store::Database& db) {
    return collector::backfill::pause_all(db);
  };
  auto paused = co_await buffer_->change(std::move(pause));
  if (!paused) base::log::warn("what was not read to its end: {}", paused.error().what);
  sender_->cancel();
  questions_->cancel();
  ended.set_value();
}

}  // namespace app
