#pragma once

#include <memory>
#include <string>
#include <thread>

#include "app/config.h"
#include "base/blocking_executor.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "monitor/ledger.h"
#include "monitor/pricing.h"
#include "store/snapshot_readers.h"

namespace app {

/// The prices that hold: those that are compiled in, with those of `prices.csv` beside the
/// configuration file in their place. `invalid_argument` with the line.
base::Result<monitor::Pricing> load_prices(const Config& config);

/// The database for a command that only reads; brought up to date before, when another program has
/// written to it or it is from an older version. `not_found` with what to do when there is none.
base::Result<store::Database> open_to_read(const Config& config);

/// The database for a command that runs beside the server or without it, with the threads that
/// reading and writing it need.
///
/// Several processes may write one database: each notices what the others wrote. Thread: one, which
/// waits in `await`.
class LocalLedger {
 public:
  enum class Sync {
    as_configured,  // what the setting `durability` says
    at_the_end,     // for what can be done again: a power cut may take the last of it, in order
  };

  /// Makes the database when it is not there.
  static base::Result<std::unique_ptr<LocalLedger>> open(const Config& config,
                                                         Sync sync = Sync::as_configured);
  ~LocalLedger();

  monitor::Ledger& ledger() { return *ledger_; }
  store::SnapshotReaders& readers() { return readers_; }
  base::WorkerPool& pool() { return pool_; }
  const monitor::Pricing& pricing() const { return pricing_; }
  const monitor::Settings& settings() const { return settings_; }

  template <class T>
  T await(base::Task<T> task) {
    return executor_.await(std::move(task));
  }

 private:
  LocalLedger(const Config& config, monitor::Pricing pricing);

  const monitor::Settings settings_;
  const monitor::Pricing pricing_;
  base::BlockingExecutor executor_;
  base::Metrics metrics_;
  base::WorkerPool pool_;
  store::SnapshotReaders readers_;
  monitor::Branches branches_;
  std::unique_ptr<monitor::Ledger> ledger_;
  std::thread worker_, writer_;
};

}  // namespace app
