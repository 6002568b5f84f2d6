#pragma once

#include <memory>
#include <string>

#include "collector/follower.h"
#include "ledger_sink.h"
#include "net/router.h"

namespace app {

/// Follows this machine's agents for the server: docs/architecture.md, "Following logs".
///
/// Thread: `start` and `stop` on the main thread while the I/O threads run; `status` on any I/O
/// thread. Owner: app::Server.
class LocalCollector {
 public:
  struct Parts {
    monitor::Ledger& ledger;
    store::SnapshotReaders& readers;
    base::WorkerPool& pool;
    net::IoThread& thread;
    base::Metrics& metrics;
    std::size_t max_metadata_bytes;
  };

  LocalCollector(Parts parts, std::vector<agents::Location> locations);

  void add_to(net::Router& router);
  void start();
  /// Returns when nothing is read or stored any more.
  void stop();

 private:
  base::Task<void> run();
  base::Task<void> end(std::promise<void>& ended);
  base::Task<net::Response> get_collector(net::Request& request);

  Parts parts_;
  LedgerSink sink_;
  std::unique_ptr<collector::Watcher> watcher_;
  collector::Follower follower_;
  std::promise<void> started_;
};

/// `GET /api/collector`: docs/api.md.
std::string to_json(const collector::FollowerStatus& status);

}  // namespace app
