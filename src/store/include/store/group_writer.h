#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/executor.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/sqlite.h"

namespace store {

/// One request's share of a group commit. Lives in the frame of the coroutine that waits for it.
class WriteJob {
 public:
  virtual ~WriteJob() = default;

  /// Rows and bytes that it brings, for the bounds of a group.
  virtual std::size_t rows() const { return 1; }
  virtual std::size_t bytes() const { return 0; }

 private:
  friend class GroupWriter;
  std::coroutine_handle<> waiter_;
  base::Executor* executor_ = nullptr;
  std::chrono::steady_clock::time_point deadline_;
  base::Result<void> outcome_;
};

/// What is done with the jobs of a group. Thread: the writer's.
class GroupTarget {
 public:
  virtual ~GroupTarget() = default;

  /// Writes all of `jobs`, in order, inside an open transaction.
  virtual base::Result<void> write(Database& db, std::span<WriteJob* const> jobs) = 0;
  /// They are on disk; their waiters resume after this.
  virtual void committed(std::span<WriteJob* const> jobs) = 0;
  /// Nothing of them is: forget what `write` remembered.
  virtual void rolled_back() = 0;
  /// Nothing has come for a while: forget what can be read again.
  virtual void rested() {}
};

/// The group commit: all that waits is written in one transaction, then all waiters resume.
///
/// A commit costs about the same for one row as for a thousand, so the busier it is the cheaper a
/// row becomes. An acknowledged job survives the process always, and power loss when the database
/// runs with synchronous=FULL.
///
/// When a group fails for a reason of the world (disk full, locked), all its jobs get that error.
/// When it fails for a reason that lies in one job, each is tried alone, so that one cannot take
/// others with it.
///
/// Once nothing has come for as long as `rest`, the database's page cache is given back.
///
/// Bounds: a group takes at most kMaxGroupRows rows and kMaxGroupBytes bytes; the rest waits. A job
/// that has waited for kDeadline gets `unavailable`. How many wait is bounded by their callers:
/// each connection has one request in flight.
/// Thread: `submit`, `expire` and `stop` from any; `run` is the writer thread's.
class GroupWriter {
 public:
  static constexpr std::size_t kMaxGroupRows = 8192;
  static constexpr std::size_t kMaxGroupBytes = std::size_t{8} << 20;
  static constexpr std::chrono::seconds kDeadline{10};
  static constexpr std::chrono::milliseconds kRest{5000};

  GroupWriter(Database db, GroupTarget& target, base::Metrics& metrics,
              std::chrono::milliseconds rest = kRest);

  class Submission {
   public:
    Submission(GroupWriter& writer, WriteJob& job) : writer_(writer), job_(job) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter);
    base::Result<void> await_resume() { return std::move(job_.outcome_); }

   private:
    GroupWriter& writer_;
    WriteJob& job_;
  };

  /// Awaited on an executor's thread, which the waiter resumes on once `job` is stored, or not.
  Submission submit(WriteJob& job) { return {*this, job}; }

  /// The writer thread: returns after `stop`, when all that was submitted is answered.
  void run();
  void stop();

  /// Answers the jobs that have waited too long; called every few seconds.
  void expire();

  std::size_t waiting() const;
  Database& database() { return db_; }  // before `run` starts and after it returned

 private:
  using Group = std::vector<WriteJob*>;

  bool enqueue(WriteJob& job);
  Group take();
  bool wait_for_work();
  void commit(const Group& group);
  base::Result<void> write(std::span<WriteJob* const> jobs);
  static void resume(const Group& group);

  Database db_;
  GroupTarget& target_;
  const std::chrono::milliseconds rest_;
  base::Counter& groups_;
  base::Counter& rows_;
  base::Counter& failures_;
  base::Counter& expired_;

  mutable base::Mutex mutex_;
  base::ConditionVariable ready_;
  std::deque<WriteJob*> jobs_ GUARDED_BY(mutex_);
  bool idle_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace store
