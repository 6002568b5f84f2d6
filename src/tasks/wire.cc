#include "tasks/wire.h"

#include "base/json_writer.h"

namespace tasks {
namespace {

using base::json::Writer;

std::int64_t milliseconds(base::Time time) { return time.time_since_epoch().count(); }

void raw(Writer& json, std::string_view key, const Json& value) {
  if (!value.empty()) json.key(key).raw(value);
}
template <class T>
void value(Writer& json, std::string_view key, const std::optional<T>& value) {
  if (value) json.key(key).value(*value);
}
void time(Writer& json, std::string_view key, const std::optional<base::Time>& time) {
  if (time) json.key(key).value(milliseconds(*time));
}
template <class Enum>
void choice(Writer& json, std::string_view key, const std::optional<Enum>& choice) {
  if (choice) json.key(key).value(name(*choice));
}

/// What an event and its envelope share.
void write_content(Writer& json, const Event& event, const EventView& view) {
  json.key("timestamp").value(milliseconds(event.timestamp));
  json.key("type").value(event.type).key("level").value(name(event.level));
  json.key("data").raw(view.data.empty() ? std::string_view(event.data) : view.data);
  value(json, "seriesId", event.series_id);
  choice(json, "seriesMode", event.series_mode);
  value(json, "seriesAccField", event.series_field);
  value(json, "clientId", event.client_id);
  value(json, "clientSeq", event.client_seq);
  if (view.is_snapshot) json.key("seriesSnapshot").value(true);
}

}  // namespace

void append_task(std::string& out, const Task& task, std::optional<std::size_t> subscribers) {
  Writer json(out);
  json.begin_object().key("id").value(task.id);
  value(json, "type", task.type);
  json.key("status").value(name(task.status));
  raw(json, "params", task.params);
  raw(json, "metadata", task.metadata);
  raw(json, "result", task.result);
  raw(json, "error", task.error);
  json.key("createdAt").value(milliseconds(task.created_at));
  json.key("updatedAt").value(milliseconds(task.updated_at));
  time(json, "completedAt", task.completed_at);
  value(json, "ttl", task.ttl);
  raw(json, "authConfig", task.auth_config);
  raw(json, "webhooks", task.webhooks);
  raw(json, "cleanup", task.cleanup);
  raw(json, "tags", task.tags);
  choice(json, "assignMode", task.assign_mode);
  value(json, "cost", task.cost);
  value(json, "assignedWorker", task.assigned_worker);
  choice(json, "disconnectPolicy", task.disconnect_policy);
  value(json, "reason", task.reason);
  time(json, "resumeAt", task.resume_at);
  raw(json, "blockedRequest", task.blocked_request);
  if (!task.extra.empty()) json.raw(std::string_view(task.extra).substr(1, task.extra.size() - 2));
  if (subscribers)
    json.key("hot").value(*subscribers > 0).key("subscriberCount").value(*subscribers);
  json.end_object();
}

void append_event(std::string& out, std::string_view task_id, const Event& event, EventView view) {
  Writer json(out);
  json.begin_object().key("id").value(event.id).key("taskId").value(task_id);
  json.key("index").value(event.index);
  write_content(json, event, view);
  json.end_object();
}

void append_envelope(std::string& out, std::string_view task_id, const Event& event,
                     std::int64_t filtered_index, EventView view) {
  Writer json(out);
  json.begin_object().key("filteredIndex").value(filtered_index);
  json.key("rawIndex").value(event.index).key("eventId").value(event.id);
  json.key("taskId").value(task_id);
  write_content(json, event, view);
  json.end_object();
}

void append_archive_head(std::string& out, const Task& task, base::Time exported_at) {
  std::string text;
  append_task(text, task);
  Writer json(out);
  json.begin_object().key("schema").value("taskcast.taskArchive").key("version").value(1);
  json.key("exportedAt").value(milliseconds(exported_at)).key("task").raw(text);
  json.key("events").begin_array();
}

}  // namespace tasks
