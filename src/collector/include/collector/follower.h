#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agents/formats.h"
#include "agents/locations.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/strand.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "collector/sink.h"
#include "collector/watcher.h"
#include "net/io_threads.h"

namespace collector {

class CursorIndex;

/// How far the logs of one agent have been taken.
struct AgentProgress {
  agents::Agent agent{};
  std::uint64_t sources = 0, files = 0;
  std::uint64_t bytes = 0;     // of these files when they were looked at last
  std::uint64_t behind = 0;    // of these, not taken yet
  std::int64_t items = 0;      // stored since the start
  std::uint64_t broken = 0;    // lines and documents that could not be read
  std::uint64_t failures = 0;  // files that could not be opened or stored
  std::string last_failure;
};

struct FollowerStatus {
  std::vector<AgentProgress> agents;  // in the order of outputs
  std::uint64_t history_bytes = 0, history_done = 0;
  bool history_is_done = false;
  std::size_t waiting = 0;  // files that have something new
  std::size_t watched_folders = 0;
  bool is_polling = false;  // some folders tell nothing, and are looked at
};

/// Follows the logs of this machine's agents: finds them, takes what they hold already, and from
/// then on what is appended, made or put in their place; each item once, in the order of its file.
///
/// A log of lines is read on from its cursor as soon as it changes; a document a moment after its
/// last change, and again when its end may have been cut. Files wait in line, those that change
/// before those with old news only; six at a time are on their way, of a database or document one.
/// When the sink has no room reading waits: nothing is dropped. A file that cannot be read or
/// stored is tried again later. Thread: all on one I/O thread. Owner:  app; outlives every thread.
class Follower {
 public:
  struct Options {
    std::vector<agents::Location> locations;
    agents::ReaderOptions readers;
    std::optional<base::Time> from;           // what is older is left out
    std::chrono::milliseconds debounce{100};  // of documents; large ones wait longer
    // So long what waits for more of its kind waits, and what was not written to is old.
    std::chrono::milliseconds settle{2000};
    std::chrono::seconds rediscovery{60};
    std::chrono::seconds polling{2};  // of what cannot be watched
    std::function<void()> at_rest;    // called when all that a look around has found is taken
    bool tries_again = true;  // what could not be read or stored, and what may be cut: no end
  };
  struct Parts {
    net::IoThread& thread;
    base::WorkerPool& pool;
    Watcher& watcher;
    Sink& sink;
    base::Metrics& metrics;
  };

  Follower(Parts parts, Options options);
  ~Follower();

  /// Finds what there is and begins; returns once all is watched, with history still to be read.
  base::Task<base::Result<void>> start();
  /// Ends what goes on as soon as it can. Thread: any.
  void cancel() { stopping_ = true; }
  /// Returns when nothing is on its way any more; what was taken is stored.
  base::Task<void> stop();

  /// Returns when all that was there at the last look has been taken, to the last line that waited
  /// for more of its kind: for one pass over the logs.
  base::Task<void> finish();

  FollowerStatus status() const;

 private:
  struct Log;    // one that is open
  struct Found;  // what a look around has found
  struct Part;   // what a worker has read of a log
  using Clock = std::chrono::steady_clock;

  // What there is to do.
  void changed(const FileChange& change);
  void enqueue(const std::string& path, std::deque<std::string>& line, std::uint64_t bytes);
  void enqueue_at(Clock::time_point due, const std::string& path);
  void run_pumps();
  base::Task<void> idle();
  base::Task<void> pump();
  bool waits_for_document(const std::string& path);
  void ended();

  // Taking in one log.
  base::Task<base::Result<void>> process(std::string path);
  base::Task<base::Result<Log*>> open(std::string path);
  base::Task<base::Result<void>> read_lines(Log& log);
  base::Result<bool> may_grow(const Log& log) const;  // a worker's
  base::Task<base::Result<void>> read_document(Log& log);
  void count_broken(const Log& log, const agents::ReadCounts& counts,
                    const base::Result<void>& done);
  base::Task<void> store_part_of_document(Log& log, Cursor cursor, std::string state,
                                          std::promise<base::Result<void>>& promise);
  base::Task<base::Result<void>> settle(Log& log);
  bool is_open_elsewhere(std::int64_t cursor, const std::string& path);
  bool waits_to_rest(agents::Format format, const std::string& path,
                     const agents::FileStamp& stamp);
  base::Task<void> settle_quiet(std::string path);
  base::Task<base::Result<void>> store(Log& log, Part part);
  void failed(const std::string& path, const base::Error& error);

  // Finding logs.
  base::Task<base::Result<void>> look_around();
  Found find() const;  // a worker's
  void take_in(Found found);
  base::Task<void> look_around_again();
  const agents::Source* source_of(const std::string& path) const;

  // Time.
  void tick();
  void set_ticking();

  AgentProgress& progress_of(agents::Agent agent);
  void publish();

  const Parts parts_;
  const Options options_;
  base::Strand strand_;
  std::atomic<bool> stopping_{false};

  std::unique_ptr<CursorIndex> index_ GUARDED_BY(strand_);
  std::unordered_map<std::string, agents::Source> sources_ GUARDED_BY(strand_);  // by path
  std::unordered_map<std::string, std::unique_ptr<Log>> open_ GUARDED_BY(strand_);
  std::deque<std::string> live_ GUARDED_BY(strand_), history_ GUARDED_BY(strand_);
  std::unordered_map<std::string, std::uint64_t> queued_ GUARDED_BY(strand_);  // bytes to take
  std::unordered_set<std::string> busy_ GUARDED_BY(strand_), again_ GUARDED_BY(strand_);
  std::unordered_map<std::string, Clock::time_point> later_ GUARDED_BY(strand_);
  std::unordered_map<std::string, Clock::time_point> restless_ GUARDED_BY(strand_);  // since when
  std::unordered_set<std::string> left_out_ GUARDED_BY(strand_);    // of these what may be cut
  std::unordered_map<std::string, int> tries_ GUARDED_BY(strand_);  // that failed in a row
  std::deque<std::string> documents_ GUARDED_BY(strand_);  // that wait for the one that is open
  std::vector<AgentProgress> progress_ GUARDED_BY(strand_);
  std::uint64_t history_bytes_ GUARDED_BY(strand_) = 0, history_done_ GUARDED_BY(strand_) = 0;
  std::size_t pumps_ GUARDED_BY(strand_) = 0;
  bool document_is_open_ GUARDED_BY(strand_) = false;
  bool is_looking_ GUARDED_BY(strand_) = false, look_again_ GUARDED_BY(strand_) = false;
  bool has_looked_ GUARDED_BY(strand_) = false, may_rest_ GUARDED_BY(strand_) = false;
  bool is_polling_ GUARDED_BY(strand_) = false;
  Clock::time_point looked_at_ GUARDED_BY(strand_);
  std::unique_ptr<net::IoThread::Periodic> ticks_ GUARDED_BY(strand_);
  std::chrono::milliseconds tick_period_ GUARDED_BY(strand_){0};
  std::vector<std::coroutine_handle<>> waiting_for_idle_ GUARDED_BY(strand_);

  // As the metrics page shows them.
  base::Counter& items_;
  base::Counter& failures_;
  base::Counter& broken_;
  std::atomic<std::uint64_t> files_{0}, behind_{0};
};

}  // namespace collector
