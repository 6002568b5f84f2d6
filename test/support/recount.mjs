// What the program keeps beside the events, compared with what SQL counts from the events alone.
import assert from 'node:assert/strict';
import { sqlite } from './sqlite.mjs';

// The values by which events are counted, as columns of an event and as columns of a kind.
const KIND = 'agent_type, event_type, tool_name, model, project, branch, source, status';
const EVENTS = `e AS (SELECT id, session_id, agent_type, event_type, status,
    coalesce(tool_name, '') AS tool_name, coalesce(model, '') AS model,
    coalesce(project, '') AS project, coalesce(branch, '') AS branch,
    coalesce(source, '') AS source, CAST(strftime('%s', created_at) AS INTEGER) AS at,
    CAST(strftime('%s', coalesce(client_timestamp, created_at)) AS INTEGER) AS used_at,
    CASE WHEN json_valid(metadata) THEN metadata END AS metadata,
    coalesce(tokens_in, 0) AS tokens_in, coalesce(tokens_out, 0) AS tokens_out,
    coalesce(cache_read_tokens, 0) AS cache_read_tokens,
    coalesce(cache_write_tokens, 0) AS cache_write_tokens, cost_usd, duration_ms
  FROM events NOT INDEXED)`;
const EDIT_TOOLS = "('Edit', 'Write', 'MultiEdit', 'apply_patch', 'write_stdin')";
const cast = (name) =>
  `coalesce(sum(CAST(json_extract(metadata, '$.${name}') AS INTEGER)), 0)`;
// Quarters of an hour since 1970, rounded down before it too.
const SLOT = `coalesce(used_at / 900 - (used_at % 900 < 0), -1000000000)`;
// Sums of reals differ in their last digits with the order of adding. A cost may lie right between
// two rounded ones: so it is moved away from there first, by less than costs differ.
const COST = 'round(total(cost_usd) + 1.7e-11, 8)';
const KEPT_COST = 'round(cost_usd + 1.7e-11, 8) AS cost_usd';
const SUMS = `count(*), sum(tokens_in), sum(tokens_out), sum(cache_read_tokens),
  sum(cache_write_tokens), ${COST}, coalesce(sum(duration_ms), 0), count(duration_ms)`;
const KEPT_SUMS = `t.events, t.tokens_in, t.tokens_out, t.cache_read_tokens, t.cache_write_tokens,
  ${KEPT_COST}, t.duration_ms, t.durations`;

