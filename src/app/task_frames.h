#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "task_feed.h"
#include "tasks/wire.h"

/// The frames of task streams, byte for byte as clients of Taskcast read them: docs/api.md,
/// "Following a task".
namespace app {

void append_event_frame(std::string& out, std::string_view task_id, const tasks::Event& event,
                        bool is_wrapped, std::int64_t number, tasks::EventView view);
void append_done_frame(std::string& out, tasks::Status status);

/// The same text for queries under which the same events look the same.
std::string view_of(const TaskStreamQuery& query);

}  // namespace app
