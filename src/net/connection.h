#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <coroutine>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"
#include "net/http_server.h"
#include "net/response_stream.h"
#include "request_parser.h"

namespace net {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using SteadyTime = std::chrono::steady_clock::time_point;

class ThreadConnections;

/// One client's connection, from accept to close.
///
/// Holds no read buffer while it is idle: it waits until the socket is readable and then reads
/// into the thread's scratch buffer, so 10,000 idle connections cost little more than their
/// sockets. What it waits for has a deadline, which ThreadConnections looks at once a second.
/// Thread: its I/O thread. Owner: its own coroutine `serve`.
class Connection : public ResponseStream {
 public:
  Connection(HttpServer& server, ThreadConnections& home, Socket socket);
  ~Connection() override;

  /// Serves requests until the connection ends, then destroys `self`.
  static base::Task<void> serve(std::unique_ptr<Connection> self);

  /// Closes it if what it waits for has taken too long.
  void check_deadline(SteadyTime now);
  /// The server stops: ends it as soon as its request, if there is one, is answered.
  void drain();
  /// Ends it now.
  void abort();

  // ResponseStream
  void send(SharedBytes bytes) override;
  std::size_t queued_bytes() const override { return queued_bytes_; }
  bool is_closed() const override { return closed_ || ending_; }
  void close() override;
  std::string received() override;

 private:
  enum class Phase { idle, head, body, budget, handler, writing, stream, lingering };
  class Ready;  // awaits readiness of the socket

  enum class Next { answer, read_again, end };
  base::Task<Next> read_request();
  base::Task<bool> read_more();
  base::Task<bool> prepare_body();
  base::Task<Response> respond();
  base::Task<bool> write(std::string_view head, std::string_view body);
  base::Task<bool> write_response(Response& response);
  base::Task<void> run_stream(Response& response);
  base::Task<void> end_stream();
  base::Task<void> end_upgraded();
  void break_off();
  base::Task<void> refuse(int status, std::string_view message);
  base::Task<void> linger();

  std::string worded(int status, std::string reason) const;
  void observe(const Response& response);
  std::string head_of(const Response& response, std::size_t body_bytes, bool chunked);
  void enter(Phase phase, std::chrono::seconds time_limit);
  void watch_for_close();
  void flush();
  void resume_flush_waiter();
  void notify_later() override;
  void release_budget();

  HttpServer& server_;
  ThreadConnections& home_;
  Socket socket_;
  RequestParser parser_;
  const Route* route_ = nullptr;  // of the request in progress
  bool has_head_ = false;         // of it, whatever becomes of its body
  std::string unread_;            // bytes that have arrived and are not part of what was parsed
  bool needs_more_ = false;       // the parser has seen `unread_` and cannot go on without more
  Phase phase_ = Phase::idle;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime began_{};  // the request, if somebody observes
  std::size_t budget_bytes_ = 0;
  std::coroutine_handle<> budget_waiter_;
  bool keep_alive_ = true;
  bool chunked_ = true;
  bool closed_ = false;

  // As a stream.
  std::deque<SharedBytes> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t sent_of_first_ = 0;
  bool write_waits_ = false;
  bool is_upgraded_ = false;
  std::string inbox_;           // what has come since, and was not asked for yet
  bool inbox_is_full_ = false;  // nothing is read until it was
  bool ending_ = false;         // what is queued still goes out, and nothing more
  bool stream_ends_ = false;    // by itself
  std::coroutine_handle<> flush_waiter_;
  int callbacks_ = 0;  // that will still come and touch this object
  std::coroutine_handle<> last_callback_waiter_;

  friend class ThreadConnections;
};

}  // namespace net
