// Databases that the original program wrote, and what it finds when it gets them back.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import {
  EVENTS_TABLE,
  ORIGINAL,
  WITHOUT_LATER_COLUMNS,
  WITH_EVENT_TYPE_CHECK,
  WITH_NULLABLE_FLAG,
} from '../support/original_schema.mjs';
import { startServer } from '../support/server.mjs';
import { insert, sqlite } from '../support/sqlite.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';

// A database directory made by `sql`.
function databaseOf(sql) {
  const dir = temporaryDirectory();
  sqlite(join(dir, 'monitor.db'), sql);
  return dir;
}

// Runs `body` with a monitor on the database in `dir`, which must stop well. Returns what `body`
// returns.
async function serving(dir, body) {
  const server = await startServer({ dir });
  let result;
  try {
    result = await body(new Monitor(server.url));
  } catch (failure) {
    await server.kill();
    throw failure;
  }
  assert.equal(await server.stop(), 0, server.output());
  return result;
}

const ask = (dir, sql) => sqlite(join(dir, 'monitor.db'), sql);

// A row of `events` as the original fills it.
const row = (id, fields = {}) => ({
  id,
  event_id: null,
  schema_version: 1,
  session_id: 'active-1',
  agent_type: 'codex',
  event_type: 'tool_use',
  tool_name: null,
  status: 'success',
  tokens_in: 0,
  tokens_out: 0,
  branch: null,
  project: null,
  duration_ms: null,
  created_at: `2026-02-18 10:00:${String(id).padStart(2, '0')}`,
  client_timestamp: null,
  metadata: '{}',
  payload_truncated: 0,
  model: null,
  cost_usd: null,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  source: 'api',
  ...fields,
});

const EVENTS = [
  row(1, { event_id: 'known', tool_name: 'Bash', duration_ms: 120, metadata: '{"command":"ls"}' }),
  row(2, { tool_name: 'Bash', status: 'error', source: 'hook', project: 'demo', branch: 'main' }),
  row(3, { status: 'timeout', source: 'otel', tool_name: 'Read', client_timestamp: 'Feb 18 2026' }),
  row(4, {
    source: 'import',
    session_id: 'idle-1',
    agent_type: 'claude_code',
    event_type: 'llm_response',
    model: 'claude-sonnet-4-5',
    tokens_in: 1200,
    tokens_out: 300,
    cost_usd: 0.0126,
    cache_read_tokens: 5000,
    cache_write_tokens: 800,
    client_timestamp: '2026-02-18T09:59:00.000Z',
  }),
  row(5, {
    session_id: 'ended-1',
    agent_type: 'other',
    event_type: 'error',
    status: 'error',
    payload_truncated: 1,
    metadata: '{"_truncated":true,"_original_bytes":99999}',
    cost_usd: 0.5,
  }),
  row(6, { session_id: 'ended-1', agent_type: 'other', event_type: 'session_end' }),
];

const SESSIONS = [
  { id: 'active-1', agent_type: 'codex', status: 'active', branch: 'main', ended_at: null },
  { id: 'idle-1', agent_type: 'claude_code', status: 'idle', branch: null, ended_at: null },
  {
    id: 'ended-1',
    agent_type: 'other',
    status: 'ended',
    branch: 'old',
    ended_at: '2026-02-18 10:00:06',
  },
].map((session) => ({ ...session, agent_id: `${session.agent_type}-default` }));

const FILLED = [
  ORIGINAL,
  ...SESSIONS.map(({ agent_id, agent_type }) => insert('agents', { id: agent_id, agent_type })),
  ...SESSIONS.map((session) => insert('sessions', session)),
  ...EVENTS.map((each) => insert('events', each)),
].join('\n');

