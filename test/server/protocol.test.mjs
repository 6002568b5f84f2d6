// HTTP/1.0 and HTTP/1.1 as it stands in RFC 9110 and RFC 9112, byte by byte on a socket.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Monitor, event, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

let server;
let monitor;

before(async () => {
  // One thread: what was sent before a request has been read when that is answered.
  server = await startServer({ args: ['--io-threads', '1'] });
  monitor = new Monitor(server.url);
});

after(async () => assert.equal(await server.stop(), 0, server.output()));

const HEALTH = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';

// The head of a POST of an event with these header lines.
const postHead = (...lines) =>
  ['POST /api/events HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...lines, '']
    .map((line) => `${line}\r\n`)
    .join('');

const eventText = (fields) => JSON.stringify(event(fields));

function assertIsError(reply, status) {
  assert.equal(reply.status, status, `${reply.body}`);
  assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(typeof JSON.parse(reply.body).error, 'string');
}

// Sends `request`, which must be refused with `status`, and the connection be closed behind it.
async function assertRefused(request, status) {
  const connection = await monitor.connect();
  const reply = await connection.exchange(request);
  assertIsError(reply, status);
  assert.equal(reply.headers.connection, 'close');
  assert.equal((await connection.end()).length, 0, 'nothing follows');
  connection.close();
}

describe('a request', () => {
  const get = (...lines) => [...lines, '', ''].join('\r\n');

  test('without a Host is refused', () =>
    assertRefused(get('GET /api/health HTTP/1.1', 'Accept: */*'), 400));

  test('with two Hosts is refused', () =>
    assertRefused(get('GET /api/health HTTP/1.1', 'Host: localhost', 'Host: localhost'), 400));

  test('with an empty Host is refused', async () => {
    const { status } = await monitor.raw(get('GET /api/health HTTP/1.1', 'Host:'));
    assert.ok(status === 400 || status === 403, `${status}`);
  });

  test('of another version of HTTP is refused', () =>
    assertRefused(get('GET /api/health HTTP/2.0', 'Host: localhost'), 505));

  test('that is no HTTP is refused', () => assertRefused('\x16\x03\x01\x02\x00\x01\r\n\r\n', 400));

  test('with white space before a colon is refused', () =>
    assertRefused(get('GET /api/health HTTP/1.1', 'Host : localhost'), 400));

  test('with a NUL in a header is refused', () =>
    assertRefused(get('GET /api/health HTTP/1.1', 'Host: localhost', 'X: a\0b'), 400));

  test('with a broken escape in its path is refused', () =>
    assertRefused(get('GET /api/%zz HTTP/1.1', 'Host: localhost'), 400));

  test('in absolute form is the same as in origin form', async () => {
    const agent_type = unique('agent');
    await monitor.send({ agent_type });
    const target = `http://localhost:1/api/events?agent_type=${agent_type}`;
    const { status, body } = await monitor.raw(get(`GET ${target} HTTP/1.1`, 'Host: localhost'));
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).total, 1);
  });

  test('in absolute form is judged by its own host, or by the Host header', async () => {
    const target = 'http://evil.example/api/health';
    const foreign = await monitor.raw(get(`GET ${target} HTTP/1.1`, 'Host: evil.example'));
    assert.equal(foreign.status, 403);
  });

  test('to CONNECT or with a relative target is refused', async () => {
    await assertRefused(get('CONNECT localhost:443 HTTP/1.1', 'Host: localhost'), 400);
    await assertRefused(get('GET api/health HTTP/1.1', 'Host: localhost'), 400);
  });
});

