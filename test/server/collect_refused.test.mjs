// What the backend does not take: told, kept, and sent again when that is asked for.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { describe, test } from 'node:test';
import { Backend, Collected } from '../support/collector.mjs';
import { run } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { until } from '../support/until.mjs';

const NOBODY = 'http://127.0.0.1:9'; // the port of the discard service: nobody listens
const BACKFILL = ['backfill', 'run', '-a', 'claude'];

// A command of the collector in this home.
const collect = (home, args) =>
  run(['collect', ...args, '--config', home.config], { env: home.env });

// A proxy before a backend: of a body that is larger than `limit` it reads nothing, and does `refuse`.
async function startProxy(limit, refuse) {
  const proxy = { texts: [], refused: 0 };
  const server = http.createServer((request, response) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      proxy.refused += 1;
      request.pause();
      return refuse(request.socket);
    }
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/api/events/batch') {
        const events = JSON.parse(Buffer.concat(parts).toString('utf8'));
        proxy.texts.push(...events.map(({ data }) => data.prompt).filter(Boolean));
      }
      response.writeHead(200).end('{}');
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const sockets = new Set(); // also those that HTTP has let go of, unread
  server.on('connection', (socket) => sockets.add(socket));
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  proxy.stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return proxy;
}

describe('a proxy that refuses large bodies before it has read them', () => {
  const ways = {
    'with 413': (socket) => {
      const answer = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n';
      socket.write(answer, () => socket.resetAndDestroy());
    },
    'by hanging up': (socket) => socket.resetAndDestroy(),
  };
  for (const [way, refuse] of Object.entries(ways)) {
    test(`${way} gets smaller ones`, async () => {
      const proxy = await startProxy(200_000, refuse);
      const home = new Collected(proxy.url);
      const long = (text) => text.replace(/a says \d+/g, (said) => said + 'x'.repeat(5000));
      const write = (path, text) => writeFileSync(path, long(text)); // half a megabyte
      const texts = home.say('a', 0, 100, write).map(long);
      const { code, stdout, stderr } = await collect(home, BACKFILL);
      assert.equal(code, 0, stdout + stderr);
      assert.ok(proxy.refused > 0);
      assert.deepEqual(proxy.texts, texts);
      assert.deepEqual(home.waiting(), []);
      proxy.stop();
    });
  }
});

describe('sync retry', () => {
  test('sends again what was set aside, also while a collector runs', async () => {
    const backend = await new Backend().start();
    backend.answer = 400;
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const collector = await home.start();
    const aside = () => sqlite(home.db, 'SELECT event_id FROM sightline_parked;').length;
    await until(() => aside() >= 4 && home.waiting().length === 0, 'all set aside');
    const count = aside();
    backend.answer = null;

    const line = `⚠️  Set aside: ${count} events (unexpected status 400: {}); `;
    for (const command of [['status'], ['sync', 'status']]) {
      const { stdout } = await collect(home, command);
      assert.ok(stdout.includes(`\n${line}'sightline collect sync retry' sends them`), stdout);
    }
    const { buffer } = JSON.parse((await collect(home, ['status', '--json'])).stdout);
    assert.deepEqual(buffer, {
      pending: 0,
      parked: count,
      lastParked: 'unexpected status 400: {}',
    });
    const retried = await collect(home, ['sync', 'retry']);
    assert.deepEqual(
      [retried.code, retried.stdout],
      [0, `${count} events wait to be sent again\n`],
      retried.stderr,
    );
    await until(() => backend.events.length === count, 'all of them');
    assert.equal(await collector.stop(), 0, collector.output());
    assert.equal(aside(), 0);
    const again = JSON.parse((await collect(home, ['sync', 'retry', '--json'])).stdout);
    assert.deepEqual(again, { moved: 0, withoutRoom: 0, unreadable: 0 });
    await backend.stop();
  });

  test('without a database has nothing to do and makes none', async () => {
    const home = new Collected(NOBODY);
    const { code, stdout } = await collect(home, ['sync', 'retry']);
    assert.deepEqual([code, stdout], [0, '0 events wait to be sent again\n']);
    assert.ok(!existsSync(home.db));
  });
});

describe('a back-fill that the backend does not take', () => {
  test('says how much waits, and why, and fails', async () => {
    const home = new Collected(NOBODY);
    home.say('a', 0, 4);
    const { code, stdout, stderr } = await collect(home, BACKFILL);
    const waiting = home.waiting().length;
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`✓ Backfill completed\n[^]*\nEvents processed: ${waiting}\n`));
    assert.match(
      stderr,
      new RegExp(`^Error: ${waiting} events wait to be sent: request failed: .*refused`, 'm'),
    );
    const again = JSON.parse((await collect(home, [...BACKFILL, '--json'])).stdout);
    assert.deepEqual([again.processed, again.unsent, again.parked], [0, waiting, 0]);
  });

  test('is the same when it refuses them all for its configuration', async () => {
    const backend = await new Backend().start();
    backend.answer = 401;
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const { code, stderr } = await collect(home, BACKFILL);
    assert.equal(code, 1);
    assert.match(stderr, /^Error: \d events wait to be sent: unexpected status 401: /m);
    await backend.stop();
  });

  test('says how many it refused one by one', async () => {
    const backend = await new Backend().start();
    backend.answer = 400;
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const { code, stderr } = await collect(home, BACKFILL);
    assert.equal(code, 1);
    assert.deepEqual(home.waiting(), []);
    assert.match(stderr, /^Error: \d events were refused and set aside: unexpected status 400: /m);
    await backend.stop();
  });

  test('is well when all of it was taken', async () => {
    const backend = await new Backend().start();
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const { code, stderr } = await collect(home, BACKFILL);
    assert.deepEqual([code, /^Error/m.test(stderr)], [0, false], stderr);
    await backend.stop();
  });
});
