#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "collector/timer.h"
#include "net/http_sender.h"

/// A backend and a timer that do what a test says.
namespace collector {

class FakeSender : public net::HttpSender {
 public:
  using Answer = std::function<base::Result<net::ClientResponse>(const net::ClientRequest&)>;

  base::Task<base::Result<net::ClientResponse>> send(net::ClientRequest request) override {
    requests.push_back(request);
    if (hangs) {
      Hanging hanging{*this};
      co_await hanging;
      co_return base::Error{base::Errc::cancelled, "the request was cancelled"};
    }
    co_return answer(request);
  }
  void cancel() override {
    cancelled = true;
    if (waiter_) executor_->resume({std::exchange(waiter_, {})});
  }

  std::vector<net::ClientRequest> requests;
  Answer answer = [](const net::ClientRequest&) { return net::ClientResponse{201, "{}"}; };
  bool hangs = false;
  bool cancelled = false;

 private:
  struct Hanging {
    FakeSender& sender;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      sender.waiter_ = handle;
      sender.executor_ = base::Executor::current();
    }
    void await_resume() {}
  };
  std::coroutine_handle<> waiter_;
  base::Executor* executor_ = nullptr;
};

/// Time passes when the test says so.
class FakeTimer : public Timer {
 public:
  base::Task<void> wait(std::chrono::milliseconds period) override {
    Sleeper sleeper{*this, period, {}};
    co_await sleeper;
  }
  void wake() override {
    std::deque<Sleeper*> woken = std::exchange(sleepers_, {});
    for (Sleeper* sleeper : woken) executor_->resume({sleeper->waiter});
  }

  /// How long the next one waits, once there is one.
  base::Task<std::chrono::milliseconds> next() {
    Watcher watcher{*this};
    co_await watcher;
    co_return sleepers_.front()->period;
  }
  /// Ends that wait.
  void elapse() {
    Sleeper* sleeper = sleepers_.front();
    sleepers_.pop_front();
    executor_->resume({sleeper->waiter});
  }

 private:
  struct Sleeper {
    FakeTimer& timer;
    std::chrono::milliseconds period;
    std::coroutine_handle<> waiter;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter = handle;
      timer.executor_ = base::Executor::current();
      timer.sleepers_.push_back(this);
      if (timer.watcher_) timer.executor_->resume({std::exchange(timer.watcher_, {})});
    }
    void await_resume() {}
  };
  struct Watcher {
    FakeTimer& timer;
    bool await_ready() const noexcept { return !timer.sleepers_.empty(); }
    void await_suspend(std::coroutine_handle<> handle) { timer.watcher_ = handle; }
    void await_resume() {}
  };
  std::deque<Sleeper*> sleepers_;
  std::coroutine_handle<> watcher_;
  base::Executor* executor_ = nullptr;
};

}  // namespace collector
