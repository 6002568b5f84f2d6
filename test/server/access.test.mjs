// Local is not trusted: who may ask, from which page, under which name, with which token.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Monitor, event } from '../support/monitor.mjs';
import { refusal, startServer } from '../support/server.mjs';

// Starts a server before the tests around this call, stops it behind them; returns how to reach it.
function serving(options) {
  const reach = {};
  before(async () => {
    reach.server = await startServer(options);
    reach.monitor = new Monitor(reach.server.url);
  });
  after(async () => assert.equal(await reach.server.stop(), 0, reach.server.output()));
  return reach;
}

// The reply to a GET of `path` with these header lines instead of a Host of node's choice.
const getWith = (monitor, path, ...lines) =>
  monitor.raw(`${[`GET ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`);

const CORS = /^access-control-/;
const corsOf = (headers) => Object.keys(headers).filter((name) => CORS.test(name));

const FOREIGN = 'https://evil.example';

describe('the Host header', () => {
  const reach = serving();
  const statusFor = async (host) =>
    (await getWith(reach.monitor, '/api/health', `Host: ${host}`)).status;

  for (const host of [
    'localhost',
    'LocalHost:3141',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.5.5.5',
    '[::1]',
    '[::1]:3141',
    'sightline.localhost:80',
  ]) {
    test(`may name ${host}`, async () => assert.equal(await statusFor(host), 200));
  }

  for (const host of [
    'evil.example',
    'evil.example:3141',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '128.0.0.1',
    '192.168.1.5',
    '0.0.0.0',
    '[::2]',
    '[::1].evil.example',
    '127.0.0.1:80:80',
    'user@localhost',
    '2130706433',
    '127.1',
  ]) {
    test(`may not name ${host}`, async () => assert.equal(await statusFor(host), 403));
  }

  test('of a foreign name gets a JSON error that says how to allow it', async () => {
    for (const path of ['/api/events', '/api/stream', '/', '/metrics', '/nothing']) {
      const { status, body } = await getWith(reach.monitor, path, 'Host: box.lan:3141');
      assert.equal(status, 403, path);
      assert.match(JSON.parse(body).error, /"box\.lan".*--allow-host box\.lan/);
    }
  });

  test('of a foreign name keeps a POST from being stored', async () => {
    const sent = event();
    const reply = await reach.monitor.post('/api/events', sent, { host: 'evil.example' });
    assert.equal(reply.status, 403);
    assert.deepEqual(await reach.monitor.rows({ session_id: sent.session_id }), []);
  });
});

describe('--allow-host', () => {
  const reach = serving({ args: ['--allow-host', 'box.lan, other.lan'] });

  test('lets the names through that it gives, and no other', async () => {
    for (const [host, status] of [
      ['box.lan', 200],
      ['BOX.lan:3141', 200],
      ['other.lan', 200],
      ['sub.box.lan', 403],
      ['evil.example', 403],
    ]) {
      const reply = await getWith(reach.monitor, '/api/health', `Host: ${host}`);
      assert.equal(reply.status, status, host);
    }
  });
});

describe('a page of another origin', () => {
  const reach = serving();
  const postFrom = (origin, headers = {}) =>
    reach.monitor.post('/api/events', event(), { origin, ...headers });

  for (const origin of [FOREIGN, 'null', 'http://localhost.evil.example', 'http://localhost:1']) {
    test(`may not write when it is ${origin}`, async () => {
      const reply = await postFrom(origin);
      assert.equal(reply.status, 403);
      assert.equal(typeof reply.json.error, 'string');
      assert.deepEqual(corsOf(reply.headers), []);
    });
  }

  test('may not write with a form, which asks nobody before', async () => {
    const total = async () => (await reach.monitor.stats()).total_events;
    const before = await total();
    const reply = await reach.monitor.postText('/api/events', JSON.stringify(event()), {
      origin: FOREIGN,
      'content-type': 'text/plain',
    });
    assert.equal(reply.status, 403);
    assert.equal(await total(), before);
  });

  test('is answered when it reads, without leave to see the answer', async () => {
    for (const path of ['/api/events', '/api/health', '/']) {
      const reply = await reach.monitor.get(path, { origin: FOREIGN });
      assert.equal(reply.status, 200, path);
      assert.deepEqual(corsOf(reply.headers), [], path);
    }
    const stream = await reach.monitor.stream('/api/stream', { origin: FOREIGN });
    assert.deepEqual(corsOf(stream.headers), []);
    stream.close();
  });

  test('gets no leave when it asks before', async () => {
    const reply = await reach.monitor.request('OPTIONS', '/api/events', {
      headers: { origin: FOREIGN, 'access-control-request-method': 'POST' },
    });
    assert.deepEqual(corsOf(reply.headers), []);
  });

  test('may write when it is the page of the server itself', async () => {
    const { host } = new URL(reach.server.url);
    assert.equal((await postFrom(`http://${host}`)).status, 201);
    const local = await postFrom('http://localhost:9', { host: 'localhost:9' });
    assert.equal(local.status, 201);
  });
});

