#include "monitor/schema.h"

#include <fmt/format.h>

#include <array>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "monitor/registry.h"
#include "store/migrations.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;

// Columns, types, defaults and constraints are AgentMonitor's. The event type has no check: new
// ones appear.
constexpr std::string_view kEventColumns = R"sql(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT UNIQUE,
  schema_version INTEGER NOT NULL DEFAULT 1,
  session_id TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  event_type TEXT NOT NULL,
  tool_name TEXT,
  status TEXT NOT NULL DEFAULT 'success' CHECK (status IN ('success', 'error', 'timeout')),
  tokens_in INTEGER DEFAULT 0,
  tokens_out INTEGER DEFAULT 0,
  branch TEXT,
  project TEXT,
  duration_ms INTEGER,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  client_timestamp TEXT,
  metadata TEXT DEFAULT '{}',
  payload_truncated INTEGER NOT NULL DEFAULT 0 CHECK (payload_truncated IN (0, 1)),
  model TEXT,
  cost_usd REAL,
  cache_read_tokens INTEGER DEFAULT 0,
  cache_write_tokens INTEGER DEFAULT 0,
  source TEXT DEFAULT 'api'
)sql";

constexpr std::string_view kOtherTables = R"sql(
CREATE TABLE IF NOT EXISTS agents (
  id TEXT PRIMARY KEY,
  agent_type TEXT NOT NULL,
  name TEXT,
  registered_at TEXT NOT NULL DEFAULT (datetime('now')),
  last_seen_at TEXT NOT NULL DEFAULT (datetime('now'))
);
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  project TEXT,
  branch TEXT,
  status TEXT NOT NULL DEFAULT 'active',
  started_at TEXT NOT NULL DEFAULT (datetime('now')),
  ended_at TEXT,
  last_event_at TEXT NOT NULL DEFAULT (datetime('now')),
  metadata TEXT DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS import_state (
  file_path TEXT PRIMARY KEY,
  file_hash TEXT NOT NULL,
  file_size INTEGER NOT NULL,
  source TEXT NOT NULL,
  events_imported INTEGER NOT NULL DEFAULT 0,
  imported_at TEXT NOT NULL DEFAULT (datetime('now'))
);
)sql";

// Four of AgentMonitor's single-column indexes are not wanted: sightline_kind_events answers what
// they were for, in order and in combination, at a quarter of their cost for every insert. Its own
// start makes them again. The one on sessions has the time too, for the
// order within a session. sightline_past_sessions lists what has ended in the order of time; the
// events of a live session do not touch it.
constexpr std::string_view kIndexes = R"sql(
CREATE INDEX IF NOT EXISTS idx_events_created_at ON events(created_at);
CREATE INDEX IF NOT EXISTS idx_events_session_id ON events(session_id, created_at);
CREATE INDEX IF NOT EXISTS idx_sessions_status ON sessions(status);
CREATE INDEX IF NOT EXISTS sightline_past_sessions ON sessions(last_event_at)
  WHERE status <> 'active' AND status <> 'idle';
DROP INDEX IF EXISTS idx_events_event_type;
DROP INDEX IF EXISTS idx_events_tool_name;
DROP INDEX IF EXISTS idx_events_agent_type;
DROP INDEX IF EXISTS idx_events_model;
)sql";

struct Column {
  std::string_view name, definition;
};

// What databases from before these columns lack.
constexpr std::array<Column, 7> kLaterColumns = {{
    {"client_timestamp", "TEXT"},
    {"payload_truncated", "INTEGER NOT NULL DEFAULT 0 CHECK (payload_truncated IN (0, 1))"},
    {"model", "TEXT"},
    {"cost_usd", "REAL"},
    {"cache_read_tokens", "INTEGER DEFAULT 0"},
    {"cache_write_tokens", "INTEGER DEFAULT 0"},
    {"source", "TEXT DEFAULT 'api'"},
}};

constexpr std::string_view kCopiedColumns =
    "id, event_id, schema_version, session_id, agent_type, event_type, tool_name, status, "
    "tokens_in, tokens_out, branch, project, duration_ms, created_at, client_timestamp, metadata, "
    "payload_truncated, model, cost_usd";

