// Sessions, transcripts, tools and cost of a database that the original wrote are those of SQL, and
// stay so while the program goes on with it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import { ORIGINAL } from '../support/original_schema.mjs';
import { Random } from '../support/random.mjs';
import { assertTotalsAreRecounts } from '../support/recount.mjs';
import { startServer } from '../support/server.mjs';
import { insert, literal, sqlite } from '../support/sqlite.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';

const COUNT = 600;
const FIRST = Date.UTC(2026, 1, 10);
const random = new Random(11);

const sqlTime = (milliseconds) =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');

// What the client says of the time: mostly what the server saw, now and then anything.
function clientTime(received) {
  const near = new Date(received - random.below(120_000)).toISOString();
  const far = new Date(received - random.below(40 * 3_600_000)).toISOString();
  const odd = ['2026-02-12', '2026-02-12 10:07:31', '2026-02-12T12:00:00+05:30', 'no time', ''];
  return random.oneOf([null, near, near, near, far, far.slice(0, 19), random.oneOf(odd)]);
}

const metadata = () =>
  random.oneOf([
    '{}',
    null,
    '{"command":"ls"}',
    `{"file_path":"/file-${random.below(9)}","lines_added":${random.below(30)}}`,
    `{"file_path":"/file-${random.below(9)}","lines_removed":"${random.below(30)} lines"}`,
    '{"file_path":null,"lines_added":2.7}',
    '{"file_path":7,"lines_added":-3,"lines_removed":true}',
    '{"file_path":"/broken","lines_added":5',
    'lines_added file_path',
    '["file_path"]',
    '{"error":{"message":"broken"}}',
  ]);

function randomEvent() {
  const received = FIRST + random.below(6 * 86_400) * 1000;
  return {
    session_id: `session-${random.below(20)}`,
    agent_type: random.oneOf(['codex', 'claude_code', 'other']),
    event_type: random.oneOf(['tool_use', 'llm_response', 'error', 'user_prompt', 'newer_type']),
    tool_name: random.oneOf([null, 'Bash', 'Read', 'Edit', 'Write', 'apply_patch']),
    status: random.oneOf(['success', 'success', 'error', 'timeout']),
    model: random.oneOf([null, 'm-1', 'm-2']),
    source: random.oneOf(['api', 'hook', 'import', null]),
    tokens_in: random.oneOf([null, 0, random.below(1000)]),
    tokens_out: random.oneOf([null, 0, random.below(1000)]),
    duration_ms: random.oneOf([null, 0, random.below(500)]),
    cost_usd: random.oneOf([null, 0, random.below(100) / 64]), // sums of 64ths are exact
    created_at: sqlTime(received),
    client_timestamp: clientTime(received),
    metadata: metadata(),
    cache_read_tokens: random.oneOf([null, random.below(90)]),
  };
}

const STATUSES = ['active', 'idle', 'ended', 'archived', '', 'ACTIVE'];
// All but the last two have events; one session of events has no row.
const SESSIONS = Array.from({ length: 21 }, (_, number) => ({
  id: `session-${number + 1}`,
  agent_id: 'codex-default',
  agent_type: random.oneOf(['codex', 'claude_code']),
  project: random.oneOf([null, 'shop', 'site']),
  branch: random.oneOf([null, 'main', 'HEAD', 'fix']),
  status: STATUSES[number % STATUSES.length],
  started_at: '2026-02-09 00:00:00',
  // Long to come, so that the idle check leaves them alone.
  last_event_at: `2126-02-1${random.below(9)} 10:00:${String(number + 10)}`,
  ended_at: random.oneOf([null, '2026-02-20 00:00:00']),
  metadata: random.oneOf(['{}', null]),
}));

const dir = temporaryDirectory();
const db = join(dir, 'monitor.db');
let server;
let monitor;

before(async () => {
  const events = Array.from({ length: COUNT }, randomEvent);
  const rows = [
    ...events.map((row) => insert('events', row)),
    ...SESSIONS.map((row) => insert('sessions', row)),
  ];
  sqlite(db, `${ORIGINAL} BEGIN; ${rows.join('')} COMMIT;`);
  server = await startServer({ dir });
  monitor = new Monitor(server.url);
});

after(async () => assert.equal(await server.stop(), 0, server.output()));

const TIMES = [
  '',
  '2026-02-09',
  '2026-02-12 05:00:00',
  '2026-02-12T10:07:31Z',
  '2026-02-12T10:07:32Z',
  '2026-02-12 06:30:00',
  '2026-02-13T05:29:59.999Z',
  '2026-02-14T01:31:00+05:30',
  '2026-02-17',
];
const AGENTS = ['', 'codex', 'nobody'];

