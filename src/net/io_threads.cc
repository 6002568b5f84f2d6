#include "net/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"

namespace net {

namespace asio = boost::asio;

IoThread::IoThread() : context_(std::make_unique<asio::io_context>(1)) {}
IoThread::~IoThread() = default;

void IoThread::post(std::function<void()> work) { asio::post(*context_, std::move(work)); }

void IoThread::resume(std::vector<std::coroutine_handle<>> coroutines) {
  asio::post(*context_, [waiting = std::move(coroutines)] {
    for (const std::coroutine_handle<> coroutine : waiting) coroutine.resume();
  });
}

void IoThread::run() {
  enter();
  const auto guard = asio::make_work_guard(*context_);
  context_->run();
}

void IoThread::stop() { context_->stop(); }

struct IoThread::Periodic::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, std::chrono::milliseconds every, std::function<void()> what)
      : timer(context), period(every), work(std::move(what)) {}

  void wait() {
    timer.expires_after(period);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->ended) return;
      self->work();
      if (!self->ended) self->wait();
    });
  }

  asio::basic_waitable_timer<std::chrono::steady_clock> timer;
  std::chrono::milliseconds period;
  std::function<void()> work;
  bool ended = false;
};

IoThread::Periodic::Periodic(std::shared_ptr<State> state) : state_(std::move(state)) {}

IoThread::Periodic::~Periodic() {
  state_->ended = true;
  state_->timer.cancel();
}

std::unique_ptr<IoThread::Periodic> IoThread::every(std::chrono::milliseconds period,
                                                    std::function<void()> work) {
  ASSERT(is_current());
  auto state = std::make_shared<Periodic::State>(*context_, period, std::move(work));
  state->wait();
  return std::unique_ptr<Periodic>(new Periodic(std::move(state)));
}

struct IoThread::Readable::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, int file, std::function<void()> what)
      : descriptor(context, file), work(std::move(what)) {}

  void wait() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](boost::system::error_code error) {
                            if (error || self->ended) return;
                            self->work();
                            if (!self->ended) self->wait();
                          });
  }

  asio::posix::basic_stream_descriptor<> descriptor;
  std::function<void()> work;
  bool ended = false;
};

IoThread::Readable::Readable(std::shared_ptr<State> state) : state_(std::move(state)) {}

IoThread::Readable::~Readable() {
  state_->ended = true;
  state_->descriptor.release();  // it is the caller's
}

std::unique_ptr<IoThread::Readable> IoThread::on_readable(int descriptor,
                                                          std::function<void()> work) {
  ASSERT(is_current());
  auto state = std::make_shared<Readable::State>(*context_, descriptor, std::move(work));
  state->wait();
  return std::unique_ptr<Readable>(new Readable(std::move(state)));
}

IoThreads::IoThreads(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) threads_.push_back(std::make_unique<IoThread>());
}

}  // namespace net
