// The limits on head, body and connections, which apply before anything else does.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { assertAtMost, memoryOf } from '../support/memory.mjs';
import { Monitor, event } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const HEAD_LIMIT = 16 * 1024;
const BODY_LIMIT = 1 << 20;
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

function assertIsError(reply, status) {
  assert.equal(reply.status, status, `${reply.body}`);
  assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(typeof JSON.parse(reply.body).error, 'string');
}

// Writes all of `pieces` before it reads: the answer must survive what arrives behind it.
async function assertRefusedAfterAll(monitor, pieces, status) {
  const connection = await monitor.connect();
  connection.socket.pause();
  for (const piece of pieces) {
    if (connection.ended) break;
    if (!connection.socket.write(piece)) {
      await Promise.race([
        new Promise((resolve) => connection.socket.once('drain', resolve)),
        connection.end().catch(() => {}),
      ]);
    }
  }
  connection.socket.resume();
  const reply = await connection.reply();
  assertIsError(reply, status);
  assert.equal(reply.headers.connection, 'close');
  assert.equal((await connection.end()).length, 0, 'nothing follows');
  connection.close();
}

const POST = 'POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('the head of a request', () => {
  // A head of exactly `size` bytes.
  function headOf(size) {
    const [start, end] = ['GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Long: ', '\r\n\r\n'];
    return start + 'x'.repeat(size - start.length - end.length) + end;
  }

  test('may have 16 KiB, and not a byte more', () =>
    serving({}, async (monitor) => {
      assert.equal((await monitor.raw(headOf(HEAD_LIMIT))).status, 200);
      await assertRefusedAfterAll(monitor, [headOf(HEAD_LIMIT + 1)], 431);
    }));

  const large = {
    'in one line': [headOf(20_000)],
    'in many lines': [
      'GET /api/health HTTP/1.1\r\nHost: localhost\r\n',
      ...Array.from({ length: 1000 }, (_, i) => `X-Header-${i}: ${'x'.repeat(40)}\r\n`),
      '\r\n',
    ],
    'in its target': [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    'in its target and its lines, each below the limit': [
      `GET /api/events?tool_name=${'x'.repeat(10_000)} HTTP/1.1\r\n` +
        `Host: localhost\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`,
    ],
    'without a line end': ['G'.repeat(20_000)],
    'and more behind it than the server will read': [headOf(20_000), Buffer.alloc(2 * MIB)],
  };
  for (const [name, pieces] of Object.entries(large)) {
    test(`that is too large ${name} is refused with 431`, () =>
      serving({}, (monitor) => assertRefusedAfterAll(monitor, pieces, 431)));
  }

  test('that comes line by line is refused with 431 once it is too large', () =>
    serving({ args: ['--io-threads', '1'] }, async (monitor) => {
      const connection = await monitor.connect();
      connection.send('GET /api/health HTTP/1.1\r\nHost: localhost\r\n');
      for (let i = 0; i < 400 && connection.received.length === 0; ++i) {
        connection.send(`X-Header-${i}: ${'x'.repeat(200)}\r\n`);
        await monitor.get('/api/health'); // so that the server has seen the line
      }
      assertIsError(await connection.reply(), 431);
      connection.close();
    }));
});

