#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"

namespace net {

/// Bytes that many connections send: framed once as a chunk (RFC 9112 section 7.1), then shared.
class StreamBytes {
 public:
  explicit StreamBytes(std::string_view content);

  std::string_view content() const { return std::string_view(framed_).substr(head_, size_); }
  std::string_view framed() const { return framed_; }

 private:
  std::string framed_;
  std::size_t head_, size_;
};
using SharedBytes = std::shared_ptr<const StreamBytes>;
SharedBytes share(std::string_view content);

/// A response that goes on: what a handler writes after the head has gone out.
///
/// Thread: the connection's. Owner: the connection; valid until the handler's coroutine returns.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;

  /// Sends, or queues what the socket does not take at once. Nothing happens once it is closed.
  virtual void send(SharedBytes bytes) = 0;

  /// Bytes that wait for the peer to read.
  virtual std::size_t queued_bytes() const = 0;

  /// What the peer has sent since the last call. Nothing, unless the response was 101; then it is
  /// woken when more comes, of which kMaxUnreadBytes are read at most until it asks.
  virtual std::string received() { return {}; }
  static constexpr std::size_t kMaxUnreadBytes = std::size_t{256} << 10;

  /// The peer has gone, the server stops, or the peer has read nothing for too long.
  virtual bool is_closed() const = 0;

  /// Ends it: to be used when the peer is too slow.
  virtual void close() = 0;

  /// Suspends until all is sent, or it is closed, or `wake` is called.
  class Wait {
   public:
    enum class For { drained, wake };
    Wait(ResponseStream& stream, For what) : stream_(stream), what_(what) {}
    bool await_ready() const { return stream_.is_closed() || stream_.is_over(what_); }
    void await_suspend(std::coroutine_handle<> waiter) {
      stream_.waiter_ = waiter;
      stream_.waits_for_ = what_;
    }
    void await_resume() const {}

   private:
    ResponseStream& stream_;
    For what_;
  };
  Wait drained() { return {*this, Wait::For::drained}; }
  /// Suspends until `wake` or the end of the connection.
  Wait woken() { return {*this, Wait::For::wake}; }
  /// Resumes the handler, in a moment or at its next `woken`.
  void wake();

 protected:
  /// Resumes the handler if it waits for what has come about.
  void notify();
  /// The same after what runs now: its caller may stand in a loop over all streams.
  virtual void notify_later() = 0;

 private:
  bool is_over(Wait::For what);
  std::coroutine_handle<> waiter_;
  Wait::For waits_for_ = Wait::For::wake;
  bool woken_ = false;
};

}  // namespace net