// kinds:        every combination of values that events are filtered and counted by; '' is NULL.
// kind_events:  the events of a kind in the order of time: the index behind every filter.
// *_totals:     sums over events, kept in the transaction that stores them.
// state:        last_event_id: the totals include everything up to here; stale: 1 when a program
//               that does not know of them has changed or removed rows.
constexpr std::string_view kOwnTables = R"sql(
CREATE TABLE sightline_kinds (
  id INTEGER PRIMARY KEY,
  agent_type TEXT NOT NULL,
  event_type TEXT NOT NULL,
  tool_name TEXT NOT NULL,
  model TEXT NOT NULL,
  project TEXT NOT NULL,
  branch TEXT NOT NULL,
  source TEXT NOT NULL,
  status TEXT NOT NULL,
  UNIQUE (agent_type, event_type, tool_name, model, project, branch, source, status)
);
CREATE TABLE sightline_kind_events (
  kind INTEGER NOT NULL,
  at INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (kind, at, id)
) WITHOUT ROWID;
CREATE TABLE sightline_totals (
  kind INTEGER PRIMARY KEY,
  events INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  duration_ms INTEGER NOT NULL,
  durations INTEGER NOT NULL
);
CREATE TABLE sightline_hour_totals (
  hour INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  events INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  duration_ms INTEGER NOT NULL,
  durations INTEGER NOT NULL,
  PRIMARY KEY (hour, kind)
) WITHOUT ROWID;
CREATE TABLE sightline_session_totals (
  session_id TEXT PRIMARY KEY,
  events INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cost_usd REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE sightline_state (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO sightline_state(key, value) VALUES ('last_event_id', 0), ('stale', 0);
)sql";

// session_totals:  what an event's metadata says of files and lines is summed up too.
// session_files:   the files that a session has edited; a path is what json_extract gives.
// cost_totals:     events that cost something, by hour of receipt.
// usage_totals:    all events by quarter of an hour of the client's time: days of any time zone are
//                  made of quarters. The slot -1000000000 is that of times that nobody can read.
// timeline_totals: the same, as far as the timeline of costs needs it, by whole hours.
// displaced_times: events whose client's time is not within a minute of their receipt, so that the
//                  index on the receipt does not lead to them.
// usage_details:   what the contract's columns have no room for; not to be had from the events.
constexpr std::string_view kUsageTables = R"sql(
ALTER TABLE sightline_session_totals ADD COLUMN files_edited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sightline_session_totals ADD COLUMN lines_added INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sightline_session_totals ADD COLUMN lines_removed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE sightline_session_files (
  session_id TEXT NOT NULL,
  path NOT NULL,
  PRIMARY KEY (session_id, path)
) WITHOUT ROWID;
CREATE TABLE sightline_cost_totals (
  hour INTEGER NOT NULL,
  session_id TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  model TEXT NOT NULL,
  events INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  PRIMARY KEY (hour, session_id, agent_type, model)
) WITHOUT ROWID;
CREATE TABLE sightline_usage_totals (
  slot INTEGER NOT NULL,
  agent_type TEXT NOT NULL,
  model TEXT NOT NULL,
  events INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  unpriced INTEGER NOT NULL,
  PRIMARY KEY (slot, agent_type, model)
) WITHOUT ROWID;
CREATE TABLE sightline_timeline_totals (
  hour INTEGER NOT NULL,
  agent_type TEXT NOT NULL,
  events INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  PRIMARY KEY (hour, agent_type)
) WITHOUT ROWID;
CREATE TABLE sightline_displaced_times (
  at INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (at, id)
) WITHOUT ROWID;
CREATE TABLE sightline_usage_details (
  event INTEGER PRIMARY KEY,
  cache_write_1h_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  input_includes_cache INTEGER NOT NULL
);
UPDATE sightline_state SET value = 1 WHERE key = 'stale';
)sql";

