#include "sqlite_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "tasks/wire.h"

namespace tasks::rows {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Time;
using store::Database;
using store::NullIfEmpty;
using store::Statement;

constexpr std::string_view kTaskColumns =
    "id, type, status, params, result, error, metadata, auth_config, webhooks, cleanup, "
    "created_at, updated_at, completed_at, ttl, tags, assign_mode, cost, assigned_worker, "
    "disconnect_policy, reason, resume_at, blocked_request, execution_deadline_at, extra";

constexpr int kRowidColumn = 24;               // behind those
constexpr std::size_t kMostLookedAt = 10'000;  // tasks for one page of a list

constexpr std::string_view kSaveTask =
    "INSERT INTO taskcast_tasks(id, type, status, params, result, error, metadata, auth_config, "
    "webhooks, cleanup, created_at, updated_at, completed_at, ttl, tags, assign_mode, cost, "
    "assigned_worker, disconnect_policy, reason, resume_at, blocked_request, "
    "execution_deadline_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
    "?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23) ON CONFLICT(id) DO UPDATE SET "
    "type=excluded.type, status=excluded.status, params=excluded.params, result=excluded.result, "
    "error=excluded.error, metadata=excluded.metadata, auth_config=excluded.auth_config, "
    "webhooks=excluded.webhooks, cleanup=excluded.cleanup, created_at=excluded.created_at, "
    "updated_at=excluded.updated_at, completed_at=excluded.completed_at, ttl=excluded.ttl, "
    "tags=excluded.tags, assign_mode=excluded.assign_mode, cost=excluded.cost, "
    "assigned_worker=excluded.assigned_worker, disconnect_policy=excluded.disconnect_policy, "
    "reason=excluded.reason, resume_at=excluded.resume_at, "
    "blocked_request=excluded.blocked_request, "
    "execution_deadline_at=excluded.execution_deadline_at";

constexpr std::string_view kInsertEvent =
    "INSERT INTO taskcast_events(id, task_id, idx, timestamp, type, level, data, series_id, "
    "series_mode, series_acc_field, client_id, client_seq) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

constexpr std::string_view kEventColumns =
    "id, idx, timestamp, type, level, data, series_id, series_mode, series_acc_field, client_id, "
    "client_seq";

std::int64_t milliseconds(Time time) { return time.time_since_epoch().count(); }
std::optional<std::int64_t> milliseconds(std::optional<Time> time) {
  if (!time) return std::nullopt;
  return milliseconds(*time);
}
/// Taskcast's own files hold moments as integers or as reals.
Time to_time(std::int64_t number) { return Time(std::chrono::milliseconds(number)); }

template <class Enum>
std::optional<std::string_view> name_of(std::optional<Enum> value) {
  if (!value) return std::nullopt;
  return name(*value);
}

std::optional<Time> time_or_null(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return to_time(row.integer(column));
}
std::optional<std::int64_t> integer_or_null(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

Error damaged(std::string_view what, std::string_view id) {
  return {Errc::corrupt, fmt::format("tasks.db: {} of {} cannot be read", what, id)};
}

Result<Task> task_of(const Statement& row) {
  Task task;
  task.id = row.text(0);
  task.type = row.text_or_null(1);
  const auto status = parse_status(row.text(2));
  if (!status) return damaged("the status", task.id);
  task.status = *status;
  task.params = row.text(3);
  task.result = row.text(4);
  task.error = row.text(5);
  task.metadata = row.text(6);
  task.auth_config = row.text(7);
  task.webhooks = row.text(8);
  task.cleanup = row.text(9);
  task.created_at = to_time(row.integer(10));
  task.updated_at = to_time(row.integer(11));
  task.completed_at = time_or_null(row, 12);
  task.ttl = integer_or_null(row, 13);
  task.tags = row.text(14);
  task.assign_mode = parse_assign_mode(row.text(15));
  task.cost = integer_or_null(row, 16);
  task.assigned_worker = row.text_or_null(17);
  task.disconnect_policy = parse_disconnect_policy(row.text(18));
  task.reason = row.text_or_null(19);
  task.resume_at = time_or_null(row, 20);
  task.blocked_request = row.text(21);
  task.deadline = time_or_null(row, 22);
  task.extra = row.text(23);
  return task;
}

Result<Event> event_of(const Statement& row) {
  Event event;
  event.id = row.text(0);
  event.index = row.integer(1);
  event.timestamp = to_time(row.integer(2));
  event.type = row.text(3);
  const auto level = parse_level(row.text(4));
  if (!level) return damaged("the level", event.id);
  event.level = *level;
  if (!row.is_null(5)) event.data = row.text(5);
  event.series_id = row.text_or_null(6);
  if (!row.is_null(7)) event.series_mode = parse_series_mode(row.text(7));
  event.series_field = row.text_or_null(8);
  event.client_id = row.text_or_null(9);
  event.client_seq = integer_or_null(row, 10);
  return event;
}

/// The index behind which the query's part begins; nothing: it is by time.
Result<std::int64_t> begin_of(Database& db, std::string_view task_id, const Cursor& since) {
  if (since.id) {
    TRY(const auto index,
        db.integer("SELECT idx FROM taskcast_events WHERE id = ?1 AND task_id = ?2", *since.id,
                   task_id));
    return index.value_or(-1);
  }
  return since.index.value_or(-1);
}

/// An event as Taskcast keeps a series' newest one.
std::optional<Event> event_of(std::string_view text) {
  base::json::Document document;
  const auto json = document.parse(text);
  if (!json || !json->is(base::json::Kind::object)) return std::nullopt;
  const auto text_at = [&](std::string_view name) -> std::optional<std::string> {
    const auto value = json->find(name);
    if (!value || !value->is(base::json::Kind::string)) return std::nullopt;
    return std::string(value->text());
  };
  const auto integer_at = [&](std::string_view name) -> std::int64_t {
    const auto value = json->find(name);
    if (!value || !value->is(base::json::Kind::number)) return 0;
    return value->to_int().value_or(
        static_cast<std::int64_t>(std::clamp(value->to_double(), -9e15, 9e15)));
  };
  Event event;
  event.id = text_at("id").value_or("");
  event.index = integer_at("index");
  event.timestamp = to_time(integer_at("timestamp"));
  event.type = text_at("type").value_or("");
  event.level = parse_level(text_at("level").value_or("")).value_or(Level::info);
  if (const auto data = json->find("data")) {
    event.data.clear();
    base::json::append_value(event.data, *data);
  }
  event.series_id = text_at("seriesId");
  if (const auto mode = text_at("seriesMode")) event.series_mode = parse_series_mode(*mode);
  event.series_field = text_at("seriesAccField");
  event.client_id = text_at("clientId");
  if (event.client_id) event.client_seq = integer_at("clientSeq");
  return event;
}

/// What series have come to that accumulate.
Result<void> read_series(Database& db, std::string_view task_id, History& history) {
  TRY(Statement row,
      db.prepare("SELECT event_json FROM taskcast_series_latest WHERE task_id = ?1"));
  row.bind(task_id);
  for (;;) {
    TRY(const bool is_there, row.step());
    if (!is_there) return {};
    auto event = event_of(row.text(0));
    if (!event || !event->series_id) return damaged("a series", task_id);
    if (event->effective_mode() == SeriesMode::accumulate)
      history.accumulated.push_back(std::move(*event));
  }
}

}  // namespace

Result<void> save(Database& db, const Task& task) {
  return db.run(kSaveTask, task.id, task.type, name(task.status), NullIfEmpty{task.params},
                NullIfEmpty{task.result}, NullIfEmpty{task.error}, NullIfEmpty{task.metadata},
                NullIfEmpty{task.auth_config}, NullIfEmpty{task.webhooks},
                NullIfEmpty{task.cleanup}, milliseconds(task.created_at),
                milliseconds(task.updated_at), milliseconds(task.completed_at), task.ttl,
                NullIfEmpty{task.tags}, name_of(task.assign_mode), task.cost, task.assigned_worker,
                name_of(task.disconnect_policy), task.reason, milliseconds(task.resume_at),
                NullIfEmpty{task.blocked_request}, milliseconds(task.deadline));
}

/// `task_version`, which Taskcast never looks at, tells readers that they have two tasks.
Result<void> complete(Database& db, const Task& task) {
  return db.run(
      "UPDATE taskcast_tasks SET extra = ?2, task_version = task_version + 1 WHERE id = ?1",
      task.id, NullIfEmpty{task.extra});
}

Result<std::optional<Task>> find(Database& db, std::string_view id) {
  static const std::string sql =
      fmt::format("SELECT {} FROM taskcast_tasks WHERE id = ?1", kTaskColumns);
  TRY(Statement row, db.prepare(sql));
  TRY(const bool is_there, row.bind(id).step());
  if (!is_there) return std::optional<Task>();
  TRY(Task task, task_of(row));
  return std::optional<Task>(std::move(task));
}

Result<TaskPage> list(Database& db, const ListQuery& query) {
  static const std::string sql = fmt::format(
      "SELECT {}, rowid FROM taskcast_tasks WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid",
      kTaskColumns);
  TaskPage page;
  TRY(const auto newest, db.integer("SELECT max(rowid) FROM taskcast_tasks"));
  page.newest = newest.value_or(-1);
  page.reached = query.after;
  std::size_t bytes = 0, looked_at = 0;
  TRY(Statement row, db.prepare(sql));
  row.bind(query.after, query.through);
  for (;;) {
    TRY(const bool is_there, row.step());
    if (!is_there) return page;
    const bool is_paged = query.limit > 0 || query.max_bytes > 0;
    if ((query.limit > 0 && page.tasks.size() >= query.limit) ||
        (query.max_bytes > 0 && bytes >= query.max_bytes) ||
        (is_paged && ++looked_at > kMostLookedAt)) {
      page.is_last = false;
      return page;
    }
    page.reached = row.integer(kRowidColumn);
    const auto status = parse_status(row.text(2));
    if (status && !is_listed(query.filter, *status, row.text_or_null(1))) continue;
    auto task = task_of(row);
    if (task) {
      bytes += size_of(*task);
      page.tasks.push_back(std::move(*task));
    } else {
      base::log::warn("a task is left out of a list: {}", task.error().what);
    }
  }
}

Result<void> insert(Database& db, std::string_view task_id, const Event& event) {
  // Null is kept as Taskcast keeps it.
  const std::string_view data = event.data == "null" ? std::string_view() : event.data;
  return db.run(kInsertEvent, event.id, task_id, event.index, milliseconds(event.timestamp),
                event.type, name(event.level), NullIfEmpty{data}, event.series_id,
                name_of(event.series_mode), event.series_field, event.client_id, event.client_seq);
}

Result<void> erase(Database& db, std::string_view task_id, std::int64_t index) {
  return db.run("DELETE FROM taskcast_events WHERE task_id = ?1 AND idx = ?2", task_id, index);
}

Result<History> history(Database& db, std::string_view task_id, const HistoryQuery& query) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM taskcast_events WHERE task_id = ?1 AND idx > ?2 AND idx <= ?3 AND timestamp "
      "> ?4 ORDER BY idx LIMIT ?5",
      kEventColumns);
  History history;
  {
    TRY(Statement row, db.prepare("SELECT status, task_version FROM taskcast_tasks WHERE id = ?1"));
    TRY(const bool is_there, row.bind(task_id).step());
    if (!is_there) return no_such_task(task_id);
    history.status = parse_status(row.text(0)).value_or(Status::pending);
    history.version = row.integer(1);
  }
  TRY(history.newest_index, newest_index(db, task_id));
  if (query.with_task) {
    TRY(history.task, find(db, task_id));
  }
  TRY(const std::int64_t begin, begin_of(db, task_id, query.since));
  const std::int64_t after = std::max(begin, query.after);
  std::size_t bytes = 0;
  const bool by_time = query.since.timestamp && !query.since.id && !query.since.index;
  const std::int64_t newer_than =
      by_time ? milliseconds(*query.since.timestamp) : std::numeric_limits<std::int64_t>::min();
  // One more tells whether there is more.
  const std::int64_t limit = query.limit > 0 ? query.limit + 1 : -1;
  {
    TRY(Statement row, db.prepare(sql));
    row.bind(task_id, after, query.through, newer_than, limit);
    for (;;) {
      TRY(const bool is_there, row.step());
      if (!is_there) break;
      const bool is_full =
          (query.limit > 0 && history.events.size() == static_cast<std::size_t>(query.limit)) ||
          (query.max_bytes > 0 && bytes >= query.max_bytes);
      if (is_full) {
        history.is_last = false;
        break;
      }
      TRY(Event event, event_of(row));
      bytes += size_of(event);
      history.events.push_back(std::move(event));
    }
  }
  if (query.with_series) TRY_OK(read_series(db, task_id, history));
  return history;
}

