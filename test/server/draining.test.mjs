// What becomes of everything that is open when the server is told to stop.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { until, within } from '../support/until.mjs';

const PROMPT_MS = process.env.SIGHTLINE_SLOW ? 5000 : 2000;
const HEALTH = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';

// Tells `server` to stop, runs `meanwhile`, and waits for the end, which must come soon.
async function stopPromptly(server, meanwhile = async () => {}) {
  const started = performance.now();
  const stopped = server.stop('SIGTERM');
  await meanwhile();
  assert.equal(await stopped, 0, server.output());
  const took = performance.now() - started;
  assert.ok(took < PROMPT_MS, `it took ${Math.round(took)} ms`);
}

// What was sent first is then read first: after an answer to a later request it has been seen.
const ONE_THREAD = ['--io-threads', '1'];

const isStopping = (server) =>
  until(() => server.output().includes('stopping on'), 'it says that it stops');

// The first half of a POST of `sent`, and the second.
function halves(sent) {
  const body = JSON.stringify(sent);
  const head =
    'POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${body.length}\r\n\r\n`;
  return [head + body.slice(0, 10), body.slice(10)];
}

describe('a server that is told to stop', () => {
  test('ends its streams, drops what is idle, and answers what it has begun to read', async () => {
    const server = await startServer({ args: ONE_THREAD });
    const monitor = new Monitor(server.url);
    const streams = [await monitor.stream(), await monitor.stream('/api/stream?agent_type=x')];
    for (const stream of streams) await stream.nextMessage('connected');
    const idle = [await monitor.connect(), await monitor.connect(), await monitor.connect()];
    for (const connection of idle.slice(1)) await connection.exchange(HEALTH);
    const sent = event();
    const [first, second] = halves(sent);
    const inFlight = await monitor.connect();
    inFlight.send(first);
    await monitor.get('/api/health'); // so that the server has seen the first half

    await stopPromptly(server, async () => {
      await isStopping(server);
      const reply = await inFlight.exchange(second);
      assert.equal(reply.status, 201);
      assert.equal(reply.headers.connection, 'close');
      for (const connection of [...idle, inFlight]) {
        assert.equal((await connection.end()).length, 0, 'nothing follows');
      }
      for (const stream of streams) await until(() => stream.ended, 'the stream has ended');
    });
    const stored = `SELECT count(*) AS n FROM events WHERE session_id = '${sent.session_id}';`;
    assert.deepEqual(sqlite(server.db, stored), [{ n: 1 }]);
  });

  test('ends a stream with its last chunk, so that no client sees an error', async () => {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    const connection = await monitor.connect();
    connection.send('GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => connection.received.includes('"connected"'), 'the stream has begun');
    const id = await monitor.send();
    await until(() => connection.received.includes(`id: ${id}\n`), 'an event has come');
    await stopPromptly(server);
    const received = (await connection.end()).toString();
    assert.ok(received.endsWith('\n\r\n0\r\n\r\n'), JSON.stringify(received.slice(-80)));
  });

  test('ends a stream of HTTP/1.0 behind a whole message', async () => {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    const connection = await monitor.connect();
    connection.send('GET /api/stream HTTP/1.0\r\n\r\n');
    await until(() => connection.received.includes('"connected"'), 'the stream has begun');
    await stopPromptly(server);
    assert.ok((await connection.end()).toString().endsWith('}\n\n'));
  });

  test('sends a stream all that was stored before, or nothing behind a hole', async () => {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    const stream = await monitor.stream();
    await stream.nextMessage('connected');
    const last = await monitor.send();
    await stopPromptly(server);
    await until(() => stream.ended, 'the stream has ended');
    const ids = stream.ids.map(Number);
    assert.ok(ids.length === 0 || ids.at(-1) === last, `${ids}`);
  });

  test('does not wait for a client that does not read its stream', async () => {
    const server = await startServer({ args: ['--max-payload-kb', '900'] });
    const monitor = new Monitor(server.url);
    const stream = await monitor.stream();
    stream.pause();
    const metadata = { text: 'x'.repeat(800_000) };
    for (let i = 0; i < 25; ++i) await monitor.send({ metadata });
    await stopPromptly(server);
    stream.close();
  });

  test('does not wait for a client that reads a long list slowly', async () => {
    const server = await startServer({ args: ['--max-payload-kb', '900'] });
    const monitor = new Monitor(server.url);
    const metadata = { text: 'x'.repeat(800_000) };
    for (let i = 0; i < 25; ++i) await monitor.send({ metadata });
    const connection = await monitor.connect();
    connection.socket.pause();
    connection.send('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await monitor.get('/api/health');
    const stopped = server.stop();
    assert.equal(await within(stopped, 7000, 'exit'), 0, server.output());
    connection.close();
  });

  test('takes no new connection while it finishes what it has begun', async () => {
    const server = await startServer({ args: ONE_THREAD });
    const monitor = new Monitor(server.url);
    const [first, second] = halves(event());
    const inFlight = await monitor.connect();
    inFlight.send(first);
    await monitor.get('/api/health');
    await stopPromptly(server, async () => {
      await isStopping(server);
      const isRefused = () =>
        monitor.get('/api/health').then(
          () => false,
          ({ code }) => code === 'ECONNREFUSED' || code === 'ECONNRESET',
        );
      await until(isRefused, 'a new connection is refused');
      assert.equal((await inFlight.exchange(second)).status, 201);
      inFlight.close();
    });
  });

  test('ends at once when it is told twice, and has kept what it acknowledged', async () => {
    const server = await startServer({ args: ONE_THREAD });
    const monitor = new Monitor(server.url);
    const id = await monitor.send();
    const [first] = halves(event());
    const inFlight = await monitor.connect();
    inFlight.send(first);
    await monitor.get('/api/health');
    server.process.kill('SIGTERM');
    await isStopping(server);
    server.process.kill('SIGTERM');
    // Or it was done before: it may not have read the first half yet when it was told to stop.
    const hasEnded = () => server.process.signalCode === 'SIGTERM' || server.process.exitCode === 0;
    await until(hasEnded, 'the end, by the second signal or without it', {
      withinMs: PROMPT_MS,
    });
    inFlight.close();
    const again = await startServer({ dir: server.dir });
    assert.equal((await new Monitor(again.url).rows({}))[0].id, id);
    assert.equal(await again.stop(), 0, again.output());
  });
});
