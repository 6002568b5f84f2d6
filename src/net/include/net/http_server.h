#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "net/io_threads.h"
#include "net/router.h"

namespace net {

struct ServerOptions {
  std::size_t max_connections = 20000;                    // one more is answered with 503
  std::chrono::seconds head_timeout{10};                  // from the first byte of a request
  std::chrono::seconds body_timeout{30};                  // for all of the body
  std::chrono::seconds idle_timeout{75};                  // between requests
  std::chrono::seconds write_timeout{30};                 // without the peer reading a byte
  std::size_t body_budget_bytes = std::size_t{32} << 20;  // of all bodies over 64 KiB in flight

  /// Looked at when the head is there, before the body is read: a refusal, or nothing.
  std::function<std::optional<Response>(const Request&)> gate;
  /// What an unknown path, or a known one with another method, gets.
  std::function<Response(const Request&)> not_found;
  /// Headers for every response to this request, such as CORS.
  std::function<void(const Request&, Response&)> decorate;
  /// Is told of every response, but those to what is no request, just before it is written, and how
  /// long ago the request's head was there. Costs nothing when it is not set.
  std::function<void(const Request&, const Response&, std::chrono::nanoseconds)> observe;
};

class ThreadConnections;
class Acceptor;

/// An HTTP/1.1 server: keep-alive, pipelining one by one, chunked and compressed request bodies,
/// conditional GET, streams. RFC 9110, RFC 9112.
///
/// Limits on header, body, connections and time apply before any handler runs.
/// Thread: `listen`, `start` and `stop` on one thread that is not an I/O thread.
/// Owner:  app::Server. The router and the options outlive the server.
class HttpServer {
 public:
  HttpServer(IoThreads& threads, const Router& router, ServerOptions options,
             base::Metrics& metrics);
  ~HttpServer();

  /// Binds; returns the port, which is chosen by the system for port 0. `unavailable` when the
  /// address is taken, `invalid_argument` when it is none.
  base::Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);

  /// Begins to accept. The I/O threads run already, or will.
  void start();

  /// Stops accepting, ends streams, lets requests in flight finish for `patience`, then closes the
  /// rest. Returns when no connection is left.
  void stop(std::chrono::milliseconds patience);

  std::size_t connections() const { return connections_.load(std::memory_order_relaxed); }

 private:
  friend class Connection;
  friend class ThreadConnections;
  friend class Acceptor;

  void connection_ended();
  base::Counter& responses(int status);

  IoThreads& threads_;
  const Router& router_;
  const ServerOptions options_;
  base::Counter* by_class_[5];
  base::Counter& refused_;
  base::Counter& aborted_;
  base::Counter& lagging_;

  std::vector<std::unique_ptr<ThreadConnections>> per_thread_;
  std::unique_ptr<Acceptor> acceptor_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<bool> draining_{false};
  std::mutex drained_mutex_;
  std::condition_variable drained_;
};

}  // namespace net
