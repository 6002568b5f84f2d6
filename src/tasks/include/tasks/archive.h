#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/json_reader.h"
#include "base/result.h"
#include "tasks/collapse.h"
#include "tasks/store.h"

/// Tasks as files: `taskcast.taskArchive`, version 1. docs/formats.md, "Task archives".
namespace tasks {

/// Reads and checks an archive; its events come in the order of their indexes, which are 0, 1, 2 …
/// `invalid_argument` says what is wrong, of which event.
base::Result<Archive> parse_archive(const base::json::Value& archive);

/// Makes the events of an archive of those of a task, which come as `HistoryPages` tells them:
/// every series is one event, where its first event stood, and the indexes are 0, 1, 2 …
class ArchivedEvents {
 public:
  /// What each `accumulate` series has grown to.
  explicit ArchivedEvents(std::vector<Event> accumulated) : collapse_(std::move(accumulated)) {}

  /// Nothing when the event is part of a series that was there before.
  std::optional<Event> next(Event event);

 private:
  Collapse collapse_;
  std::int64_t count_ = 0;
};

}  // namespace tasks
