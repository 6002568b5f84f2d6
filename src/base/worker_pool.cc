#include "base/worker_pool.h"

#include <vector>

namespace base {

bool WorkerPool::Awaiter::await_suspend(std::coroutine_handle<> waiter) {
  Executor* executor = Executor::current();
  ASSERT(executor);
  refused = pool.submit(Job{std::move(work), waiter, executor});
  return !refused;
}

std::optional<Error> WorkerPool::submit(Job job) {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return Error{Errc::cancelled, "the server is stopping"};
    if (jobs_.size() >= kMaxWaiting)
      return Error{Errc::unavailable, "too many queries wait; try again in a moment"};
    jobs_.push_back(std::move(job));
  }
  ready_.notify_one();
  return std::nullopt;
}

void WorkerPool::work(std::size_t index) {
  for (;;) {
    mutex_.lock();
    while (jobs_.empty() && !stopping_) ready_.wait(mutex_);
    if (jobs_.empty()) {
      mutex_.unlock();
      return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    mutex_.unlock();

    job.work(index);
    job.executor->resume({job.waiter});
  }
}

void WorkerPool::stop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  ready_.notify_all();
}

std::size_t WorkerPool::waiting() const {
  const MutexLock lock(mutex_);
  return jobs_.size();
}

}  // namespace base
