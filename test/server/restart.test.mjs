// What the program makes of its database when it starts again: after a crash, after a change by
// another program, after time has passed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { insert, literal, sqlite } from '../support/sqlite.mjs';

// One database and the program on it, which can be away for a while.
class Installation {
  static async start() {
    const installation = new Installation();
    await installation.startAgain();
    return installation;
  }

  async startAgain() {
    this.server = await startServer({ dir: this.server?.dir });
    this.monitor = new Monitor(this.server.url);
    return this.monitor;
  }

  async stop() {
    assert.equal(await this.server.stop(), 0, this.server.output());
  }

  // Runs `sql` while the program is away; returns the rows of its last query.
  async whileStopped(sql) {
    await this.stop();
    const rows = sqlite(this.server.db, sql);
    await this.startAgain();
    return rows;
  }

  // What `sql` selects, read after the program has stopped.
  async finally(sql) {
    await this.stop();
    return sqlite(this.server.db, sql);
  }
}

const TOTALS = [
  'total_events',
  'total_tokens_in',
  'total_tokens_out',
  'total_cost_usd',
  'tool_breakdown',
  'agent_breakdown',
  'model_breakdown',
];

const totalsOf = async (monitor, parameters) => {
  const stats = await monitor.stats(parameters);
  return Object.fromEntries(TOTALS.map((name) => [name, stats[name]]));
};

// Three events of agent types "red" and "blue", with numbers that are sums of powers of two.
const EVENTS = [
  event({ session_id: 's-1', agent_type: 'red', tool_name: 'Bash', tokens_in: 1, cost_usd: 0.25 }),
  event({ session_id: 's-1', agent_type: 'red', tool_name: 'Read', tokens_out: 2, model: 'm' }),
  event({ session_id: 's-2', agent_type: 'blue', tool_name: 'Bash', tokens_in: 4, cost_usd: 0.5 }),
];

const STORED = {
  total_events: 3,
  total_tokens_in: 5,
  total_tokens_out: 2,
  total_cost_usd: 0.75,
  tool_breakdown: { Bash: 2, Read: 1 },
  agent_breakdown: { red: 2, blue: 1 },
  model_breakdown: { m: 1 },
};

async function installationWithEvents() {
  const installation = await Installation.start();
  await installation.monitor.sendBatch(EVENTS);
  assert.deepEqual(await totalsOf(installation.monitor), STORED);
  return installation;
}

describe('a start', () => {
  test('after a stop finds everything as it was', async () => {
    const installation = await installationWithEvents();
    const [rows, stats] = [await installation.monitor.rows({}), await installation.monitor.stats()];
    await installation.whileStopped('SELECT 1;');
    assert.deepEqual(await installation.monitor.rows({}), rows);
    assert.deepEqual(await installation.monitor.stats(), stats);
    await installation.stop();
  });

  test('after a crash finds every event that was acknowledged', async () => {
    const installation = await Installation.start();
    const acknowledged = [];
    for (let crash = 0; crash < 3; ++crash) {
      acknowledged.push(await installation.monitor.send({ agent_type: 'a', tokens_in: 1 }));
      acknowledged.push(
        ...(await installation.monitor.sendBatch([event({ agent_type: 'a', tokens_in: 1 })])).ids,
      );
      await installation.server.kill();
      const monitor = await installation.startAgain();
      const rows = await monitor.rows({ limit: -1 });
      assert.deepEqual(rows.map(({ id }) => id).reverse(), acknowledged);
      assert.equal((await monitor.stats()).total_tokens_in, acknowledged.length);
    }
    const check = await installation.finally('PRAGMA integrity_check;');
    assert.deepEqual(check, [{ integrity_check: 'ok' }]);
  });

  test('on an address of its own choice may happen twice at once, on two databases', async () => {
    const [one, two] = [await Installation.start(), await Installation.start()];
    assert.notEqual(one.server.port, two.server.port);
    await one.monitor.send();
    assert.equal((await two.monitor.stats()).total_events, 0);
    await one.stop();
    await two.stop();
  });
});

