// OTLP beyond what AgentMonitor does: the standard paths, protobuf, later names, traces.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Monitor, unique } from '../support/monitor.mjs';
import {
  attributes,
  exported,
  logRecord,
  logsOf,
  rowsOf,
  sumOf,
  tracesOf,
} from '../support/otlp.mjs';
import { startServer } from '../support/server.mjs';
import { lockDatabase } from '../support/sqlite_lock.mjs';

let server, monitor;
before(async () => {
  server = await startServer();
  monitor = new Monitor(server.url);
});
after(() => server?.stop());

const SIGNALS = ['logs', 'metrics', 'traces'];
const PROTOBUF = { 'content-type': 'application/x-protobuf' };

// An export in protobuf with one record of severity ERROR, in a session of its own.
function protobufLogs(session) {
  const field = (number, bytes) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), Buffer.from(bytes)]);
  const id = field(6, Buffer.concat([field(1, 'conversation.id'), field(2, field(1, session))]));
  return field(1, field(2, field(2, Buffer.concat([field(3, 'ERROR'), id]))));
}

async function metric(name) {
  const { text } = await monitor.get('/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)[1]);
}

describe('the standard paths', () => {
  test('take JSON', async () => {
    const session = unique('session');
    const record = logRecord({ 'gen_ai.session.id': session, 'event.name': 'x.error' });
    const reply = await monitor.post('/v1/logs', logsOf({}, record));
    assert.equal(reply.status, 200);
    assert.equal(reply.text, '{}');
    assert.match(reply.headers['content-type'], /^application\/json/);
    assert.equal((await rowsOf(monitor, session)).length, 1);
  });

  test('take protobuf', async () => {
    const session = unique('session');
    const reply = await monitor.postText('/v1/logs', protobufLogs(session), PROTOBUF);
    assert.equal(reply.status, 200);
    assert.equal(reply.bytes.length, 0);
    assert.equal(reply.headers['content-type'], 'application/x-protobuf');
    assert.equal((await rowsOf(monitor, session)).length, 1);
  });

  for (const signal of SIGNALS) {
    test(`refuse ${signal} that cannot be read, in the encoding of the request`, async () => {
      for (const body of ['', '{broken', '[]', '7', 'null']) {
        const reply = await monitor.postText(`/v1/${signal}`, body);
        assert.equal(reply.status, 400, body);
        assert.equal(reply.json.code, 3);
        assert.match(reply.json.message, /JSON/);
      }
      for (const body of ['{}', 'text', Buffer.from([0x0a, 0x05, 0x01])]) {
        const reply = await monitor.postText(`/v1/${signal}`, body, PROTOBUF);
        assert.equal(reply.status, 400);
        assert.equal(reply.headers['content-type'], 'application/x-protobuf');
        assert.deepEqual([...reply.bytes.subarray(0, 3)], [0x08, 3, 0x12]);
        assert.match(reply.text, /not a protobuf message/);
      }
    });

    test(`take a message of ${signal} without records`, async () => {
      assert.equal((await monitor.postText(`/v1/${signal}`, '', PROTOBUF)).status, 200);
      assert.equal((await monitor.postText(`/v1/${signal}`, '{}')).text, '{}');
    });

    test(`refuse ${signal} of another content type`, async () => {
      const reply = await monitor.postText(`/v1/${signal}`, '{}', { 'content-type': 'text/xml' });
      assert.equal(reply.status, 415);
      assert.equal(reply.json.code, 3);
    });
  }

  test('tell how many records were broken', async () => {
    const before = await metric('sightline_otlp_rejected_total');
    const session = unique('session');
    const whole = logRecord({ 'gen_ai.session.id': session, 'event.name': 'x.error' });
    const other = logRecord({ 'event.name': 'nobody knows' });
    const logs = await monitor.post('/v1/logs', logsOf({}, whole, 5, other, { attributes: 5 }));
    assert.equal(logs.status, 200);
    assert.equal(logs.json.partialSuccess.rejectedLogRecords, '2');
    assert.ok(logs.json.partialSuccess.errorMessage);
    assert.equal((await rowsOf(monitor, session)).length, 1);

    const sum = sumOf({}, 'claude_code.token.usage', [[0]]);
    sum.resourceMetrics[0].scopeMetrics[0].metrics[0].sum.dataPoints.push(null);
    const metrics = await monitor.post('/v1/metrics', sum);
    assert.equal(metrics.json.partialSuccess.rejectedDataPoints, '1');
    const traces = await monitor.post('/v1/traces', tracesOf({}, {}));
    assert.equal(traces.json.partialSuccess.rejectedSpans, '1');
    assert.equal(await metric('sightline_otlp_rejected_total'), before + 4);
  });

  test('say when to come again while the database is locked', async () => {
    const record = logRecord({ 'gen_ai.session.id': unique('session'), 'event.name': 'x.error' });
    const unlock = await lockDatabase(server.db);
    try {
      // One after the other: the writer takes 5 s to give up on a lock.
      const json = await monitor.post('/v1/logs', logsOf({}, record));
      const protobuf = await monitor.postText('/v1/logs', protobufLogs('s'), PROTOBUF);
      for (const reply of [json, protobuf]) {
        assert.equal(reply.status, 503);
        assert.equal(reply.headers['retry-after'], '1');
      }
      assert.equal(json.json.code, 14);
      assert.deepEqual([...protobuf.bytes.subarray(0, 3)], [0x08, 14, 0x12]);
    } finally {
      await unlock();
    }
  });

  test('take as many records as the limit, and no more', async () => {
    const of = (count) => JSON.stringify(logsOf({}, ...Array(count).fill({})));
    assert.equal((await monitor.postText('/v1/logs', of(32_768))).status, 200);
    const reply = await monitor.postText('/v1/logs', of(32_769));
    assert.equal(reply.status, 413);
    assert.equal(reply.json.code, 8);
    assert.equal((await monitor.postText('/api/otel/v1/logs', of(32_769))).status, 413);
  });
});

describe('protobuf on the paths of AgentMonitor', () => {
  for (const type of ['application/x-protobuf', 'application/protobuf']) {
    test(`is taken as ${type}`, async () => {
      const session = unique('session');
      const headers = { 'content-type': type };
      const reply = await monitor.postText('/api/otel/v1/logs', protobufLogs(session), headers);
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.headers['content-type'], 'application/x-protobuf');
      assert.equal(reply.bytes.length, 0);
      const [row] = await rowsOf(monitor, session);
      assert.equal(row.event_type, 'error');
    });
  }

  test('is refused where it holds no record', async () => {
    for (const bytes of [[], [0x0a, 0x00], [0x12, 0x01, 0x41]]) {
      const reply = await monitor.postText('/api/otel/v1/logs', Buffer.from(bytes), PROTOBUF);
      assert.equal(reply.status, 415);
      assert.match(reply.json.error, /^Protobuf not supported yet/);
    }
  });
});

