#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agents/discovery.h"
#include "agents/log_file.h"
#include "monitor/import.h"
#include "store/sqlite.h"

namespace monitor {

/// What the agents' logs say against what is stored.
struct Verification {
  struct Difference {
    enum class Kind : std::uint8_t { missing, changed, extra };
    Kind kind;
    std::string path;   // of the log
    std::string what;   // the event, or for `extra` the session
    std::string field;  // of `changed`: what differs
  };
  static constexpr std::size_t kMaxDifferences = 100;

  std::int64_t files = 0, unreadable_files = 0;
  std::int64_t events = 0;   // that the logs make
  std::int64_t missing = 0;  // of them, not stored
  std::int64_t changed = 0;  // stored otherwise; messages, where the tokens differ
  std::int64_t extra = 0;    // imported events of the same sessions that the logs do not make
  agents::ReadCounts lines;
  std::vector<Difference> differences;  // the first ones

  bool is_equal() const { return missing + changed + extra + unreadable_files == 0; }
};

/// Reads all logs again and compares; stores nothing. Blocks the calling thread.
base::Result<Verification> verify_import(store::Database& db, const agents::Places& places,
                                         std::size_t max_metadata_bytes, ImportObserver& observer);

}  // namespace monitor
