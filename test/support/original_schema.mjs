// The tables and indexes of an AgentMonitor database, as the original program makes them.

const EVENT_TYPE = 'event_type TEXT NOT NULL';

export const EVENTS_TABLE = `
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT UNIQUE,
  schema_version INTEGER NOT NULL DEFAULT 1,
  session_id TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  ${EVENT_TYPE},
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
);`;

export const OTHER_TABLES = `
CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  agent_type TEXT NOT NULL,
  name TEXT,
  registered_at TEXT NOT NULL DEFAULT (datetime('now')),
  last_seen_at TEXT NOT NULL DEFAULT (datetime('now'))
);
CREATE TABLE sessions (
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
CREATE TABLE import_state (
  file_path TEXT PRIMARY KEY,
  file_hash TEXT NOT NULL,
  file_size INTEGER NOT NULL,
  source TEXT NOT NULL,
  events_imported INTEGER NOT NULL DEFAULT 0,
  imported_at TEXT NOT NULL DEFAULT (datetime('now'))
);`;

export const INDEXES = `
CREATE INDEX idx_events_created_at ON events(created_at);
CREATE INDEX idx_events_session_id ON events(session_id);
CREATE INDEX idx_events_event_type ON events(event_type);
CREATE INDEX idx_events_tool_name ON events(tool_name);
CREATE INDEX idx_events_agent_type ON events(agent_type);
CREATE INDEX idx_sessions_status ON sessions(status);`;

export const MODEL_INDEX = 'CREATE INDEX idx_events_model ON events(model);';

/// A database of today.
export const ORIGINAL = [
  'PRAGMA journal_mode = WAL;',
  EVENTS_TABLE,
  OTHER_TABLES,
  INDEXES,
  MODEL_INDEX,
].join('\n');

const LATER_COLUMNS = [
  'client_timestamp',
  'payload_truncated',
  'model',
  'cost_usd',
  'cache_read_tokens',
  'cache_write_tokens',
  'source',
];

/// A database from before seven columns of `events` were added.
export const WITHOUT_LATER_COLUMNS = [
  EVENTS_TABLE.split('\n')
    .filter((line) => !LATER_COLUMNS.some((column) => line.startsWith(`  ${column} `)))
    .join('\n')
    .replace(/,\n\);/, '\n);'),
  OTHER_TABLES,
  INDEXES,
].join('\n');

/// A database from before prompts, models and file changes were events: `events` allows four types
/// only.
export const WITH_EVENT_TYPE_CHECK = [
  EVENTS_TABLE.replace(
    EVENT_TYPE,
    `${EVENT_TYPE} CHECK (event_type IN ('tool_use', 'session_start', 'session_end', 'error'))`,
  ),
  OTHER_TABLES,
  INDEXES,
  MODEL_INDEX,
].join('\n');

/// A database in which `payload_truncated` may be null.
export const WITH_NULLABLE_FLAG = [
  EVENTS_TABLE.replace(/payload_truncated .*/, 'payload_truncated INTEGER,'),
  OTHER_TABLES,
  INDEXES,
  MODEL_INDEX,
].join('\n');