describe('--allow-origin', () => {
  const GOOD = 'https://board.example';
  const reach = serving({ args: ['--allow-origin', `${GOOD},http://other.example:8080`] });

  test('lets a page of that origin read and write, and see the answers', async () => {
    const replies = [
      await reach.monitor.get('/api/events', { origin: GOOD }),
      await reach.monitor.post('/api/events', event(), { origin: GOOD }),
      await reach.monitor.post('/api/events', {}, { origin: GOOD }),
    ];
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 201, 400],
    );
    for (const { headers } of replies) {
      assert.equal(headers['access-control-allow-origin'], GOOD);
      assert.match(headers.vary, /\borigin\b/i);
      assert.equal(headers['access-control-allow-credentials'], undefined);
    }
    const stream = await reach.monitor.stream('/api/stream', { origin: GOOD });
    assert.equal(stream.headers['access-control-allow-origin'], GOOD);
    stream.close();
  });

  test('answers what a browser asks before it writes', async () => {
    const reply = await reach.monitor.request('OPTIONS', '/api/events', {
      headers: {
        origin: GOOD,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    assert.equal(reply.status, 204);
    assert.equal(reply.headers['access-control-allow-origin'], GOOD);
    assert.match(reply.headers['access-control-allow-methods'], /\bPOST\b/);
    assert.match(reply.headers['access-control-allow-headers'], /authorization/i);
    assert.match(reply.headers['access-control-allow-headers'], /content-type/i);
    assert.match(reply.headers['access-control-allow-headers'], /last-event-id/i);
  });

  test('lets no other origin in, but tells caches that origins differ', async () => {
    const others = ['http://board.example', `${GOOD}:8443`, 'http://other.example'];
    for (const origin of [FOREIGN, ...others]) {
      const read = await reach.monitor.get('/api/events', { origin });
      assert.equal(read.headers['access-control-allow-origin'], undefined, origin);
      assert.match(read.headers.vary, /\borigin\b/i);
      assert.equal((await reach.monitor.post('/api/events', event(), { origin })).status, 403);
    }
  });
});

describe('a token', () => {
  const TOKEN = 'correct horse battery staple';
  const reach = serving({ env: { SIGHTLINE_TOKEN: TOKEN } });
  const bearer = (token) => ({ authorization: `Bearer ${token}` });

  test('is needed for everything but the health', async () => {
    for (const path of ['/api/events', '/api/stats', '/api/stream', '/', '/metrics', '/nothing']) {
      const reply = await reach.monitor.get(path);
      assert.equal(reply.status, 401, path);
      assert.match(reply.headers['www-authenticate'], /^Bearer/);
      assert.equal(typeof reply.json.error, 'string');
    }
    assert.equal((await reach.monitor.post('/api/events', event())).status, 401);
    assert.equal((await reach.monitor.get('/api/health')).status, 200);
  });

  test('opens everything when it is right', async () => {
    assert.equal((await reach.monitor.post('/api/events', event(), bearer(TOKEN))).status, 201);
    assert.equal((await reach.monitor.get('/api/stats', bearer(TOKEN))).status, 200);
    const scheme = { authorization: `bEARER ${TOKEN}` };
    assert.equal((await reach.monitor.get('/api/stats', scheme)).status, 200);
    const stream = await reach.monitor.stream('/api/stream', bearer(TOKEN));
    await stream.nextMessage('connected');
    stream.close();
  });

  test('may stand in the query of what a browser cannot give a header to', async () => {
    const path = `/api/stream?access_token=${encodeURIComponent(TOKEN)}`;
    const stream = await reach.monitor.stream(path);
    await stream.nextMessage('connected');
    stream.close();
    const written = `/api/events?access_token=${encodeURIComponent(TOKEN)}`;
    assert.equal((await reach.monitor.post(written, event())).status, 401, 'not of a write');
  });

  const almost = [TOKEN.slice(0, -1), `${TOKEN}x`, TOKEN.repeat(2), `${TOKEN},${TOKEN}`];
  for (const wrong of ['', 'x', ...almost]) {
    test(`does not open anything when it is "${wrong}"`, async () => {
      assert.equal((await reach.monitor.get('/api/stats', bearer(wrong))).status, 401);
      const inQuery = `/api/stats?access_token=${encodeURIComponent(wrong)}`;
      assert.equal((await reach.monitor.get(inQuery)).status, 401);
    });
  }

  test('of another scheme does not count', async () => {
    const basic = { authorization: `Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}` };
    assert.equal((await reach.monitor.get('/api/stats', basic)).status, 401);
  });

  test('is in no line of the log', async () => {
    await reach.monitor.get(`/api/stats?access_token=${encodeURIComponent(TOKEN)}`);
    await reach.monitor.get('/api/stats', bearer(`${TOKEN}-wrong`));
    assert.doesNotMatch(reach.server.output(), /horse/);
  });
});

describe('an address that others can reach', () => {
  const EVERYWHERE = ['--host', '0.0.0.0', '--port', '0'];

  test('is refused without a token', async () => {
    const { code, line } = await refusal(EVERYWHERE);
    assert.equal(code, 2);
    assert.match(line, /0\.0\.0\.0.*SIGHTLINE_TOKEN.*--insecure/);
  });

  test('is taken with a token, or when one insists', async () => {
    for (const options of [
      { args: EVERYWHERE.slice(0, 2), env: { SIGHTLINE_TOKEN: 't' } },
      { args: [...EVERYWHERE.slice(0, 2), '--insecure'] },
    ]) {
      const server = await startServer(options);
      const monitor = new Monitor(`http://127.0.0.1:${server.port}`);
      assert.equal((await monitor.get('/api/health')).status, 200);
      assert.equal(await server.stop(), 0, server.output());
    }
  });

  test('is served under any literal address, but under no foreign name', async () => {
    const server = await startServer({ args: ['--host', '0.0.0.0', '--insecure'] });
    const monitor = new Monitor(`http://127.0.0.1:${server.port}`);
    for (const [host, status] of [
      ['192.168.1.5:3141', 200],
      ['[2001:db8::1]', 200],
      ['evil.example', 403],
    ]) {
      const reply = await getWith(monitor, '/api/health', `Host: ${host}`);
      assert.equal(reply.status, status, host);
    }
    assert.equal(await server.stop(), 0, server.output());
  });
});
