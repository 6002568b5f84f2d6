#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event_feed.h"
#include "monitor/contract.h"
#include "monitor/event_query.h"
#include "monitor/ledger.h"
#include "monitor/session_query.h"
#include "monitor/statistics.h"
#include "monitor/transcript.h"
#include "net/router.h"
#include "store/snapshot_readers.h"

namespace app {

class HubRoutes;

/// The monitor's HTTP interface: docs/api.md. Translates HTTP, decides nothing.
///
/// Thread: any I/O thread. Owner: app::Server; outlives every connection.
class MonitorRoutes {
 public:
  struct Parts {
    monitor::Ledger& ledger;
    HubRoutes& hub;  // takes what collectors send to the monitor's own paths
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
  base::Task<net::Response> get_session_stream(net::Request& request);
  base::Task<net::Response> get_health(net::Request& request);
  base::Task<net::Response> get_usage(net::Request& request);
  base::Task<net::Response> get_tools(net::Request& request);
  base::Task<net::Response> get_cost(net::Request& request);
  base::Task<net::Response> get_sessions(net::Request& request);
  base::Task<net::Response> get_session(net::Request& request);
  base::Task<net::Response> get_transcript(net::Request& request);
  base::Task<net::Response> get_filter_options(net::Request& request);

  base::Task<base::Result<std::string>> statistics(monitor::StatisticsFilter filter,
                                                   bool with_usage);
  /// A list of events that is too long for memory: `head`, `page`, what follows it up to `left`
  /// rows, `tail`. A page that is not full is the last.
  base::Task<void> stream_events(net::ResponseStream& stream, std::string head,
                                 monitor::EventFilter filter, monitor::EventPage page,
                                 std::int64_t left, std::string tail);
  base::Task<void> stream_sessions(net::ResponseStream& stream,
                                   std::vector<monitor::SessionHandle> sessions,
                                   monitor::SessionRows page);
  base::Task<void> stream_transcript(net::ResponseStream& stream, std::string head,
                                     std::string session_id, monitor::TranscriptPage page);
  net::Response open_stream(const monitor::StreamFilter& filter, std::string last_event_id);
  /// Where a client begins that names no event.
  enum class Begin { newest, oldest };
  base::Task<void> serve_stream(net::ResponseStream& stream, std::string channel,
                                std::string last_event_id, Begin begin);
  monitor::ContractLimits limits() const { return {parts_.settings.max_metadata_bytes}; }

  template <class T>
  base::Task<base::Result<T>> query(std::function<base::Result<T>(store::Database&)> read) {
    return parts_.readers.run<T>(std::move(read));
  }

  /// `read` after an idle check, if one is due.
  template <class T>
  base::Task<base::Result<T>> query_after_idle_check(
      std::function<base::Result<T>(store::Database&)> read) {
    std::function<base::Result<std::optional<T>>(store::Database&)> read_unless_due =
        [this, &read](store::Database& db) -> base::Result<std::optional<T>> {
      TRY(const bool due, monitor::has_silent_sessions(db, parts_.settings, parts_.clock.now()));
      if (due) return std::optional<T>();
      TRY(T result, read(db));
      return std::optional<T>(std::move(result));
    };
    CO_TRY(std::optional<T> result, co_await query<std::optional<T>>(std::move(read_unless_due)));
    if (result) co_return std::move(*result);
    co_await run_idle_check();
    co_return co_await query<T>(std::move(read));
  }
  base::Task<void> run_idle_check();

  /// An answer with more rows is streamed in pages of so many.
  static constexpr std::int64_t kPageRows = 500;

  Parts parts_;
  bool broadcasting_ = false;  // on the thread of the periodic work
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> db_size_{0};
  std::atomic<std::int64_t> db_size_read_at_{-1};  // seconds since the start
};

/// The HTTP answer to a failure: the one place that maps errors to statuses.
net::Response to_response(const base::Error& error);

}  // namespace app
