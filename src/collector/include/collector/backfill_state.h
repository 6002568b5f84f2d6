#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"

/// What is told of each log that has been taken in: the table of earlier collectors, which read and
/// write it too. How far a log is read stands in its cursor. docs/formats.md, "collector.db".
/// Thread: that of the database.
namespace collector {

struct BackfillState {
  enum class Status : std::uint8_t {
    fresh,        // `new`
    in_progress,  // being read
    paused,       // was, when the collector stopped
    completed,    // read to its end
    failed,       // see `error`
  };
  std::string agent;  // as events call it: `github-copilot`
  std::string path;
  std::int64_t offset = 0, events = 0;
  std::optional<std::int64_t> last_timestamp;  // seconds
  Status status = Status::fresh;
  std::int64_t started_at = 0;  // seconds; set once
  std::optional<std::int64_t> completed_at;
  std::string error;
};

std::string_view name(BackfillState::Status status);

namespace backfill {

/// In `database_path`, which is made; empty: in the database itself.
base::Result<void> create(store::Database& db, const std::string& database_path);

/// Stores all but `started_at`; what an earlier state says of a failure is gone.
base::Result<void> put(store::Database& db, const BackfillState& state, std::int64_t now);
base::Result<void> fail(store::Database& db, const BackfillState& state, std::int64_t now);
/// The collector stops: what is in progress is paused.
base::Result<void> pause_all(store::Database& db);

/// Of one agent, the newest first, or of all.
base::Result<std::vector<BackfillState>> all(store::Database& db, std::string_view agent = {});

}  // namespace backfill
}  // namespace collector
