#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agents/log_reader.h"
#include "agents/record.h"
#include "base/result.h"
#include "base/task.h"
#include "collector/cursor.h"

namespace collector {

/// What the records of one log become, on their way to where they are kept.
///
/// Thread: `take` and `waiting` on a worker, never at the same time as the others, which are the
/// follower's.
class Intake {
 public:
  virtual ~Intake() = default;

  virtual void take(const agents::Record& record) = 0;
  /// About how many bytes were taken and not stored.
  virtual std::size_t waiting() const = 0;

  /// What stands in the log so far is void: it begins anew.
  virtual void begin_anew() = 0;

  /// Keeps what was taken since the last call, and `cursor` with `reader_state`, all or nothing;
  /// returns how many items were new. What is taken meanwhile belongs to the next call.
  virtual base::Task<base::Result<std::int64_t>> store(Cursor cursor, std::string reader_state) = 0;
};

/// Where a follower delivers: the buffer of a collector, or the ledger of a server.
/// Thread: the follower's.
class Sink {
 public:
  virtual ~Sink() = default;

  virtual agents::Telling telling(agents::Agent agent) const = 0;

  virtual base::Task<base::Result<std::vector<Cursor>>> cursors() = 0;
  virtual base::Task<base::Result<ReadingState>> state_of(std::int64_t cursor) = 0;
  virtual base::Task<base::Result<void>> move(
      std::vector<std::pair<std::int64_t, std::string>> moves) = 0;

  /// `state` is that of the mapping, saved with the cursor.
  virtual base::Task<std::unique_ptr<Intake>> open(Cursor cursor, std::string state) = 0;

  /// Returns when there is room for more.
  virtual base::Task<base::Result<void>> wait_for_room() = 0;

  /// The log of this cursor could not be read.
  virtual base::Task<void> failed(Cursor cursor, std::string why) = 0;
};

}  // namespace collector