Result<LatestPage> latest(Database& db, std::string_view task_id, const LatestQuery& query) {
  static const std::string sql =
      fmt::format("SELECT {} FROM taskcast_events WHERE task_id = ?1 AND idx = ?2", kEventColumns);
  LatestPage page;
  {
    TRY(const auto version,
        db.integer("SELECT task_version FROM taskcast_tasks WHERE id = ?1", task_id));
    if (!version) return no_such_task(task_id);
    page.version = *version;
  }
  page.reached = query.after;
  // What is sorted are names and indexes; the events are fetched one by one.
  TRY(Statement series,
      db.prepare("SELECT series_id, idx FROM taskcast_events WHERE task_id = ?1 AND idx > ?2 AND "
                 "series_mode = 'latest' AND (?3 IS NULL OR series_id > ?3) AND series_id IS NOT "
                 "NULL ORDER BY series_id LIMIT ?4"));
  series.bind(task_id, query.behind, query.after,
              query.limit > 0 ? static_cast<std::int64_t>(query.limit) + 1 : -1);
  for (std::size_t bytes = 0;;) {
    TRY(const bool is_there, series.step());
    if (!is_there) return page;
    if ((query.limit > 0 && page.events.size() == query.limit) ||
        (query.max_bytes > 0 && bytes >= query.max_bytes)) {
      page.is_last = false;
      return page;
    }
    TRY(Statement row, db.prepare(sql));
    TRY(const bool is_found, row.bind(task_id, series.integer(1)).step());
    if (!is_found) continue;
    TRY(Event event, event_of(row));
    bytes += size_of(event);
    page.reached = event.series_id;
    page.events.push_back(std::move(event));
  }
}

