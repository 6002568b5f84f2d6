#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "monitor/ledger.h"
#include "store/sqlite.h"

namespace monitor {

/// A row of the events table on its way to a client. Views into what it was made of. Values are as
/// they stand in the database, where other programs write too.
struct EventRow {
  using Text = std::optional<std::string_view>;
  using Integer = std::optional<std::int64_t>;

  std::int64_t id = 0;
  Text event_id;
  std::int64_t schema_version = 1;
  std::string_view session_id, agent_type, event_type;
  Text tool_name;
  std::string_view status;
  Integer tokens_in, tokens_out;
  Text branch, project;
  Integer duration_ms;
  std::string_view created_at;
  Text client_timestamp, metadata;
  std::int64_t payload_truncated = 0;
  Text model;
  std::optional<double> cost_usd;
  Integer cache_read_tokens, cache_write_tokens;
  Text source;
};

/// The columns that `to_row` expects, in order.
extern const std::string_view kEventRowColumns;

EventRow to_row(const store::Statement& statement);
EventRow to_row(const StoredEvent& event);

/// The row as a JSON object with the 22 fields of docs/api.md, "Event row".
void append_json(std::string& out, const EventRow& row);

}  // namespace monitor
