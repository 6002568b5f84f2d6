// How a request body is read: media types, character sets, content codings, size limits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { event, query } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const LIMIT = 1_048_576; // bytes
const NOT_AN_OBJECT = {
  error: 'Invalid event payload',
  details: [{ field: 'body', message: 'must be a JSON object' }],
};
const NOT_A_BATCH = { error: 'Expected { events: [...] }' };

// An event whose JSON is exactly `bytes` long.
function eventOfSize(bytes) {
  const filled = event({ metadata: { fill: '' } });
  filled.metadata.fill = 'x'.repeat(bytes - JSON.stringify(filled).length);
  return JSON.stringify(filled);
}

describe('media type', () => {
  const read = [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/vnd.agent+json',
    'text/plain',
    'text/plain;charset=UTF-8',
  ];
  for (const type of read) {
    test(`${type} is read`, async () => {
      const reply = await monitor.post('/api/events', event(), { 'content-type': type });
      assert.equal(reply.status, 201, reply.text);
    });
    test(`${type} is read as a batch`, async () => {
      const batch = { events: [event()] };
      const reply = await monitor.post('/api/events/batch', batch, { 'content-type': type });
      assert.equal(reply.json.received, 1);
    });
  }

  const unread = ['application/x-www-form-urlencoded', 'application/xml', 'text/html', 'json'];
  for (const type of unread) {
    test(`${type} counts as no body`, async () => {
      const reply = await monitor.post('/api/events', event(), { 'content-type': type });
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_AN_OBJECT);
    });
    test(`${type} counts as no batch`, async () => {
      const batch = { events: [event()] };
      const reply = await monitor.post('/api/events/batch', batch, { 'content-type': type });
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_A_BATCH);
    });
  }

  test('missing counts as no body', async () => {
    const body = JSON.stringify(event());
    const reply = await monitor.request('POST', '/api/events', { body });
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.json, NOT_AN_OBJECT);
  });
});

describe('no body', () => {
  for (const [which, options] of Object.entries({
    'without headers': {},
    'that is called JSON': { headers: { 'content-type': 'application/json' } },
    'of zero bytes': { headers: { 'content-type': 'application/json' }, body: '' },
    'of white space': { headers: { 'content-type': 'application/json' }, body: ' \r\n' },
  })) {
    test(`${which} is not an event`, async () => {
      const reply = await monitor.request('POST', '/api/events', options);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_AN_OBJECT);
    });
    test(`${which} is not a batch`, async () => {
      const reply = await monitor.request('POST', '/api/events/batch', options);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_A_BATCH);
    });
  }
});

describe('character set', () => {
  const encoded = { 'iso-8859-1': 'latin1', 'utf-16le': 'utf16le', 'UTF-8': 'utf8' };
  for (const [charset, encoding] of Object.entries(encoded)) {
    test(`${charset} is honoured`, async () => {
      const sent = event({ project: 'Café' });
      const reply = await monitor.postText(
        '/api/events',
        Buffer.from(JSON.stringify(sent), encoding),
        { 'content-type': `application/json; charset=${charset}` },
      );
      assert.equal(reply.status, 201, reply.text);
      const row = await monitor.row(reply.json.ids[0], sent.session_id);
      assert.equal(row.project, 'Café');
    });
  }

  test('nobody knows is a client error', async () => {
    const type = 'application/json; charset=x-nobody-knows';
    const reply = await monitor.post('/api/events', event(), { 'content-type': type });
    assert.ok(reply.status >= 400 && reply.status < 500, `status ${reply.status}`);
  });
});

describe('content coding', () => {
  const codings = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
  for (const [coding, compress] of Object.entries(codings)) {
    const send = (path, text) =>
      monitor.postText(path, compress(text), { 'content-encoding': coding });

    test(`${coding} is decoded`, async () => {
      const sent = event({ metadata: { text: 'naïve '.repeat(50) } });
      const reply = await send('/api/events', JSON.stringify(sent));
      assert.equal(reply.status, 201, reply.text);
      const row = await monitor.row(reply.json.ids[0], sent.session_id);
      assert.deepEqual(JSON.parse(row.metadata), sent.metadata);
    });

    test(`${coding} is decoded in a batch`, async () => {
      const reply = await send('/api/events/batch', JSON.stringify({ events: [event(), event()] }));
      assert.equal(reply.json.received, 2);
    });

    test(`${coding} does not hide a body over the limit`, async () => {
      assert.equal((await send('/api/events', eventOfSize(LIMIT))).status, 201);
      assert.equal((await send('/api/events', eventOfSize(LIMIT + 1))).status, 413);
    });

    test(`${coding} that is none is a client error`, async () => {
      const reply = await monitor.post('/api/events', event(), { 'content-encoding': coding });
      assert.ok(reply.status >= 400 && reply.status < 500, `status ${reply.status}`);
    });
  }

  test('nobody knows is a client error', async () => {
    const reply = await monitor.post('/api/events', event(), { 'content-encoding': 'x-nobody' });
    assert.ok(reply.status >= 400 && reply.status < 500, `status ${reply.status}`);
  });

  test('identity is no coding', async () => {
    const reply = await monitor.post('/api/events', event(), { 'content-encoding': 'identity' });
    assert.equal(reply.status, 201);
  });
});