describe('the length of a body', () => {
  const bodyOf = (session_id) => eventText({ session_id });

  // Sends `request`, whose event must not be stored.
  async function assertNotStored(session, request, status) {
    await assertRefused(request, status);
    assert.deepEqual(await monitor.rows({ session_id: session }), []);
  }

  const ambiguous = {
    'by Content-Length and by chunks': (body) =>
      postHead(`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked') +
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    'by two lengths': (body) =>
      postHead(`Content-Length: ${body.length}`, 'Content-Length: 4') + body,
    'by the same length twice': (body) =>
      postHead(`Content-Length: ${body.length}`, `Content-Length: ${body.length}`) + body,
    'by a length that is no number': (body) => postHead('Content-Length: many') + body,
    'by a length below zero': (body) => postHead('Content-Length: -1') + body,
    'by a length with a sign': (body) => postHead(`Content-Length: +${body.length}`) + body,
    'by a length past 64 bits': (body) => postHead('Content-Length: 18446744073709551617') + body,
    'by a chunk that is no hexadecimal number': (body) =>
      `${postHead('Transfer-Encoding: chunked')}many\r\n${body}\r\n0\r\n\r\n`,
    'by a chunk past 64 bits': (body) =>
      `${postHead('Transfer-Encoding: chunked')}10000000000000000\r\n${body}\r\n0\r\n\r\n`,
    'by a chunk without its line end': (body) =>
      postHead('Transfer-Encoding: chunked') + `${body.length.toString(16)}\r\n${body}XX0\r\n\r\n`,
  };
  for (const [name, make] of Object.entries(ambiguous)) {
    test(`given ${name} is refused, and nothing is stored`, () => {
      const session = unique('session');
      return assertNotStored(session, make(bodyOf(session)), 400);
    });
  }

  for (const coding of ['gzip', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked']) {
    test(`given by the transfer coding "${coding}" is refused, and nothing is stored`, async () => {
      const session = unique('session');
      const body = bodyOf(session);
      const request =
        postHead(`Transfer-Encoding: ${coding}`) +
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const { status } = await monitor.raw(request);
      assert.ok(status === 400 || status === 501, `${status}`);
      assert.deepEqual(await monitor.rows({ session_id: session }), []);
    });
  }
});

describe('a body in chunks', () => {
  const HEAD = postHead('Transfer-Encoding: chunked');
  const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

  test('may be cut anywhere, in upper or lower case, with extensions', async () => {
    const body = eventText();
    const chunks = [...body].map((letter) => `1;name="value"\r\n${letter}\r\n`).join('');
    const reply = await monitor.raw(`${HEAD}${chunks}000\r\n\r\n`);
    assert.equal(reply.status, 201, `${reply.body}`);
    const large = eventText({ metadata: { text: 'x'.repeat(0xabc) } });
    const inUpperCase = `${large.length.toString(16).toUpperCase()}\r\n${large}\r\n0\r\n\r\n`;
    assert.equal((await monitor.raw(HEAD + inUpperCase)).status, 201);
  });

  test('may have trailers, which change nothing', async () => {
    const trailers = Array.from({ length: 40 }, (_, i) => `X-Trailer-${i}: ${'t'.repeat(99)}\r\n`);
    const connection = await monitor.connect();
    for (let i = 0; i < 3; ++i) {
      const reply = await connection.exchange(
        `${HEAD}${chunk(eventText())}0\r\nContent-Type: text/csv\r\n${trailers.join('')}\r\n`,
      );
      assert.equal(reply.status, 201, `${reply.body}`);
    }
    connection.close();
  });

  // The parser looks at what has arrived whenever something has: a piece for every byte.
  async function sendByBytes(connection, text) {
    for (const byte of text) {
      connection.send(byte);
      await monitor.get('/api/health'); // so that the server has seen the byte before the next
    }
  }

  test('may come byte by byte', async () => {
    const connection = await monitor.connect();
    connection.send(HEAD);
    await sendByBytes(connection, `${chunk(eventText())}0\r\nX-Trailer: 1\r\n\r\n`);
    assert.equal((await connection.reply()).status, 201);
    connection.close();
  });

  test('may be empty and come byte by byte', async () => {
    const connection = await monitor.connect();
    connection.send(HEAD);
    await sendByBytes(connection, '0\r\n\r\n');
    assert.equal((await connection.reply()).status, 400);
    assert.equal((await connection.exchange(HEALTH)).status, 200, 'the connection goes on');
    connection.close();
  });
});

describe('Expect: 100-continue', () => {
  test('is answered before the body is sent', async () => {
    const body = eventText();
    const connection = await monitor.connect();
    connection.send(postHead(`Content-Length: ${body.length}`, 'Expect: 100-continue'));
    assert.equal((await connection.reply({ bodyless: true })).status, 100);
    assert.equal((await connection.exchange(body)).status, 201);
    assert.equal((await connection.exchange(HEALTH)).status, 200);
    connection.close();
  });

  test('is answered before a body in chunks is sent', async () => {
    const connection = await monitor.connect();
    connection.send(postHead('Transfer-Encoding: chunked', 'Expect: 100-Continue'));
    assert.equal((await connection.reply({ bodyless: true })).status, 100);
    const body = eventText();
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    assert.equal((await connection.exchange(chunks)).status, 201);
    connection.close();
  });

  test('is answered with the refusal at once when the body is too large', () =>
    assertRefused(postHead('Content-Length: 1048577', 'Expect: 100-continue'), 413));

  test('with anything else expected is refused', () =>
    assertRefused(postHead('Content-Length: 2', 'Expect: 200-ok'), 417));
});

describe('requests one after the other on a connection', () => {
  test('that are sent at once are answered in order', async () => {
    const count = 100;
    const sessions = Array.from({ length: count }, () => unique('session'));
    const posts = sessions.map((session_id) => {
      const body = eventText({ session_id });
      return postHead(`Content-Length: ${body.length}`) + body + HEALTH;
    });
    const connection = await monitor.connect();
    connection.send(posts.join(''));
    const ids = [];
    for (let i = 0; i < count; ++i) {
      const stored = await connection.reply();
      assert.equal(stored.status, 201);
      ids.push(...JSON.parse(stored.body).ids);
      assert.equal(JSON.parse((await connection.reply()).body).status, 'ok');
    }
    connection.close();
    for (const i of [0, 1, count - 1]) {
      assert.equal((await monitor.rows({ session_id: sessions[i] }))[0].id, ids[i]);
    }
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
  });

  test('go on behind one that is answered with an error', async () => {
    const connection = await monitor.connect();
    const missing = await connection.exchange('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal(missing.status, 404);
    const head = postHead('Content-Length: 1');
    assert.equal((await connection.exchange(`${head}{`)).status, 400);
    assert.equal((await connection.exchange(HEALTH)).status, 200);
    connection.close();
  });

  test('end behind one that says Connection: close', async () => {
    const connection = await monitor.connect();
    const closing = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const reply = await connection.exchange(closing + HEALTH);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.connection, 'close');
    assert.equal((await connection.end()).length, 0, 'the second is not answered');
    connection.close();
  });

  test('may be HEAD, whose reply has the length of GET and no body', async () => {
    const connection = await monitor.connect();
    const head = await connection.exchange('HEAD /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal(head.status, 200);
    const get = await connection.exchange('GET /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal(get.status, 200);
    assert.equal(Number(head.headers['content-length']), get.body.length);
    connection.close();
  });
});

describe('a client of HTTP/1.0', () => {
  test('is answered and hung up on', async () => {
    const connection = await monitor.connect();
    const reply = await connection.exchange('GET /api/health HTTP/1.0\r\n\r\n');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['transfer-encoding'], undefined);
    assert.equal(JSON.parse(reply.body).status, 'ok');
    assert.equal((await connection.end()).length, 0);
    connection.close();
  });

  test('keeps its connection when it asks to', async () => {
    const connection = await monitor.connect();
    const request = 'GET /api/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    const reply = await connection.exchange(request);
    assert.equal(reply.headers.connection, 'keep-alive');
    assert.equal((await connection.exchange(request)).status, 200);
    connection.close();
  });

  test('gets the stream without chunks, and its end by the end of the connection', async () => {
    const connection = await monitor.connect();
    connection.send('GET /api/stream HTTP/1.0\r\n\r\n');
    const { id } = await streamed(connection);
    const text = connection.received.toString();
    const [head, body] = [text.slice(0, text.indexOf('\r\n\r\n')), text.split('\r\n\r\n')[1]];
    assert.match(head, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(head, /transfer-encoding|keep-alive/i);
    assert.match(body, /^data: \{"type":"connected"/);
    assert.ok(body.includes(`id: ${id}\ndata: {"type":"event"`), body);
    assert.doesNotMatch(body, /^[0-9a-f]+\r$/m, 'no chunk heads');
    connection.close();
  });

  // Sends an event once the stream on `connection` is there, and returns it once it has come.
  async function streamed(connection) {
    const has = (text) => until(() => connection.received.includes(text), `${text} on the stream`);
    await has('"connected"');
    const id = await monitor.send();
    await has(`"payload":{"id":${id},`);
    return { id };
  }
});
