#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/task.h"
#include "collector/event.h"
#include "store/group_writer.h"

namespace collector {

/// An event that waits to be sent.
struct BufferedEvent {
  std::int64_t row = 0;
  std::string event_id, session_id;
  std::string json;
};

struct BufferStats {
  std::int64_t count = 0, max_size = 0, parked = 0;
  double usage = 0;                          // percent of max_size
  std::optional<base::Time> oldest, newest;  // when they were stored, to the second
};

/// Events on their way to the backend, in the SQLite file that earlier collectors used too:
/// docs/formats.md, "collector.db".
///
/// What is stored with an event, such as how far its log has been read, is on disk with it or not
/// at all. It survives the end of the process always; a power cut may take the last seconds, of
/// both alike. At the capacity each new event takes the place of the oldest one; who can wait asks
/// for room before. What cannot be read or sent is parked, up to kMaxParked.
///
/// Remembers the id of every event it has had, so that what is read once more is not sent once
/// more; those of the last kRememberedDays.
///
/// Thread: the coroutines on any executor's; the work is done by the thread that calls `run`.
/// Owner:  app, which holds the store::OwnerLock of the file, if the file is shared by chance.
/// Errors: `unavailable` (disk full, locked, busy past the deadline). Nothing is changed then.
class Buffer : private store::GroupTarget {
 public:
  static constexpr std::int64_t kMaxParked = 10'000;
  static constexpr std::int64_t kRememberedDays = 400;
  static constexpr std::size_t kMaxReadBytes = std::size_t{4} << 20;

  using Work = std::function<base::Result<void>(store::Database&)>;
  struct Options {
    std::string path;  // `:memory:`: nothing outlives the process
    std::int64_t capacity = 10'000;
    Work prepare = {};  // done to the database when it is opened, outside of a transaction
  };

  /// Makes the folder and the file as needed. "failed to open database: ...", "failed to
  /// initialize schema: ...".
  static base::Result<std::unique_ptr<Buffer>> open(Options options, const base::Clock& clock,
                                                    base::Metrics& metrics);
  ~Buffer() override;

  /// `stored` is called on the writer's thread when events have come; it must not block.
  void set_listener(std::function<void()> stored) { listener_ = std::move(stored); }

  /// What is done with the events in one transaction; it is told how many of them were new. It may
  /// run more than once; only its last run counts.
  using Also = std::function<base::Result<void>(store::Database&, std::int64_t stored)>;
  enum class WhenFull : std::uint8_t {
    evict,   // the oldest
    exceed,  // the capacity; for those who have waited for room
  };
  /// Stores `events` in order, except those whose id it has had before, and does `also`, which may
  /// be empty. Returns how many were new.
  base::Task<base::Result<std::int64_t>> store(std::vector<AgentEvent> events, Also also,
                                               WhenFull when_full = WhenFull::evict);
  /// Does `work` in a transaction, behind all that was handed in before.
  base::Task<base::Result<void>> change(Work work);

  /// The oldest `count` events, fewer when they have more than `max_bytes`, but one at least; they
  /// stay. Rows that hold no event are parked and left out.
  base::Task<base::Result<std::vector<BufferedEvent>>> oldest(
      std::size_t count, std::size_t max_bytes = kMaxReadBytes);
  base::Task<base::Result<void>> remove(std::vector<std::int64_t> rows);
  /// Moves an event aside, with the reason.
  base::Task<base::Result<void>> park(std::int64_t row, std::string reason);

  /// How many are stored, and how many more fit. Thread: any.
  std::int64_t count() const { return count_.load(std::memory_order_relaxed); }
  std::int64_t room() const { return options_.capacity - count(); }
  std::int64_t capacity() const { return options_.capacity; }
  /// How many were parked since it was opened. Thread: any.
  std::uint64_t parked() const { return parked_.value(); }
  /// Returns once `events` more fit, or as many as ever do; false when the buffer stops instead.
  /// Others may take the room in between.
  base::Task<bool> wait_for_room(std::int64_t events);
  /// Nobody is to wait for room any more; all else goes on. Thread: any.
  void close_to_waiters();

  /// The writer thread's loop; returns after `stop`, when all that was handed in is answered.
  void run() { writer_.run(); }
  void stop();
  /// Refuses what has waited too long; every few seconds.
  void expire() { writer_.expire(); }

  /// What is remembered of an event's id; ids are apart, unless chance wills it otherwise.
  static std::int64_t key_of(const std::string& event_id);
  /// Whether the buffer in this file has had the event; in a file that is none it has had no event.
  static base::Result<bool> has_had(store::Database& db, std::int64_t key);
  /// For any connection to the file.
  static base::Result<BufferStats> stats(store::Database& db, std::int64_t max_size);

 private:
  struct Job;
  struct Roomless;  // who waits for room
  struct Group {    // what the transaction has done so far
    std::uint64_t stored = 0, repeated = 0, evicted = 0, parked = 0, unparked = 0;
  };

  Buffer(store::Database db, Options options, const base::Clock& clock, base::Metrics& metrics);

  base::Result<void> write(store::Database& db, std::span<store::WriteJob* const> jobs) override;
  void committed(std::span<store::WriteJob* const> jobs) override;
  void rolled_back() override;

  base::Result<void> notice_other_writers(store::Database& db);
  base::Result<bool> insert(store::Database& db, const AgentEvent& event, const std::string& json,
                            WhenFull when_full);
  base::Result<void> park(store::Database& db, std::int64_t row, const std::string& reason);
  base::Result<void> remove(store::Database& db, std::int64_t row);
  std::int64_t now_seconds() const;

  const Options options_;
  const base::Clock& clock_;
  std::function<void()> listener_;
  base::Counter& stored_;
  base::Counter& repeated_;
  base::Counter& evicted_;
  base::Counter& parked_;
  base::Counter& unparked_;

  std::atomic<std::int64_t> count_{0};  // as committed
  base::Mutex mutex_;
  std::vector<Roomless*> waiting_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;  // to those who would wait

  // The writer thread's.
  std::int64_t rows_ = 0, newest_ = 0, parked_rows_ = 0;
  std::int64_t data_version_ = -1;
  Group group_;
  store::GroupWriter writer_;  // last: it is destroyed first
};

}  // namespace collector
