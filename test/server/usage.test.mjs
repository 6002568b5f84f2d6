// Use by the client's time: GET /api/usage and the statusline.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Monitor } from '../support/monitor.mjs';
import { run, startServer } from '../support/server.mjs';

describe('use', () => {
  let server;
  let monitor;
  const now = new Date();
  const tokens = { agent_type: 'claude_code', tokens_in: 1000, tokens_out: 100 };

  before(async () => {
    server = await startServer();
    monitor = new Monitor(server.url);
    await monitor.sendBatch([
      { session_id: 's', event_type: 'llm_response', ...tokens, model: 'claude-sonnet-4-5' },
      { session_id: 's', event_type: 'llm_response', ...tokens, model: 'no-such-model' },
      { session_id: 's', event_type: 'llm_response', ...tokens, cost_usd: 2, client_timestamp: '2025-05-05T10:20:00Z' },
      { session_id: 't', event_type: 'tool_use', agent_type: 'codex' },
      { session_id: 't', event_type: 'llm_response', agent_type: 'codex', tokens_out: 7 },
    ]);
  });
  after(() => server?.stop());

  const usage = async (query) => (await monitor.get(`/api/usage${query}`)).json;

  test('is summed by agent type and model', async () => {
    const all = await usage('');
    assert.deepEqual(
      all.usage.map((line) => [line.agent_type, line.model, line.events, line.unpriced]),
      [
        ['claude_code', null, 1, 0],
        ['claude_code', 'claude-sonnet-4-5', 1, 0],
        ['claude_code', 'no-such-model', 1, 1],
        ['codex', null, 2, 1],
      ],
    );
    assert.ok(Math.abs(all.total_cost_usd - 2.0045) < 1e-9, all.total_cost_usd);
    assert.equal(all.unpriced, 2);
  });

  test('goes by when it happened, not by when it was told', async () => {
    const then = await usage('?since=2025-05-05&until=2025-05-06');
    assert.deepEqual(then.usage.map((line) => line.cost_usd), [2]);
    assert.deepEqual((await usage('?until=2025-05-05T10:20:00Z')).usage, []);
    assert.equal((await usage('?since=2025-05-05T10:20:00Z&until=2025-05-05T10:20:01Z')).usage.length, 1);
    assert.equal((await usage('?agent_type=codex')).usage.length, 1);
  });

  test('needs dates that are dates', async () => {
    const reply = await monitor.get('/api/usage?since=soon');
    assert.equal(reply.status, 400);
    assert.equal(reply.json.error, 'since: "soon" must be a date, such as 2026-03-01T00:00:00Z');
  });

  test('of today stands in the statusline, with a server and without', async () => {
    const line = /^today \$0\.00 · 2\.2k tokens · 2 live\n$/;
    const args = ['statusline', '--db', server.db];
    // A midnight of the machine's zone between the events and now would be another day.
    assert.ok(new Date().getDate() === now.getDate(), 'it is still the same day');
    const asked = await run([...args, '--port', server.port]);
    assert.match(asked.stdout, line);
    const read = await run([...args, '--port', 1]);
    assert.match(read.stdout, line);
    const json = JSON.parse((await run([...args, '--port', server.port, '--json'])).stdout);
    assert.deepEqual(Object.keys(json), ['since', 'usage']);
    assert.equal(json.usage.live_sessions, 2);
  });

  test('the statusline says in one line why there is none', async () => {
    const { code, stderr } = await run(['statusline', '--port', 1, '--db', '/nowhere/monitor.db']);
    assert.equal(code, 1);
    assert.match(stderr, /^sightline: no database \/nowhere\/monitor\.db; make one with: [^\n]+\n$/);
  });
});
