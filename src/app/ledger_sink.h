#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "collector/sink.h"
#include "monitor/contract.h"
#include "monitor/ledger.h"
#include "store/snapshot_readers.h"

namespace app {

/// Delivers what this machine's agents log to the ledger: events and cursors in one transaction.
///
/// Claude Code and Codex become the events that an import makes of them, under the same ids; other
/// agents those that a collector would send. What is older than kLive is history and no news.
/// Thread: the follower's. Owner: LocalCollector.
class LedgerSink : public collector::Sink {
 public:
  static constexpr std::chrono::minutes kLive{30};

  LedgerSink(monitor::Ledger& ledger, store::SnapshotReaders& readers,
             monitor::ContractLimits limits, const base::Clock& clock)
      : ledger_(ledger), readers_(readers), limits_(limits), clock_(clock) {}

  agents::Telling telling(agents::Agent agent) const override;
  base::Task<base::Result<std::vector<collector::Cursor>>> cursors() override;
  base::Task<base::Result<collector::ReadingState>> state_of(std::int64_t cursor) override;
  base::Task<base::Result<void>> move(
      std::vector<std::pair<std::int64_t, std::string>> moves) override;
  base::Task<std::unique_ptr<collector::Intake>> open(collector::Cursor cursor,
                                                      std::string state) override;
  base::Task<base::Result<void>> wait_for_room() override;
  base::Task<void> failed(collector::Cursor cursor, std::string why) override;

 private:
  class LogIntake;

  monitor::Ledger& ledger_;
  store::SnapshotReaders& readers_;
  const monitor::ContractLimits limits_;
  const base::Clock& clock_;
};

}  // namespace app
