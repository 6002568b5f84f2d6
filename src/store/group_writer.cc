#include "store/group_writer.h"

#include <unordered_map>

#include "base/log.h"

namespace store {

using base::Errc;
using base::Error;
using base::MutexLock;
using base::Result;

GroupWriter::GroupWriter(Database db, GroupTarget& target, base::Metrics& metrics,
                         std::chrono::milliseconds rest)
    : db_(std::move(db)),
      target_(target),
      rest_(rest),
      groups_(metrics.counter("sightline_ledger_commits_total", "group commits")),
      rows_(metrics.counter("sightline_ledger_rows_total", "rows handed to group commits")),
      failures_(metrics.counter("sightline_ledger_failures_total", "group commits that failed")),
      expired_(metrics.counter("sightline_ledger_expired_total",
                               "writes refused after waiting too long")) {}

bool GroupWriter::Submission::await_suspend(std::coroutine_handle<> waiter) {
  job_.waiter_ = waiter;
  job_.executor_ = base::Executor::current();
  ASSERT(job_.executor_);
  job_.deadline_ = std::chrono::steady_clock::now() + kDeadline;
  job_.outcome_ = {};
  return writer_.enqueue(job_);
}

bool GroupWriter::enqueue(WriteJob& job) {
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    if (stopping_) {
      job.outcome_ = Error{Errc::unavailable, "the server is stopping"};
      return false;
    }
    jobs_.push_back(&job);
    wake = std::exchange(idle_, false);
  }
  if (wake) ready_.notify_one();
  return true;
}

void GroupWriter::run() {
  for (;;) {
    if (!wait_for_work()) {
      db_.release_memory();
      target_.rested();
    }
    const Group group = take();
    if (group.empty()) return;
    commit(group);
    resume(group);
  }
}

/// False: nothing has come for a while.
bool GroupWriter::wait_for_work() {
  const auto until = std::chrono::steady_clock::now() + rest_;
  const MutexLock lock(mutex_);
  while (jobs_.empty() && !stopping_) {
    idle_ = true;
    if (ready_.wait_until(mutex_, until) == std::cv_status::timeout) return false;
  }
  return true;
}

GroupWriter::Group GroupWriter::take() {
  Group group;
  const MutexLock lock(mutex_);
  while (jobs_.empty() && !stopping_) {
    idle_ = true;
    ready_.wait(mutex_);
  }
  idle_ = false;
  std::size_t rows = 0, bytes = 0;
  while (!jobs_.empty()) {
    const WriteJob& next = *jobs_.front();
    rows += next.rows(), bytes += next.bytes();
    if (!group.empty() && (rows > kMaxGroupRows || bytes > kMaxGroupBytes)) break;
    group.push_back(jobs_.front());
    jobs_.pop_front();
  }
  return group;
}

void GroupWriter::commit(const Group& group) {
  auto outcome = write(group);
  if (outcome || group.size() == 1 || outcome.error().code == Errc::unavailable) {
    for (WriteJob* job : group) job->outcome_ = outcome;
    return;
  }
  base::log::warn("a group of {} writes failed and is tried one by one: {}", group.size(),
                  outcome.error().what);
  for (WriteJob* job : group) job->outcome_ = write(std::span(&job, 1));
}

Result<void> GroupWriter::write(std::span<WriteJob* const> jobs) {
  const auto attempt = [&]() -> Result<void> {
    TRY(auto transaction, db_.begin());
    TRY_OK(target_.write(db_, jobs));
    return transaction.commit();
  };
  auto outcome = attempt();
  if (!outcome) {
    failures_.add();
    base::log::error("cannot store: {}", outcome.error().what);
    target_.rolled_back();
    return outcome;
  }
  groups_.add();
  for (const WriteJob* job : jobs) rows_.add(job->rows());
  target_.committed(jobs);
  return outcome;
}

void GroupWriter::resume(const Group& group) {
  // One wake-up for each executor, whatever the number of its waiters.
  std::unordered_map<base::Executor*, std::vector<std::coroutine_handle<>>> waiters;
  for (WriteJob* job : group) waiters[job->executor_].push_back(job->waiter_);
  for (auto& [executor, coroutines] : waiters) executor->resume(std::move(coroutines));
}

void GroupWriter::expire() {
  const auto now = std::chrono::steady_clock::now();
  Group late;
  {
    const MutexLock lock(mutex_);
    // First in, first out: the oldest stand in front.
    while (!jobs_.empty() && jobs_.front()->deadline_ < now) {
      late.push_back(jobs_.front());
      jobs_.pop_front();
    }
  }
  if (late.empty()) return;
  expired_.add(late.size());
  base::log::warn("{} writes waited for more than {} s and were refused", late.size(),
                  kDeadline.count());
  for (WriteJob* job : late)
    job->outcome_ = Error{Errc::unavailable, "the database is busy; try again in a moment"};
  resume(late);
}

void GroupWriter::stop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  ready_.notify_all();
}

std::size_t GroupWriter::waiting() const {
  const MutexLock lock(mutex_);
  return jobs_.size();
}

}  // namespace store
