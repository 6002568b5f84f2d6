// `sightline seed`: something to look at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Monitor } from '../support/monitor.mjs';
import { run, startServer } from '../support/server.mjs';

test('demo sessions have every type of event, of several agents, and every time anew', async () => {
  const server = await startServer();
  try {
    const monitor = new Monitor(server.url);
    for (const times of [1, 2]) {
      const { code, stdout, stderr } = await run(['seed'], { env: { AGENTMONITOR_URL: server.url } });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^46 events in 4 sessions sent to http:/);
      assert.equal((await monitor.get('/api/events?limit=1')).json.total, 46 * times);
    }
    const options = (await monitor.get('/api/filter-options')).json;
    assert.deepEqual(options.agent_types, ['claude_code', 'codex', 'gemini_cli']);
    assert.equal(options.event_types.length, 12);
    assert.ok((await monitor.get('/api/stats')).json.total_cost_usd > 0);
  } finally {
    await server.stop();
  }
});

test('without a server it says so', async () => {
  const { code, stderr } = await run(['seed', '--url', 'http://127.0.0.1:1']);
  assert.equal(code, 1);
  assert.match(stderr, /^sightline: [^\n]+\n$/);
});