describe('a change by another program while this one was stopped', () => {
  const added = {
    session_id: 's-9',
    agent_type: 'green',
    event_type: 'tool_use',
    tool_name: 'Edit',
    tokens_in: 8,
    cost_usd: 1,
  };

  const changes = {
    'rows added at the end are counted': {
      sql: insert('events', added),
      totals: {
        ...STORED,
        total_events: 4,
        total_tokens_in: 13,
        total_cost_usd: 1.75,
        tool_breakdown: { Bash: 2, Edit: 1, Read: 1 },
        agent_breakdown: { red: 2, blue: 1, green: 1 },
      },
    },
    'a row deleted at the end is counted no more': {
      sql: 'DELETE FROM events WHERE id = (SELECT max(id) FROM events);',
      totals: {
        ...STORED,
        total_events: 2,
        total_tokens_in: 1,
        total_cost_usd: 0.25,
        tool_breakdown: { Bash: 1, Read: 1 },
        agent_breakdown: { red: 2 },
      },
    },
    'a row deleted at the beginning is counted no more': {
      sql: 'DELETE FROM events WHERE id = (SELECT min(id) FROM events);',
      totals: {
        ...STORED,
        total_events: 2,
        total_tokens_in: 4,
        total_cost_usd: 0.5,
        tool_breakdown: { Bash: 1, Read: 1 },
        agent_breakdown: { blue: 1, red: 1 },
      },
    },
    'a row replaced by another, so that their number stays, is counted as the other': {
      sql: `DELETE FROM events WHERE id = (SELECT min(id) FROM events); ${insert('events', added)}`,
      totals: {
        ...STORED,
        total_tokens_in: 12,
        total_cost_usd: 1.5,
        tool_breakdown: { Bash: 1, Edit: 1, Read: 1 },
        agent_breakdown: { blue: 1, green: 1, red: 1 },
      },
    },
    'a row that takes the place of another is counted instead of it': {
      sql: `INSERT OR REPLACE INTO
          events(id, session_id, agent_type, event_type, tool_name, tokens_in)
        VALUES ((SELECT min(id) FROM events), 's-9', 'green', 'tool_use', 'Edit', 8);`,
      totals: {
        ...STORED,
        total_tokens_in: 12,
        total_cost_usd: 0.5,
        tool_breakdown: { Bash: 1, Edit: 1, Read: 1 },
        agent_breakdown: { blue: 1, green: 1, red: 1 },
      },
    },
    'numbers updated in place are summed as they are now': {
      sql: `UPDATE events SET tokens_in = tokens_in + 16, cost_usd = 2
        WHERE id = (SELECT min(id) FROM events);`,
      totals: { ...STORED, total_tokens_in: 21, total_cost_usd: 2.5 },
    },
    'names updated in place are counted as they are now': {
      sql: `UPDATE events SET tool_name = 'Grep', model = 'n', agent_type = 'green'
        WHERE tool_name = 'Read';`,
      totals: {
        ...STORED,
        tool_breakdown: { Bash: 2, Grep: 1 },
        agent_breakdown: { blue: 1, green: 1, red: 1 },
        model_breakdown: { n: 1 },
      },
    },
    'everything deleted leaves nothing': {
      sql: 'DELETE FROM events; DELETE FROM sessions; DELETE FROM agents;',
      totals: {
        total_events: 0,
        total_tokens_in: 0,
        total_tokens_out: 0,
        total_cost_usd: 0,
        tool_breakdown: {},
        agent_breakdown: {},
        model_breakdown: {},
      },
    },
  };

  for (const [name, { sql, totals }] of Object.entries(changes)) {
    test(name, async () => {
      const installation = await installationWithEvents();
      await installation.whileStopped(sql);
      assert.deepEqual(await totalsOf(installation.monitor), totals);
      const fromTheBeginning = await totalsOf(installation.monitor, { since: '2001-01-01' });
      assert.deepEqual(fromTheBeginning, totals);
      await installation.stop();
    });

    test(`${name}, and what comes then is added to it`, async () => {
      const installation = await installationWithEvents();
      await installation.whileStopped(sql);
      await installation.monitor.send({ agent_type: 'late', tokens_in: 100 });
      const { total_events, total_tokens_in } = await installation.monitor.stats();
      assert.equal(total_events, totals.total_events + 1);
      assert.equal(total_tokens_in, totals.total_tokens_in + 100);
      await installation.stop();
    });
  }

  test('is seen when it puts a deleted row back where it was', async () => {
    const installation = await installationWithEvents();
    await installation.whileStopped(
      `CREATE TABLE kept AS SELECT * FROM events WHERE id = 2; DELETE FROM events WHERE id = 2;`,
    );
    assert.equal((await installation.monitor.stats()).total_events, 2);
    await installation.whileStopped(
      'INSERT INTO events SELECT * FROM kept WHERE id = 2; DROP TABLE kept;',
    );
    assert.deepEqual(await totalsOf(installation.monitor), STORED);
    await installation.stop();
  });

  test('is seen after a crash as well', async () => {
    const installation = await installationWithEvents();
    await installation.server.kill();
    sqlite(installation.server.db, `${insert('events', added)} DELETE FROM events WHERE id = 1;`);
    const monitor = await installation.startAgain();
    const { total_events, total_tokens_in } = await monitor.stats();
    assert.equal(total_events, 3);
    assert.equal(total_tokens_in, 12);
    await installation.stop();
  });

  test('to sessions shows in the session counters', async () => {
    const installation = await installationWithEvents();
    await installation.whileStopped(
      `UPDATE sessions SET status = 'ended', ended_at = datetime('now') WHERE id = 's-1';
       INSERT INTO sessions(id, agent_id, agent_type, status, branch) VALUES
         ('s-8', 'x-default', 'x', 'active', 'new'),
         ('s-9', 'y-default', 'y', 'idle', NULL);`,
    );
    const stats = await installation.monitor.stats();
    assert.equal(stats.total_sessions, 4);
    assert.equal(stats.active_sessions, 2);
    assert.equal(stats.live_sessions, 3);
    assert.equal(stats.active_agents, 3);
    assert.deepEqual(stats.branches, ['new']);
    await installation.stop();
  });

  test('to a session shows in the events that follow', async () => {
    const installation = await installationWithEvents();
    await installation.whileStopped(
      "UPDATE sessions SET project = 'p', branch = 'b' WHERE id = 's-1';",
    );
    const row = await installation.monitor.stored({ session_id: 's-1', agent_type: 'red' });
    assert.deepEqual([row.project, row.branch], ['p', 'b']);
    await installation.stop();
  });

  test('makes event ids known', async () => {
    const installation = await installationWithEvents();
    await installation.whileStopped(insert('events', { ...added, event_id: 'from-outside' }));
    const again = event({ event_id: 'from-outside' });
    const reply = await installation.monitor.post('/api/events', again);
    assert.equal(reply.status, 200);
    await installation.stop();
  });
});

