// GET /api/health.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/until.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

async function health() {
  const reply = await monitor.get('/api/health');
  assert.equal(reply.status, 200);
  return reply.json;
}

describe('the health check', () => {
  test('has its four fields', async () => {
    const { status, ...numbers } = await health();
    assert.equal(status, 'ok');
    assert.deepEqual(Object.keys(numbers).sort(), ['db_size_bytes', 'sse_clients', 'uptime']);
    for (const [name, value] of Object.entries(numbers)) {
      assert.ok(Number.isInteger(value) && value >= 0, `${name} is ${value}`);
    }
  });

  test('tells the size of the database, which is not empty once an event is stored', async () => {
    await monitor.send();
    assert.ok((await health()).db_size_bytes > 0);
  });

  test('counts its uptime in seconds', async () => {
    const [began, { uptime }] = [performance.now(), await health()];
    await until(async () => (await health()).uptime > uptime, 'the uptime grows', { everyMs: 50 });
    const elapsed = (performance.now() - began) / 1000;
    assert.ok((await health()).uptime - uptime <= Math.ceil(elapsed) + 1);
  });

  test('counts the clients of the stream', async () => {
    const { sse_clients } = await health();
    const one = await monitor.stream();
    const two = await monitor.stream('/api/stream?agent_type=nobody');
    assert.equal((await health()).sse_clients, sse_clients + 2);
    one.close();
    await until(async () => (await health()).sse_clients === sse_clients + 1, 'one has left');
    two.close();
    await until(async () => (await health()).sse_clients === sse_clients, 'both have left');
  });
});
