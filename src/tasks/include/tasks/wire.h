#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tasks/model.h"
#include "tasks/store.h"

/// Tasks and events as JSON: docs/api.md, "Tasks". Times are whole milliseconds since 1970; what is
/// absent is left out.
namespace tasks {

/// `subscribers` also writes `hot` and `subscriberCount`.
void append_task(std::string& out, const Task& task, std::optional<std::size_t> subscribers = {});

/// How an event is shown to a reader.
struct EventView {
  std::string_view data;     // in the place of the event's own; empty: its own
  bool is_snapshot = false;  // what an `accumulate` series has grown to
};

/// The event as it is: `{"id":…,"taskId":…,"index":…,…}`.
void append_event(std::string& out, std::string_view task_id, const Event& event,
                  EventView view = {});

/// The event with its number in a filtered stream:
/// `{"filteredIndex":…,"rawIndex":…,"eventId":…,…}`.
void append_envelope(std::string& out, std::string_view task_id, const Event& event,
                     std::int64_t filtered_index, EventView view = {});

/// The beginning of an archive, up to the first of its events. Those follow, with commas between
/// them, then kArchiveEnd.
void append_archive_head(std::string& out, const Task& task, base::Time exported_at);
inline constexpr std::string_view kArchiveEnd = "]}";

}  // namespace tasks
