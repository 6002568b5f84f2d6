#pragma once

#include <coroutine>
#include <functional>
#include <vector>

namespace base {

/// Where continuations run: one thread that takes work from any other.
///
/// Thread: `post` and `resume` from any thread; what is posted runs later, in order, on the
/// executor's thread, never inside the call.
/// Owner:  whoever runs the thread; outlives everything posted to it.
class Executor {
 public:
  virtual ~Executor() = default;

  virtual void post(std::function<void()> work) = 0;

  /// Resumes `coroutines` in order, with one wake-up for all of them.
  virtual void resume(std::vector<std::coroutine_handle<>> coroutines) = 0;

  /// The executor whose thread this is; null on a thread that runs none.
  static Executor* current() { return current_; }
  bool is_current() const { return current_ == this; }

 protected:
  /// Called once by the thread that runs this executor.
  void enter() { current_ = this; }

 private:
  static thread_local Executor* current_;
};

}  // namespace base
