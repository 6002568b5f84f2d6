#include "tasks/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "fields.h"

namespace tasks {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;

Error invalid(std::string text) { return {Errc::invalid_argument, std::move(text)}; }

/// A value in the text of an error, as JavaScript would show it.
std::string shown(const std::optional<Value>& value) {
  if (!value) return "undefined";
  if (value->is(Kind::string)) return std::string(base::cut_utf8(value->text(), 100));
  return std::string(base::cut_utf8(compact(*value), 100));
}

bool is_kind(const std::optional<Value>& value, Kind kind) { return value && value->is(kind); }

bool is_text(const std::optional<Value>& value) {
  return is_kind(value, Kind::string) && !value->text().empty();
}

/// A moment within what a Time can say and JavaScript calls a date.
std::optional<base::Time> to_time(const std::optional<Value>& value) {
  if (!is_kind(value, Kind::number)) return std::nullopt;
  const double milliseconds = value->to_double();
  if (!(std::abs(milliseconds) <= 8.64e15)) return std::nullopt;
  return base::Time(std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds)));
}

/// The members of a task that create and transition check too; a wrong one is left out.
void read_members(const Value& object, Task& task) {
  Issues ignored;
  Fields fields(object, ignored);
  task.type = fields.text("type");
  task.params = fields.object("params");
  task.metadata = fields.object("metadata");
  task.result = fields.object("result");
  task.error = fields.object("error");
  task.completed_at = to_time(fields.find("completedAt"));
  task.ttl = fields.positive("ttl");
  task.auth_config = fields.object("authConfig");
  task.webhooks = fields.array("webhooks");
  task.cleanup = fields.object("cleanup");
  task.tags = fields.texts("tags");
  task.assign_mode = fields.choice("assignMode", parse_assign_mode, "");
  task.cost = fields.positive("cost");
  task.assigned_worker = fields.text("assignedWorker");
  task.disconnect_policy = fields.choice("disconnectPolicy", parse_disconnect_policy, "");
  task.reason = fields.text("reason");
  task.resume_at = to_time(fields.find("resumeAt"));
  task.blocked_request = fields.object("blockedRequest");
}

/// The members that no task has here. `hot` and `subscriberCount` are an answer's, not the task's.
Json unknown_members(const Value& object) {
  static const std::set<std::string_view> known = {
      "id",         "type",       "status",         "params",           "metadata",
      "result",     "error",      "createdAt",      "updatedAt",        "completedAt",
      "ttl",        "authConfig", "webhooks",       "cleanup",          "tags",
      "assignMode", "cost",       "assignedWorker", "disconnectPolicy", "reason",
      "resumeAt",   "hot",        "blockedRequest", "subscriberCount"};
  std::map<std::string_view, Value> unknown;
  for (const base::json::Member& member : object.members())
    if (!known.contains(member.key)) unknown.insert_or_assign(member.key, member.value);
  if (unknown.empty()) return {};
  Json json;
  base::json::Writer writer(json);
  writer.begin_object();
  for (const auto& [key, value] : unknown) writer.escaped_key(key).raw(compact(value));
  writer.end_object();
  return json;
}

Result<Task> parse_archived_task(const std::optional<Value>& value) {
  if (!is_kind(value, Kind::object)) return invalid("Archive task must be an object");
  Task task;
  const auto id = value->find("id");
  if (!is_text(id)) return invalid("Archive task.id must be a string");
  task.id = id->text();
  const auto status = value->find("status");
  const auto known = is_text(status) ? parse_status(status->text()) : std::nullopt;
  if (!known) return invalid("Archive task.status is invalid");
  task.status = *known;
  const auto created = to_time(value->find("createdAt"));
  if (!created) return invalid("Archive task.createdAt must be a finite number");
  task.created_at = *created;
  const auto updated = to_time(value->find("updatedAt"));
  if (!updated) return invalid("Archive task.updatedAt must be a finite number");
  task.updated_at = *updated;
  read_members(*value, task);
  task.extra = unknown_members(*value);
  return task;
}

struct ArchivedEvent {
  Event event;
  std::string task_id;
  std::string_view foreign_member;  // one that no stored event has
};

Result<void> read_series(const Value& value, ArchivedEvent& read) {
  Event& event = read.event;
  if (const auto mode = value.find("seriesMode")) {
    event.series_mode = is_text(mode) ? parse_series_mode(mode->text()) : std::nullopt;
    if (!event.series_mode)
      return invalid(fmt::format("Archive event.seriesMode is invalid for event {}", event.id));
  }
  const auto read_text = [&](const char* name, std::optional<std::string>& out) -> Result<void> {
    const auto text = value.find(name);
    if (!text) return {};
    if (!text->is(Kind::string))
      return invalid(fmt::format("Archive event.{} must be a string for event {}", name, event.id));
    out = text->text();
    return {};
  };
  TRY_OK(read_text("seriesId", event.series_id));
  return read_text("seriesAccField", event.series_field);
}

/// The publisher's own number, where there is a whole one.
void read_client(const Value& value, Event& event) {
  const auto id = value.find("clientId"), sequence = value.find("clientSeq");
  const auto number = is_kind(sequence, Kind::number) ? sequence->to_int() : std::nullopt;
  if (!is_kind(id, Kind::string) || !number || *number < 0 || *number > kMostInteger) return;
  event.client_id = id->text();
  event.client_seq = number;
}

