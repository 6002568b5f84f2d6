// Clients that are slow, or say nothing at all, cost the server little, and others nothing.
//
// The limits are those of the program, up to 30 s: the tests of this file run at the same time,
// each with a server of its own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAtMost, memoryOf } from '../support/memory.mjs';
import { Monitor, event } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const HEAD_LIMIT_MS = 10_000;
const BODY_LIMIT_MS = 30_000;
const WRITE_LIMIT_MS = 30_000;
const LATE_MS = 4000; // after a limit: the server looks once a second
const SLOT_MS = process.env.SIGHTLINE_SLOW ? 1000 : 100;
const MIB = 1 << 20;

// Runs `body` with a server, which must answer and stop well after it.
async function serving(options, body) {
  const server = await startServer(options);
  const monitor = new Monitor(server.url);
  try {
    await body(monitor, server);
    assert.equal((await monitor.get('/api/health')).status, 200, 'it still answers');
  } catch (failure) {
    await server.kill();
    throw failure;
  }
  assert.equal(await server.stop(), 0, server.output());
}

const counterOf = async (monitor, name) => {
  const { text } = await monitor.get('/metrics');
  const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(text);
  assert.ok(found, `no ${name} in:\n${text}`);
  return Number(found[1]);
};

// Sends the letters of `text` one by one, as long as the connection is open.
async function dribble(connection, text, everyMs) {
  for (const letter of text) {
    if (connection.ended || connection.received.length > 0) return;
    connection.send(letter);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

// Waits until the server has hung up, after `least` ms and not much later; a last word must be 408.
async function assertIsCutAfter(connection, started, least) {
  const left = least + LATE_MS - (performance.now() - started);
  const lastWord = (await connection.end({ withinMs: left })).toString();
  const took = performance.now() - started;
  assert.ok(took >= least - 500, `cut after ${Math.round(took)} ms already`);
  assert.match(lastWord, /^HTTP\/1\.1 408 [^]*\r\n\r\n\{"error":"[^"]+"\}$/);
}

describe('at the same time,', { concurrency: true }, () => {
  describe('a client that dribbles', { concurrency: true }, () => {
    const HEAD = `GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ${'x'.repeat(200)}`;
    const POST =
      'POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

    test('its head is told 408 after 10 s, however many of it there are', () =>
      serving({}, async (monitor) => {
        const connections = [];
        for (let i = 0; i < 50; ++i) connections.push(await monitor.connect());
        const started = performance.now();
        const cuts = connections.map(async (connection) => {
          const dribbled = dribble(connection, HEAD, 300);
          await assertIsCutAfter(connection, started, HEAD_LIMIT_MS);
          await dribbled;
        });
        await Promise.all(cuts);
        assert.equal(await counterOf(monitor, 'sightline_http_timeouts_total'), 50);
      }));

    test('its head behind a request that was answered is told 408 after 10 s', () =>
      serving({}, async (monitor) => {
        const connection = await monitor.connect();
        const request = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';
        assert.equal((await connection.exchange(request)).status, 200);
        connection.send('G');
        await assertIsCutAfter(connection, performance.now(), HEAD_LIMIT_MS);
      }));

    test('its body is told 408 after 30 s, and nothing is stored', () =>
      serving({}, async (monitor) => {
        const body = JSON.stringify(event());
        const connection = await monitor.connect();
        connection.send(`${POST}Content-Length: ${body.length}\r\n\r\n`);
        const started = performance.now();
        const dribbled = dribble(connection, body, 1000);
        await assertIsCutAfter(connection, started, BODY_LIMIT_MS);
        await dribbled;
        assert.equal((await monitor.stats()).total_events, 0);
      }));

    test('its chunks is told 408 after 30 s, and nothing is stored', () =>
      serving({}, async (monitor) => {
        const connection = await monitor.connect();
        connection.send(`${POST}Transfer-Encoding: chunked\r\n\r\n`);
        const started = performance.now();
        const dribbled = dribble(connection, '1\r\n{\r\n'.repeat(20), 1000);
        await assertIsCutAfter(connection, started, BODY_LIMIT_MS);
        await dribbled;
        assert.equal((await monitor.stats()).total_events, 0);
      }));

    test('holds up no other client', () =>
      serving({ args: ['--io-threads', '1'] }, async (monitor) => {
        const slow = await monitor.connect();
        const dribbled = dribble(slow, HEAD, 20);
        const started = performance.now();
        for (let i = 0; i < 50; ++i) await monitor.send();
        assert.ok(performance.now() - started < 5000);
        slow.close();
        await dribbled;
      }));
  });

  describe('uploads beyond 32 MiB in flight', { concurrency: true }, () => {
    const SIZE = 1_000_000;
    const FIT = 33; // of this size, into the budget of one I/O thread
    const head =
      'POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${SIZE}\r\n\r\n`;
    const body = () => JSON.stringify(event()).padEnd(SIZE, ' ');

    test('wait their turn, and go on when one is done', () =>
      serving({ args: ['--io-threads', '1'] }, async (monitor) => {
        const connections = [];
        for (let i = 0; i < FIT + 4; ++i) {
          const connection = await monitor.connect();
          connection.send(head);
          await monitor.get('/api/health'); // so that the server has seen it before the next
          connections.push(connection);
        }
        const inside = connections.slice(0, FIT);
        const waiting = connections.slice(FIT);
        for (const connection of waiting) connection.send(body());
        await monitor.get('/api/health');
        for (const { received } of waiting) assert.equal(received.length, 0, 'it does not wait');
        // One place is enough for all of them, one after the other.
        assert.equal((await inside[0].exchange(body())).status, 201);
        for (const connection of waiting) assert.equal((await connection.reply()).status, 201);
        for (const connection of connections) connection.close();
      }));

    test('are told 503 with Retry-After when no place is free for 10 s', () =>
      serving({ args: ['--io-threads', '1'] }, async (monitor) => {
        const connections = [];
        for (let i = 0; i < FIT; ++i) {
          const connection = await monitor.connect();
          connection.send(head);
          connections.push(connection);
        }
        await monitor.get('/api/health');
        const late = await monitor.connect();
        const started = performance.now();
        late.send(head + body());
        const reply = await late.reply({ withinMs: HEAD_LIMIT_MS + LATE_MS });
        assert.equal(reply.status, 503);
        assert.ok(Number(reply.headers['retry-after']) >= 1);
        assert.equal(typeof JSON.parse(reply.body).error, 'string');
        assert.ok(performance.now() - started > HEAD_LIMIT_MS - 500);
        for (const connection of [...connections, late]) connection.close();
      }));
  });

  describe('a client of the stream that does not read', { concurrency: true }, () => {
    // Events so large that a few dozens of them fill every buffer on the way.
    const options = { args: ['--max-payload-kb', '900'] };
    const large = () => event({ metadata: { text: 'x'.repeat(800_000) } });
    const EVENTS = 60;
    const isEvent = (id) => (frame) =>
      frame.message?.type === 'event' && frame.message.payload.id === id;

    // Sends `count` large events; each must reach `other`, who reads, soon.
    async function publish(monitor, other, count) {
      const ids = [];
      for (let i = 0; i < count; ++i) {
        const id = await monitor.send(large());
        await other.next(isEvent(id), { withinMs: 5000 });
        ids.push(id);
      }
      return ids;
    }

    test('is disconnected after 30 s; others get everything at once, and memory stays small', () =>
      serving(options, async (monitor, { pid }) => {
        const silent = await monitor.stream();
        const other = await monitor.stream();
        silent.pause();
        const started = performance.now();
        await publish(monitor, other, 3);
        const { peak } = memoryOf(pid);
        await publish(monitor, other, EVENTS);
        assertAtMost(memoryOf(pid).peak - peak, 24 * MIB, 'memory for a client that does not read');
        assert.equal((await monitor.get('/api/health')).json.sse_clients, 2);

        const isAlone = async () => (await monitor.get('/api/health')).json.sse_clients === 1;
        await until(isAlone, 'it is disconnected', {
          withinMs: WRITE_LIMIT_MS + LATE_MS,
          everyMs: 200,
        });
        const took = performance.now() - started;
        assert.ok(took > WRITE_LIMIT_MS - 500, `after ${Math.round(took)} ms already`);
        assert.equal(await counterOf(monitor, 'sightline_stream_stalled_total'), 1);
        await publish(monitor, other, 1);
        other.close();
        silent.close();
      }));

    test('misses nothing when it reads again in time', () =>
      serving(options, async (monitor) => {
        const silent = await monitor.stream();
        const other = await monitor.stream();
        await silent.nextMessage('connected');
        silent.pause();
        const ids = await publish(monitor, other, EVENTS);
        silent.resume();
        await silent.next(isEvent(ids.at(-1)), { withinMs: 10_000 });
        const more = await publish(monitor, other, 3);
        await silent.next(isEvent(more.at(-1)));
        assert.deepEqual(silent.ids.map(Number), [...ids, ...more]);
        const catchUps = await counterOf(monitor, 'sightline_stream_catch_ups_total');
        assert.ok(catchUps > 0, 'it came from history');
        silent.close();
        other.close();
      }));

    test('does not keep a slot when it hangs up instead', () =>
      serving(options, async (monitor) => {
        const silent = await monitor.stream();
        const other = await monitor.stream();
        silent.pause();
        await publish(monitor, other, 30);
        silent.close();
        const isAlone = async () => (await monitor.get('/api/health')).json.sse_clients === 1;
        await until(isAlone, 'its slot is free');
        other.close();
      }));
  });
});

describe('a client of the stream that hangs up', () => {
  test(`frees its slot within ${SLOT_MS} ms, and another may take it`, () =>
    serving({ env: { AGENTMONITOR_MAX_SSE_CLIENTS: '1' } }, async (monitor) => {
      const took = [];
      for (let i = 0; i < 7; ++i) {
        const stream = await monitor.stream();
        await stream.nextMessage('connected');
        assert.equal((await monitor.get('/api/stream')).status, 503);
        const started = performance.now();
        stream.close();
        const isFree = async () => (await monitor.get('/api/health')).json.sse_clients === 0;
        await until(isFree, 'the slot is free', { everyMs: 2 });
        took.push(performance.now() - started);
      }
      const [, , , median] = took.sort((a, b) => a - b);
      assert.ok(median <= SLOT_MS, `${took.map(Math.round)} ms`);
    }));
});