Result<Numbering> numbering(Database& db, std::string_view task_id, std::string_view client_id) {
  Numbering numbering;
  TRY(Statement task, db.prepare("SELECT status, ttl FROM taskcast_tasks WHERE id = ?1"));
  TRY(const bool is_there, task.bind(task_id).step());
  if (!is_there) return no_such_task(task_id);
  numbering.ttl = integer_or_null(task, 1);
  const auto status = parse_status(task.text(0));
  if (status && is_terminal(*status)) return numbering;
  TRY(Statement row,
      db.prepare("SELECT newest, at FROM sightline_publishers WHERE task_id = ?1 AND "
                 "client_id = ?2"));
  TRY(const bool is_known, row.bind(task_id, client_id).step());
  if (!is_known) return numbering;
  numbering.newest = row.integer(0);
  numbering.at = to_time(row.integer(1));
  return numbering;
}

Result<void> save_number(Database& db, std::string_view task_id, std::string_view client_id,
                         const PublisherNumber& newest) {
  return db.run(
      "INSERT INTO sightline_publishers(task_id, client_id, newest, at) VALUES(?1, ?2, ?3, ?4) ON "
      "CONFLICT(task_id, client_id) DO UPDATE SET newest = excluded.newest, at = excluded.at",
      task_id, client_id, newest.number, milliseconds(newest.at));
}

