#include "net/http_server.h"

#include <fmt/format.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "connection.h"
#include "thread_connections.h"

namespace net {

namespace asio = boost::asio;
using base::Errc;
using base::Error;
using base::Result;
using boost::system::error_code;

/// Accepts on the first I/O thread and deals the connections out in turn.
class Acceptor {
 public:
  using Native = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

  explicit Acceptor(HttpServer& server)
      : server_(server),
        acceptor_(server.threads_.at(0).context()),
        pause_(server.threads_.at(0).context()) {}

  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);
  void accept();
  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void accepted(error_code error, Socket socket, ThreadConnections& home);

  HttpServer& server_;
  Native acceptor_;
  asio::steady_timer pause_;
  std::size_t next_ = 0;
};

Result<std::uint16_t> Acceptor::listen(const std::string& host, std::uint16_t port) {
  error_code error;
  const std::string literal = host == "localhost" ? "127.0.0.1" : host;
  const auto address = asio::ip::make_address(literal, error);
  if (error)
    return Error{
        Errc::invalid_argument,
        fmt::format("\"{}\" is not an IP address; use 127.0.0.1 or 0.0.0.0, for example", host)};
  const asio::ip::tcp::endpoint endpoint(address, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return Error{Errc::unavailable,
                 fmt::format("cannot listen on {}:{}: {}; choose another port with --port", host,
                             port, error.message())};
  return acceptor_.local_endpoint().port();
}

void Acceptor::accept() {
  ThreadConnections& home = *server_.per_thread_[next_++ % server_.per_thread_.size()];
  acceptor_.async_accept(
      home.thread().context().get_executor(),
      [this, &home](error_code error, Socket socket) { accepted(error, std::move(socket), home); });
}

void Acceptor::accepted(error_code error, Socket socket, ThreadConnections& home) {
  if (server_.draining_ || error == asio::error::operation_aborted) return;
  if (error) {
    // Out of descriptors, mostly: what is open goes on, and some of it will close.
    base::log::error("cannot accept a connection: {}", error.message());
    pause_.expires_after(std::chrono::milliseconds{100});
    pause_.async_wait([this](error_code ended) {
      if (!ended) accept();
    });
    return;
  }
  if (server_.connections_.load() >= server_.options_.max_connections) {
    static constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Content-Length: 32\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
        "{\"error\":\"too many connections\"}";
    server_.refused_.add();
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kFull.data(), kFull.size()), ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
    return accept();
  }
  server_.connections_.fetch_add(1);
  auto shared = std::make_shared<Socket>(std::move(socket));
  home.thread().post([&home, shared] { home.start(std::move(*shared)); });
  accept();
}

HttpServer::HttpServer(IoThreads& threads, const Router& router, ServerOptions options,
                       base::Metrics& metrics)
    : threads_(threads),
      router_(router),
      options_(std::move(options)),
      refused_(metrics.counter("sightline_http_connections_refused_total",
                               "connections over the limit")),
      aborted_(metrics.counter("sightline_http_timeouts_total", "requests that took too long")),
      lagging_(metrics.counter("sightline_stream_stalled_total",
                               "streams closed because the client stopped reading")) {
  for (int i = 0; i < 5; ++i)
    by_class_[i] =
        &metrics.counter("sightline_http_responses_total", "HTTP responses by status class",
                         fmt::format("class=\"{}xx\"", i + 1));
  metrics.gauge("sightline_http_connections", "open connections",
                [this] { return static_cast<double>(connections()); });
  // At least the largest body, or one such body would wait for ever.
  const std::size_t budget =
      std::max(options_.body_budget_bytes / threads.size(), router.max_body_bytes());
  for (std::size_t i = 0; i < threads.size(); ++i)
    per_thread_.push_back(std::make_unique<ThreadConnections>(*this, threads.at(i), budget));
  acceptor_ = std::make_unique<Acceptor>(*this);
}

HttpServer::~HttpServer() = default;

Result<std::uint16_t> HttpServer::listen(const std::string& host, std::uint16_t port) {
  return acceptor_->listen(host, port);
}

void HttpServer::start() {
  threads_.at(0).post([this] { acceptor_->accept(); });
}

void HttpServer::stop(std::chrono::milliseconds patience) {
  draining_ = true;
  threads_.at(0).post([this] { acceptor_->close(); });
  for (auto& home : per_thread_) home->thread().post([&home] { home->drain_all(); });
  const auto none_left = [this] { return connections_.load() == 0; };
  std::unique_lock lock(drained_mutex_);
  if (drained_.wait_for(lock, patience, none_left)) return;
  lock.unlock();
  base::log::warn("{} connections did not finish in time and are closed", connections_.load());
  for (auto& home : per_thread_) home->thread().post([&home] { home->abort_all(); });
  lock.lock();
  drained_.wait_for(lock, patience, none_left);
}

void HttpServer::connection_ended() {
  if (connections_.fetch_sub(1) != 1) return;
  const std::lock_guard lock(drained_mutex_);
  drained_.notify_all();
}

base::Counter& HttpServer::responses(int status) {
  const int index = status / 100 - 1;
  return *by_class_[index >= 0 && index < 5 ? index : 4];
}

}  // namespace net
