#include "collector/backfill_state.h"

#include <fmt/format.h>

#include <array>

namespace collector {
namespace {

using base::Result;
using store::Database;
using Status = BackfillState::Status;

// Where the table is looked for: SQLite takes an attached database when the main one has none.
constexpr std::string_view kSchemaName = "backfill";

constexpr std::array<std::string_view, 5> kNames = {"new", "in_progress", "paused", "completed",
                                                    "failed"};

Status status_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Status>(i);
  return Status::fresh;
}

constexpr std::string_view kTable = R"(
CREATE TABLE IF NOT EXISTS {0}.backfill_state (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_name TEXT NOT NULL,
  log_file_path TEXT NOT NULL,
  last_byte_offset INTEGER NOT NULL DEFAULT 0,
  last_timestamp INTEGER,
  total_events_processed INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'new',
  started_at INTEGER NOT NULL,
  completed_at INTEGER,
  error_message TEXT,
  UNIQUE(agent_name, log_file_path)
);
CREATE INDEX IF NOT EXISTS {0}.idx_backfill_status ON backfill_state(status);
CREATE INDEX IF NOT EXISTS {0}.idx_backfill_agent ON backfill_state(agent_name);
)";
constexpr std::string_view kPut =
    "INSERT INTO backfill_state(agent_name, log_file_path, last_byte_offset, last_timestamp, "
    "total_events_processed, status, started_at, completed_at, error_message) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
    "ON CONFLICT(agent_name, log_file_path) DO UPDATE SET "
    "last_byte_offset = excluded.last_byte_offset, "
    "last_timestamp = coalesce(excluded.last_timestamp, last_timestamp), "
    "total_events_processed = excluded.total_events_processed, status = excluded.status, "
    "completed_at = excluded.completed_at, error_message = excluded.error_message";
constexpr std::string_view kColumns =
    "SELECT agent_name, log_file_path, last_byte_offset, last_timestamp, total_events_processed, "
    "status, started_at, completed_at, error_message FROM backfill_state ";

std::optional<std::int64_t> number_or_null(const store::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

}  // namespace

std::string_view name(Status status) { return kNames[static_cast<std::size_t>(status)]; }

namespace backfill {

Result<void> create(Database& db, const std::string& database_path) {
  if (database_path.empty()) return db.execute(fmt::format(fmt::runtime(kTable), "main"));
  // Made by itself first, so that it has the rights of its owner's files.
  TRY_OK(Database::open(database_path, store::Access::read_write));
  TRY_OK(db.run(fmt::format("ATTACH DATABASE ?1 AS {}", kSchemaName), database_path));
  return db.execute(fmt::format(fmt::runtime(kTable), kSchemaName));
}

Result<void> put(Database& db, const BackfillState& s, std::int64_t now) {
  const auto completed_at =
      s.status == Status::completed ? std::optional(now) : std::optional<std::int64_t>();
  return db.run(kPut, s.agent, s.path, s.offset, s.last_timestamp, s.events, name(s.status), now,
                completed_at, store::NullIfEmpty{s.error});
}

Result<void> fail(Database& db, const BackfillState& s, std::int64_t now) {
  return db.run(
      "INSERT INTO backfill_state(agent_name, log_file_path, status, started_at, error_message) "
      "VALUES(?1, ?2, 'failed', ?3, ?4) ON CONFLICT(agent_name, log_file_path) DO UPDATE SET "
      "status = excluded.status, error_message = excluded.error_message",
      s.agent, s.path, now, s.error);
}

Result<void> pause_all(Database& db) {
  return db.run("UPDATE backfill_state SET status = 'paused' WHERE status = 'in_progress'");
}

Result<std::vector<BackfillState>> all(Database& db, std::string_view agent) {
  std::vector<BackfillState> states;
  TRY(auto rows,
      db.prepare(fmt::format("{}WHERE ?1 = '' OR agent_name = ?1 ORDER BY started_at DESC, id DESC",
                             kColumns)));
  rows.bind(agent);
  for (;;) {
    TRY(const bool row, rows.step());
    if (!row) return states;
    BackfillState state;
    state.agent = rows.text(0);
    state.path = rows.text(1);
    state.offset = rows.integer(2);
    state.last_timestamp = number_or_null(rows, 3);
    state.events = rows.integer(4);
    state.status = status_of(rows.text(5));
    state.started_at = rows.integer(6);
    state.completed_at = number_or_null(rows, 7);
    state.error = rows.text(8);
    states.push_back(std::move(state));
  }
}

}  // namespace backfill
}  // namespace collector
