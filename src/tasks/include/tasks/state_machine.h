#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tasks/model.h"

/// What a task may become, and what that does to it. Pure: docs/api.md, "States of a task".
namespace tasks {

bool can_become(Status from, Status to);

/// `conflict`: `Invalid transition: <from> → <to>`.
base::Error illegal(Status from, Status to);

/// What is asked for beside the new status. Each is accepted for any; its effect depends on it.
struct Transition {
  Status to = Status::running;
  Json result, error;  // objects; replace what the task has
  std::optional<std::string> reason;
  std::optional<std::int64_t> resume_after_ms;  // of blocked
  Json blocked_request;                         // of blocked
  std::optional<std::int64_t> ttl;              // seconds
};

/// A task as it is to be, and the events that say so, in order.
struct Change {
  Task task;
  std::vector<NewEvent> events;
};

/// `conflict` unless the task can become that.
base::Result<Change> change(const Task& task, const Transition& transition, base::Time now);

/// What its deadline does to a task that has passed it: its event carries the status alone.
/// `conflict` when it has not, or is terminal.
base::Result<Change> time_out(const Task& task, base::Time now);

/// When a task with this ttl that begins to count now times out.
std::optional<base::Time> deadline_of(std::optional<std::int64_t> ttl, base::Time now);

}  // namespace tasks