// Sightline itself never changes or removes an event, and its ids only rise, so none of these does
// anything for it. A row that takes the id of another (INSERT OR REPLACE), or of one that was
// removed, shows by that id. A REPLACE by event_id under a new id does not show, for SQLite runs no
// delete trigger then: the replaced row stays in the sums until they are counted anew.
constexpr std::string_view kTriggers = R"sql(
CREATE TRIGGER IF NOT EXISTS sightline_event_changed AFTER UPDATE ON events
BEGIN UPDATE sightline_state SET value = 1 WHERE key = 'stale'; END;
CREATE TRIGGER IF NOT EXISTS sightline_event_removed AFTER DELETE ON events
BEGIN UPDATE sightline_state SET value = 1 WHERE key = 'stale'; END;
CREATE TRIGGER IF NOT EXISTS sightline_event_left_a_gap AFTER DELETE ON events
WHEN EXISTS (SELECT 1 FROM sightline_usage_details WHERE event = OLD.id AND message IS NOT NULL)
BEGIN
  INSERT INTO sightline_message_gaps
    SELECT message, OLD.tokens_in, OLD.tokens_out, OLD.cache_read_tokens, OLD.cache_write_tokens,
      cache_write_1h_tokens, reasoning_tokens, coalesce(OLD.cost_usd, 0)
    FROM sightline_usage_details WHERE event = OLD.id
  ON CONFLICT(key) DO UPDATE SET tokens_in = tokens_in + excluded.tokens_in,
    tokens_out = tokens_out + excluded.tokens_out,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    cache_write_1h_tokens = cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    cost_usd = cost_usd + excluded.cost_usd;
  DELETE FROM sightline_usage_details WHERE event = OLD.id;
END;
CREATE TRIGGER IF NOT EXISTS sightline_event_slipped_in AFTER INSERT ON events
WHEN NEW.id <= (SELECT value FROM sightline_state WHERE key = 'last_event_id')
BEGIN UPDATE sightline_state SET value = 1 WHERE key = 'stale'; END;
)sql";

Result<bool> has_column(Database& db, std::string_view column) {
  TRY(const auto found,
      db.integer("SELECT 1 FROM pragma_table_info('events') WHERE name = ?1", column));
  return found.has_value();
}

Result<void> add_missing_columns(Database& db) {
  for (const Column& column : kLaterColumns) {
    TRY(const bool there, has_column(db, column.name));
    if (!there)
      TRY_OK(db.execute(
          fmt::format("ALTER TABLE events ADD COLUMN {} {}", column.name, column.definition)));
  }
  return {};
}

/// The rows up to this one have been looked at by an earlier start.
Result<std::int64_t> checked_id(Database& db) {
  TRY(const auto id, db.integer("SELECT value FROM sightline_state WHERE key = 'last_event_id' AND "
                                "(SELECT value FROM sightline_state WHERE key = 'stale') = 0"));
  return id.value_or(0);
}

/// Metadata that is no JSON becomes the JSON string of its text: nothing is lost.
Result<void> quote_invalid_metadata(Database& db, std::int64_t after_id) {
  TRY(auto broken, db.prepare("SELECT id, metadata FROM events WHERE id > ?1 "
                              "AND metadata IS NOT NULL AND NOT json_valid(metadata)"));
  broken.bind(after_id);
  for (;;) {
    TRY(const bool row, broken.step());
    if (!row) return {};
    std::string quoted;
    base::json::append_string(quoted, broken.text(1));
    TRY_OK(db.run("UPDATE events SET metadata = ?1 WHERE id = ?2", quoted, broken.integer(0)));
  }
}

