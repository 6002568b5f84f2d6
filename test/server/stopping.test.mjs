// Start and stop of the program as its surroundings see them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Monitor } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

describe('the program', () => {
  test('answers as soon as it has told its address', async () => {
    const server = await startServer();
    assert.ok(server.port > 0);
    assert.equal((await new Monitor(server.url).get('/api/health')).status, 200);
    assert.equal(await server.stop(), 0);
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`exits with 0 on ${signal}`, async () => {
      const server = await startServer();
      await new Monitor(server.url).send();
      assert.equal(await server.stop(signal), 0, server.output());
    });

    test(`ends its streams and exits with 0 on ${signal}`, async () => {
      const server = await startServer();
      const monitor = new Monitor(server.url);
      const streams = [await monitor.stream(), await monitor.stream('/api/stream?agent_type=x')];
      for (const stream of streams) await stream.nextMessage('connected');
      assert.equal(await server.stop(signal), 0, server.output());
      for (const stream of streams) await until(() => stream.ended, 'the stream has ended');
    });
  }

  test('does not wait for connections that ask nothing', async () => {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    const [silent, answered] = [await monitor.connect(), await monitor.connect()];
    await answered.exchange(`GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
    assert.equal(await server.stop(), 0, server.output());
    silent.close();
    answered.close();
  });

  test('does not wait for ever for the rest of a request', async () => {
    const server = await startServer();
    const half = await new Monitor(server.url).connect();
    half.socket.write('POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{');
    assert.equal(await server.stop('SIGTERM', { withinMs: 15_000 }), 0, server.output());
    half.close();
  });

  test('takes no connection after it has stopped', async () => {
    const server = await startServer();
    await server.stop();
    await assert.rejects(new Monitor(server.url).get('/api/health'), { code: 'ECONNREFUSED' });
  });
});