describe('a database of the original', () => {
  test('has its events listed as they are', () =>
    serving(databaseOf(FILLED), async (monitor) => {
      const feed = await monitor.feed({ limit: -1 });
      assert.deepEqual(feed, { events: [...EVENTS].reverse(), total: EVENTS.length });
    }));

  test('has its events filtered by every value', () =>
    serving(databaseOf(FILLED), async (monitor) => {
      const ids = async (parameters) => (await monitor.rows(parameters)).map(({ id }) => id);
      assert.deepEqual(await ids({ source: 'import' }), [4]);
      assert.deepEqual(await ids({ agent_type: 'other' }), [6, 5]);
      assert.deepEqual(await ids({ tool_name: 'Bash' }), [2, 1]);
      assert.deepEqual(await ids({ branch: 'main' }), [2]);
      assert.deepEqual(await ids({ since: '2026-02-18T10:00:05Z' }), [6, 5]);
      assert.deepEqual(await ids({ until: '2026-02-18T10:00:02Z' }), [2, 1]);
    }));

  test('has its statistics right', () =>
    serving(databaseOf(FILLED), async (monitor) => {
      const { total_cost_usd, branches, ...stats } = await monitor.stats();
      assert.ok(Math.abs(total_cost_usd - 0.5126) < 1e-12, `${total_cost_usd}`);
      assert.deepEqual(branches.sort(), ['main', 'old']);
      assert.deepEqual(stats, {
        total_events: 6,
        active_sessions: 1,
        total_sessions: 3,
        live_sessions: 2,
        active_agents: 2,
        total_tokens_in: 1200,
        total_tokens_out: 300,
        tool_breakdown: { Bash: 2, Read: 1 },
        agent_breakdown: { codex: 3, other: 2, claude_code: 1 },
        model_breakdown: { 'claude-sonnet-4-5': 1 },
      });
    }));

  test('has its statistics right for one agent type and from a time on', () =>
    serving(databaseOf(FILLED), async (monitor) => {
      const codex = await monitor.stats({ agent_type: 'codex' });
      assert.equal(codex.total_events, 3);
      assert.deepEqual(codex.tool_breakdown, { Bash: 2, Read: 1 });
      const late = await monitor.stats({ since: '2026-02-18 10:00:03' });
      assert.equal(late.total_events, 4);
      assert.deepEqual(late.tool_breakdown, { Read: 1 });
    }));

  test('makes its event ids known', () =>
    serving(databaseOf(FILLED), async (monitor) => {
      const reply = await monitor.post('/api/events', event({ event_id: 'known' }));
      assert.equal(reply.status, 200);
      assert.equal(reply.json.duplicates, 1);
    }));

  test('continues its row ids, even behind deleted rows', () =>
    serving(databaseOf(`${FILLED} DELETE FROM events WHERE id = 6;`), async (monitor) => {
      assert.equal(await monitor.send(), 7);
    }));

  test('has its sessions woken, and project and branch passed on', async () => {
    const known = "UPDATE sessions SET project = 'demo' WHERE id = 'active-1';";
    await serving(databaseOf(FILLED + known), async (monitor) => {
      const taken = await monitor.stored({ session_id: 'active-1', agent_type: 'codex' });
      assert.deepEqual([taken.project, taken.branch], ['demo', 'main']);
      const moved = await monitor.countersMovedBy(() =>
        monitor.send({ session_id: 'ended-1', agent_type: 'other' }),
      );
      assert.equal(moved.total_sessions, 0);
      assert.equal(moved.active_sessions, 1);
    });
  });

  test('may be empty', () =>
    serving(databaseOf(ORIGINAL), async (monitor) => {
      assert.deepEqual(await monitor.feed({}), { events: [], total: 0 });
      assert.equal((await monitor.stats()).total_sessions, 0);
      await monitor.send();
    }));

  test('may have metadata that is null', async () => {
    const dir = databaseOf(ORIGINAL + insert('events', row(1, { metadata: null })));
    await serving(dir, async (monitor) => {
      assert.equal((await monitor.feed({})).total, 1);
    });
  });
});