test('a page of another origin cannot export', async () => {
  for (const path of ['/v1/logs', '/api/otel/v1/logs']) {
    const reply = await monitor.post(path, {}, { origin: 'http://evil.example' });
    assert.equal(reply.status, 403);
  }
});

describe('what Codex sends', () => {
  const resource = { 'service.name': 'codex_cli_rs' };
  async function rowFrom(named) {
    const session = unique('session');
    const record = logRecord({ 'conversation.id': session, ...named });
    await exported(monitor, 'logs', logsOf(resource, record));
    return (await rowsOf(monitor, session))[0];
  }

  test('at the end of an answer is what it used, without cached tokens in the input', async () => {
    const row = await rowFrom({
      'event.name': 'codex.sse_event',
      'event.kind': 'response.completed',
      model: 'gpt-5',
      input_token_count: 1000,
      cached_token_count: 400,
      output_token_count: 200,
    });
    assert.equal(row.event_type, 'llm_response');
    assert.deepEqual([row.tokens_in, row.cache_read_tokens, row.tokens_out], [1000, 400, 200]);
    assert.ok(row.cost_usd > 0);
  });

  test('when an answer failed is an error', async () => {
    const row = await rowFrom({
      'event.name': 'codex.sse_event',
      'event.kind': 'response.failed',
      'error.message': 'overloaded',
    });
    assert.equal(row.event_type, 'error');
    assert.equal(row.status, 'error');
    assert.deepEqual(JSON.parse(row.metadata), { error: 'overloaded' });
  });

  test('in between is dropped', async () => {
    const named = { 'event.name': 'codex.sse_event', 'event.kind': 'response.created' };
    const row = await rowFrom(named);
    assert.equal(row, undefined);
  });

  test('at the start of a conversation and of a request is known', async () => {
    const start = await rowFrom({ 'event.name': 'codex.conversation_starts' });
    assert.equal(start.event_type, 'session_start');
    const request = await rowFrom({ 'event.name': 'codex.websocket_request' });
    assert.equal(request.event_type, 'llm_request');
  });
});

