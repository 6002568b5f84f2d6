// GET /api/sessions/ID/stream: one session, from its first event on, resumable from any.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { HttpClient } from '../support/http.mjs';
import { endWithTests } from '../support/leftovers.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const event = (session, n, more = {}) => ({
  session_id: session,
  agent_type: 'codex',
  event_type: 'tool_use',
  tool_name: `tool-${n}`,
  ...more,
});

/// What `curl -N` prints, line by line.
function curl(url, headers = []) {
  const child = spawn('curl', ['-sN', ...headers.flatMap((line) => ['-H', line]), url]);
  endWithTests(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
  return {
    // Of whole frames: the last one may be half here.
    events: () =>
      [...text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)].map(([, id, data]) => [Number(id), JSON.parse(data).payload]),
    text: () => text,
    close: () => child.kill(),
  };
}

describe('the stream of a session', () => {
  let server;
  let client;
  before(async () => {
    server = await startServer();
    client = new HttpClient(server.url);
  });
  after(() => server.stop());
  const url = (id, query = '') => `${server.url}/api/sessions/${id}/stream${query}`;
  const tools = (stream) => stream.events().map(([, payload]) => payload.tool_name);

  test('tells what was and what comes, of this session alone', async () => {
    for (let n = 0; n < 3; ++n) await client.post('/api/events', event('a', n));
    await client.post('/api/events', event('b', 9));
    const stream = curl(url('a'));
    await until(() => stream.events().length === 3, 'history');
    await client.post('/api/events/batch', { events: [event('b', 9), event('a', 3), event('b', 9), event('a', 4)] });
    await until(() => stream.events().length === 5, 'live events');
    assert.deepEqual(tools(stream), [0, 1, 2, 3, 4].map((n) => `tool-${n}`));
    stream.close();
  });

  test('tells imported events too, of the past and live', async () => {
    const imported = (n) => event('i', n, { source: 'import', event_id: `import-${n}` });
    await client.post('/api/events', imported(0));
    const stream = curl(url('i'));
    await until(() => stream.events().length === 1, 'history');
    await client.post('/api/events', imported(1));
    await until(() => stream.events().length === 2, 'a live one');
    assert.deepEqual(tools(stream), ['tool-0', 'tool-1']);
    stream.close();
  });

  test('goes on behind any event, also after a restart', async () => {
    await client.post('/api/events/batch', { events: Array.from({ length: 1200 }, (_, n) => event('r', n)) });
    const first = curl(url('r'));
    await until(() => first.events().length === 1200, 'all of it');
    const [id] = first.events()[600];
    first.close();
    await server.stop();
    server = await startServer({ dir: server.dir });
    client = new HttpClient(server.url);
    for (const stream of [curl(url('r'), [`last-event-id: ${id}`]), curl(url('r', `?last_event_id=${id}`))]) {
      await until(() => stream.events().length === 599, 'the rest');
      assert.equal(tools(stream)[0], 'tool-601');
      assert.doesNotMatch(stream.text(), /"type":"gap"/);
      stream.close();
    }
  });

  test('of a type, where one is named; of no session, 404', async () => {
    await client.post('/api/events/batch', { events: [event('t', 1), event('t', 2, { event_type: 'error' })] });
    const stream = curl(url('t', '?event_type=error'));
    await until(() => stream.events().length === 1, 'the error');
    assert.deepEqual(tools(stream), ['tool-2']);
    stream.close();
    const missing = await client.get('/api/sessions/none/stream');
    assert.deepEqual([missing.status, missing.json], [404, { error: 'Session not found' }]);
  });
});
