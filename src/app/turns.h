#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <utility>

#include "base/executor.h"
#include "net/io_threads.h"

/// How coroutines share an I/O thread.
namespace app {

/// Lets the thread do what else there is, then goes on.
struct NextTurn {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) const {
    base::Executor::current()->resume({waiter});
  }
  void await_resume() const noexcept {}
};

/// Lets so many coroutines of one I/O thread go on at a time; the others wait in their order.
/// Thread: that one. Outlives whoever has a slot or waits for one.
class Slots {
 public:
  Slots(net::IoThread& thread, std::size_t count) : thread_(thread), free_(count) {}
  Slots(const Slots&) = delete;

  /// Is given back at the latest when it goes out of scope.
  class Slot {
   public:
    explicit Slot(Slots& of) : of_(&of) {}
    Slot(Slot&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() { give_back(); }
    void give_back() {
      if (Slots* const of = std::exchange(of_, nullptr)) of->pass_on();
    }

   private:
    Slots* of_;
  };

  class Wait {
   public:
    explicit Wait(Slots& slots) : slots_(slots) {}
    bool await_ready() const noexcept {
      if (slots_.free_ == 0) return false;
      --slots_.free_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> waiter) { slots_.waiting_.push_back(waiter); }
    Slot await_resume() { return Slot(slots_); }

   private:
    Slots& slots_;
  };
  Wait take() { return Wait(*this); }

 private:
  void pass_on() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    const std::coroutine_handle<> next = waiting_.front();
    waiting_.pop_front();
    thread_.post([next] { next.resume(); });
  }

  net::IoThread& thread_;
  std::size_t free_;
  std::deque<std::coroutine_handle<>> waiting_;
};

}  // namespace app
