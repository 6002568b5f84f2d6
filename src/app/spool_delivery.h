#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "monitor/contract.h"
#include "monitor/ledger.h"
#include "spool.h"

namespace app {

/// Brings what hooks have spooled into the ledger: through the contract like any request, removed
/// from disk when it is committed. An event that is stored already changes nothing, so a stop at
/// any point is harmless.
///
/// Thread: the first I/O thread; disk is touched on workers. Owner: app::Server.
class SpoolDelivery {
 public:
  static constexpr std::chrono::seconds kPeriod{5};
  static constexpr std::size_t kBatchFiles = 256;
  static constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

  SpoolDelivery(Spool spool, const monitor::ContractLimits& limits, monitor::Ledger& ledger,
                base::WorkerPool& pool, base::Metrics& metrics);

  /// Delivers what there is, unless that is going on. Costs one `stat` when nothing has come.
  base::Task<void> deliver();

 private:
  struct Batch;

  base::Task<void> deliver_all();
  Batch read_batch(const std::string& after);
  bool has_news();
  void settle(const Batch& batch, bool stored);

  Spool spool_;
  const monitor::ContractLimits limits_;
  monitor::Ledger& ledger_;
  base::WorkerPool& pool_;
  base::Counter& delivered_;
  base::Counter& rejected_;
  base::Counter& dropped_;
  bool delivering_ = false;
  std::optional<std::int64_t> seen_;  // the folder's time when everything in it had been delivered
};

}  // namespace app
