#include "sqlite_schema.h"

#include <fmt/format.h>

#include <set>
#include <string>

namespace tasks {
namespace {

using base::Result;
using store::Database;

constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS taskcast_tasks(
  id TEXT PRIMARY KEY, type TEXT, status TEXT NOT NULL, params TEXT, result TEXT, error TEXT,
  metadata TEXT, auth_config TEXT, webhooks TEXT, cleanup TEXT, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, completed_at INTEGER, ttl INTEGER, tags TEXT, assign_mode TEXT,
  cost INTEGER, assigned_worker TEXT, disconnect_policy TEXT);
CREATE TABLE IF NOT EXISTS taskcast_events(
  id TEXT PRIMARY KEY, task_id TEXT NOT NULL REFERENCES taskcast_tasks(id) ON DELETE CASCADE,
  idx INTEGER NOT NULL, timestamp INTEGER NOT NULL, type TEXT NOT NULL, level TEXT NOT NULL,
  data TEXT, series_id TEXT, series_mode TEXT, series_acc_field TEXT, UNIQUE(task_id, idx));
CREATE TABLE IF NOT EXISTS taskcast_series_latest(
  task_id TEXT NOT NULL, series_id TEXT NOT NULL, event_json TEXT NOT NULL,
  PRIMARY KEY(task_id, series_id));
CREATE TABLE IF NOT EXISTS taskcast_index_counters(
  task_id TEXT PRIMARY KEY, counter INTEGER NOT NULL DEFAULT -1);
CREATE TABLE IF NOT EXISTS taskcast_workers(
  id TEXT PRIMARY KEY, status TEXT NOT NULL, match_rule TEXT NOT NULL, capacity INTEGER NOT NULL,
  used_slots INTEGER NOT NULL DEFAULT 0, weight INTEGER NOT NULL DEFAULT 50,
  connection_mode TEXT NOT NULL, connected_at INTEGER NOT NULL,
  last_heartbeat_at INTEGER NOT NULL, metadata TEXT);
CREATE TABLE IF NOT EXISTS taskcast_worker_assignments(
  task_id TEXT PRIMARY KEY, worker_id TEXT NOT NULL, cost INTEGER NOT NULL,
  assigned_at INTEGER NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS taskcast_worker_events(
  id TEXT PRIMARY KEY, worker_id TEXT NOT NULL, timestamp INTEGER NOT NULL, action TEXT NOT NULL,
  data TEXT);
CREATE TABLE IF NOT EXISTS sightline_publishers(
  task_id TEXT NOT NULL REFERENCES taskcast_tasks(id) ON DELETE CASCADE, client_id TEXT NOT NULL,
  newest INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(task_id, client_id)) WITHOUT ROWID;
)sql";

/// The originals' later columns, then those of this program.
struct Column {
  const char* table;
  const char* name;
  const char* declaration;
};
constexpr Column kColumns[] = {
    {"taskcast_tasks", "tags", "TEXT"},
    {"taskcast_tasks", "assign_mode", "TEXT"},
    {"taskcast_tasks", "cost", "INTEGER"},
    {"taskcast_tasks", "assigned_worker", "TEXT"},
    {"taskcast_tasks", "disconnect_policy", "TEXT"},
    {"taskcast_events", "series_acc_field", "TEXT"},
    {"taskcast_tasks", "storage_state", "TEXT NOT NULL DEFAULT 'hot'"},
    {"taskcast_tasks", "storage_epoch", "INTEGER NOT NULL DEFAULT 1"},
    {"taskcast_tasks", "active_release_generation", "TEXT"},
    {"taskcast_tasks", "archive_watermark", "INTEGER NOT NULL DEFAULT -1"},
    {"taskcast_tasks", "last_event_at", "INTEGER"},
    {"taskcast_tasks", "cold_at", "INTEGER"},
    {"taskcast_tasks", "execution_deadline_at", "INTEGER"},
    {"taskcast_tasks", "task_version", "INTEGER NOT NULL DEFAULT 0"},
    {"taskcast_tasks", "ttl_claim_token", "TEXT"},
    {"taskcast_tasks", "ttl_claim_until", "INTEGER"},
    {"taskcast_tasks", "reason", "TEXT"},
    {"taskcast_tasks", "resume_at", "INTEGER"},
    {"taskcast_tasks", "blocked_request", "TEXT"},
    {"taskcast_tasks", "extra", "TEXT"},
    {"taskcast_events", "client_id", "TEXT"},
    {"taskcast_events", "client_seq", "INTEGER"},
};

// The unique constraint of events is the index that reading by task needs.
constexpr const char* kIndexes = R"sql(
CREATE INDEX IF NOT EXISTS idx_tasks_execution_deadline ON taskcast_tasks(execution_deadline_at)
  WHERE execution_deadline_at IS NOT NULL
    AND status NOT IN ('completed', 'failed', 'timeout', 'cancelled');
CREATE INDEX IF NOT EXISTS sightline_tasks_resume ON taskcast_tasks(resume_at)
  WHERE resume_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sightline_events_latest ON taskcast_events(task_id, series_id, idx)
  WHERE series_mode = 'latest';
)sql";

Result<std::set<std::string>> columns_of(Database& db, const char* table) {
  TRY(auto statement, db.prepare("SELECT name FROM pragma_table_info(?1)"));
  statement.bind(table);
  std::set<std::string> names;
  for (;;) {
    TRY(const bool row, statement.step());
    if (!row) return names;
    names.emplace(statement.text(0));
  }
}

}  // namespace

Result<void> open_task_schema(Database& db) {
  TRY(auto transaction, db.begin());
  TRY_OK(db.execute(kTables));
  for (const Column& column : kColumns) {
    TRY(const auto names, columns_of(db, column.table));
    if (!names.contains(column.name))
      TRY_OK(db.execute(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", column.table, column.name,
                                    column.declaration)));
  }
  TRY_OK(db.execute(kIndexes));
  return transaction.commit();
}

}  // namespace tasks
