#pragma once

#include "base/json_reader.h"
#include "base/result.h"
#include "tasks/store.h"

/// Tasks as files: `taskcast.taskArchive`, version 1. docs/formats.md, "Task archives".
namespace tasks {

/// Reads and checks an archive; its events come in the order of their indexes, which are 0, 1, 2 …
/// `invalid_argument` says what is wrong, of which event.
base::Result<Archive> parse_archive(const base::json::Value& archive);

/// The archive of a task: every series is one event, where its first event stood, and the indexes
/// are 0, 1, 2 … `accumulated` holds what each `accumulate` series has grown to.
Archive make_archive(Task task, std::vector<Event> events, const std::vector<Event>& accumulated);

}  // namespace tasks
