#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "base/task.h"

namespace base {

/// A task that runs already, to be awaited later: two things at a time in one coroutine.
///
/// Thread: made, run and awaited on one executor's thread. Awaited once at most; when it is dropped
/// instead, the task goes on to its end by itself, so what it uses must outlive that.
template <class T>
class [[nodiscard]] Started {
 public:
  explicit Started(Task<T> task) : state_(std::make_shared<State>()) {
    run(std::move(task), state_).detach();
  }

  /// Whether it has ended.
  bool await_ready() const noexcept { return state_->result.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { state_->waiter = waiter; }
  T await_resume() { return std::move(*state_->result); }

 private:
  struct State {
    std::optional<T> result;
    std::coroutine_handle<> waiter;
  };

  static Task<void> run(Task<T> task, std::shared_ptr<State> state) {
    state->result.emplace(co_await task);
    if (state->waiter) state->waiter.resume();
  }

  std::shared_ptr<State> state_;
};

}  // namespace base