const TABLES = {
  sightline_totals: {
    kept: `SELECT ${KIND}, ${KEPT_SUMS} FROM sightline_totals t JOIN sightline_kinds ON id = kind`,
    recount: `SELECT ${KIND}, ${SUMS} FROM e GROUP BY ${KIND}`,
  },
  sightline_hour_totals: {
    kept: `SELECT hour, ${KIND}, ${KEPT_SUMS}
      FROM sightline_hour_totals t JOIN sightline_kinds ON id = kind`,
    recount: `SELECT at / 3600, ${KIND}, ${SUMS} FROM e GROUP BY at / 3600, ${KIND}`,
  },
  sightline_session_totals: {
    kept: `SELECT session_id, events, tokens_in, tokens_out, ${KEPT_COST}, files_edited, lines_added,
        lines_removed FROM sightline_session_totals`,
    recount: `SELECT session_id, count(*), sum(tokens_in), sum(tokens_out), ${COST},
        count(DISTINCT CASE WHEN tool_name IN ${EDIT_TOOLS}
          THEN json_extract(metadata, '$.file_path') END),
        ${cast('lines_added')}, ${cast('lines_removed')}
      FROM e GROUP BY session_id`,
  },
  sightline_session_files: {
    kept: 'SELECT session_id, path FROM sightline_session_files',
    recount: `SELECT DISTINCT session_id, json_extract(metadata, '$.file_path') AS path FROM e
      WHERE tool_name IN ${EDIT_TOOLS} AND path IS NOT NULL`,
  },
  sightline_cost_totals: {
    kept: `SELECT hour, session_id, agent_type, model, events, tokens_in, tokens_out, ${KEPT_COST}
      FROM sightline_cost_totals`,
    recount: `SELECT at / 3600, session_id, agent_type, model, count(*), sum(tokens_in),
        sum(tokens_out), ${COST}
      FROM e WHERE cost_usd > 0 GROUP BY at / 3600, session_id, agent_type, model`,
  },
  sightline_usage_totals: {
    kept: `SELECT slot, agent_type, model, events, tokens_in, tokens_out, cache_read_tokens,
      cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, ${KEPT_COST}, unpriced
      FROM sightline_usage_totals`,
    recount: `SELECT ${SLOT} AS slot, agent_type, model, count(*), sum(tokens_in),
        sum(tokens_out), sum(cache_read_tokens), sum(cache_write_tokens),
        coalesce(sum(cache_write_1h_tokens), 0), coalesce(sum(reasoning_tokens), 0),
        ${COST},
        sum(cost_usd IS NULL AND (tokens_in > 0 OR tokens_out > 0))
      FROM e LEFT JOIN sightline_usage_details ON event = id GROUP BY slot, agent_type, model`,
  },
  sightline_timeline_totals: {
    kept: `SELECT hour, agent_type, events, tokens_in, tokens_out, ${KEPT_COST}
      FROM sightline_timeline_totals`,
    recount: `SELECT coalesce(used_at / 3600 - (used_at % 3600 < 0), -250000000) AS hour,
        agent_type, count(*), sum(tokens_in), sum(tokens_out), ${COST}
      FROM e GROUP BY hour, agent_type`,
  },
  sightline_displaced_times: {
    kept: 'SELECT at, id FROM sightline_displaced_times',
    recount: 'SELECT used_at, id FROM e WHERE abs(used_at - at) > 60',
  },
  sightline_kind_events: {
    kept: `SELECT ${KIND}, at, ke.id FROM sightline_kind_events ke JOIN sightline_kinds k
      ON k.id = kind`,
    recount: `SELECT ${KIND}, at, id FROM e`,
  },
  sightline_state: {
    kept: 'SELECT key, value FROM sightline_state',
    recount: "SELECT 'last_event_id', coalesce(max(id), 0) FROM e UNION SELECT 'stale', 0",
  },
};

/// Fails when a table of totals, or of the events of a kind, is not what a recount gives.
export function assertTotalsAreRecounts(db) {
  for (const [table, { kept, recount }] of Object.entries(TABLES)) {
    const only = (one, other, where) =>
      `SELECT '${where}' AS only_in, *
       FROM (SELECT * FROM (${one}) EXCEPT SELECT * FROM (${other}))`;
    const different = sqlite(
      db,
      `WITH ${EVENTS} SELECT * FROM (${only(kept, recount, 'table')}
         UNION ALL ${only(recount, kept, 'recount')}) LIMIT 6;`,
    );
    assert.deepEqual(different, [], `${table} is not a recount of events`);
  }
}

/// What GET /api/stats must say without a filter, by SQL.
export function statisticsBySql(db) {
  const breakdown = (column) =>
    Object.fromEntries(
      sqlite(
        db,
        `SELECT ${column} AS name, count(*) AS n FROM events NOT INDEXED
         WHERE ${column} IS NOT NULL GROUP BY 1;`,
      ).map(({ name, n }) => [name, n]),
    );
  const [sums] = sqlite(
    db,
    `SELECT count(*) AS total_events, coalesce(sum(tokens_in), 0) AS total_tokens_in,
       coalesce(sum(tokens_out), 0) AS total_tokens_out, total(cost_usd) AS total_cost_usd,
       (SELECT count(*) FROM sessions) AS total_sessions,
       (SELECT count(*) FROM sessions WHERE status = 'active') AS active_sessions,
       (SELECT count(*) FROM sessions WHERE status <> 'ended') AS live_sessions,
       (SELECT count(DISTINCT agent_type) FROM sessions WHERE status <> 'ended') AS active_agents
     FROM events NOT INDEXED;`,
  );
  return {
    ...sums,
    tool_breakdown: breakdown('tool_name'),
    agent_breakdown: breakdown('agent_type'),
    model_breakdown: breakdown('model'),
  };
}

/// Fails when GET /api/stats of `monitor`, which serves `db`, says something else than SQL.
export async function assertStatisticsAreSql(monitor, db) {
  const { branches, ...stats } = await monitor.stats();
  assert.deepEqual(stats, statisticsBySql(db));
}
