#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/worker_pool.h"
#include "collector/buffer.h"
#include "collector/buffer_sink.h"
#include "collector/follower.h"
#include "collector/forwarder.h"
#include "collector/hierarchy.h"
#include "collector/settings.h"
#include "net/io_threads.h"
#include "place_finder.h"
#include "store/owner_lock.h"

namespace app {

/// A watcher that fits this system: by inotify, or else one that is blind.
std::unique_ptr<collector::Watcher> watcher_for(net::IoThread& thread);

/// How a collection does; every count since its start.
struct CollectionStatus {
  collector::FollowerStatus logs;
  collector::ForwarderState forwarder;
  std::int64_t items = 0;                  // events taken from logs
  std::uint64_t broken = 0, failures = 0;  // lines, and logs, that could not be read
};

/// With the counts of all agents summed up.
CollectionStatus counted(collector::FollowerStatus logs);

/// The reader's options of the agents' entries.
agents::ReaderOptions readers_for(const collector::Settings& settings);

/// The parts of a collector, put together: logs -> follower -> buffer -> forwarder -> backend.
/// docs/architecture.md, "The collector alone".
///
/// Thread: one that is no I/O thread, and on which SIGINT and SIGTERM are blocked.
/// Owner:  run_collector, run_backfill.
class Collection {
 public:
  struct Options {
    std::vector<agents::Location> locations;
    std::optional<base::Time> from, to;  // both included
    bool is_one_pass = false;            // what is there, and then no more
  };

  /// Locks and opens the buffer. `conflict` with the owner's pid when another process has it.
  static base::Result<std::unique_ptr<Collection>> open(const collector::Settings& settings,
                                                        Options options);
  ~Collection();

  /// Starts the threads, sends what waits in the buffer, makes itself known to the backend, and
  /// then begins to read; returns at once.
  void start();

  /// Events that were stored before this start, as the cursors of these logs tell.
  std::int64_t known_items() const { return known_items_; }
  /// Thread: any.
  CollectionStatus status();
  /// Of one pass: whether it is over; then, why it could not be begun.
  bool has_read() const { return has_read_; }
  const base::Result<void>& outcome() const { return outcome_; }

  /// Sends what waits without waiting for more.
  void hurry();

  /// Ends reading: what was taken is stored, the rest comes next time. Twice is no harm.
  void stop_reading();
  /// Sends once what is left, then ends everything; after `stop_reading`. Twice is no harm.
  void stop();

  collector::Buffer& buffer() { return *buffer_; }
  base::Metrics& metrics() { return metrics_; }
  net::IoThreads& threads() { return threads_; }

 private:
  explicit Collection(Options options) : options_(std::move(options)) {}

  base::Result<void> open_buffer(const collector::Settings& settings);
  base::Result<void> connect(const collector::Settings& settings);
  void follow(const collector::Settings& settings);
  base::Task<void> read();
  base::Task<void> greet();
  base::Task<void> end_reading(std::promise<void>& ended);
  base::Task<void> end_sending(std::promise<void>& ended);
  std::int64_t items_of(const std::vector<collector::Cursor>& cursors) const;

  // In the order of making; destroyed the other way round.
  const Options options_;
  base::Metrics metrics_;
  base::WorkerPool pool_;
  net::IoThreads threads_{1};
  net::IoThread& thread_ = threads_.at(0);
  std::optional<store::OwnerLock> lock_;
  std::unique_ptr<collector::Buffer> buffer_;
  std::unique_ptr<net::HttpSender> sender_;     // the forwarder's
  std::unique_ptr<net::HttpSender> questions_;  // all others', to be cancelled without it
  collector::IoTimer pauses_{thread_};
  std::unique_ptr<collector::Forwarder> forwarder_;
  std::unique_ptr<collector::Hierarchy> hierarchy_;
  std::unique_ptr<PlaceFinder> places_;
  std::unique_ptr<collector::BufferSink> sink_;
  std::unique_ptr<collector::Watcher> watcher_;
  std::unique_ptr<collector::Follower> follower_;
  net::HttpUrl backend_;
  std::vector<std::unique_ptr<net::IoThread::Periodic>> periodics_;
  bool is_known_ = false;  // to the backend
  std::vector<std::thread> running_;
  std::promise<void> has_begun_, has_ended_;  // to read
  base::Result<void> outcome_;
  std::atomic<bool> has_read_{false};
  std::atomic<std::int64_t> known_items_{0};
  bool is_started_ = false, reads_ = true, runs_ = true;
};

}  // namespace app
