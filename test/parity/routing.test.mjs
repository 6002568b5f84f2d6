// What every route has in common: methods, paths, and the headers of a reply.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, query } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();
const host = new URL(monitor.base).host;

describe('a reply', () => {
  const replies = {
    'of the event feed': () => monitor.get('/api/events?limit=1'),
    'of the statistics': () => monitor.get('/api/stats'),
    'of the health check': () => monitor.get('/api/health'),
    'to a stored event': () => monitor.post('/api/events', event()),
    'to a refused event': () => monitor.post('/api/events', {}),
    'to a batch': () => monitor.post('/api/events/batch', { events: [] }),
  };
  for (const [which, ask] of Object.entries(replies)) {
    test(`${which} is application/json in UTF-8`, async () => {
      const reply = await ask();
      assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
      assert.doesNotThrow(() => reply.json);
    });
  }

  test('never lets a foreign web page read it', async () => {
    const reply = await monitor.get('/api/stats', { origin: 'https://elsewhere.example' });
    const allowed = reply.headers['access-control-allow-origin'];
    assert.ok(allowed !== '*' && allowed !== 'https://elsewhere.example', `allows ${allowed}`);
  });

  test('that the client has already, by its weak ETag, is 304 without a body', async () => {
    const { agent_type } = await monitor.stored();
    const path = query('/api/events', { agent_type });
    const first = await monitor.get(path);
    assert.match(first.headers.etag, /^W\/".+"$/);

    const second = await monitor.get(path, { 'if-none-match': first.headers.etag });
    assert.equal(second.status, 304);
    assert.equal(second.text, '');
  });

  test('that has changed since the ETag of the client is sent whole', async () => {
    const { agent_type } = await monitor.stored();
    const path = query('/api/events', { agent_type });
    const { etag } = (await monitor.get(path)).headers;
    await monitor.send({ agent_type });

    const changed = await monitor.get(path, { 'if-none-match': etag });
    assert.equal(changed.status, 200);
    assert.equal(changed.json.total, 2);
  });
});

describe('an unknown path', () => {
  test('under /api is a 404 page that names method and path', async () => {
    const reply = await monitor.get('/api/nope');
    assert.equal(reply.status, 404);
    assert.equal(reply.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(reply.headers['content-security-policy'], "default-src 'none'");
    assert.match(reply.text, /<pre>Cannot GET \/api\/nope<\/pre>/);
  });

  test('names the method that was used', async () => {
    const reply = await monitor.post('/api/nope', {});
    assert.equal(reply.status, 404);
    assert.match(reply.text, /<pre>Cannot POST \/api\/nope<\/pre>/);
  });

  test('below a known path is unknown too', async () => {
    assert.equal((await monitor.get('/api/events/nope/deeper')).status, 404);
    assert.equal((await monitor.get('/api/healthy')).status, 404);
  });

  test('is escaped in the page', async () => {
    const reply = await monitor.get("/api/<script>alert('1')</script>&amp");
    assert.equal(reply.status, 404);
    assert.doesNotMatch(reply.text, /<script>/);
    assert.match(reply.text, /&amp;amp/);
  });
});

describe('a wrong method', () => {
  const wrong = [
    ['PUT', '/api/events'],
    ['DELETE', '/api/events'],
    ['PATCH', '/api/events'],
    ['GET', '/api/events/batch'],
    ['POST', '/api/stats'],
    ['POST', '/api/health'],
    ['POST', '/api/stream'],
  ];
  for (const [method, path] of wrong) {
    test(`${method} ${path} is the same 404 page`, async () => {
      const reply = await monitor.request(method, path);
      assert.equal(reply.status, 404);
      assert.equal(reply.headers['content-type'], 'text/html; charset=utf-8');
      assert.match(reply.text, new RegExp(`<pre>Cannot ${method} ${path}</pre>`));
    });
  }
});

describe('malformed percent-encoding', () => {
  for (const path of ['/api/sessions/%zz', '/api/sessions/%E0%A4%A', '/api/sessions/%']) {
    test(`in the path ${path} is a 400`, async () => {
      assert.equal((await monitor.get(path)).status, 400);
    });
  }

  test('in the query is not an error', async () => {
    assert.equal((await monitor.get('/api/events?agent_type=%zz')).status, 200);
  });
});

describe('OPTIONS', () => {
  const allowed = {
    '/api/events': ['GET', 'HEAD', 'POST'],
    '/api/events/batch': ['POST'],
    '/api/stats': ['GET', 'HEAD'],
    '/api/health': ['GET', 'HEAD'],
    '/api/stream': ['GET', 'HEAD'],
  };
  for (const [path, methods] of Object.entries(allowed)) {
    test(`on ${path} lists ${methods.join(', ')}`, async () => {
      const reply = await monitor.request('OPTIONS', path);
      assert.equal(reply.status, 200);
      assert.match(reply.headers['content-type'], /^text\/plain/);
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
      assert.equal(reply.text, reply.headers.allow);
      assert.deepEqual(reply.text.split(', ').sort(), methods);
    });
  }
});

describe('HEAD', () => {
  for (const path of ['/api/events?limit=1', '/api/stats', '/api/health']) {
    test(`on ${path} has the head of GET and no body`, async () => {
      const connection = await monitor.connect();
      const head = await connection.exchange(`HEAD ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assert.equal(head.status, 200);
      assert.equal(head.headers['content-type'], 'application/json; charset=utf-8');
      assert.ok(Number(head.headers['content-length']) > 0);

      // Bytes of a body would stand in front of this second reply.
      const next = await connection.exchange(`GET /api/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assert.equal(next.status, 200);
      connection.close();
    });
  }
});

describe('one trailing slash', () => {
  for (const path of ['/api/events/', '/api/stats/', '/api/health/']) {
    test(`is tolerated on GET ${path}`, async () => {
      const reply = await monitor.get(path);
      assert.equal(reply.status, 200);
      assert.doesNotThrow(() => reply.json);
    });
  }

  test('is tolerated before a query', async () => {
    const { agent_type } = await monitor.stored();
    const reply = await monitor.get(query('/api/events/', { agent_type }));
    assert.equal(reply.json.total, 1);
  });

  test('is tolerated on POST', async () => {
    assert.equal((await monitor.post('/api/events/', event())).status, 201);
    assert.equal((await monitor.post('/api/events/batch/', { events: [] })).status, 201);
  });
});
