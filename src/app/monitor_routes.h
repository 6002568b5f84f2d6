#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "event_feed.h"
#include "monitor/contract.h"
#include "monitor/event_query.h"
#include "monitor/ledger.h"
#include "monitor/statistics.h"
#include "net/router.h"
#include "store/snapshot_readers.h"

namespace app {

/// The monitor's HTTP interface: docs/api.md. Translates HTTP, decides nothing.
///
/// Thread: any I/O thread. Owner: app::Server; outlives every connection.
class MonitorRoutes {
 public:
  struct Parts {
    monitor::Ledger& ledger;
    store::SnapshotReaders& readers;
    EventFeed& feed;
    const monitor::Settings& settings;
    const base::Clock& clock;
    std::string db_path;
  };

  explicit MonitorRoutes(Parts parts);
  void add_to(net::Router& router);

  /// What the server does every so often: docs/architecture.md, "Periodic work".
  base::Task<void> broadcast_statistics();
  base::Task<void> check_idle();

 private:
  base::Task<net::Response> post_event(net::Request& request);
  base::Task<net::Response> post_batch(net::Request& request);
  base::Task<net::Response> get_events(net::Request& request);
  base::Task<net::Response> get_statistics(net::Request& request);
  base::Task<net::Response> get_usage_monitor(net::Request& request);
  base::Task<net::Response> get_stream(net::Request& request);
  base::Task<net::Response> get_health(net::Request& request);

  base::Task<base::Result<std::string>> statistics(monitor::StatisticsFilter filter,
                                                   bool with_usage);
  base::Task<void> stream_events(net::ResponseStream& stream, monitor::EventFilter filter,
                                 monitor::EventPage page, std::int64_t left, std::string tail);
  base::Task<void> serve_stream(net::ResponseStream& stream, std::string channel,
                                std::string last_event_id);
  monitor::ContractLimits limits() const { return {parts_.settings.max_metadata_bytes}; }

  template <class T>
  base::Task<base::Result<T>> query(std::function<base::Result<T>(store::Database&)> read) {
    return parts_.readers.run<T>(std::move(read));
  }

  Parts parts_;
  bool broadcasting_ = false;  // on the thread of the periodic work
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> db_size_{0};
  std::atomic<std::int64_t> db_size_read_at_{-1};  // seconds since the start
};

/// The HTTP answer to a failure: the one place that maps errors to statuses.
net::Response to_response(const base::Error& error);

}  // namespace app