const both = AGENTS.flatMap((agent_type) => TIMES.map((since) => ({ agent_type, since })));
const condition = (column, { agent_type, since }) =>
  [
    agent_type && `e.agent_type = ${literal(agent_type)}`,
    since && `${column} >= datetime(${literal(since)})`,
  ]
    .filter(Boolean)
    .join(' AND ') || 'true';

const VALID = "CASE WHEN json_valid(e.metadata) AND json_type(e.metadata) = 'object' THEN e.metadata END";
const SESSION_ROWS = `SELECT s.*, count(e.id) AS event_count,
    coalesce(sum(e.tokens_in), 0) AS tokens_in, coalesce(sum(e.tokens_out), 0) AS tokens_out,
    coalesce(sum(e.cost_usd), 0) AS total_cost_usd,
    count(DISTINCT CASE WHEN e.tool_name IN ('Edit', 'Write', 'MultiEdit', 'apply_patch',
      'write_stdin') THEN json_extract(${VALID}, '$.file_path') END) AS files_edited,
    coalesce(sum(CAST(json_extract(${VALID}, '$.lines_added') AS INTEGER)), 0) AS lines_added,
    coalesce(sum(CAST(json_extract(${VALID}, '$.lines_removed') AS INTEGER)), 0) AS lines_removed
  FROM sessions s LEFT JOIN events e ON e.session_id = s.id`;
const RANK = "CASE s.status WHEN 'active' THEN 0 WHEN 'idle' THEN 1 ELSE 2 END";

const sessionsBySql = (where) =>
  sqlite(db, `${SESSION_ROWS} WHERE ${where} GROUP BY s.id ORDER BY ${RANK}, s.last_event_at DESC, s.rowid DESC;`); // prettier-ignore

async function checkSessions() {
  const same = async (parameters, where) =>
    assert.deepEqual(await monitor.sessions(parameters), sessionsBySql(where), where);
  await same({}, 'true');
  for (const status of STATUSES.filter(Boolean)) {
    await same({ status }, `s.status = '${status}'`);
    await same({ exclude_status: status }, `s.status <> '${status}'`);
  }
  await same({ agent_type: 'codex' }, "s.agent_type = 'codex'");
  await same({ since: '2126-02-14' }, "s.last_event_at >= '2126-02-14 00:00:00'");
}

async function checkTools() {
  for (const parameters of both) {
    const rows = sqlite(
      db,
      `SELECT tool_name, count(*) AS total_calls, sum(status = 'error') AS error_count,
         round(1.0 * sum(status = 'error') / count(*), 4) AS error_rate,
         round(avg(duration_ms)) AS avg_duration_ms
       FROM events e WHERE tool_name IS NOT NULL AND ${condition('created_at', parameters)}
       GROUP BY 1 ORDER BY 2 DESC, 1;`,
    );
    const { tools } = await monitor.read('/api/stats/tools', parameters);
    assert.deepEqual(
      tools.map(({ by_agent, ...tool }) => tool),
      rows,
    );
    for (const { total_calls, by_agent } of tools) {
      const calls = Object.values(by_agent).reduce((sum, each) => sum + each, 0);
      assert.equal(calls, total_calls);
    }
  }
}

async function checkCost() {
  const time = 'coalesce(client_timestamp, created_at)';
  for (const parameters of both) {
    const timeline = sqlite(
      db,
      `SELECT strftime('%Y-%m-%dT%H:00:00Z', ${time}) AS bucket, total(cost_usd) AS cost_usd,
         coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
         count(*) AS event_count
       FROM events e WHERE ${condition(`datetime(${time})`, parameters)} GROUP BY 1 ORDER BY 1;`,
    );
    const by_project = sqlite(
      db,
      `SELECT coalesce(s.project, 'unknown') AS project, sum(cost_usd) AS cost_usd,
         count(DISTINCT s.id) AS session_count, count(*) AS event_count
       FROM events e JOIN sessions s ON s.id = e.session_id
       WHERE cost_usd > 0 AND ${condition('created_at', parameters)}
       GROUP BY 1 ORDER BY 2 DESC, 1;`,
    );
    const by_model = sqlite(
      db,
      `SELECT model, sum(cost_usd) AS cost_usd, count(*) AS event_count,
         coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out
       FROM events e WHERE cost_usd > 0 AND model IS NOT NULL
         AND ${condition('created_at', parameters)}
       GROUP BY 1 ORDER BY 2 DESC, 1;`,
    );
    assert.deepEqual(await monitor.read('/api/stats/cost', parameters), {
      timeline,
      by_project,
      by_model,
    });
  }
}

