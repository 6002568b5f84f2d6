#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/task.h"

namespace base {

/// A few threads for work that blocks: SQL queries, file reads.
///
/// Thread: `run` from any executor's thread; the caller resumes on that executor.
/// Owner:  app::Server, which starts the threads (each calls `work`) and joins them after `stop`.
/// Errors: `unavailable` when kMaxWaiting pieces of work wait already, `cancelled` after `stop`.
class WorkerPool {
 public:
  static constexpr std::size_t kMaxWaiting = 4096;

  /// Runs `work(index of the worker)` on a worker.
  template <class T>
  Task<Result<T>> run(std::function<Result<T>(std::size_t)> work);

  /// The loop of worker `index`; returns after `stop`, when nothing waits any more.
  void work(std::size_t index);
  void stop();

  std::size_t waiting() const;

 private:
  struct Job {
    std::function<void(std::size_t)> work;
    std::coroutine_handle<> waiter;
    Executor* executor;
  };
  struct Awaiter {
    WorkerPool& pool;
    std::function<void(std::size_t)> work;
    std::optional<Error> refused;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter);
    std::optional<Error> await_resume() { return std::move(refused); }
  };

  std::optional<Error> submit(Job job);

  mutable Mutex mutex_;
  ConditionVariable ready_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
};

template <class T>
Task<Result<T>> WorkerPool::run(std::function<Result<T>(std::size_t)> work) {
  std::optional<Result<T>> result;
  Awaiter awaiter{*this, {}, {}};
  awaiter.work = [&result, &work](std::size_t index) { result.emplace(work(index)); };
  if (auto refused = co_await awaiter) co_return std::move(*refused);
  co_return std::move(*result);
}

}  // namespace base