describe('size', () => {
  test('of exactly 1 MiB is taken', async () => {
    assert.equal((await monitor.postText('/api/events', eventOfSize(LIMIT))).status, 201);
  });

  test('of one byte more is 413 with a JSON error', async () => {
    const reply = await monitor.postText('/api/events', eventOfSize(LIMIT + 1));
    assert.equal(reply.status, 413);
    assert.equal(typeof reply.json.error, 'string');
    assert.notEqual(reply.json.error, '');
  });

  test('is limited for batches too', async () => {
    const filled = (bytes) => {
      const frame = JSON.stringify({ events: [], fill: '' });
      return JSON.stringify({ events: [], fill: 'x'.repeat(bytes - frame.length) });
    };
    assert.equal((await monitor.postText('/api/events/batch', filled(LIMIT))).status, 201);
    assert.equal((await monitor.postText('/api/events/batch', filled(LIMIT + 1))).status, 413);
  });

  test('is limited when the length is not announced', async () => {
    const send = (body) =>
      monitor.request('POST', '/api/events', {
        headers: { 'content-type': 'application/json' },
        chunked: true,
        body,
      });
    assert.equal((await send(eventOfSize(LIMIT))).status, 201);
    assert.equal((await send(eventOfSize(LIMIT + 1))).status, 413);
  });

  test('over the limit leaves nothing behind', async () => {
    const body = eventOfSize(LIMIT + 1);
    await monitor.postText('/api/events', body);
    const { session_id } = JSON.parse(body);
    assert.equal((await monitor.feed({ session_id })).total, 0);
  });
});

describe('a body that is not JSON', () => {
  const broken = {
    'cut off': '{"session_id":"s"',
    'with a trailing comma': '{"session_id":"s",}',
    'with text behind it': '{} {}',
    'of half a million opening brackets': '['.repeat(500_000),
    'that is bare text': 'hello',
    'with a byte that is not UTF-8': Buffer.from('{"session_id":"\xff"}', 'latin1'),
  };
  for (const [which, body] of Object.entries(broken)) {
    test(`${which} is refused as an event that is no object`, async () => {
      const reply = await monitor.postText('/api/events', body);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_AN_OBJECT);
    });
    test(`${which} is refused as a batch`, async () => {
      const reply = await monitor.postText('/api/events/batch', body);
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_A_BATCH);
    });
  }

  const spoilt = (text) => Buffer.from(text.replace('SPOILT', '\xc3('), 'latin1');

  test('because of bad UTF-8 deep in the metadata is refused whole', async () => {
    const sent = event({ metadata: { a: [{ b: 'SPOILT' }] } });
    const reply = await monitor.postText('/api/events', spoilt(JSON.stringify(sent)));
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.json, NOT_AN_OBJECT);
    assert.equal((await monitor.feed({ session_id: sent.session_id })).total, 0);
  });

  test('because of bad UTF-8 in one item of a batch is refused whole', async () => {
    const agent_type = event().agent_type;
    const events = [event({ agent_type }), event({ agent_type, metadata: { b: 'SPOILT' } })];
    const reply = await monitor.postText('/api/events/batch', spoilt(JSON.stringify({ events })));
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.json, NOT_A_BATCH);
    assert.equal((await monitor.get(query('/api/events', { agent_type }))).json.total, 0);
  });

  test('or is nested a hundred thousand deep does not end the server', async () => {
    const depth = 100_000;
    const nested = '['.repeat(depth) + ']'.repeat(depth);
    const sent = JSON.stringify(event({ metadata: 'NESTED' })).replace('"NESTED"', nested);
    const reply = await monitor.postText('/api/events', sent);
    assert.ok([201, 400].includes(reply.status), `status ${reply.status}`);
    assert.equal((await monitor.get('/api/health')).status, 200);
  });
});
