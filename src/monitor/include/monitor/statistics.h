#pragma once

#include <cstddef>
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

/// The object of GET /api/stats/tools: `{"tools":[...]}`.
base::Result<std::string> read_tools(store::Database& db, const StatisticsFilter& filter);

/// The object of GET /api/stats/cost: the timeline by the client's time, projects and models by
/// the time of receipt. `projects` limits the number of projects.
base::Result<std::string> read_cost(store::Database& db, const StatisticsFilter& filter,
                                    std::size_t projects);

/// Whether an idle check would change any session.
base::Result<bool> has_silent_sessions(store::Database& db, const Settings& settings,
                                       base::Time now);

}  // namespace monitor
