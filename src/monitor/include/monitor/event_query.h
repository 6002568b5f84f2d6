#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/sqlite.h"

namespace monitor {

/// What a client asks of the event feed. An empty text means: any.
struct EventFilter {
  std::string agent_type, event_type, tool_name, session_id, branch, model, source;
  std::string since, until;  // as SQLite's datetime() reads them; unreadable: no rows
};

/// Where a page of the feed ends, newest first: the next one goes on behind it.
struct EventPosition {
  std::string created_at;
  std::int64_t id = 0;
};

struct EventPage {
  std::string rows;  // JSON objects with commas between
  std::size_t count = 0;
  std::optional<EventPosition> end;
};

/// The events that match, newest first (`created_at`, then id), and how many there are.
///
/// Costs what the page costs, not what the table holds: the number comes from the totals, the rows
/// from the index of kinds or of the session. Filters that match few events of many are as fast as
/// those that match most.
base::Result<EventPage> read_events(store::Database& db, const EventFilter& filter,
                                    const std::optional<EventPosition>& after, std::int64_t offset,
                                    std::int64_t limit);
base::Result<std::int64_t> count_events(store::Database& db, const EventFilter& filter);

}  // namespace monitor
