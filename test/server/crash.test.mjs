// What a server that is killed at any moment has promised, it has kept; and what it counts is what
// there is, whoever wrote it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import { Publishers } from '../support/publishers.mjs';
import { Random, seed } from '../support/random.mjs';
import { assertStatisticsAreSql, assertTotalsAreRecounts } from '../support/recount.mjs';
import { startServer } from '../support/server.mjs';
import { insert, sqlite } from '../support/sqlite.mjs';

const ROUNDS = 20;
const CONNECTIONS = 40;
const LEAST_LIFE_MS = 20; // of a server under load
const MOST_LIFE_MS = 350;

// Events of all kinds, each with an event_id of its own.
class Source {
  #made = 0;

  constructor(random) {
    this.random = random;
  }

  next = () => {
    const { random } = this;
    this.#made += 1;
    const now = new Date().toISOString();
    const secondsAgo = (seconds) => new Date(Date.now() - 1000 * seconds).toISOString();
    return {
      event_id: `event-${this.#made}`,
      session_id: `session-${random.below(60)}`,
      agent_type: random.oneOf(['codex', 'claude_code', 'other']),
      event_type: random.oneOf(['tool_use', 'llm_response', 'error', 'session_end']),
      tool_name: random.oneOf([null, 'Bash', 'Read', 'Edit', 'Write']),
      client_timestamp: random.oneOf([null, now, secondsAgo(50), secondsAgo(3000 + random.below(9000))]),
      metadata: {
        file_path: random.oneOf([null, `/file-${random.below(9)}`]),
        lines_added: random.oneOf([null, random.below(50), '3 lines', 2.5]),
        lines_removed: random.below(9),
      },
      model: random.oneOf([null, 'm-1']),
      status: random.oneOf(['success', 'error']),
      tokens_in: random.below(1000),
      tokens_out: random.below(100),
      cache_read_tokens: random.below(50),
      duration_ms: random.oneOf([0, 12]),
      cost_usd: random.below(64) / 64, // sums of 64ths are exact
    };
  };
}

const rowsOf = (db) => sqlite(db, 'SELECT id, event_id FROM events NOT INDEXED;');

// Each acknowledged event is there once, under the id of its answer; each other at most once.
function assertPromisesAreKept(db, { sent, acknowledged }) {
  const rows = rowsOf(db);
  const idOf = new Map(rows.map(({ id, event_id }) => [event_id, id]));
  assert.equal(idOf.size, rows.length, 'an event is there twice');
  for (const event_id of idOf.keys()) assert.ok(sent.has(event_id), `${event_id} was never sent`);
  for (const [event_id, id] of acknowledged) {
    assert.ok(idOf.has(event_id), `${event_id} was acknowledged and is not there`);
    if (id !== null) assert.equal(idOf.get(event_id), id, `the id of ${event_id}`);
  }
}

const aMoment = (random) =>
  new Promise((resolve) => setTimeout(resolve, random.between(LEAST_LIFE_MS, MOST_LIFE_MS)));

describe('a server that is killed under load', () => {
  test('has kept every promise, and counted right, when it is back', async (t) => {
    const chosen = seed();
    t.diagnostic(`SIGHTLINE_SEED=${chosen}`);
    const random = new Random(chosen);
    const batchOf = () => (random.below(3) ? 1 : random.between(2, 12));
    const publishers = new Publishers(t, new Source(random).next, { batchOf });

    let server = await startServer();
    for (let round = 1; round <= ROUNDS; ++round) {
      await t.test(`round ${round}`, async () => {
        publishers.start(server.url, CONNECTIONS);
        await aMoment(random);
        await server.kill();
        await publishers.ended();
        server = await startServer({ dir: server.dir });
        assertPromisesAreKept(server.db, publishers);
        assertTotalsAreRecounts(server.db);
        await assertStatisticsAreSql(new Monitor(server.url), server.db);
      });
    }
    assert.deepEqual(publishers.refused, []);
    t.diagnostic(`${publishers.acknowledged.size} events acknowledged`);
    t.diagnostic(`${publishers.inDoubt.length} in doubt at the last kill`);

    await t.test('takes what was in doubt once more, and then has it once', async () => {
      const again = new Monitor(server.url);
      await again.sendBatch(publishers.inDoubt.slice(0, 500));
      for (const { event_id } of publishers.inDoubt.slice(0, 500)) {
        publishers.acknowledged.set(event_id, null);
      }
      assertPromisesAreKept(server.db, publishers);
      assertTotalsAreRecounts(server.db);
      await assertStatisticsAreSql(again, server.db);
    });

    assert.equal(await server.stop(), 0, server.output());
    assert.deepEqual(sqlite(server.db, 'PRAGMA integrity_check;'), [{ integrity_check: 'ok' }]);
  });
});

describe('rows that another program adds', () => {
  const foreign = (fields) => ({
    session_id: 'foreign-session',
    agent_type: 'foreign',
    event_type: 'tool_use',
    tool_name: 'Edit',
    tokens_in: 8,
    cost_usd: 0.25,
    ...fields,
  });
  const addRows = (db, count) =>
    sqlite(db, `BEGIN; ${insert('events', foreign()).repeat(count)} COMMIT;`);

  async function foreignEvents(monitor) {
    return (await monitor.stats()).agent_breakdown.foreign ?? 0;
  }

  test('while the server is away are counted when it is back', async () => {
    let server = await startServer();
    await new Monitor(server.url).sendBatch([event(), event()]);
    await server.kill();
    addRows(server.db, 3);
    server = await startServer({ dir: server.dir });
    assert.equal(await foreignEvents(new Monitor(server.url)), 3);
    assertTotalsAreRecounts(server.db);
    assert.equal(await server.stop(), 0, server.output());
  });

  test('while the server runs are counted with its next write', async () => {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    await monitor.sendBatch([event(), event()]);
    for (const count of [1, 30]) {
      const before = await foreignEvents(monitor);
      addRows(server.db, count);
      await monitor.send();
      assert.equal(await foreignEvents(monitor), before + count);
      assertTotalsAreRecounts(server.db);
    }
    assert.equal(await server.stop(), 0, server.output());
  });

  test('while the server writes are all counted in the end, and take no event away', async (t) => {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    const publishers = new Publishers(t, new Source(new Random(7)).next, { retries: true });
    publishers.start(server.url, 8);
    for (let i = 0; i < 20; ++i) {
      const before = publishers.acknowledged.size;
      addRows(server.db, 5);
      // Let the server write in between.
      while (publishers.acknowledged.size < before + 20) await monitor.send();
    }
    await publishers.stop();
    await monitor.send();

    assert.equal(await foreignEvents(monitor), 100);
    assertTotalsAreRecounts(server.db);
    const known = new Set(rowsOf(server.db).map(({ event_id }) => event_id));
    for (const event_id of publishers.acknowledged.keys()) assert.ok(known.has(event_id), event_id);
    assert.equal(await server.stop(), 0, server.output());
  });
});
