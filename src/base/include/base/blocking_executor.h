#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/task.h"

namespace base {

/// An executor whose thread is the one that made it, and runs while that waits in `await`: for
/// programs that do one thing after the other.
class BlockingExecutor : public Executor {
 public:
  BlockingExecutor() { enter(); }

  void post(std::function<void()> work) override;
  void resume(std::vector<std::coroutine_handle<>> coroutines) override;

  /// Runs `task` to its end, and what is posted meanwhile.
  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    store(std::move(task), result).detach();
    while (!result) next()();
    return std::move(*result);
  }

  /// Runs what has been posted, and what that posts.
  void run_posted();

 private:
  template <class T>
  static Task<void> store(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
  }
  std::function<void()> next();
  std::function<void()> next_or_none();

  Mutex mutex_;
  ConditionVariable ready_;
  std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
};

}  // namespace base
