// What the program counts is what SQL counts, over any span of time and any filter.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Monitor } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { ORIGINAL } from '../support/original_schema.mjs';
import { insert, literal, sqlite } from '../support/sqlite.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';

// 400 events over nine days, some of them in the same second, some on the hour.
const COUNT = 400;
const FIRST = Date.UTC(2026, 1, 10, 0, 0, 0);
const HOUR = 3_600_000;

// A fixed sequence that looks random: what fails once fails always.
let seed = 1;
function below(limit) {
  seed = (seed * 48_271) % 0x7fffffff;
  return seed % limit;
}
const oneOf = (values) => values[below(values.length)];

const sqlTime = (milliseconds) =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');

function randomEvent() {
  const hour = FIRST + below(9 * 24) * HOUR;
  const intoIt = oneOf([0, 0, 1000, 1_799_000, 3_599_000, below(3600) * 1000]);
  return {
    session_id: `session-${below(20)}`,
    agent_type: oneOf(['codex', 'claude_code', 'other']),
    event_type: oneOf(['tool_use', 'llm_response', 'error']),
    tool_name: oneOf([null, 'Bash', 'Read', 'Edit']),
    model: oneOf([null, 'm-1', 'm-2']),
    branch: oneOf([null, 'main', 'HEAD']),
    source: oneOf(['api', 'hook', 'import']),
    tokens_in: below(1000),
    tokens_out: oneOf([0, below(1000)]),
    cost_usd: oneOf([null, 0, below(100) / 64]), // sums of 64ths are exact
    created_at: sqlTime(hour + intoIt),
  };
}

const EVENTS = Array.from({ length: COUNT }, randomEvent);
const TIMES = [
  '2026-02-09',
  '2026-02-13 05:00:00',
  '2026-02-13 05:00:01',
  '2026-02-13 04:59:59',
  '2026-02-13T05:30:00Z',
  '2026-02-13T05:29:59.999Z',
  '2026-02-14T01:30:00+05:30',
  '2026-02-16',
  EVENTS[0].created_at,
  EVENTS[COUNT - 1].created_at,
  '2026-02-19',
];

const dir = temporaryDirectory();
const db = join(dir, 'monitor.db');
let server;
let monitor;

before(async () => {
  sqlite(db, `${ORIGINAL} BEGIN; ${EVENTS.map((each) => insert('events', each)).join('')} COMMIT;`);
  server = await startServer({ dir });
  monitor = new Monitor(server.url);
});

after(async () => assert.equal(await server.stop(), 0, server.output()));

// The condition of a query, and what SQL counts under it.
function condition({ since, until, ...fields }) {
  const terms = Object.entries(fields).map(([name, value]) => `${name} = ${literal(value)}`);
  if (since) terms.push(`created_at >= datetime(${literal(since)})`);
  if (until) terms.push(`created_at <= datetime(${literal(until)})`);
  return terms.length ? terms.join(' AND ') : 'true';
}

function breakdown(column, where) {
  const rows = sqlite(
    db,
    `SELECT ${column} AS name, count(*) AS n FROM events WHERE ${where} AND ${column} IS NOT NULL
     GROUP BY 1 ORDER BY n DESC, name;`,
  );
  return rows.map(({ name, n }) => [name, n]);
}

async function sameAsSql(parameters) {
  const where = condition(parameters);
  const [expected] = sqlite(
    db,
    `SELECT count(*) AS total_events,
       coalesce(sum(tokens_in), 0) AS total_tokens_in,
       coalesce(sum(tokens_out), 0) AS total_tokens_out,
       coalesce(sum(cost_usd), 0) AS total_cost_usd
     FROM events WHERE ${where};`,
  );
  const stats = await monitor.stats(parameters);
  const { total_events, total_tokens_in, total_tokens_out, total_cost_usd } = stats;
  assert.deepEqual({ total_events, total_tokens_in, total_tokens_out, total_cost_usd }, expected);
  assert.deepEqual(Object.entries(stats.tool_breakdown), breakdown('tool_name', where));
  assert.deepEqual(Object.entries(stats.agent_breakdown), breakdown('agent_type', where));
  assert.deepEqual(Object.entries(stats.model_breakdown), breakdown('model', where));
}

