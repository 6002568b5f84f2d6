#include "base/blocking_executor.h"

namespace base {

void BlockingExecutor::post(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    queue_.push_back(std::move(work));
  }
  ready_.notify_one();
}

void BlockingExecutor::resume(std::vector<std::coroutine_handle<>> coroutines) {
  for (const auto coroutine : coroutines) post([coroutine] { coroutine.resume(); });
}

void BlockingExecutor::run_posted() {
  while (std::function<void()> work = next_or_none()) work();
}

std::function<void()> BlockingExecutor::next() {
  mutex_.lock();
  while (queue_.empty()) ready_.wait(mutex_);
  std::function<void()> work = std::move(queue_.front());
  queue_.pop_front();
  mutex_.unlock();
  return work;
}

std::function<void()> BlockingExecutor::next_or_none() {
  const MutexLock lock(mutex_);
  if (queue_.empty()) return {};
  std::function<void()> work = std::move(queue_.front());
  queue_.pop_front();
  return work;
}

}  // namespace base
