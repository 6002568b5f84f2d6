#pragma once

#include <variant>

#include "base/metrics.h"
#include "base/worker_pool.h"
#include "monitor/contract.h"
#include "monitor/counter_states.h"
#include "monitor/ledger.h"
#include "monitor/logged_sessions.h"
#include "monitor/otlp_response.h"
#include "net/router.h"

namespace app {

/// OTLP over HTTP: docs/api.md, "OTLP". Each signal has two paths that take the same bodies and
/// store the same events; they answer differently, one as AgentMonitor does, the other as OTLP
/// says.
///
/// Thread: any I/O thread. Owner: app::Server; outlives every connection.
class OtlpRoutes {
 public:
  static constexpr std::size_t kMaxBodyBytes = std::size_t{5} << 20;  // after decompression

  OtlpRoutes(monitor::Ledger& ledger, base::WorkerPool& pool, monitor::ContractLimits limits,
             base::Metrics& metrics);
  void add_to(net::Router& router);

 private:
  enum class Path : std::uint8_t {
    contract,  // /api/otel/v1/...
    standard,  // /v1/...
  };
  struct Call {
    Path path;
    monitor::otlp::Signal signal;
    monitor::otlp::Encoding encoding = monitor::otlp::Encoding::json;
  };
  /// What a request holds, ready to be stored.
  struct Intake {
    std::vector<monitor::Event> events;
    std::vector<monitor::CounterStates::Taken> taken;
    std::size_t received = 0;
    std::size_t rejected = 0;
  };

  base::Task<net::Response> post(net::Request& request, Call call);
  std::variant<Intake, net::Response> read(net::Request& request, const Call& call);
  std::variant<Intake, net::Response> read_json(net::Request& request, const Call& call);
  std::variant<Intake, net::Response> read_protobuf(const net::Request& request, const Call& call);
  template <class Body>
  base::Result<Intake> map(monitor::otlp::Signal signal, const Body& body);

  monitor::Ledger& ledger_;
  base::WorkerPool& pool_;
  const monitor::ContractLimits limits_;
  monitor::CounterStates counters_;
  monitor::LoggedSessions logged_;
  base::Counter& records_;
  base::Counter& rejected_;
};

}  // namespace app
