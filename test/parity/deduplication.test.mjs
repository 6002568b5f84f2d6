// An event id that is stored already: the second event touches nothing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

async function duplicate(fields) {
  const reply = await monitor.post('/api/events', event(fields));
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(reply.json, { received: 0, ids: [], duplicates: 1 });
}

describe('an event id', () => {
  test('is known whatever else the event says', async () => {
    const event_id = unique('id');
    await monitor.send({ event_id });
    await duplicate({ event_id, event_type: 'user_prompt', tokens_in: 5 });
  });

  test('is compared without the white space around it', async () => {
    const event_id = unique('id');
    await monitor.send({ event_id });
    await duplicate({ event_id: ` ${event_id}\n` });
  });

  test('is compared with regard to upper and lower case', async () => {
    const event_id = unique('Id');
    await monitor.send({ event_id });
    await monitor.send({ event_id: event_id.toUpperCase() });
  });

  for (const [which, event_id] of Object.entries({ null: null, empty: '', blank: '  ' })) {
    test(`that is ${which} is never a duplicate`, async () => {
      const same = event({ event_id });
      assert.equal((await monitor.post('/api/events', same)).status, 201);
      assert.equal((await monitor.post('/api/events', same)).status, 201);
    });
  }

  test('of a refused event may be used by a good one', async () => {
    const event_id = unique('id');
    await monitor.refused(event({ event_id, status: 'nope' }));
    await monitor.send({ event_id });
  });

  test('sent twenty times at once is stored once', async () => {
    const same = event({ event_id: unique('id') });
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => monitor.post('/api/events', same)),
    );
    const statuses = replies.map((reply) => reply.status).sort();
    assert.deepEqual(statuses, [...Array(19).fill(200), 201]);
    assert.equal((await monitor.feed({ session_id: same.session_id })).total, 1);
  });
});

describe('a duplicate', () => {
  test('leaves the stored row as it is', async () => {
    const event_id = unique('id');
    const row = await monitor.stored({ event_id, tool_name: 'first', metadata: { a: 1 } });
    await duplicate({ event_id, session_id: row.session_id, tool_name: 'second', metadata: {} });
    assert.deepEqual(await monitor.rows({ session_id: row.session_id }), [row]);
  });

  test('adds nothing to the totals', async () => {
    const [agent_type, event_id] = [unique('agent'), unique('id')];
    await monitor.send({ agent_type, event_id, tokens_in: 5, cost_usd: 1 });
    const before = await monitor.stats({ agent_type });
    await duplicate({ agent_type, event_id, tokens_in: 5, cost_usd: 1 });
    assert.deepEqual(await monitor.stats({ agent_type }), before);
  });

  test('makes no session and no agent', async () => {
    const event_id = unique('id');
    await monitor.send({ event_id });
    const moved = await monitor.countersMovedBy(() => duplicate({ event_id }));
    assert.deepEqual(moved, {
      active_sessions: 0,
      total_sessions: 0,
      live_sessions: 0,
      active_agents: 0,
    });
  });

  test('does not give its session another project or branch', async () => {
    const [session_id, event_id] = [unique('session'), unique('id')];
    const [project, branch] = [unique('project'), unique('branch')];
    await monitor.send({ session_id, event_id, project, branch });
    await duplicate({ session_id, event_id, project: unique('other'), branch: unique('other') });
    const next = await monitor.stored({ session_id });
    assert.deepEqual([next.project, next.branch], [project, branch]);
  });

  test('does not wake an ended session', async () => {
    const session = { session_id: unique('session'), agent_type: unique('agent') };
    const event_id = unique('id');
    await monitor.send({ ...session, event_id });
    await monitor.send({ ...session, event_type: 'session_end' });
    const moved = await monitor.countersMovedBy(() => duplicate({ ...session, event_id }));
    assert.equal(moved.active_sessions, 0);
    assert.equal(moved.live_sessions, 0);
  });

  test('of a session_end does not end the session again', async () => {
    const session = { session_id: unique('session'), agent_type: unique('agent') };
    const end = { ...session, event_type: 'session_end', event_id: unique('id') };
    await monitor.send(end);
    await monitor.send(session);
    const moved = await monitor.countersMovedBy(() => duplicate(end));
    assert.equal(moved.active_sessions, 0);
    assert.equal(moved.live_sessions, 0);
  });
});