describe('the idle check', () => {
  const OLD_END = '2001-01-01 00:00:00';

  // Starts the program on a session whose last event was so many minutes ago, asks `path`, and
  // returns what became of the session. `since_end` is in seconds, or null while the session has no
  // end.
  async function after(path, { minutes, status = 'active', ended_at = null }) {
    const installation = await Installation.start();
    await installation.monitor.send({ session_id: 's', agent_type: 'codex' });
    await installation.whileStopped(
      `UPDATE sessions SET status = '${status}', ended_at = ${literal(ended_at)},
         last_event_at = datetime('now', '-${minutes} minutes');`,
    );
    const { status: code } = await installation.monitor.get(path);
    assert.equal(code, 200);
    const [session] = await installation.finally(
      `SELECT status, ended_at, strftime('%s', 'now') - strftime('%s', ended_at) AS since_end
       FROM sessions;`,
    );
    return session;
  }

  function endedJustNow(session) {
    assert.equal(session.status, 'ended');
    assert.ok(session.since_end !== null && session.since_end >= 0 && session.since_end < 30);
  }

  test('leaves a session of 4 minutes ago active', async () => {
    const session = await after('/api/stats', { minutes: 4 });
    assert.equal(session.status, 'active');
  });

  test('makes a session idle after more than 5 minutes, without an end', async () => {
    const session = await after('/api/stats', { minutes: 6 });
    assert.deepEqual([session.status, session.ended_at], ['idle', null]);
  });

  test('leaves the end of a session as it is when it becomes idle', async () => {
    const session = await after('/api/stats', { minutes: 6, ended_at: OLD_END });
    assert.deepEqual([session.status, session.ended_at], ['idle', OLD_END]);
  });

  test('ends an active session of more than 10 minutes ago at once', async () => {
    endedJustNow(await after('/api/stats', { minutes: 11 }));
  });

  test('leaves an idle session of 9 minutes ago idle', async () => {
    const session = await after('/api/stats', { minutes: 9, status: 'idle' });
    assert.deepEqual([session.status, session.ended_at], ['idle', null]);
  });

  test('ends an idle session after more than 10 minutes', async () => {
    endedJustNow(await after('/api/stats', { minutes: 11, status: 'idle' }));
  });

  test('sets the end of an idle session to now, even if it was set', async () => {
    endedJustNow(await after('/api/stats', { minutes: 11, status: 'idle', ended_at: OLD_END }));
  });

  test('leaves an ended session and its end as they are', async () => {
    const ended = { minutes: 60, status: 'ended', ended_at: OLD_END };
    const session = await after('/api/stats', ended);
    assert.deepEqual([session.status, session.ended_at], ['ended', OLD_END]);
  });

  test('runs before the statistics are counted', async () => {
    const installation = await Installation.start();
    await installation.monitor.sendBatch(
      ['a', 'b', 'c'].map((session_id) => event({ session_id })),
    );
    await installation.whileStopped(
      `UPDATE sessions SET last_event_at = datetime('now', '-6 minutes') WHERE id = 'b';
       UPDATE sessions SET last_event_at = datetime('now', '-11 minutes') WHERE id = 'c';`,
    );
    const stats = await installation.monitor.stats();
    assert.equal(stats.active_sessions, 1);
    assert.equal(stats.live_sessions, 2);
    assert.equal(stats.active_agents, 2);
    assert.equal(stats.total_sessions, 3);
    await installation.stop();
  });

  test('does not run when events are read', async () => {
    const session = await after('/api/events', { minutes: 11 });
    assert.equal(session.status, 'active');
  });

  test('does not run when the health is read', async () => {
    const session = await after('/api/health', { minutes: 11 });
    assert.equal(session.status, 'active');
  });

  test('lets a later event make the session active again', async () => {
    const installation = await Installation.start();
    await installation.monitor.send({ session_id: 's', agent_type: 'codex' });
    await installation.whileStopped(
      "UPDATE sessions SET last_event_at = datetime('now', '-1 hour');",
    );
    assert.equal((await installation.monitor.stats()).live_sessions, 0);
    await installation.monitor.send({ session_id: 's', agent_type: 'codex' });
    assert.equal((await installation.monitor.stats()).active_sessions, 1);
    const query = `SELECT status, ended_at, last_event_at > datetime('now', '-1 minute') AS fresh
       FROM sessions;`;
    assert.deepEqual(await installation.finally(query), [
      { status: 'active', ended_at: null, fresh: 1 },
    ]);
  });

  test('follows AGENTMONITOR_SESSION_TIMEOUT', async () => {
    const installation = await Installation.start();
    await installation.monitor.sendBatch(['a', 'b'].map((session_id) => event({ session_id })));
    await installation.stop();
    sqlite(
      installation.server.db,
      `UPDATE sessions SET last_event_at = datetime('now', '-19 minutes') WHERE id = 'a';
       UPDATE sessions SET last_event_at = datetime('now', '-21 minutes') WHERE id = 'b';`,
    );
    const env = { AGENTMONITOR_SESSION_TIMEOUT: '20' };
    const server = await startServer({ env, dir: installation.server.dir });
    const stats = await new Monitor(server.url).stats();
    assert.equal(stats.active_sessions, 1);
    assert.equal(stats.live_sessions, 2);
    assert.equal(await server.stop(), 0);
  });
});
