#include "tasks/state_machine.h"

#include <fmt/format.h>

#include <limits>

#include "base/json_writer.h"

namespace tasks {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Time;

constexpr unsigned bit(Status status) { return 1u << static_cast<unsigned>(status); }

/// What each status may become, in the order of Status.
constexpr unsigned kNext[] = {
    bit(Status::assigned) | bit(Status::running) | bit(Status::paused) | bit(Status::timeout) |
        bit(Status::cancelled),
    bit(Status::pending) | bit(Status::running) | bit(Status::paused) | bit(Status::timeout) |
        bit(Status::cancelled),
    bit(Status::paused) | bit(Status::blocked) | bit(Status::completed) | bit(Status::failed) |
        bit(Status::timeout) | bit(Status::cancelled),
    bit(Status::assigned) | bit(Status::running) | bit(Status::blocked) | bit(Status::timeout) |
        bit(Status::cancelled),
    bit(Status::assigned) | bit(Status::running) | bit(Status::paused) | bit(Status::failed) |
        bit(Status::timeout) | bit(Status::cancelled),
    0,
    0,
    0,
    0,
};

NewEvent system_event(std::string_view type, Json data) {
  NewEvent event;
  event.type = type;
  event.data = std::move(data);
  return event;
}

NewEvent status_event(const Task& task) {
  Json data;
  base::json::Writer json(data);
  json.begin_object().key("status").value(name(task.status));
  if (!task.result.empty()) json.key("result").raw(task.result);
  if (!task.error.empty()) json.key("error").raw(task.error);
  json.end_object();
  return system_event(kStatusEvent, std::move(data));
}

NewEvent blocked_event(const Task& task) {
  Json data;
  base::json::Writer json(data);
  json.begin_object();
  if (task.reason) json.key("reason").value(*task.reason);
  json.key("request").raw(task.blocked_request).end_object();
  return system_event(kBlockedEvent, std::move(data));
}

NewEvent resolved_event(const Json& resolution) {
  Json data;
  base::json::Writer json(data);
  json.begin_object();
  if (!resolution.empty()) json.key("resolution").raw(resolution);
  json.end_object();
  return system_event(kResolvedEvent, std::move(data));
}

void suspend_or_resume(Task& task, const Transition& transition, Time now) {
  if (!is_suspended(transition.to)) {
    task.reason.reset();
    task.resume_at.reset();
    task.blocked_request.clear();
    return;
  }
  if (transition.reason) task.reason = transition.reason;
  if (transition.to != Status::blocked) return;
  if (!transition.blocked_request.empty()) task.blocked_request = transition.blocked_request;
  if (transition.resume_after_ms)
    task.resume_at = now + std::chrono::milliseconds{*transition.resume_after_ms};
}

/// Time does not run while a task is paused; when it goes on, all of its ttl does.
void move_deadline(Task& task, const Task& before, Time now) {
  if (is_terminal(task.status) || task.status == Status::paused) {
    task.deadline.reset();
  } else if (task.ttl != before.ttl || !task.deadline) {
    task.deadline = deadline_of(task.ttl, now);
  }
}

}  // namespace

Error illegal(Status from, Status to) {
  return {Errc::conflict, fmt::format("Invalid transition: {} → {}", name(from), name(to))};
}

bool can_become(Status from, Status to) {
  return (kNext[static_cast<std::size_t>(from)] & bit(to)) != 0;
}

std::optional<Time> deadline_of(std::optional<std::int64_t> ttl, Time now) {
  if (!ttl) return std::nullopt;
  // Past this many seconds there is no such moment: it never comes.
  const std::int64_t most =
      (std::numeric_limits<std::int64_t>::max() / 1000) - now.time_since_epoch().count() / 1000 - 1;
  if (*ttl > most) return std::nullopt;
  return now + std::chrono::seconds{*ttl};
}

Result<Change> change(const Task& task, const Transition& transition, Time now) {
  if (!can_become(task.status, transition.to)) return illegal(task.status, transition.to);
  Change change{task, {}};
  Task& next = change.task;
  next.status = transition.to;
  next.updated_at = now;
  if (is_terminal(transition.to)) next.completed_at = now;
  if (!transition.result.empty()) next.result = transition.result;
  if (!transition.error.empty()) next.error = transition.error;
  if (transition.ttl) next.ttl = transition.ttl;
  suspend_or_resume(next, transition, now);
  move_deadline(next, task, now);

  change.events.push_back(status_event(next));
  if (next.status == Status::blocked && !next.blocked_request.empty())
    change.events.push_back(blocked_event(next));
  if (task.status == Status::blocked && next.status == Status::running &&
      !task.blocked_request.empty())
    change.events.push_back(resolved_event(transition.result));
  return change;
}

Result<Change> time_out(const Task& task, Time now) {
  if (is_terminal(task.status) || !task.deadline || *task.deadline > now)
    return illegal(task.status, Status::timeout);
  Change change{task, {}};
  Task& next = change.task;
  next.status = Status::timeout;
  next.updated_at = now;
  next.completed_at = now;
  next.deadline.reset();
  next.assigned_worker.reset();
  next.reason.reset();
  next.resume_at.reset();
  next.blocked_request.clear();
  change.events.push_back(system_event(kStatusEvent, R"({"status":"timeout"})"));
  return change;
}

}  // namespace tasks