describe('what Claude Code sends', () => {
  const resource = { 'service.name': 'claude-code' };

  test('names its session, tokens and cost in attributes of the record', async () => {
    const session = unique('session');
    const of = (name, named) =>
      logRecord(
        { 'session.id': session, 'event.name': name, ...named },
        { body: `claude_code.${name}` },
      );
    const logs = logsOf(
      resource,
      of('user_prompt', { prompt: 'fix it', prompt_length: 6 }),
      of('api_request', {
        model: 'claude-sonnet-4-5',
        input_tokens: 10,
        output_tokens: '20',
        cache_read_tokens: 30,
        cache_creation_tokens: 40,
        cost_usd: 0.01,
        duration_ms: 1500,
      }),
      of('tool_decision', { tool_name: 'Bash', decision: 'accept' }),
      of('tool_result', { tool_name: 'Bash', success: 'true', duration_ms: '12' }),
      of('api_error', { error: 'overloaded' }),
    );
    await exported(monitor, 'logs', logs);
    const rows = await rowsOf(monitor, session);
    assert.deepEqual(
      rows.map((row) => row.event_type),
      ['user_prompt', 'llm_request', 'tool_use', 'error'],
    );
    const [prompt, request, tool] = rows;
    assert.deepEqual(JSON.parse(prompt.metadata), { message: 'fix it' });
    assert.deepEqual([request.tokens_in, request.tokens_out], [10, 20]);
    assert.deepEqual([request.cache_read_tokens, request.cache_write_tokens], [30, 40]);
    assert.equal(request.cost_usd, 0.01);
    assert.equal(tool.tool_name, 'Bash');
    assert.equal(tool.duration_ms, 12);
  });

  test('names the session of a metric at its points', async () => {
    const session = unique('session');
    const points = [[5, { 'session.id': session, type: 'output' }]];
    await exported(monitor, 'metrics', sumOf(resource, 'claude_code.token.usage', points));
    assert.equal((await rowsOf(monitor, session))[0].tokens_out, 5);
  });
});

describe('a span', () => {
  const spanOf = (session, named = {}, fields = {}) => ({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: Buffer.from(unique('').slice(-8).padStart(8)).toString('hex'),
    name: 'a span',
    startTimeUnixNano: '1771999200000000000',
    endTimeUnixNano: '1771999201500000000',
    attributes: attributes({ 'session.id': session, 'gen_ai.operation.name': 'chat', ...named }),
    ...fields,
  });

  test('that is sent again is stored once', async () => {
    const session = unique('session');
    const body = tracesOf({}, spanOf(session));
    await exported(monitor, 'traces', body);
    await exported(monitor, 'traces', body);
    assert.equal((await rowsOf(monitor, session)).length, 1);
  });

  test('that names no session, no operation or another one is not stored', async () => {
    const session = unique('session');
    const service = unique('service');
    const resource = { 'service.name': service };
    const nameless = spanOf('');
    const spans = ['invoke_agent', 'create_agent', 'embeddings', ''].map((operation) =>
      spanOf(session, { 'gen_ai.operation.name': operation }),
    );
    await exported(monitor, 'traces', tracesOf(resource, nameless, ...spans));
    assert.deepEqual(await monitor.rows({ agent_type: service }), []);
  });

  test('may have its session from the resource', async () => {
    const session = unique('session');
    await exported(monitor, 'traces', tracesOf({ 'session.id': session }, spanOf('')));
    assert.equal((await rowsOf(monitor, session)).length, 1);
  });
});

test('a restart makes a cumulative counter count in full once more', async () => {
  const first = await startServer();
  const resource = { 'session.id': 'session' };
  const body = sumOf(resource, 'claude_code.token.usage', [[100]], { temporality: 2 });
  await exported(new Monitor(first.url), 'metrics', body);
  await first.stop();
  const second = await startServer({ dir: first.dir });
  await exported(new Monitor(second.url), 'metrics', body);
  assert.equal((await rowsOf(new Monitor(second.url), 'session')).length, 2);
  await second.stop();
});
