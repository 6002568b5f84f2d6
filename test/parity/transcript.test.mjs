// GET /api/sessions/ID/transcript: the events of a session as a conversation.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

// The transcript of a new session with these events.
async function transcriptOf(...events) {
  const session_id = unique('session');
  await monitor.sendBatch(events.map((fields) => event({ ...fields, session_id })));
  return monitor.transcript(session_id);
}

async function entryOf(fields) {
  const [entry] = await transcriptOf(fields);
  return entry;
}

const detailOf = async (metadata, event_type = 'tool_use') =>
  (await entryOf({ event_type, metadata })).detail;

describe('a transcript', () => {
  test('has the events of its session in the order in which they came', async () => {
    const commands = Array.from({ length: 20 }, (_, index) => `step ${index}`);
    const events = commands.map((command) => ({ metadata: { command } }));
    const details = (await transcriptOf(...events)).map(({ detail }) => detail);
    assert.deepEqual(details, commands);
  });

  test('has all roles', async () => {
    const types = {
      session_start: 'system',
      user_prompt: 'user',
      tool_use: 'tool',
      error: 'assistant',
      llm_request: 'assistant',
      llm_response: 'assistant',
      response: 'assistant',
      file_change: 'assistant',
      git_commit: 'assistant',
      plan_step: 'assistant',
      session_end: 'system',
    };
    const entries = await transcriptOf(...Object.keys(types).map((event_type) => ({ event_type })));
    assert.deepEqual(
      entries.map(({ type, role }) => [type, role]),
      Object.entries(types),
    );
  });

  test('of an unknown session is 404', async () => {
    const reply = await monitor.get(`/api/sessions/${unique('nobody')}/transcript`);
    assert.equal(reply.status, 404);
    assert.deepEqual(reply.json, { error: 'No transcript data for this session' });
  });
});

describe('an entry', () => {
  test('without anything has role, type and timestamp', async () => {
    const sent = event();
    const { created_at } = await monitor.stored(sent);
    assert.deepEqual(await monitor.transcript(sent.session_id), [
      { role: 'tool', type: 'tool_use', timestamp: created_at },
    ]);
  });

  test('has everything that there is', async () => {
    const entry = await entryOf({
      event_type: 'llm_response',
      client_timestamp: '2026-02-18T10:20:30.123Z',
      tool_name: 'Bash',
      metadata: { command: 'ls' },
      status: 'error',
      model: 'm',
      tokens_in: 5,
      tokens_out: 6,
      cost_usd: 0.25,
      duration_ms: 70,
    });
    assert.deepEqual(entry, {
      role: 'assistant',
      type: 'llm_response',
      timestamp: '2026-02-18T10:20:30.123Z',
      tool_name: 'Bash',
      detail: 'ls',
      status: 'error',
      model: 'm',
      tokens_in: 5,
      tokens_out: 6,
      cost_usd: 0.25,
      duration_ms: 70,
    });
  });

  test('leaves out what is success or zero', async () => {
    const zeros = { tokens_in: 0, tokens_out: 0, cost_usd: 0, duration_ms: 0 };
    const entry = await entryOf({ status: 'success', metadata: {}, ...zeros });
    assert.deepEqual(Object.keys(entry).sort(), ['role', 'timestamp', 'type']);
  });

  test('tells a timeout', async () => {
    assert.equal((await entryOf({ status: 'timeout' })).status, 'timeout');
  });

  test('has the cost that was computed', async () => {
    const entry = await entryOf({ event_type: 'llm_response', model: 'o3', tokens_in: 1000 });
    assert.ok(entry.cost_usd > 0);
  });
});

describe('the detail', () => {
  const order = [
    'content_preview',
    'command',
    'file_path',
    'pattern',
    'query',
    'error',
    'diff_preview',
  ];
  test('is the first of seven that is there', async () => {
    for (let first = 0; first < order.length; first += 1) {
      const rest = order.slice(first).reverse();
      const metadata = Object.fromEntries(rest.map((name) => [name, `its ${name}`]));
      assert.equal(await detailOf(metadata), `its ${order[first]}`);
    }
  });

  test('is before all the message, of a prompt only', async () => {
    const metadata = { content_preview: 'preview', message: 'message' };
    assert.equal(await detailOf(metadata, 'user_prompt'), 'message');
    assert.equal(await detailOf(metadata, 'response'), 'preview');
    assert.equal(await detailOf({ message: 'message' }), undefined);
  });

  test('passes over what JavaScript takes for false', async () => {
    for (const nothing of ['', 0, false, null]) {
      assert.equal(await detailOf({ command: nothing, query: 'x' }), 'x');
    }
  });

  test('is the value as it was sent', async () => {
    for (const value of [['ls', '-l'], { a: [1, 2.5] }, 42, true, 'zeile\n"ü"', [], {}]) {
      assert.deepEqual(await detailOf({ command: value }), value);
    }
  });

  test('of an error is its text or its message', async () => {
    assert.equal(await detailOf({ error: 'broken' }), 'broken');
    assert.equal(await detailOf({ error: { message: 'broken', code: 5 } }), 'broken');
    assert.equal(await detailOf({ error: { code: 5 }, diff_preview: 'd' }), 'd');
    assert.equal(await detailOf({ error: 5, diff_preview: 'd' }), 'd');
  });

  test('is missing where metadata has no members', async () => {
    for (const metadata of [[], ['command'], 'command', 7, {}]) {
      assert.equal(await detailOf(metadata), undefined);
    }
  });
});