describe('when the program has stopped', () => {
  const COLUMNS = Object.keys(row(0)).join(', ');

  test('sqlite3 finds a sound database', async () => {
    const dir = databaseOf(FILLED);
    await serving(dir, (monitor) => monitor.sendBatch([event(), event(), event()]));
    assert.deepEqual(ask(dir, 'PRAGMA integrity_check;'), [{ integrity_check: 'ok' }]);
  });

  test('everything is in one file', async () => {
    const dir = databaseOf(FILLED);
    await serving(dir, async (monitor) => {
      await monitor.send();
      await monitor.feed({});
      await monitor.stats();
    });
    const files = readdirSync(dir).filter((name) => name.startsWith('monitor.db-'));
    assert.deepEqual(files, []);
  });

  test('sqlite3 reads the rows that the program listed', async () => {
    const dir = databaseOf(FILLED);
    const listed = await serving(dir, async (monitor) => {
      await monitor.send({ model: 'o3', tokens_in: 500, metadata: { text: 'é 漢 "x"' } });
      return monitor.rows({ limit: -1 });
    });
    const query = `SELECT ${COLUMNS} FROM events ORDER BY created_at DESC, id DESC;`;
    assert.deepEqual(ask(dir, query), listed);
  });

  test('the rows that were there before are unchanged', async () => {
    const dir = databaseOf(FILLED);
    const everything = `SELECT ${COLUMNS} FROM events WHERE id <= ${EVENTS.length} ORDER BY id;`;
    const before = ask(dir, everything);
    await serving(dir, (monitor) => monitor.send());
    assert.deepEqual(ask(dir, everything), before);
  });

  test('sessions and agents are as the original writes them', async () => {
    const dir = temporaryDirectory();
    await serving(dir, (monitor) =>
      monitor.sendBatch([
        event({ session_id: 'one', agent_type: 'codex', project: 'demo', branch: 'main' }),
        event({ session_id: 'two', agent_type: 'codex', event_type: 'session_end' }),
        event({ session_id: 'three', agent_type: 'claude_code', event_type: 'session_end' }),
        event({ session_id: 'three', agent_type: 'stranger', event_type: 'response' }),
      ]),
    );

    const sessions = ask(
      dir,
      `SELECT id, agent_id, agent_type, project, branch, status, metadata,
         ended_at IS NOT NULL AS has_ended
       FROM sessions ORDER BY id;`,
    );
    const common = { project: null, branch: null, has_ended: 0, metadata: '{}' };
    const [codex, claude] = ['codex', 'claude_code'].map((agent_type) => ({
      agent_id: `${agent_type}-default`,
      agent_type,
    }));
    assert.deepEqual(sessions, [
      { ...common, id: 'one', ...codex, project: 'demo', branch: 'main', status: 'active' },
      { ...common, id: 'three', ...claude, status: 'active' },
      { ...common, id: 'two', ...codex, status: 'ended', has_ended: 1 },
    ]);

    assert.deepEqual(ask(dir, 'SELECT id, agent_type, name FROM agents ORDER BY id;'), [
      { id: 'claude_code-default', agent_type: 'claude_code', name: null },
      { id: 'codex-default', agent_type: 'codex', name: null },
      { id: 'stranger-default', agent_type: 'stranger', name: null },
    ]);
  });

  test('every time it wrote is UTC to the second', async () => {
    const dir = temporaryDirectory();
    await serving(dir, (monitor) =>
      monitor.send({ agent_type: 'codex', event_type: 'session_end' }),
    );
    const times = ask(
      dir,
      `SELECT created_at AS t FROM events UNION ALL SELECT started_at FROM sessions
       UNION ALL SELECT last_event_at FROM sessions UNION ALL SELECT ended_at FROM sessions
       UNION ALL SELECT registered_at FROM agents UNION ALL SELECT last_seen_at FROM agents;`,
    );
    assert.equal(times.length, 6);
    for (const { t } of times) {
      assert.match(t, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      assert.ok(Math.abs(Date.parse(`${t.replace(' ', 'T')}Z`) - Date.now()) < 60_000, t);
    }
  });

  test('an absent text is null in the row, never empty', async () => {
    const dir = temporaryDirectory();
    await serving(dir, (monitor) => monitor.send({ tool_name: '', branch: ' ', duration_ms: 0 }));
    const nulls = `SELECT count(*) AS n FROM events
      WHERE event_id IS NULL AND tool_name IS NULL AND branch IS NULL AND project IS NULL
        AND duration_ms IS NULL AND model IS NULL AND cost_usd IS NULL;`;
    assert.deepEqual(ask(dir, nulls), [{ n: 1 }]);
  });
});

describe('a database that the program makes', () => {
  // What the original relies on in a column, with the spelling of defaults set aside.
  function columns(file, table) {
    return sqlite(file, `PRAGMA table_info(${table});`).map(
      ({ name, type, notnull, pk, dflt_value }) => ({
        name,
        type: type.toUpperCase(),
        notnull,
        pk,
        default: dflt_value?.includes('now') ? 'now' : dflt_value,
      }),
    );
  }

  test('has the columns of the original', async () => {
    const [dir, original] = [temporaryDirectory(), databaseOf(ORIGINAL)];
    await serving(dir, (monitor) => monitor.send());
    for (const table of ['agents', 'sessions', 'events', 'import_state']) {
      const made = columns(join(dir, 'monitor.db'), table);
      for (const column of columns(join(original, 'monitor.db'), table)) {
        const found = made.find(({ name }) => name === column.name);
        assert.deepEqual(found, column, `${table}.${column.name}`);
      }
    }
  });

  test('takes a row that names only what must be named', async () => {
    const dir = temporaryDirectory();
    await serving(dir, (monitor) => monitor.send());
    ask(
      dir,
      `INSERT INTO agents(id, agent_type) VALUES ('a-default', 'a');
       INSERT INTO sessions(id, agent_id, agent_type) VALUES ('s', 'a-default', 'a');
       INSERT INTO events(session_id, agent_type, event_type) VALUES ('s', 'a', 'tool_use');
       INSERT INTO import_state(file_path, file_hash, file_size, source)
         VALUES ('/f', 'h', 1, 'codex');`,
    );
    const { id, created_at, ...inserted } = ask(
      dir,
      "SELECT * FROM events WHERE session_id = 's';",
    )[0];
    for (const [column, value] of Object.entries(row(0))) {
      if (['id', 'created_at', 'session_id', 'agent_type'].includes(column)) continue;
      assert.equal(inserted[column], value, column);
    }
  });

  test('refuses what the original refuses', async () => {
    const dir = temporaryDirectory();
    await serving(dir, (monitor) => monitor.send({ event_id: 'taken' }));
    const refused = [
      { event_id: 'taken' },
      { status: 'nope' },
      { payload_truncated: 2 },
      { session_id: null },
    ];
    for (const fields of refused) {
      assert.throws(() => ask(dir, insert('events', row(100, fields))), JSON.stringify(fields));
    }
  });

  test('keeps a write-ahead log', async () => {
    const dir = temporaryDirectory();
    await serving(dir, (monitor) => monitor.send());
    assert.deepEqual(ask(dir, 'PRAGMA journal_mode;'), [{ journal_mode: 'wal' }]);
  });
});

describe('a database of an older version', () => {
  const old = (fields) => insert('events', fields);
  const columnNames = (dir) => ask(dir, 'PRAGMA table_info(events);').map(({ name }) => name);

  test('gets the columns that it lacks, with their defaults', async () => {
    const fields = { id: 3, session_id: 's', agent_type: 'codex', event_type: 'tool_use' };
    const dir = databaseOf(WITHOUT_LATER_COLUMNS + old({ ...fields, metadata: '{"a":1}' }));
    assert.equal(columnNames(dir).length, 15);
    const [listed] = await serving(dir, async (monitor) => {
      await monitor.send({ model: 'o3', tokens_in: 5, source: 'hook' });
      return monitor.rows({ session_id: 's' });
    });
    const { created_at, ...rest } = listed;
    const { created_at: _, ...expected } = row(3, { session_id: 's', metadata: '{"a":1}' });
    assert.deepEqual(rest, expected);
    for (const name of Object.keys(row(0))) assert.ok(columnNames(dir).includes(name), name);
  });

  test('has 0 where payload_truncated was null', async () => {
    const dir = databaseOf(WITH_NULLABLE_FLAG + old(row(1, { payload_truncated: null })));
    await serving(dir, async (monitor) => {
      assert.equal((await monitor.rows({}))[0].payload_truncated, 0);
    });
    assert.deepEqual(ask(dir, 'SELECT payload_truncated FROM events;'), [{ payload_truncated: 0 }]);
  });

  test('has metadata that is not JSON wrapped as a JSON string, nothing lost', async () => {
    const broken = [
      '',
      'plain words',
      '{"cut":"of',
      '{"a":1,}',
      'line\n"quoted"\\ é漢😀\u0001',
      '{} {}',
    ];
    const valid = ['{"a": 1}', '[]', '"text"', 'null', '7'];
    const rows = [...broken, ...valid].map((metadata, index) => row(index + 1, { metadata }));
    const dir = databaseOf(ORIGINAL + rows.map(old).join(''));
    const listed = await serving(dir, (monitor) => monitor.rows({ limit: -1 }));
    const metadata = listed.reverse().map((each) => each.metadata);
    assert.deepEqual(
      metadata.slice(0, broken.length).map((text) => JSON.parse(text)),
      broken,
    );
    assert.deepEqual(metadata.slice(broken.length), valid);
  });

  test('is wrapped once, not again at every start', async () => {
    const dir = databaseOf(ORIGINAL + old(row(1, { metadata: 'plain words' })));
    for (let start = 0; start < 3; ++start) {
      const [listed] = await serving(dir, (monitor) => monitor.rows({}));
      assert.equal(listed.metadata, '"plain words"');
    }
  });

  test('loses the check that allowed four event types only', async () => {
    const rows = [row(3), row(8, { event_id: 'known', source: null, cache_read_tokens: null })];
    const dir = databaseOf(WITH_EVENT_TYPE_CHECK + rows.map(old).join(''));
    assert.throws(() => ask(dir, old(row(9, { event_type: 'user_prompt' }))));

    await serving(dir, async (monitor) => {
      const filled = { event_id: 'known', source: 'api', cache_read_tokens: 0 };
      assert.deepEqual(await monitor.rows({}), [row(8, filled), row(3)]);
      assert.equal((await monitor.post('/api/events', event({ event_id: 'known' }))).status, 200);
      const id = await monitor.send({ event_type: 'user_prompt' });
      assert.ok(id > 8, `id ${id}`);
    });

    ask(dir, old(row(100, { event_type: 'file_change' })));
    assert.throws(() => ask(dir, old(row(101, { status: 'nope' }))));
    assert.deepEqual(ask(dir, 'PRAGMA integrity_check;'), [{ integrity_check: 'ok' }]);
    const tables = ask(
      dir,
      "SELECT name FROM sqlite_master WHERE name LIKE 'events%' AND type = 'table';",
    );
    assert.deepEqual(tables, [{ name: 'events' }]);
  });

  test('may need every migration at once', async () => {
    const oldest = WITHOUT_LATER_COLUMNS.replace(
      'event_type TEXT NOT NULL',
      "event_type TEXT NOT NULL CHECK (event_type IN ('tool_use', 'error'))",
    );
    const fields = { id: 4, session_id: 's', agent_type: 'codex', event_type: 'error' };
    const dir = databaseOf(oldest + old({ ...fields, status: 'error', metadata: 'oops' }));
    await serving(dir, async (monitor) => {
      const { created_at, ...rest } = (await monitor.rows({}))[0];
      const { created_at: _, ...expected } = row(4, {
        session_id: 's',
        event_type: 'error',
        status: 'error',
        metadata: '"oops"',
      });
      assert.deepEqual(rest, expected);
      await monitor.send({ event_type: 'plan_step' });
      assert.equal((await monitor.stats()).total_events, 2);
    });
  });

  test('that has the table of events alone gets the others', async () => {
    const dir = databaseOf(EVENTS_TABLE + old(row(1)));
    await serving(dir, async (monitor) => {
      assert.equal((await monitor.feed({})).total, 1);
      await monitor.send();
    });
    const tables = ask(dir, "SELECT name FROM sqlite_master WHERE type = 'table';");
    for (const table of ['agents', 'sessions', 'import_state']) {
      assert.ok(
        tables.some(({ name }) => name === table),
        table,
      );
    }
  });

  test('has its statistics right after the migration', async () => {
    const rows = [row(1, { tool_name: 'Bash', tokens_in: 5 }), row(2, { metadata: 'broken' })];
    const dir = databaseOf(WITH_EVENT_TYPE_CHECK + rows.map(old).join(''));
    await serving(dir, async (monitor) => {
      const stats = await monitor.stats();
      assert.equal(stats.total_events, 2);
      assert.equal(stats.total_tokens_in, 5);
      assert.deepEqual(stats.tool_breakdown, { Bash: 1 });
    });
  });
});
