// How a connection ends before it comes to its end by itself.
#include "connection.h"
#include "thread_connections.h"

namespace net {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kFarewellTime{500};

}  // namespace

void Connection::check_deadline(SteadyTime now) {
  if (now < deadline_) return;
  if (phase_ == Phase::budget) {
    if (!budget_waiter_) return;  // it has been given, and resumes in a moment
    deadline_ = SteadyTime::max();
    home_.forget_budget_waiter(*this);
    std::exchange(budget_waiter_, nullptr).resume();
    return;
  }
  if (phase_ == Phase::stream) server_.lagging_.add();
  if (phase_ == Phase::head || phase_ == Phase::body) {
    server_.aborted_.add();
    // A last word for whoever debugs the client; what does not fit the socket is lost.
    static constexpr std::string_view kTimeout =
        "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Content-Length: 37\r\nConnection: close\r\n\r\n{\"error\":\"the request took too long\"}";
    error_code ignored;
    socket_.write_some(asio::buffer(kTimeout.data(), kTimeout.size()), ignored);
  }
  abort();
}

void Connection::drain() {
  keep_alive_ = false;
  // Half a head is no request yet: nobody has been promised an answer.
  if (phase_ == Phase::idle || phase_ == Phase::head) abort();
  if (phase_ == Phase::stream && !stream_ends_) {
    ending_ = true;
    deadline_ = Clock::now() + kFarewellTime;  // a client that reads gets its last messages
    notify_later();
  }
}

void Connection::abort() {
  closed_ = true;
  error_code ignored;
  if (phase_ == Phase::budget && budget_waiter_) {
    home_.forget_budget_waiter(*this);
    std::exchange(budget_waiter_, nullptr).resume();
    return;
  }
  if (phase_ == Phase::stream && stream_ends_) {
    break_off();
  } else {
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
  }
  if (phase_ == Phase::stream) notify_later();
}

/// By a reset: where only the end of the connection ends an answer, an orderly one would say that
/// it was all.
void Connection::break_off() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace net
