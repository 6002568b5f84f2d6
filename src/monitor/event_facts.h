#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "monitor/event.h"

namespace monitor {

/// A JSON value as SQLite's json_extract gives it; monostate is NULL.
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;

/// What the totals need of an event beyond its fields: worked out before the writer has it.
struct EventFacts {
  /// When it happened as the client says, in seconds since 1970. Nothing: no such time is given,
  /// or only SQLite knows how to read it (`asks_sqlite`).
  std::optional<std::int64_t> client_at;
  bool asks_sqlite = false;

  std::int64_t lines_added = 0, lines_removed = 0;  // of its metadata
  SqlValue file_path;                               // of its metadata, when its tool edits files
};

/// Thread: any. What it finds in the metadata is what SQLite finds there:
/// `CAST(json_extract(metadata, '$.lines_added') AS INTEGER)`; none in what is not JSON.
EventFacts facts_of(const Event& event);

/// The seconds of `YYYY-MM-DDTHH:MM:SSZ`, with three fraction digits or none; nothing for any other
/// text, whether it is a time or not.
std::optional<std::int64_t> parse_plain_time(std::string_view text);

}  // namespace monitor
