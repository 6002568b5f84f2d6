// What the OTLP routes take, and how they answer, whatever the signal.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { query, unique } from '../support/monitor.mjs';
import { exported, logRecord, logsOf, rowsOf } from '../support/otlp.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const LIMIT = 5 * 1024 * 1024;
const NOT_JSON = { error: 'Invalid OTEL JSON payload' };
const PROTOBUF = {
  error: 'Protobuf not supported yet. Use JSON format.',
  hint: 'Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json',
};

for (const signal of ['logs', 'metrics', 'traces']) {
  const path = `/api/otel/v1/${signal}`;

  describe(path, () => {
    for (const body of ['{}', '[]', '[1]', '{"unknown":true}', ' {} ', '"{}"', '""{}""']) {
      test(`takes ${body}`, async () => {
        const reply = await monitor.postText(path, body);
        assert.equal(reply.status, 200);
        assert.equal(reply.text, '{}');
        assert.match(reply.headers['content-type'], /^application\/json/);
      });
    }

    for (const body of ['', 'null', '0', '7', 'false', '"text"', '{broken', '""just a string""']) {
      test(`refuses ${body || 'nothing'}`, async () => {
        const reply = await monitor.postText(path, body);
        assert.equal(reply.status, 400);
        assert.deepEqual(reply.json, NOT_JSON);
      });
    }

    test('reads nothing of another content type', async () => {
      const reply = await monitor.postText(path, '{}', { 'content-type': 'application/xml' });
      assert.equal(reply.status, 400);
      assert.deepEqual(reply.json, NOT_JSON);
    });

    const types = ['text/plain', 'application/vnd.x+json', 'application/json; charset=utf-8'];
    for (const type of types) {
      test(`reads ${type}`, async () => {
        const reply = await monitor.postText(path, '{}', { 'content-type': type });
        assert.equal(reply.status, 200);
      });
    }

    for (const type of ['application/x-protobuf', 'application/protobuf']) {
      for (const body of ['', '{}', 'text', JSON.stringify(logsOf({})), Buffer.from([1, 2, 3])]) {
        test(`says that it takes no protobuf to ${type} of ${body.length} bytes`, async () => {
          const reply = await monitor.postText(path, body, { 'content-type': type });
          assert.equal(reply.status, 415);
          assert.deepEqual(reply.json, PROTOBUF);
        });
      }
    }
  });
}

describe('a body', () => {
  const named = () => ({ 'gen_ai.session.id': unique('session'), 'event.name': 'x.error' });
  const path = '/api/otel/v1/logs';

  // An export of exactly this many bytes, without anything to store.
  function ofSize(bytes) {
    const frame = JSON.stringify({ fill: '' });
    return JSON.stringify({ fill: 'x'.repeat(bytes - frame.length) });
  }

  test('has at most 5 MiB', async () => {
    assert.equal((await monitor.postText(path, ofSize(LIMIT))).status, 200);
    assert.equal((await monitor.postText(path, ofSize(LIMIT + 1))).status, 413);
  });

  test('has at most 5 MiB when it is decompressed', async () => {
    const send = (body) => monitor.postText(path, gzipSync(body), { 'content-encoding': 'gzip' });
    assert.equal((await send(ofSize(LIMIT))).status, 200);
    assert.equal((await send(ofSize(LIMIT + 1))).status, 413);
  });

  test('may be compressed', async () => {
    const record = named();
    const body = gzipSync(JSON.stringify(logsOf({}, logRecord(record))));
    const reply = await monitor.postText(path, body, { 'content-encoding': 'gzip' });
    assert.equal(reply.status, 200);
    assert.equal((await rowsOf(monitor, record['gen_ai.session.id'])).length, 1);
  });

  test('may be JSON in a JSON string', async () => {
    const record = named();
    const body = JSON.stringify(JSON.stringify(logsOf({}, logRecord(record))));
    assert.equal((await monitor.postText(path, body)).status, 200);
    assert.equal((await rowsOf(monitor, record['gen_ai.session.id'])).length, 1);
  });

  test('that is sent again is stored again', async () => {
    const record = named();
    await exported(monitor, 'logs', logsOf({}, logRecord(record)));
    await exported(monitor, 'logs', logsOf({}, logRecord(record)));
    assert.equal((await rowsOf(monitor, record['gen_ai.session.id'])).length, 2);
  });
});

test('an event that came over OTLP is on the stream', async () => {
  const service = unique('service');
  const stream = await monitor.stream(query('/api/stream', { agent_type: service }));
  try {
    await stream.nextMessage('connected');
    const record = { 'gen_ai.session.id': unique('session'), 'event.name': 'x.tool_use' };
    await exported(monitor, 'logs', logsOf({ 'service.name': service }, logRecord(record)));
    const { payload } = await stream.nextMessage('event');
    assert.equal(payload.session_id, record['gen_ai.session.id']);
    assert.equal(payload.source, 'otel');
  } finally {
    stream.close();
  }
});

test('traces are acknowledged', () =>
  exported(monitor, 'traces', { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x' }] }] }] }));
