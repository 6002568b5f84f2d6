#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/sqlite.h"

namespace monitor {

/// What a client asks of the list of sessions. An empty text means: any.
struct SessionFilter {
  std::string status, exclude_status, agent_type;
  std::string since;  // of the last event, as SQLite's datetime() reads it; unreadable: no sessions
  std::string project{};
};

enum class SessionOrder : std::uint8_t {
  status,  // active ones first, then idle ones, then all others; of each as `recent`
  recent,  // the last one with an event first, then the newest
  events,  // most of them first, then as `recent`
  tokens,
  cost,
};

/// Names a session as long as the database is not vacuumed.
using SessionHandle = std::int64_t;

/// The first `limit` sessions that match. In the order of the status it costs what the answer
/// costs, in the others what all sessions cost.
base::Result<std::vector<SessionHandle>> find_sessions(store::Database& db,
                                                       const SessionFilter& filter,
                                                       std::int64_t limit,
                                                       SessionOrder order = SessionOrder::status);

struct SessionMatches {
  std::vector<SessionHandle> sessions;  // the one with the newest event that matches first
  bool is_complete = true;              // false: older events have not been looked at
};

/// The sessions with an event whose metadata, project, branch, tool or model contains `text`, which
/// is not empty; letters of ASCII match in both cases. Looks at the newest `max_events` events, and
/// at no more than it needs. Of `filter` agent type, project and status count.
base::Result<SessionMatches> search_sessions(store::Database& db, const std::string& text,
                                             const SessionFilter& filter, std::int64_t limit,
                                             std::int64_t max_events);

struct SessionRows {
  std::string rows;  // JSON objects with commas between
  std::size_t count = 0;
};

/// The sessions with their sums, as "Session row" in docs/api.md; those that are gone are left out.
/// The sums come from the totals: a session costs the same however many events it has.
base::Result<SessionRows> read_sessions(store::Database& db,
                                        std::span<const SessionHandle> sessions);

/// One session; nothing when there is none of this id.
base::Result<std::optional<std::string>> read_session(store::Database& db, const std::string& id);

/// The object of GET /api/filter-options: what events and sessions can be filtered by.
base::Result<std::string> read_filter_options(store::Database& db);

}  // namespace monitor