Result<void> clear_numbers(Database& db, std::string_view task_id) {
  return db.run("DELETE FROM sightline_publishers WHERE task_id = ?1", task_id);
}

Result<std::int64_t> newest_index(Database& db, std::string_view task_id) {
  TRY(const auto counter,
      db.integer("SELECT counter FROM taskcast_index_counters WHERE task_id = ?1", task_id));
  return counter.value_or(-1);
}

Result<void> save_newest_index(Database& db, std::string_view task_id, std::int64_t index) {
  return db.run(
      "INSERT INTO taskcast_index_counters(task_id, counter) VALUES(?1, ?2) ON CONFLICT(task_id) "
      "DO UPDATE SET counter = excluded.counter",
      task_id, index);
}

Result<void> save_series(Database& db, std::string_view task_id, const Event& event) {
  std::string text;
  append_event(text, task_id, event);
  return db.run(
      "INSERT INTO taskcast_series_latest(task_id, series_id, event_json) VALUES(?1, ?2, ?3) ON "
      "CONFLICT(task_id, series_id) DO UPDATE SET event_json = excluded.event_json",
      task_id, *event.series_id, text);
}

Result<std::optional<Event>> find_series(Database& db, std::string_view task_id,
                                         std::string_view series_id) {
  TRY(const auto text,
      db.text("SELECT event_json FROM taskcast_series_latest WHERE task_id = ?1 AND series_id = ?2",
              task_id, series_id));
  if (!text) return std::optional<Event>();
  auto event = event_of(*text);
  if (!event) return damaged("a series", task_id);
  return event;
}

Result<std::optional<std::int64_t>> latest_index(Database& db, std::string_view task_id,
                                                 std::string_view series_id) {
  return db.integer(
      "SELECT max(idx) FROM taskcast_events WHERE task_id = ?1 AND series_id = ?2 AND series_mode "
      "= 'latest'",
      task_id, series_id);
}

Result<std::optional<std::string>> other_owner(Database& db, std::string_view task_id,
                                               std::string_view event_id) {
  return db.text("SELECT task_id FROM taskcast_events WHERE id = ?1 AND task_id <> ?2", event_id,
                 task_id);
}

Result<void> clear(Database& db, std::string_view task_id) {
  TRY_OK(clear_numbers(db, task_id));
  TRY_OK(db.run("DELETE FROM taskcast_events WHERE task_id = ?1", task_id));
  TRY_OK(db.run("DELETE FROM taskcast_series_latest WHERE task_id = ?1", task_id));
  return db.run("DELETE FROM taskcast_index_counters WHERE task_id = ?1", task_id);
}

}  // namespace tasks::rows
