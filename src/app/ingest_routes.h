#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/metrics.h"
#include "collection.h"
#include "collector/buffer.h"
#include "collector/event.h"
#include "net/router.h"
#include "net/websocket.h"

namespace app {

/// The collector's own server: takes events of others into its buffer, and tells how it does.
/// docs/collector.md, "Its server".
///
/// Thread: the one I/O thread. Owner: run_collector; the buffer outlives it.
class IngestRoutes {
 public:
  static constexpr std::size_t kMaxBodyBytes = std::size_t{2} << 20;

  IngestRoutes(collector::Buffer& buffer, base::Metrics& metrics,
               std::function<CollectionStatus()> status,
               std::chrono::milliseconds ping_period = net::WebSocket::kPingPeriod);

  void add_to(net::Router& router);
  /// Says goodbye to the open WebSockets.
  void close();

 private:
  base::Task<net::Response> get_health(net::Request& request);
  base::Task<net::Response> post_events(net::Request& request);
  base::Task<net::Response> get_ws(net::Request& request);
  base::Task<void> serve(net::WebSocket& socket, bool wants_acks);
  base::Task<void> take(net::WebSocket& socket, std::string text, bool wants_acks);

  collector::Buffer& buffer_;
  const std::function<CollectionStatus()> status_;
  const std::chrono::milliseconds ping_period_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  base::Counter& ignored_;
  base::Counter& evicted_;
  std::unordered_set<net::WebSocket*> sockets_;
};

/// What a server that no path of it matches answers.
net::Response unknown_route(const net::Router& router, const net::Request& request);

}  // namespace app