describe('the body of a request', () => {
  // An event of exactly `size` bytes.
  const eventOf = (size) => JSON.stringify(event()).padEnd(size, ' ');
  const withLength = (body) => [`${POST}Content-Length: ${body.length}\r\n\r\n`, body];
  const inChunks = (body, chunk = 8000) => {
    const pieces = [`${POST}Transfer-Encoding: chunked\r\n\r\n`];
    for (let at = 0; at < body.length; at += chunk) {
      const part = body.slice(at, at + chunk);
      pieces.push(`${part.length.toString(16)}\r\n${part}\r\n`);
    }
    return [...pieces, '0\r\n\r\n'];
  };

  test('may have 1 MiB, and not a byte more', () =>
    serving({}, async (monitor) => {
      for (const form of [withLength, inChunks]) {
        assert.equal((await monitor.raw(form(eventOf(BODY_LIMIT)).join(''))).status, 201);
        await assertRefusedAfterAll(monitor, form(eventOf(BODY_LIMIT + 1)), 413);
      }
    }));

  for (const [name, form] of Object.entries({ withLength, inChunks })) {
    const how = name === 'withLength' ? 'by its length' : 'by its chunks';
    test(`that is several times too large ${how} is refused with 413`, () =>
      serving({}, async (monitor) => {
        for (const size of [1.5 * MIB, 3 * MIB]) {
          await assertRefusedAfterAll(monitor, form(eventOf(size)), 413);
        }
      }));
  }

  test('that is announced as too large is refused before it is sent', () =>
    serving({}, async (monitor) => {
      const reply = await monitor.raw(`${POST}Content-Length: 10000000000\r\n\r\n`);
      assertIsError(reply, 413);
    }));

  test('that is too large is refused as JSON to an HTTP library too', () =>
    serving({}, async (monitor) => {
      for (const chunked of [false, true]) {
        const reply = await monitor.request('POST', '/api/events/batch', {
          headers: { 'content-type': 'application/json' },
          body: eventOf(2 * MIB),
          chunked,
        });
        assert.equal(reply.status, 413);
        assert.match(reply.json.error, /1048576 bytes/);
      }
    }));

  const codings = {
    gzip: zlib.gzipSync,
    deflate: zlib.deflateSync,
    br: (text) =>
      zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  };
  for (const [coding, compress] of Object.entries(codings)) {
    test(`that ${coding} makes small is refused with 413, without the memory it would need`, () =>
      serving({}, async (monitor, { pid }) => {
        const bomb = compress(Buffer.alloc(200 * MIB, ' '));
        assert.ok(bomb.length < BODY_LIMIT);
        const headers = { 'content-encoding': coding };
        const { peak } = memoryOf(pid);
        for (let i = 0; i < 3; ++i) {
          const reply = await monitor.postText('/api/events', bomb, headers);
          assert.equal(reply.status, 413);
          assert.equal(typeof reply.json.error, 'string');
        }
        assertAtMost(memoryOf(pid).peak - peak, 40 * MIB, 'memory for a bomb');
        const atTheLimit = compress(Buffer.from(eventOf(BODY_LIMIT)));
        assert.equal((await monitor.postText('/api/events', atTheLimit, headers)).status, 201);
      }));
  }

  test('that is compressed over and over is refused', () =>
    serving({}, async (monitor) => {
      let body = Buffer.from(eventOf(100));
      for (let i = 0; i < 5; ++i) body = zlib.gzipSync(body);
      const reply = await monitor.postText('/api/events', body, {
        'content-encoding': 'gzip, gzip, gzip, gzip, gzip',
      });
      assert.equal(reply.status, 415);
    }));

  const endless = {
    'the head of a chunk': ['5;name=', 'x'.repeat(8000)],
    'a trailer': ['0\r\nX-Trailer: ', 'x'.repeat(8000)],
    'trailers without number': ['0\r\n', 'X-Trailer: 1\r\n'.repeat(500)],
  };
  for (const [name, [start, more]] of Object.entries(endless)) {
    test(`is refused when ${name} does not end, without the memory it would need`, () =>
      serving({}, async (monitor, { pid }) => {
        const { peak } = memoryOf(pid);
        const head = `${POST}Transfer-Encoding: chunked\r\n\r\n${start}`;
        const pieces = [head, ...Array.from({ length: 2000 }, () => more)];
        const connection = await monitor.connect();
        for (const piece of pieces) {
          if (connection.received.length > 0 || connection.ended) break;
          connection.send(piece);
          await new Promise(setImmediate);
        }
        const reply = await connection.reply();
        assert.ok(reply.status === 431 || reply.status === 400, `${reply.status}`);
        connection.close();
        assertAtMost(memoryOf(pid).peak - peak, 4 * MIB, `memory for ${name}`);
      }));
  }
});

describe('--max-connections', () => {
  const LIMIT = 8;
  const options = { args: ['--max-connections', `${LIMIT}`] };

  // LIMIT connections, each known to the server.
  async function allConnections(monitor) {
    const all = [];
    while (all.length < LIMIT) {
      const connection = await monitor.connect();
      const request = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';
      assert.equal((await connection.exchange(request)).status, 200);
      all.push(connection);
    }
    return all;
  }

  test('is a limit: one more is answered with 503, which says when to come again', () =>
    serving(options, async (monitor) => {
      const all = await allConnections(monitor);
      for (let i = 0; i < 30; ++i) {
        const reply = await monitor.get('/api/health');
        assert.equal(reply.status, 503);
        assert.equal(typeof reply.json.error, 'string');
        assert.ok(Number(reply.headers['retry-after']) >= 1);
        assert.equal(reply.headers.connection, 'close');
      }
      for (const connection of all) {
        const request = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';
        assert.equal((await connection.exchange(request)).status, 200, 'those inside go on');
      }
      all.pop().close();
      const isServed = async () => (await monitor.get('/api/health')).status === 200;
      await until(isServed, 'a place is free again');
      for (const connection of all) connection.close();
    }));

  test('answers one more with 503 also when it has sent a body', () =>
    serving(options, async (monitor) => {
      const all = await allConnections(monitor);
      for (let i = 0; i < 10; ++i) {
        const body = JSON.stringify(event({ metadata: { text: 'x'.repeat(100_000) } }));
        const reply = await monitor.postText('/api/events', body);
        assert.equal(reply.status, 503);
      }
      for (const connection of all) connection.close();
      const isServed = async () => (await monitor.get('/api/health')).status === 200;
      await until(isServed, 'places are free again');
    }));
});

describe('5,000 idle connections', () => {
  const COUNT = 5000;

  test('leave room for requests, and cost little memory each', () =>
    serving({ args: ['--io-threads', '2'] }, async (monitor, { pid }) => {
      await monitor.send();
      const before = memoryOf(pid).resident;
      const all = [];
      while (all.length < COUNT) {
        const more = Array.from({ length: 100 }, () => monitor.connect());
        all.push(...(await Promise.all(more)));
      }
      const request = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';
      for (let at = 0; at < COUNT; at += 100) {
        const replies = all.slice(at, at + 100).map((connection) => connection.exchange(request));
        for (const { status } of await Promise.all(replies)) assert.equal(status, 200);
      }
      assertAtMost((memoryOf(pid).resident - before) / COUNT, 4 * 1024, 'memory for each');

      const started = performance.now();
      for (let i = 0; i < 20; ++i) await monitor.send();
      assert.ok(performance.now() - started < 5000, 'requests take no longer');
      const open = async () => {
        const { text } = await monitor.get('/metrics');
        return Number(/^sightline_http_connections (\d+)$/m.exec(text)[1]);
      };
      assert.equal(await open(), COUNT + 1);
      for (const connection of all) connection.close();
      await until(async () => (await open()) === 1, 'they are gone');
    }));
});
