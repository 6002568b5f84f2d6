#include "collector/timer.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace collector {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class IoTimerTest : public testing::Test {
 protected:
  IoTimerTest() : loop_([this] { thread_.run(); }) {}
  ~IoTimerTest() override {
    thread_.stop();
    loop_.join();
  }
  base::Task<void> wait(milliseconds period, std::promise<void>& done) {
    co_await timer_.wait(period);
    done.set_value();
  }

  net::IoThread thread_;
  IoTimer timer_{thread_};
  std::thread loop_;
};

TEST_F(IoTimerTest, AWaitEndsByItself) {
  std::promise<void> done;
  thread_.post([&] { wait(milliseconds{1}, done).detach(); });
  done.get_future().get();
}

TEST_F(IoTimerTest, WakingEndsEveryWait) {
  std::promise<void> first, second;
  thread_.post([&] {
    wait(hours{1}, first).detach();
    wait(hours{2}, second).detach();
    timer_.wake();
  });
  first.get_future().get();
  second.get_future().get();
}

TEST_F(IoTimerTest, WakingHoldsForTheWaitsOfNowOnly) {
  std::promise<void> first, second;
  thread_.post([&] {
    timer_.wake();
    wait(milliseconds{1}, first).detach();
  });
  first.get_future().get();
  thread_.post([&] {
    timer_.wake();
    wait(hours{1}, second).detach();
    timer_.wake();
  });
  second.get_future().get();
}

}  // namespace
}  // namespace collector
