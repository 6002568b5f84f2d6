#include "tasks/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace tasks {

using base::Errc;
using base::Error;

namespace {
std::size_t size_of(const std::optional<std::string>& text) { return text ? text->size() : 0; }
}  // namespace

Error no_such_task(std::string_view id) {
  return {Errc::not_found, fmt::format("Task not found: {}", base::to_utf8(id))};
}

Error task_exists(std::string_view id) {
  return {Errc::conflict, fmt::format("Task already exists: {}", id)};
}

Error event_exists(std::string_view id) {
  return {Errc::conflict, fmt::format("Archive event id conflicts with another task: {}", id)};
}

Error is_over(Status status) {
  return {Errc::invalid_argument,
          fmt::format("Cannot publish to task in terminal status: {}", name(status))};
}

PublisherNumbers newest_numbers(const std::vector<Event>& archived) {
  PublisherNumbers newest;
  for (const Event& event : archived) {
    if (!event.client_id || !event.client_seq) continue;
    const PublisherNumber own{*event.client_seq, event.timestamp};
    const auto [at, is_new] = newest.try_emplace(*event.client_id, own);
    if (!is_new && at->second.number < own.number) at->second = own;
  }
  return newest;
}

bool is_listed(const TaskFilter& filter, Status status, const std::optional<std::string>& type) {
  if (filter.matches_none || (filter.type && filter.type != type)) return false;
  return filter.statuses.empty() ||
         std::find(filter.statuses.begin(), filter.statuses.end(), status) != filter.statuses.end();
}

std::size_t size_of(const Task& task) {
  return 200 + task.id.size() + size_of(task.type) + task.params.size() + task.metadata.size() +
         task.result.size() + task.error.size() + task.auth_config.size() + task.webhooks.size() +
         task.cleanup.size() + task.tags.size() + size_of(task.assigned_worker) +
         size_of(task.reason) + task.blocked_request.size() + task.extra.size();
}

std::size_t size_of(const Event& event) {
  return 100 + event.id.size() + event.type.size() + event.data.size() + size_of(event.series_id) +
         size_of(event.series_field) + size_of(event.client_id);
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
