#pragma once

#include <chrono>
#include <coroutine>
#include <list>
#include <memory>

#include "base/task.h"
#include "net/io_threads.h"

namespace collector {

/// Waiting, behind an interface that tests replace. Thread: its owner's.
class Timer {
 public:
  virtual ~Timer() = default;
  /// Returns after `period`, or at the next `wake`.
  virtual base::Task<void> wait(std::chrono::milliseconds period) = 0;
  /// Ends all waits of now.
  virtual void wake() = 0;
};

/// Waits on an I/O thread, which is also its thread. Destroyed when nobody waits.
class IoTimer : public Timer {
 public:
  explicit IoTimer(net::IoThread& thread) : thread_(thread) {}

  base::Task<void> wait(std::chrono::milliseconds period) override;
  void wake() override;

 private:
  struct Sleeper;
  net::IoThread& thread_;
  std::list<Sleeper*> sleepers_;
};

}  // namespace collector
