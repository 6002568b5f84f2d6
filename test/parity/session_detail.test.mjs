// GET /api/sessions/ID: one session with its newest events.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { event, query, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const session_id = unique('session');
const agent_type = unique('agent');
let ids; // newest first

before(async () => {
  const events = Array.from({ length: 30 }, () => event({ session_id, agent_type }));
  ids = (await monitor.sendBatch(events)).ids.reverse();
});

const detail = (parameters) => monitor.read(`/api/sessions/${session_id}`, parameters);
const listed = async (parameters) => (await detail(parameters)).events.map(({ id }) => id);

describe('a session', () => {
  test('has the row that the list has', async () => {
    const [row] = await monitor.sessions({ agent_type });
    const reply = await detail();
    assert.deepEqual(Object.keys(reply), ['session', 'events']);
    assert.deepEqual(reply.session, row);
    assert.equal(reply.session.event_count, 30);
  });

  test('has the rows that the feed has, newest first', async () => {
    assert.deepEqual((await detail()).events, await monitor.rows({ session_id, limit: 10 }));
  });

  test('with one event has this one', async () => {
    const sent = event({ tool_name: 'Bash', metadata: { command: 'ls' } });
    const id = await monitor.send(sent);
    const { session, events } = await monitor.read(`/api/sessions/${sent.session_id}`);
    assert.equal(session.id, sent.session_id);
    assert.deepEqual(
      events.map((row) => [row.id, row.tool_name, row.metadata]),
      [[id, 'Bash', '{"command":"ls"}']],
    );
  });

  test('has none of the events of others', async () => {
    const rows = (await detail({ event_limit: -1 })).events;
    assert.ok(rows.every((row) => row.session_id === session_id));
  });

  test('that nobody knows is 404', async () => {
    const reply = await monitor.get(`/api/sessions/${unique('nobody')}`);
    assert.equal(reply.status, 404);
    assert.deepEqual(reply.json, { error: 'Session not found' });
  });

  for (const id of ['with space', 'ünïcode', 'per%cent', 'a+b', 'q?a=b', '100%25', 'a/b', '..']) {
    test(`may be called "${id}"`, async () => {
      const name = `${unique('id')} ${id}`;
      await monitor.send({ session_id: name });
      const reply = await monitor.get(`/api/sessions/${encodeURIComponent(name)}`);
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.session.id, name);
      assert.equal((await monitor.transcript(name)).length, 1);
    });
  }
});

describe('event_limit', () => {
  test('is 10 by default', async () => assert.deepEqual(await listed(), ids.slice(0, 10)));

  for (const [limit, rows] of [
    ['3', 3],
    ['3abc', 3],
    ['2.9', 2],
    ['0', 0],
    ['-1', 30],
    ['100', 30],
    ['abc', 10],
    ['', 10],
    ['99999999999999999999', 30],
  ]) {
    test(`"${limit}" gives ${rows} of 30`, async () =>
      assert.deepEqual(await listed({ event_limit: limit }), ids.slice(0, rows)));

    test(`as limit "${limit}" gives ${rows} of 30`, async () =>
      assert.deepEqual(await listed({ limit }), ids.slice(0, rows)));
  }

  test('wins over limit', async () => {
    assert.deepEqual(await listed({ limit: 20, event_limit: 4 }), ids.slice(0, 4));
    assert.deepEqual(await listed({ limit: 20, event_limit: 0 }), []);
    assert.deepEqual(await listed({ limit: 4, event_limit: '' }), ids.slice(0, 4));
  });

  test('of none lists more events than fit into one page', async () => {
    const long = unique('long');
    const sent = [];
    for (let batch = 0; batch < 3; batch += 1) {
      const events = Array.from({ length: 500 }, () => event({ session_id: long }));
      sent.push(...(await monitor.sendBatch(events)).ids);
    }
    const path = `/api/sessions/${long}`;
    const all = await monitor.read(path, { event_limit: -1 });
    assert.equal(all.session.event_count, 1500);
    assert.deepEqual(
      all.events.map(({ id }) => id),
      sent.reverse(),
    );
    const most = await monitor.read(path, { event_limit: 1200 });
    assert.equal(most.events.length, 1200);
    assert.equal((await monitor.transcript(long)).length, 1500);
  });
});

describe('the idle check', () => {
  test('changes nothing that the reply says of a fresh session', async () => {
    assert.equal((await detail()).session.status, 'active');
    const reply = await monitor.get(query('/api/sessions', { agent_type }));
    assert.equal(reply.json.sessions[0].status, 'active');
  });
});
