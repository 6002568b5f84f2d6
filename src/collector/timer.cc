#include "collector/timer.h"

#include <algorithm>

namespace collector {

struct IoTimer::Sleeper {
  IoTimer& timer;
  std::chrono::milliseconds period;
  std::coroutine_handle<> waiter;
  std::unique_ptr<net::IoThread::Periodic> alarm;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter = handle;
    timer.sleepers_.push_back(this);
    alarm = timer.thread_.every(std::max(period, std::chrono::milliseconds{1}), [this] {
      timer.sleepers_.remove(this);
      rise();
    });
  }
  void await_resume() { alarm.reset(); }

  /// Goes on later, not inside of what calls this.
  void rise() {
    alarm.reset();
    timer.thread_.resume({waiter});
  }
};

base::Task<void> IoTimer::wait(std::chrono::milliseconds period) {
  Sleeper sleeper{*this, period, {}, {}};
  co_await sleeper;
}

void IoTimer::wake() {
  const std::list<Sleeper*> woken = std::exchange(sleepers_, {});
  for (Sleeper* sleeper : woken) sleeper->rise();
}

}  // namespace collector
