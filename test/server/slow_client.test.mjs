// A stream client that does not read: nobody waits for it, it misses nothing unawares, and it
// does not keep its place for ever.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const BATCHES = 30; // of a megabyte each: more than the buffers of a connection hold

// A batch whose messages are about a megabyte.
const megabyte = () =>
  Array.from({ length: 100 }, () => event({ agent_type: 'a', metadata: 'x'.repeat(9500) }));

// Sends more than a client that does not read can be sent; returns the ids.
async function flood(monitor) {
  const ids = [];
  for (let batch = 0; batch < BATCHES; ++batch) {
    ids.push(...(await monitor.sendBatch(megabyte())).ids);
  }
  return ids;
}

// A stream that has begun, and that is not read any more until its socket is resumed.
async function deafStream(monitor) {
  const stream = await monitor.stream('/api/stream?agent_type=a');
  await stream.nextMessage('connected');
  stream.pause();
  return stream;
}

async function withServer(env, body) {
  const server = await startServer({ env });
  await body(new Monitor(server.url));
  assert.equal(await server.stop(), 0, server.output());
}

describe('a client that does not read', () => {
  test('delays nobody', () =>
    withServer({}, async (monitor) => {
      const reader = await monitor.stream('/api/stream?agent_type=a');
      const deaf = await deafStream(monitor);
      for (const id of await flood(monitor)) {
        const { payload } = await reader.nextMessage('event');
        assert.equal(payload.id, id);
      }
      reader.close();
      deaf.close();
    }));

  test('is cut off, or receives all that it missed when it reads again', () =>
    withServer({}, async (monitor) => {
      const deaf = await deafStream(monitor);
      const sent = await flood(monitor);
      deaf.resume();
      const received = () =>
        deaf.frames.flatMap(({ message }) => (message?.type === 'event' ? message.payload.id : []));
      await until(() => deaf.ended || received().length >= sent.length, 'it has caught up', {
        withinMs: 30_000,
        everyMs: 100,
      });
      const ids = received();
      assert.deepEqual(ids, sent.slice(0, ids.length));
      deaf.close();
    }));

  test('is cut off in the end, and its place goes to the next', () =>
    withServer({ AGENTMONITOR_MAX_SSE_CLIENTS: '1' }, async (monitor) => {
      const deaf = await deafStream(monitor);
      await flood(monitor);
      const next = await until(() => monitor.stream().catch(() => null), 'the place is free', {
        withinMs: 90_000,
        everyMs: 250,
      });
      await next.nextMessage('connected');
      next.close();
      deaf.close();
    }));

  test('does not delay the end of the program', () =>
    withServer({}, async (monitor) => {
      await deafStream(monitor);
      await flood(monitor);
    }));
});