/// The oldest databases allow a fixed list of event types only.
Result<void> drop_event_type_check(Database& db) {
  TRY(const auto sql,
      db.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'events'"));
  const std::string definition = sql.value_or("");
  if (definition.find("event_type IN") == definition.npos &&
      definition.find("event_type in") == definition.npos)
    return {};
  base::log::info("rebuilding the events table of an old database");
  return db.execute(fmt::format(
      "CREATE TABLE sightline_events_new ({0});"
      "INSERT INTO sightline_events_new({1}, cache_read_tokens, cache_write_tokens, source) "
      "SELECT {1}, coalesce(cache_read_tokens, 0), coalesce(cache_write_tokens, 0), "
      "coalesce(source, 'api') FROM events;"
      "DROP TABLE events;"
      "ALTER TABLE sightline_events_new RENAME TO events;"
      // The counter of AUTOINCREMENT moves with the rename, and never falls below the ids in use.
      "UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(id), 0) FROM events)) "
      "WHERE name = 'events'",
      kEventColumns, kCopiedColumns));
}

/// AgentMonitor's index of this name has the session only, so a long session is sorted for each
/// page.
Result<void> widen_session_index(Database& db) {
  TRY(const auto sql,
      db.text("SELECT sql FROM sqlite_master WHERE name = 'idx_events_session_id'"));
  if (sql && sql->find("created_at") == std::string::npos)
    TRY_OK(db.execute("DROP INDEX idx_events_session_id"));
  return {};
}

/// The triggers went with a table that another program has rebuilt: what it did is unknown.
Result<void> watch_foreign_changes(Database& db) {
  TRY(const auto watching, db.integer("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' "
                                      "AND name LIKE 'sightline\\_event\\_%' ESCAPE '\\'"));
  if (watching.value_or(0) == 4) return {};
  TRY_OK(db.execute(std::string(kTriggers)));
  return db.run("UPDATE sightline_state SET value = 1 WHERE key = 'stale'");
}

// messages:      the largest counts of each message of a provider, and what it cost. The key is a
//                hash of its id; usage_details says which events carry some of it.
// message_gaps:  of it, what went with events that another program has removed. The next event of
//                the message takes it over.
constexpr std::string_view kMessages = R"sql(
CREATE TABLE sightline_messages (
  key TEXT PRIMARY KEY,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE sightline_usage_tellers (
  session_id TEXT PRIMARY KEY,
  is_log INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sightline_message_gaps (
  key TEXT PRIMARY KEY,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL
) WITHOUT ROWID;
ALTER TABLE sightline_usage_details ADD COLUMN message TEXT;
CREATE TABLE sightline_import_files (
  file_path TEXT PRIMARY KEY,
  device INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

Result<void> create_message_tables(Database& db) { return db.execute(std::string(kMessages)); }

constexpr int kNewestStep = 4;

Result<void> create_own_tables(Database& db) { return db.execute(std::string(kOwnTables)); }

/// Then everything is counted anew: the new sums are of all events there are.
Result<void> create_usage_tables(Database& db) { return db.execute(std::string(kUsageTables)); }

}  // namespace

Result<void> open_schema(Database& db) {
  {
    TRY(auto transaction, db.begin());
    TRY_OK(db.execute(
        fmt::format("CREATE TABLE IF NOT EXISTS events ({});{}", kEventColumns, kOtherTables)));
    TRY_OK(add_missing_columns(db));
    TRY_OK(transaction.commit());
  }
  static const std::array<store::Migration, 4> kSteps = {
      store::Migration{1, "kinds and totals", create_own_tables},
      store::Migration{2, "usage", create_usage_tables},
      store::Migration{3, "messages and imports", create_message_tables},
      store::Migration{kNewestStep, "machines, projects and workspaces", registry::create_tables}};
  TRY_OK(store::migrate(db, "monitor", kSteps));

  TRY(auto transaction, db.begin());
  TRY(const std::int64_t checked, checked_id(db));
  TRY(const auto stale, db.integer("SELECT value FROM sightline_state WHERE key = 'stale'"));
  TRY_OK(
      db.run("UPDATE events SET payload_truncated = 0 WHERE id > ?1 AND payload_truncated IS NULL",
             checked));
  TRY_OK(quote_invalid_metadata(db, checked));
  // These rows are not counted yet: repairing them is no reason to count all others anew.
  TRY_OK(db.run("UPDATE sightline_state SET value = ?1 WHERE key = 'stale'", stale.value_or(1)));
  TRY_OK(drop_event_type_check(db));
  TRY_OK(widen_session_index(db));
  TRY_OK(db.execute(std::string(kIndexes)));
  TRY_OK(watch_foreign_changes(db));
  return transaction.commit();
}

Result<bool> has_newest_schema(Database& db) {
  TRY(const auto has_steps,
      db.integer("SELECT 1 FROM sqlite_master WHERE name = 'sightline_schema'"));
  if (!has_steps) return false;
  TRY(const auto step, db.integer("SELECT step FROM sightline_schema WHERE name = 'monitor'"));
  return step.value_or(0) >= kNewestStep;
}

Result<bool> is_ready_to_read(Database& db) {
  TRY(const bool is_newest, has_newest_schema(db));
  if (!is_newest) return false;
  TRY(const auto counted, db.integer("SELECT value FROM sightline_state "
                                     "WHERE key = 'last_event_id' AND (SELECT value FROM "
                                     "sightline_state WHERE key = 'stale') = 0"));
  TRY(const auto newest, db.integer("SELECT max(id) FROM events"));
  return counted && *counted == newest.value_or(0);
}

}  // namespace monitor
