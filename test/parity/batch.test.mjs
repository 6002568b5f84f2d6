// POST /api/events/batch.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const INVALID = { event_type: 'tool_use', agent_type: 'a' }; // it names no session
const INVALID_ERRORS = ['session_id: must be a string'];

describe('an envelope', () => {
  const refused = {
    'that is an array': [event()],
    'that is an event': event(),
    'that is null': null,
    'that is a number': 7,
    'that is a text': 'events',
    'that is empty': {},
    'whose events are null': { events: null },
    'whose events are an object': { events: { 0: event() } },
    'whose events are a text': { events: '[]' },
    'that spells events otherwise': { Events: [event()] },
  };
  for (const [which, body] of Object.entries(refused)) {
    test(`${which} is refused`, async () => {
      const reply = await monitor.post('/api/events/batch', body);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, { error: 'Expected { events: [...] }' });
    });
  }

  test('may have other keys', async () => {
    const body = { version: 2, events: [event()], sender: { name: 'x' } };
    const reply = await monitor.post('/api/events/batch', body);
    assert.equal(reply.status, 201);
    assert.equal(reply.json.received, 1);
  });

  test('without items is taken', async () => {
    assert.deepEqual(await monitor.sendBatch([]), {
      received: 0,
      ids: [],
      duplicates: 0,
      rejected: [],
    });
  });
});

describe('the reply', () => {
  test('has the row ids of the items in their order', async () => {
    const session_id = unique('session');
    const tools = ['first', 'second', 'third'];
    const events = tools.map((tool_name) => event({ session_id, tool_name }));
    const reply = await monitor.sendBatch(events);
    assert.equal(reply.received, 3);
    assert.deepEqual(
      reply.ids,
      [...reply.ids].sort((a, b) => a - b),
    );

    const rows = await monitor.rows({ session_id });
    const toolOf = (id) => rows.find((row) => row.id === id).tool_name;
    assert.deepEqual(reply.ids.map(toolOf), tools);
  });

  test('tells of each rejected item where it stood and what is wrong with it', async () => {
    const reply = await monitor.sendBatch([
      event(),
      INVALID,
      event(),
      event({ status: 'Fine', tokens_in: -1 }),
    ]);
    assert.equal(reply.received, 2);
    assert.equal(reply.ids.length, 2);
    assert.equal(reply.duplicates, 0);
    assert.deepEqual(reply.rejected, [
      { index: 1, errors: INVALID_ERRORS },
      {
        index: 3,
        errors: [
          'status: must be one of: success, error, timeout',
          'tokens_in: must be a non-negative integer when provided',
        ],
      },
    ]);
  });

  test('is 201 even when every item is rejected', async () => {
    const reply = await monitor.post('/api/events/batch', { events: [INVALID, INVALID] });
    assert.equal(reply.status, 201);
    assert.deepEqual(reply.json, {
      received: 0,
      ids: [],
      duplicates: 0,
      rejected: [
        { index: 0, errors: INVALID_ERRORS },
        { index: 1, errors: INVALID_ERRORS },
      ],
    });
  });

  test('rejects whatever is not an object', async () => {
    const events = [null, 7, 'text', true, [event()], []];
    const reply = await monitor.sendBatch(events);
    const errors = ['body: must be a JSON object'];
    assert.deepEqual(
      reply.rejected,
      events.map((_, index) => ({ index, errors })),
    );
  });
});

describe('a duplicate', () => {
  test('of a stored event is counted, not stored', async () => {
    const event_id = unique('id');
    await monitor.send({ event_id });
    const reply = await monitor.sendBatch([event({ event_id }), event()]);
    assert.equal(reply.received, 1);
    assert.equal(reply.ids.length, 1);
    assert.equal(reply.duplicates, 1);
    assert.deepEqual(reply.rejected, []);
  });

  test('within the batch is counted, and the first one stands', async () => {
    const event_id = unique('id');
    const session_id = unique('session');
    const reply = await monitor.sendBatch([
      event({ event_id, session_id, tool_name: 'first' }),
      event({ event_id, session_id, tool_name: 'second' }),
      event({ event_id, session_id, tool_name: 'third' }),
    ]);
    assert.equal(reply.received, 1);
    assert.equal(reply.duplicates, 2);
    const rows = await monitor.rows({ session_id });
    assert.deepEqual(
      rows.map((row) => row.tool_name),
      ['first'],
    );
  });

  test('of a rejected item is none', async () => {
    const event_id = unique('id');
    const reply = await monitor.sendBatch([{ ...INVALID, event_id }, event({ event_id })]);
    assert.equal(reply.received, 1);
    assert.equal(reply.duplicates, 0);
  });

  test('cannot be made without an event id', async () => {
    const same = event();
    const reply = await monitor.sendBatch([same, same, { ...same, event_id: null }]);
    assert.equal(reply.received, 3);
  });
});

describe('items of one batch', () => {
  test('are stored in their order', async () => {
    const agent_type = unique('agent');
    const names = Array.from({ length: 20 }, (_, index) => `tool-${index}`);
    await monitor.sendBatch(names.map((tool_name) => event({ agent_type, tool_name })));
    const rows = await monitor.rows({ agent_type });
    const stored = rows.sort((a, b) => a.id - b.id).map((row) => row.tool_name);
    assert.deepEqual(stored, names);
  });

  test('pass project and branch on to those behind them in the session', async () => {
    const session_id = unique('session');
    const [red, blue] = [unique('red'), unique('blue')];
    await monitor.sendBatch([
      event({ session_id }),
      event({ session_id, project: red, branch: 'main' }),
      event({ session_id }),
      event({ session_id, project: blue }),
      event({ session_id }),
    ]);
    const rows = (await monitor.rows({ session_id })).sort((a, b) => a.id - b.id);
    assert.deepEqual(
      rows.map((row) => [row.project, row.branch]),
      [
        [null, null],
        [red, 'main'],
        [red, 'main'],
        [blue, 'main'],
        [blue, 'main'],
      ],
    );
  });

  test('end a session when the last of them ends it', async () => {
    const session = { session_id: unique('session'), agent_type: unique('agent') };
    const moved = await monitor.countersMovedBy(() =>
      monitor.sendBatch([event(session), event({ ...session, event_type: 'session_end' })]),
    );
    assert.equal(moved.total_sessions, 1);
    assert.equal(moved.live_sessions, 0);
  });

  test('leave a session active when one of them comes after its end', async () => {
    const session = { session_id: unique('session'), agent_type: unique('agent') };
    const moved = await monitor.countersMovedBy(() =>
      monitor.sendBatch([event({ ...session, event_type: 'session_end' }), event(session)]),
    );
    assert.equal(moved.total_sessions, 1);
    assert.equal(moved.active_sessions, 1);
  });

  test('are not limited in number', async () => {
    const agent_type = unique('agent');
    const session_id = unique('session');
    const events = Array.from({ length: 5000 }, () => event({ agent_type, session_id }));
    const reply = await monitor.sendBatch(events);
    assert.equal(reply.received, 5000);
    assert.equal(new Set(reply.ids).size, 5000);
    assert.equal((await monitor.stats({ agent_type })).total_events, 5000);
  });
});
