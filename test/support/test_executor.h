#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/task.h"

namespace support {

/// An executor whose thread is the test's own: it runs while `await` waits.
class TestExecutor : public base::Executor {
 public:
  TestExecutor() { enter(); }

  void post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    ready_.notify_one();
  }
  void resume(std::vector<std::coroutine_handle<>> coroutines) override {
    for (const auto coroutine : coroutines) post([coroutine] { coroutine.resume(); });
  }

  /// Runs `task` to its end, and what is posted meanwhile.
  template <class T>
  T await(base::Task<T> task) {
    std::optional<T> result;
    store(std::move(task), result).detach();
    while (!result) run_one();
    return std::move(*result);
  }

  /// Runs what has been posted, and what that posts.
  void run_posted() {
    while (std::function<void()> work = next_or_none()) work();
  }

 private:
  template <class T>
  static base::Task<void> store(base::Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !queue_.empty(); });
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
  }
  std::function<void()> next_or_none() {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return {};
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    return work;
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
};

/// A clock that stands still until the test moves it.
class FakeClock : public base::Clock {
 public:
  base::Time now() const override { return time; }
  base::Time time{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours{12}};
};

/// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sightline-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace support
