// The life of a session, as the counters of GET /api/stats show it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const newSession = () => ({ session_id: unique('session'), agent_type: unique('agent') });
const newClaudeSession = () => ({ session_id: unique('session'), agent_type: 'claude_code' });
const minutesAgo = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

// How many sessions became active, live (that is, not ended) and known while `events` were sent one
// by one.
async function movedBy(...events) {
  const moved = await monitor.countersMovedBy(async () => {
    for (const each of events) await monitor.send(each);
  });
  return { active: moved.active_sessions, live: moved.live_sessions, all: moved.total_sessions };
}

const NOTHING = { active: 0, live: 0, all: 0 };
const BORN_ACTIVE = { active: 1, live: 1, all: 1 };
const BORN_IDLE = { active: 0, live: 1, all: 1 };
const BORN_ENDED = { active: 0, live: 0, all: 1 };
const ACTIVE_TO_IDLE = { active: -1, live: 0, all: 0 };
const ACTIVE_TO_ENDED = { active: -1, live: -1, all: 0 };
const IDLE_TO_ACTIVE = { active: 1, live: 0, all: 0 };
const ENDED_TO_ACTIVE = { active: 1, live: 1, all: 0 };

describe('a session', () => {
  test('is active from its first event on', async () => {
    assert.deepEqual(await movedBy(newSession()), BORN_ACTIVE);
  });

  test('stays one session however many events it has', async () => {
    const session = newSession();
    await monitor.send(session);
    const more = ['user_prompt', 'error', 'session_start'];
    const moved = await movedBy(...more.map((event_type) => ({ ...session, event_type })));
    assert.deepEqual(moved, NOTHING);
  });

  test('keeps the agent type of its first event', async () => {
    const session = newSession();
    const moved = await monitor.countersMovedBy(async () => {
      await monitor.send(session);
      await monitor.send({ ...session, agent_type: unique('another') });
    });
    assert.equal(moved.active_agents, 1);
    assert.equal(moved.total_sessions, 1);
  });

  test('counts its agent type once, with all others of it', async () => {
    const agent_type = unique('agent');
    const moved = await monitor.countersMovedBy(async () => {
      for (let session = 0; session < 3; ++session) await monitor.send({ agent_type });
    });
    assert.equal(moved.active_agents, 1);
    assert.equal(moved.active_sessions, 3);
  });
});

describe('session_end', () => {
  for (const source of ['api', 'hook', 'otel']) {
    test(`from ${source} ends a session`, async () => {
      const session = newSession();
      await monitor.send(session);
      const end = { ...session, event_type: 'session_end', source };
      assert.deepEqual(await movedBy(end), ACTIVE_TO_ENDED);
    });

    test(`from ${source} leaves a session of claude_code idle`, async () => {
      const session = newClaudeSession();
      await monitor.send(session);
      const end = { ...session, event_type: 'session_end', source };
      assert.deepEqual(await movedBy(end), ACTIVE_TO_IDLE);
    });
  }

  test('as the first event makes an ended session', async () => {
    const end = { ...newSession(), event_type: 'session_end' };
    assert.deepEqual(await movedBy(end), BORN_ENDED);
  });

  test('as the first event makes an idle session of claude_code', async () => {
    const end = { ...newClaudeSession(), event_type: 'session_end' };
    assert.deepEqual(await movedBy(end), BORN_IDLE);
  });

  test('twice changes nothing more', async () => {
    const [session, claude] = [newSession(), newClaudeSession()];
    for (const each of [session, claude]) {
      await monitor.send({ ...each, event_type: 'session_end' });
      assert.deepEqual(await movedBy({ ...each, event_type: 'session_end' }), NOTHING);
    }
  });

  test('is told by the agent type of the event', async () => {
    const session = newSession();
    await monitor.send(session);
    const end = { ...session, agent_type: 'claude_code', event_type: 'session_end' };
    assert.deepEqual(await movedBy(end), ACTIVE_TO_IDLE);
  });

  test('of an agent type leaves it out of the active agents', async () => {
    const session = newSession();
    await monitor.send(session);
    const moved = await monitor.countersMovedBy(() =>
      monitor.send({ ...session, event_type: 'session_end' }),
    );
    assert.equal(moved.active_agents, -1);
  });
});

describe('a later event', () => {
  test('makes an ended session active', async () => {
    const session = newSession();
    await monitor.send({ ...session, event_type: 'session_end' });
    assert.deepEqual(await movedBy(session), ENDED_TO_ACTIVE);
  });

  test('makes an idle session active', async () => {
    const session = newClaudeSession();
    await monitor.send({ ...session, event_type: 'session_end' });
    assert.deepEqual(await movedBy(session), IDLE_TO_ACTIVE);
  });

  test('makes a historical session active', async () => {
    const session = newSession();
    await monitor.send({ ...session, source: 'import' });
    assert.deepEqual(await movedBy(session), ENDED_TO_ACTIVE);
  });
});

describe('an imported event', () => {
  const imported = (fields) => ({ ...newSession(), source: 'import', ...fields });

  test('without a time is historical: its session has ended', async () => {
    assert.deepEqual(await movedBy(imported()), BORN_ENDED);
  });

  test('of 31 minutes ago is historical', async () => {
    assert.deepEqual(await movedBy(imported({ client_timestamp: minutesAgo(31) })), BORN_ENDED);
  });

  test('of 29 minutes ago is recent: its session is active', async () => {
    assert.deepEqual(await movedBy(imported({ client_timestamp: minutesAgo(29) })), BORN_ACTIVE);
  });

  test('of the future is recent', async () => {
    assert.deepEqual(await movedBy(imported({ client_timestamp: minutesAgo(-60) })), BORN_ACTIVE);
  });

  test('that is historical ends an active session', async () => {
    const session = newSession();
    await monitor.send(session);
    assert.deepEqual(await movedBy({ ...session, source: 'import' }), ACTIVE_TO_ENDED);
  });

  test('that is historical ends a session of claude_code for good, whatever its type', async () => {
    for (const event_type of ['tool_use', 'session_end']) {
      const old = { ...newClaudeSession(), source: 'import', event_type };
      assert.deepEqual(await movedBy(old), BORN_ENDED, event_type);
    }
  });

  test('that is a recent session_end leaves its session active', async () => {
    const end = { event_type: 'session_end', client_timestamp: minutesAgo(1) };
    assert.deepEqual(await movedBy(imported(end)), BORN_ACTIVE);
    const claude = { ...newClaudeSession(), source: 'import', ...end };
    assert.deepEqual(await movedBy(claude), BORN_ACTIVE);
  });

  test('is one only if its source is exactly import', async () => {
    for (const source of ['Import', 'imported', 'api']) {
      const fields = { source, client_timestamp: '2001-01-01T00:00:00Z' };
      assert.deepEqual(await movedBy(imported(fields)), BORN_ACTIVE, source);
    }
  });
});
