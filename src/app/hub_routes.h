#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "monitor/contract.h"
#include "monitor/ledger.h"
#include "monitor/registry.h"
#include "net/router.h"
#include "store/snapshot_readers.h"

namespace app {

/// What collectors on other machines send here: docs/api.md, "Collectors".
///
/// Thread: any I/O thread. Owner: app::Server; outlives every connection.
class HubRoutes {
 public:
  HubRoutes(monitor::Ledger& ledger, store::SnapshotReaders& readers,
            monitor::ContractLimits limits)
      : ledger_(ledger), readers_(readers), limits_(limits) {}

  void add_to(net::Router& router);

  /// Stores an array of collected events, all or, when one is wrong, none.
  base::Task<net::Response> store_events(base::json::Value events);
  /// Whether this is one event as collectors send it, not as the monitor's own clients do.
  static bool is_collected_event(const base::json::Value& body);
  /// An array whose first element is one.
  static bool is_collected_batch(const base::json::Value& body);
  base::Task<net::Response> store_event(base::json::Value event);

 private:
  base::Task<net::Response> post_events(net::Request& request);
  base::Task<net::Response> post_event(net::Request& request);
  base::Task<net::Response> post_machine(net::Request& request);
  base::Task<net::Response> get_machine(net::Request& request);
  base::Task<net::Response> get_machines(net::Request& request);
  base::Task<net::Response> post_project(net::Request& request);
  base::Task<net::Response> get_projects(net::Request& request);
  base::Task<net::Response> post_workspace(net::Request& request);
  base::Task<net::Response> get_workspace(net::Request& request);
  base::Task<net::Response> get_workspaces(net::Request& request);

  base::Task<net::Response> append(std::vector<monitor::Event> events);
  template <class T>
  base::Task<net::Response> put(net::Request& request,
                                base::Result<T> (*parse)(const base::json::Value&));
  base::Task<net::Response> read(std::function<base::Result<std::string>(store::Database&)> query,
                                 std::string missing);

  monitor::Ledger& ledger_;
  store::SnapshotReaders& readers_;
  const monitor::ContractLimits limits_;
};

}  // namespace app
