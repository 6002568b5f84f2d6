#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agents/locations.h"
#include "base/clock.h"
#include "base/result.h"
#include "collector/settings.h"

/// The collector as a program of its own: follows this machine's agents and forwards what they do
/// to a backend. docs/architecture.md, "The collector alone".
namespace app {

struct CollectOptions {
  bool with_history = true;             // false: only what happens from now on
  std::int64_t initial_sync_days = 90;  // how far history goes back
  std::optional<std::uint16_t> port;    // of the server for events of others; over the settings';
                                        // 0: one that the system chooses
  std::string settings_path;            // for the log
};

/// Runs in the foreground until SIGINT or SIGTERM; returns the exit code. A second collector on the
/// same buffer is refused with the pid of the first. The log's level is that of the settings.
int run_collector(const collector::Settings& settings, const CollectOptions& options);

struct BackfillOptions {
  std::vector<agents::Location> locations;  // what is read; one for each source
  std::optional<base::Time> from, to;       // both included
  bool dry_run = false;                     // nothing is sent or written
};

struct BackfillProgress {
  std::int64_t events = 0;                  // found so far
  std::uint64_t bytes = 0, bytes_done = 0;  // of the logs
};

struct BackfillResult {
  std::int64_t processed = 0;  // new, and put into the buffer; dry: that would be
  std::int64_t skipped = 0;    // had been before
  std::int64_t errors = 0;     // lines and logs that could not be read
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds duration{0};
  bool was_stopped = false;  // by a signal: what was read is kept, the rest comes next time
  std::int64_t unsent = 0;   // wait in the buffer: the backend did not take them, or it was stopped
  std::int64_t parked = 0;   // set aside: the backend refused each of them alone
  std::string why_unsent, why_parked;  // what the backend said last
};

/// Takes in the logs once, in the range, and sends them; returns when all is sent, when the backend
/// takes nothing for a whole round of attempts, or at once after a signal. `observe` is called
/// about once a second, on the calling thread. `conflict` when a collector runs on the same buffer.
base::Result<BackfillResult> run_backfill(
    const collector::Settings& settings, const BackfillOptions& options,
    const std::function<void(const BackfillProgress&)>& observe);

/// All places of the agents that the settings enable, `auto` or their own.
std::vector<agents::Location> locations_of(const collector::Settings& settings);

}  // namespace app
