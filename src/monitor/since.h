#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "store/sqlite.h"

namespace monitor {

/// From when on events count: whole hours come from the totals of hours, the rest of the hour in
/// which the limit lies from the events. Without a limit there is no rest.
struct Since {
  std::string at;                                                      // datetime; empty: no limit
  std::int64_t seconds = std::numeric_limits<std::int64_t>::min();     // the same since 1970
  std::int64_t first_hour = std::numeric_limits<std::int64_t>::min();  // whole; since 1970
  std::string first_hour_at;                                           // as a datetime

  bool is_limited() const { return !at.empty(); }

  /// `text` as SQLite's datetime() reads it, empty for no limit; nothing when it is no date.
  static base::Result<std::optional<Since>> read(store::Database& db, const std::string& text);
};

}  // namespace monitor