async function checkOptions() {
  const list = (table, column) =>
    sqlite(
      db,
      `SELECT DISTINCT ${column} AS v FROM ${table} WHERE ${column} IS NOT NULL ORDER BY 1;`,
    ).map(({ v }) => v);
  const { branches, ...options } = await monitor.read('/api/filter-options');
  assert.deepEqual(options, {
    agent_types: list('events', 'agent_type'),
    event_types: list('events', 'event_type'),
    tool_names: list('events', 'tool_name'),
    models: list('events', 'model'),
    projects: list('sessions', 'project'),
    sources: list('events', 'source'),
  });
  const rows = sqlite(
    db,
    `SELECT branch AS value, coalesce(project || ' / ', '') || branch AS label
     FROM (SELECT branch, project, max(last_event_at) AS at FROM sessions
           WHERE branch IS NOT NULL AND branch <> 'HEAD' GROUP BY branch) ORDER BY at DESC;`,
  );
  assert.deepEqual(branches, rows);
}

async function checkTranscripts() {
  for (const id of ['session-0', 'session-5']) {
    const rows = sqlite(
      db,
      `SELECT event_type AS type, iif(client_timestamp <> '', client_timestamp, created_at) AS at
       FROM events WHERE session_id = '${id}' ORDER BY created_at, id;`,
    );
    const entries = await monitor.transcript(id);
    assert.deepEqual(
      entries.map(({ type, timestamp }) => ({ type, at: timestamp })),
      rows,
    );
  }
}

const CHECKS = {
  sessions: checkSessions,
  tools: checkTools,
  cost: checkCost,
  'filter options': checkOptions,
  transcripts: checkTranscripts,
  totals: async () => assertTotalsAreRecounts(db),
};

describe('of the database of an original', () => {
  for (const [name, check] of Object.entries(CHECKS)) test(`the ${name} are those of SQL`, check);
});

describe('once the program has added to it', () => {
  before(async () => {
    for (let batch = 0; batch < 5; batch += 1) {
      const events = Array.from({ length: 40 }, () => {
        const row = randomEvent();
        return event({
          ...row,
          event_type: 'tool_use',
          metadata: { file_path: random.oneOf([null, '/file-1', '/new']), lines_added: 4 },
          client_timestamp: random.oneOf([
            null,
            new Date(Date.now() - random.below(7_200_000)).toISOString(),
          ]),
          project: random.oneOf([null, 'new']),
        });
      });
      await monitor.sendBatch(events);
    }
  });
  for (const [name, check] of Object.entries(CHECKS)) {
    if (name !== 'sessions') test(`the ${name} are those of SQL`, check);
  }

  test('the sessions are those of SQL', async () => {
    const byId = (rows) => Object.fromEntries(rows.map((row) => [row.id, row]));
    assert.deepEqual(byId(await monitor.sessions()), byId(sessionsBySql('true')));
  });
});

describe('silence', () => {
  const silent = temporaryDirectory();
  const at = (minutes) => sqlTime(Date.now() - minutes * 60_000);
  const session = (id, status, minutes, ended_at = null) =>
    insert('sessions', {
      id,
      agent_id: 'codex-default',
      agent_type: 'codex',
      status,
      last_event_at: at(minutes),
      ended_at,
    });

  test('is looked for before the sessions are listed, not before one is shown', async () => {
    sqlite(
      join(silent, 'monitor.db'),
      [
        ORIGINAL,
        session('fresh', 'active', 1),
        session('quiet', 'active', 7),
        session('gone', 'active', 11),
        session('was idle', 'idle', 30, '2026-01-01 00:00:00'),
        session('odd', 'paused', 99),
      ].join('\n'),
    );
    const other = await startServer({ dir: silent });
    const client = new Monitor(other.url);
    assert.equal((await client.session('quiet')).status, 'active');
    assert.equal((await client.session('was idle')).status, 'idle');

    const rows = await client.sessions();
    const status = Object.fromEntries(rows.map((row) => [row.id, row.status]));
    assert.deepEqual(status, {
      fresh: 'active',
      quiet: 'idle',
      gone: 'ended',
      'was idle': 'ended',
      odd: 'paused',
    });
    const { ended_at } = rows.find(({ id }) => id === 'was idle');
    assert.ok(ended_at > '2026-01-02', 'the end is when it was noticed');
    assert.equal((await client.session('quiet')).status, 'idle');
    await client.send({ session_id: 'gone' });
    const [first] = await client.sessions();
    assert.equal(first.id, 'gone');
    assert.equal(first.ended_at, null);
    assert.equal(await other.stop(), 0, other.output());
  });
});
