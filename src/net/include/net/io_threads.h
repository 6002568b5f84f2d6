#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"

namespace boost::asio {
class io_context;
}

namespace net {

/// One I/O thread: an io_context that runs on exactly one thread. A connection lives and dies here.
class IoThread : public base::Executor {
 public:
  IoThread();
  ~IoThread() override;

  void post(std::function<void()> work) override;
  void resume(std::vector<std::coroutine_handle<>> coroutines) override;

  /// The thread's loop: returns after `stop`.
  void run();
  /// From any thread; the loop ends when what it does at the moment is done.
  void stop();

  /// Calls `work` every `period`, first after one period, until the handle goes. On this thread;
  /// so is the making and the end of the handle.
  class Periodic;
  std::unique_ptr<Periodic> every(std::chrono::milliseconds period, std::function<void()> work);

  /// Calls `work` whenever `descriptor`, which is set not to block, may be read; until the handle
  /// goes, which does not close it. On this thread; so is the making and the end of the handle.
  class Readable;
  std::unique_ptr<Readable> on_readable(int descriptor, std::function<void()> work);

  boost::asio::io_context& context() { return *context_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
};

class IoThread::Periodic {
 public:
  ~Periodic();

 private:
  friend class IoThread;
  struct State;
  explicit Periodic(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

class IoThread::Readable {
 public:
  ~Readable();

 private:
  friend class IoThread;
  struct State;
  explicit Readable(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// A fixed number of I/O threads. Owner: app::Server, which also runs the threads.
class IoThreads {
 public:
  explicit IoThreads(std::size_t count);
  std::size_t size() const { return threads_.size(); }
  IoThread& at(std::size_t index) { return *threads_[index]; }

 private:
  std::vector<std::unique_ptr<IoThread>> threads_;
};

}  // namespace net