async function sameRowsAsSql({ limit, offset, ...filters }) {
  const where = condition(filters);
  const feed = await monitor.feed({ ...filters, limit, offset });
  const ids = sqlite(
    db,
    `SELECT id FROM events WHERE ${where} ORDER BY created_at DESC, id DESC
     LIMIT ${limit} OFFSET ${offset};`,
  );
  const [{ n }] = sqlite(db, `SELECT count(*) AS n FROM events WHERE ${where};`);
  assert.deepEqual(
    feed.events.map(({ id }) => ({ id })),
    ids,
  );
  assert.equal(feed.total, n);
}

describe('the statistics', () => {
  test('of everything are those of SQL', () => sameAsSql({}));

  for (const agent_type of ['codex', 'claude_code', 'nobody']) {
    test(`of ${agent_type} are those of SQL`, () => sameAsSql({ agent_type }));
  }

  for (const since of TIMES) {
    test(`since ${since} are those of SQL`, async () => {
      await sameAsSql({ since });
      await sameAsSql({ since, agent_type: 'codex' });
    });
  }
});

describe('the feed', () => {
  const filters = [
    {},
    { agent_type: 'codex' },
    { event_type: 'error' },
    { tool_name: 'Bash' },
    { model: 'm-1' },
    { branch: 'HEAD' },
    { source: 'hook' },
    { session_id: 'session-7' },
    { agent_type: 'codex', tool_name: 'Read' },
    { agent_type: 'other', event_type: 'tool_use', source: 'api', branch: 'main' },
    { session_id: 'session-7', tool_name: 'Edit' },
    { model: 'none' },
  ];
  for (const filter of filters) {
    const names = Object.entries(filter).map(([name, value]) => `${name} ${value}`);
    const which = names.join(' and ') || 'everything';
    test(`of ${which} lists the rows of SQL`, async () => {
      await sameRowsAsSql({ ...filter, limit: 25, offset: 0 });
      await sameRowsAsSql({ ...filter, limit: -1, offset: 10 });
      await sameRowsAsSql({ ...filter, limit: 7, offset: 30 });
    });

    test(`of ${which} in a span of time lists the rows of SQL`, async () => {
      for (const since of TIMES) {
        await sameRowsAsSql({ ...filter, since, limit: 20, offset: 0 });
        await sameRowsAsSql({ ...filter, until: since, limit: 20, offset: 5 });
      }
      const span = { since: '2026-02-12 03:00:00', until: '2026-02-15T12:30:00Z' };
      await sameRowsAsSql({ ...filter, ...span, limit: -1, offset: 0 });
    });
  }
});

describe('the usage monitor', () => {
  test('counts what was received within each window', async () => {
    const hoursAgo = (hours) => sqlTime(Date.now() - hours * HOUR);
    const usage = (agent_type, hours, fields) =>
      insert('events', {
        session_id: 's',
        agent_type,
        event_type: 'llm_response',
        created_at: hoursAgo(hours),
        ...fields,
      });
    const recent = temporaryDirectory();
    sqlite(
      join(recent, 'monitor.db'),
      [
        ORIGINAL,
        usage('claude_code', 0.5, { tokens_in: 1 }),
        usage('claude_code', 4.9, { tokens_out: 2 }),
        usage('claude_code', 5.1, { tokens_in: 4 }),
        usage('claude_code', 167.9, { tokens_out: 8 }),
        usage('claude_code', 168.1, { tokens_in: 16 }),
        // What the client says of the time does not count.
        usage('claude_code', 200, { tokens_in: 32, client_timestamp: new Date().toISOString() }),
        usage('codex', 4.9, { cost_usd: 0.25 }),
        usage('codex', 5.1, { cost_usd: 0.5 }),
        usage('codex', 168.1, { cost_usd: 1 }),
      ].join('\n'),
    );

    const env = { AGENTMONITOR_STATS_INTERVAL: '250' };
    const counting = await startServer({ dir: recent, env });
    const other = new Monitor(counting.url);
    await other.send({ agent_type: 'codex', cost_usd: 2 });
    const stream = await other.stream();
    const [claude, codex] = (await stream.nextMessage('stats')).payload.usage_monitor;
    assert.equal(claude.session.used, 3);
    assert.equal(claude.weekly.used, 15);
    assert.equal(codex.session.used, 2.25);
    assert.equal(codex.extended.used, 2.75);
    stream.close();
    assert.equal(await counting.stop(), 0, counting.output());
  });
});
