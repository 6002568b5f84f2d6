#pragma once

#include <string>

#include "base/clock.h"
#include "monitor/settings.h"
#include "store/sqlite.h"

namespace monitor {

struct StatisticsFilter {
  std::string agent_type;  // empty: any
  std::string since;       // as SQLite's datetime() reads it; unreadable: no events
};

/// The members of GET /api/stats, without the braces, so that the stream can add its own.
/// Served from the totals: the cost does not grow with the number of events.
base::Result<std::string> read_statistics(store::Database& db, const StatisticsFilter& filter);

/// The array of GET /api/stats/usage-monitor.
base::Result<std::string> read_usage_monitor(store::Database& db, const Settings& settings,
                                             base::Time now);

/// Whether an idle check would change any session.
base::Result<bool> has_silent_sessions(store::Database& db, const Settings& settings,
                                       base::Time now);

}  // namespace monitor
