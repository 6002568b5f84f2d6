// HTTP/1.1 as senders speak it: connections that stay open, requests in pieces, requests in a row.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { event } from '../support/monitor.mjs';
import { within } from '../support/until.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();
const host = new URL(monitor.base).host;

const HEALTH = `GET /api/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

// The head of a POST of an event, with these further header lines.
const postHead = (...lines) =>
  ['POST /api/events HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json', ...lines]
    .concat('', '')
    .join('\r\n');

function postOf(body, ...lines) {
  return `${postHead(`Content-Length: ${Buffer.byteLength(body)}`, ...lines)}${body}`;
}

// Runs `body` with a new connection.
async function connected(body) {
  const connection = await monitor.connect();
  try {
    await body(connection);
  } finally {
    connection.close();
  }
}

describe('a connection', () => {
  test('serves one request after the other', () =>
    connected(async (connection) => {
      for (let request = 0; request < 3; ++request) {
        const reply = await connection.exchange(HEALTH);
        assert.equal(reply.status, 200);
        assert.equal(JSON.parse(reply.body).status, 'ok');
      }
    }));

  test('serves requests that were sent in one piece, in their order', () =>
    connected(async (connection) => {
      const unknown = `GET /api/nope HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const first = await connection.exchange(HEALTH + postOf(JSON.stringify(event())) + unknown);
      const rest = [await connection.exchange(''), await connection.exchange('')];
      assert.deepEqual(
        [first, ...rest].map((reply) => reply.status),
        [200, 201, 404],
      );
    }));

  test('goes on after a refused event', () =>
    connected(async (connection) => {
      assert.equal((await connection.exchange(postOf('{}'))).status, 400);
      assert.equal((await connection.exchange(postOf('{"broken'))).status, 400);
      assert.equal((await connection.exchange(postOf(JSON.stringify(event())))).status, 201);
    }));

  test('goes on after a body that nobody read', () =>
    connected(async (connection) => {
      const body = 'PUT /api/nope HTTP/1.1\r\n\r\n';
      const unread = postOf(body).replace('/api/events', '/api/nope').replace('json', 'pdf');
      const reply = await connection.exchange(unread);
      assert.equal(reply.status, 404);
      assert.match(`${reply.body}`, /Cannot POST/);
      assert.equal((await connection.exchange(HEALTH)).status, 200);
    }));

  test('is closed by the server when the client says so', () =>
    connected(async (connection) => {
      const closed = new Promise((resolve) => connection.socket.once('close', resolve));
      await connection.exchange(
        `GET /api/health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      await within(closed, 3000, 'end of the connection');
    }));
});

describe('a request', () => {
  test('may arrive byte by byte', () =>
    connected(async (connection) => {
      connection.socket.setNoDelay(true);
      const request = Buffer.from(postOf(JSON.stringify(event({ project: 'é漢😀' }))));
      for (const byte of request.subarray(0, -1)) {
        await new Promise((written) => connection.socket.write(Buffer.of(byte), written));
      }
      assert.equal((await connection.exchange(request.subarray(-1))).status, 201);
    }));

  test('may have a body in chunks of any size', () =>
    connected(async (connection) => {
      const sent = event({ metadata: { text: 'in chunks '.repeat(20) } });
      const body = Buffer.from(JSON.stringify(sent));
      let chunks = '';
      for (let at = 0, size = 1; at < body.length; at += size, size = (size * 3) % 50) {
        const chunk = body.subarray(at, at + size);
        chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
      }
      const request = `${postHead('Transfer-Encoding: chunked')}${chunks}0\r\n\r\n`;
      const reply = await connection.exchange(request);
      assert.equal(reply.status, 201, `${reply.body}`);
      const row = await monitor.row(JSON.parse(reply.body).ids[0], sent.session_id);
      assert.deepEqual(JSON.parse(row.metadata), sent.metadata);
    }));

  test('may have chunks with extensions and a trailer', () =>
    connected(async (connection) => {
      const body = JSON.stringify(event());
      const chunk = `${body.length.toString(16).toUpperCase()};name="value"\r\n${body}\r\n`;
      const head = postHead('Transfer-Encoding: chunked');
      const reply = await connection.exchange(`${head}${chunk}0\r\nX-Trailer: 1\r\n\r\n`);
      assert.equal(reply.status, 201, `${reply.body}`);
      assert.equal((await connection.exchange(HEALTH)).status, 200);
    }));

  test('may have header names in any case and white space around their values', () =>
    connected(async (connection) => {
      const body = JSON.stringify(event());
      const reply = await connection.exchange(
        `POST /api/events HTTP/1.1\r\nhOST: ${host}\r\nCONTENT-TYPE: \t application/json \r\n` +
          `content-length:${body.length}\r\n\r\n${body}`,
      );
      assert.equal(reply.status, 201, `${reply.body}`);
    }));

  test('that asks before it sends its body is told to go on', async () => {
    const body = JSON.stringify(event());
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    };
    const request = http.request(`${monitor.base}/api/events`, {
      method: 'POST',
      headers,
      agent: false,
    });
    const replied = new Promise((resolve, reject) =>
      request.once('response', resolve).once('error', reject),
    );
    request.flushHeaders();
    const told = new Promise((resolve) => request.once('continue', resolve));
    await within(told, 3000, '100 Continue');
    request.end(body);
    const response = await within(replied, 3000, 'reply');
    assert.equal(response.statusCode, 201);
    response.resume();
  });

  test('that is no HTTP is 400', () =>
    connected(async (connection) => {
      assert.equal((await connection.exchange('HELLO\r\n\r\n')).status, 400);
    }));

  test('with two lengths that differ is 400', () =>
    connected(async (connection) => {
      const head = postHead('Content-Length: 2', 'Content-Length: 5');
      assert.equal((await connection.exchange(`${head}{}`)).status, 400);
    }));
});
