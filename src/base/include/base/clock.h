#pragma once

#include <chrono>

namespace base {

/// A moment of wall-clock time, UTC, in milliseconds.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// The wall clock, behind an interface that tests replace. Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;

  static const Clock& system();
};

}  // namespace base
