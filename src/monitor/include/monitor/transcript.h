#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "monitor/event_query.h"
#include "monitor/event_row.h"

namespace monitor {

struct TranscriptPage {
  std::string entries;  // JSON objects with commas between
  std::size_t count = 0;
  std::optional<EventPosition> end;
};

/// The events of a session as a conversation, oldest first (`created_at`, then id), from behind
/// `after`. Costs what the page costs.
base::Result<TranscriptPage> read_transcript(store::Database& db, const std::string& session_id,
                                             const std::optional<EventPosition>& after,
                                             std::int64_t limit);

/// One event as an entry of a transcript: docs/api.md, "Transcript entry".
void append_transcript_entry(std::string& out, const EventRow& event);

}  // namespace monitor
