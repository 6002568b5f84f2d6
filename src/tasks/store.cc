#include "tasks/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace tasks {

using base::Errc;
using base::Error;

Error no_such_task(std::string_view id) {
  return {Errc::not_found, fmt::format("Task not found: {}", base::to_utf8(id))};
}

Error task_exists(std::string_view id) {
  return {Errc::conflict, fmt::format("Task already exists: {}", id)};
}

Error is_over(Status status) {
  return {Errc::invalid_argument,
          fmt::format("Cannot publish to task in terminal status: {}", name(status))};
}

std::optional<Status> end_of(const Task& task) {
  if (!is_terminal(task.status)) return std::nullopt;
  return task.status;
}

base::Time due_time(const Task& task) {
  base::Time due = base::Time::max();
  if (is_terminal(task.status)) return due;
  if (task.deadline) due = *task.deadline;
  if (task.status == Status::blocked && task.resume_at) due = std::min(due, *task.resume_at);
  return due;
}

}  // namespace tasks