Result<ArchivedEvent> parse_archived_event(const Value& value) {
  if (!value.is(Kind::object)) return invalid("Archive event must be an object");
  ArchivedEvent read;
  Event& event = read.event;
  const auto id = value.find("id");
  if (!is_text(id)) return invalid("Archive event.id must be a string");
  event.id = id->text();
  const auto wrong = [&](std::string_view what) {
    return invalid(fmt::format("Archive event.{} for event {}", what, event.id));
  };
  const auto task_id = value.find("taskId");
  if (!is_text(task_id)) return wrong("taskId must be a string");
  read.task_id = task_id->text();
  const auto index = value.find("index");
  const auto number = is_kind(index, Kind::number) ? index->to_int() : std::nullopt;
  if (!number || *number < 0) return wrong("index must be a non-negative integer");
  event.index = *number;
  const auto timestamp = to_time(value.find("timestamp"));
  if (!timestamp) return wrong("timestamp must be a finite number");
  event.timestamp = *timestamp;
  const auto type = value.find("type");
  if (!is_kind(type, Kind::string)) return wrong("type must be a string");
  event.type = type->text();
  const auto level = value.find("level");
  const auto known = is_text(level) ? parse_level(level->text()) : std::nullopt;
  if (!known) return wrong("level is invalid");
  event.level = *known;
  const auto data = value.find("data");
  if (!data) return wrong("data is required");
  event.data = compact(*data);
  TRY_OK(read_series(value, read));
  read_client(value, event);
  for (const std::string_view name : {"seriesSnapshot", "_accumulatedData"})
    if (value.find(name)) read.foreign_member = name;
  return read;
}

Result<void> check_events(const Task& task, const std::vector<ArchivedEvent>& events) {
  for (const ArchivedEvent& read : events)
    if (read.task_id != task.id)
      return invalid(fmt::format("Archive event taskId mismatch for event {}", read.event.id));
  for (const ArchivedEvent& read : events)
    if (!read.foreign_member.empty())
      return invalid(fmt::format("Archive events cannot include {} (event {})", read.foreign_member,
                                 read.event.id));
  std::set<std::string_view> ids;
  for (const ArchivedEvent& read : events)
    if (!ids.insert(read.event.id).second)
      return invalid(fmt::format("Archive contains duplicate event id: {}", read.event.id));
  for (std::size_t i = 1; i < events.size(); ++i)
    if (events[i].event.index == events[i - 1].event.index)
      return invalid(
          fmt::format("Archive contains duplicate event index: {}", events[i].event.index));
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].event.index != static_cast<std::int64_t>(i))
      return invalid(
          fmt::format("Archive events must have contiguous indexes from 0; expected {}, got {}", i,
                      events[i].event.index));
  return {};
}

}  // namespace

Result<Archive> parse_archive(const Value& value) {
  if (!value.is(Kind::object)) return invalid("Archive must be an object");
  const auto schema = value.find("schema");
  if (!is_text(schema) || schema->text() != "taskcast.taskArchive")
    return invalid(fmt::format("Unsupported archive schema: {}", shown(schema)));
  const auto version = value.find("version");
  if (!is_kind(version, Kind::number) || version->to_int() != 1)
    return invalid(fmt::format("Unsupported archive version: {}", shown(version)));
  const auto exported = value.find("exportedAt");
  if (!is_kind(exported, Kind::number) || !std::isfinite(exported->to_double()))
    return invalid("Archive exportedAt must be a finite number");
  TRY(Task task, parse_archived_task(value.find("task")));
  const auto events = value.find("events");
  if (!is_kind(events, Kind::array)) return invalid("Archive events must be an array");
  std::vector<ArchivedEvent> read;
  read.reserve(events->size());
  for (const Value& event : events->elements()) {
    TRY(ArchivedEvent next, parse_archived_event(event));
    read.push_back(std::move(next));
  }
  std::stable_sort(read.begin(), read.end(), [](const ArchivedEvent& a, const ArchivedEvent& b) {
    return a.event.index < b.event.index;
  });
  TRY_OK(check_events(task, read));
  Archive archive{std::move(task), {}};
  archive.events.reserve(read.size());
  for (ArchivedEvent& next : read) archive.events.push_back(std::move(next.event));
  return archive;
}

std::optional<Event> ArchivedEvents::next(Event event) {
  auto item = collapse_.next(std::move(event));
  if (!item) return std::nullopt;
  item->event.index = count_++;
  return std::move(item->event);
}

Result<Import> parse_import(const Value& body) {
  const auto archive = body.is(Kind::object) ? body.find("archive") : std::nullopt;
  if (!archive) return invalid("Invalid archive import request");
  Import import;
  if (const auto overwrite = body.find("overwrite"); overwrite && !overwrite->is(Kind::null)) {
    if (!overwrite->is(Kind::boolean)) return invalid("Invalid archive import request");
    import.overwrite = overwrite->truth();
  }
  TRY(import.archive, parse_archive(*archive));
  return import;
}

}  // namespace tasks
