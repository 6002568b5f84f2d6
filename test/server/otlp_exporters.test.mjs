// OpenTelemetry's own exporters send to the server, in both encodings, compressed and not.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ENCODINGS, exportCounter, exportLogs, exportSpans } from '../support/exporters.mjs';
import { Monitor, unique } from '../support/monitor.mjs';
import { rowsOf } from '../support/otlp.mjs';
import { startServer } from '../support/server.mjs';
import { lockDatabase } from '../support/sqlite_lock.mjs';
import { until } from '../support/until.mjs';

let server, monitor;
before(async () => {
  server = await startServer();
  monitor = new Monitor(server.url);
});
after(() => server?.stop());

const assertTaken = (results) => {
  assert.ok(results.length > 0);
  for (const result of results) assert.equal(result.code, 0, `${result.error}`);
};

for (const path of ['/v1', '/api/otel/v1']) {
  for (const encoding of ENCODINGS) {
    for (const gzip of [false, true]) {
      const options = { encoding, gzip };

      describe(`to ${path} as ${encoding}${gzip ? ', compressed' : ''}`, () => {
        test('logs become events with all that is in them', async () => {
          const session = unique('session');
          const records = [
            {
              timestamp: new Date('2026-02-25T06:00:00.123Z'),
              body: '{"stop":"end_turn","project":"shop"}',
              attributes: {
                'event.name': 'claude_code.api_response',
                'gen_ai.session.id': session,
                'gen_ai.request.model': 'claude-sonnet-4-5',
                'gen_ai.usage.input_tokens': 640,
                'gen_ai.usage.output_tokens': 96,
              },
            },
            {
              body: { text: 'naïve', n: 5, real: 0.5, yes: true, list: [1, 'x'], map: { a: 'b' } },
              attributes: { 'event.name': 'claude_code.error', 'gen_ai.session.id': session },
            },
            { attributes: { 'event.name': 'x.y', 'gen_ai.session.id': session } },
          ];
          const resource = { 'service.name': 'claude-code' };
          assertTaken(await exportLogs(server.url + path, resource, records, options));
          // The exporter sends each record by itself, and does not keep their order.
          const rows = await rowsOf(monitor, session);
          assert.deepEqual(rows.map((row) => row.event_type).sort(), ['error', 'llm_response']);
          const answer = rows.find((row) => row.event_type === 'llm_response');
          assert.equal(answer.agent_type, 'claude_code');
          assert.equal(answer.client_timestamp, '2026-02-25T06:00:00.123Z');
          assert.equal(answer.project, 'shop');
          assert.deepEqual([answer.tokens_in, answer.tokens_out], [640, 96]);
          assert.ok(Math.abs(answer.cost_usd - 0.00336) < 1e-10);
          assert.equal(answer.metadata, '{"stop":"end_turn"}');
          const error = rows.find((row) => row.event_type === 'error');
          assert.deepEqual(JSON.parse(error.metadata), records[1].body);
        });

        test('a cumulative counter becomes what was added', async () => {
          const session = unique('session');
          const resource = { 'service.name': 'claude-code', 'session.id': session };
          const named = { type: 'input', model: 'claude-sonnet-4-5' };
          const additions = [
            [1000, named],
            [500, named],
            [0, named],
            [250, { ...named, type: 'output' }],
          ];
          const name = 'claude_code.token.usage';
          assertTaken(
            await exportCounter(server.url + path, resource, name, additions, options),
          );
          const rows = await rowsOf(monitor, session);
          assert.deepEqual(
            rows.map((row) => [row.tokens_in, row.tokens_out]),
            [
              [1000, 0],
              [500, 0],
              [0, 250],
            ],
          );
        });

        test('spans of models and tools become events', async () => {
          const session = unique('session');
          const startTime = new Date('2026-02-25T06:00:00.000Z');
          const endTime = new Date('2026-02-25T06:00:01.500Z');
          const spans = [
            {
              name: 'chat o3',
              startTime,
              endTime,
              attributes: {
                'gen_ai.operation.name': 'chat',
                'gen_ai.conversation.id': session,
                'gen_ai.request.model': 'o3',
                'gen_ai.usage.input_tokens': 1000,
                'gen_ai.usage.output_tokens': 100,
              },
            },
            {
              name: 'execute_tool Bash',
              startTime,
              endTime,
              status: { code: 2, message: 'exit 1' },
              attributes: {
                'gen_ai.operation.name': 'execute_tool',
                'gen_ai.conversation.id': session,
                'gen_ai.tool.name': 'Bash',
              },
            },
            { name: 'GET /', attributes: { 'gen_ai.conversation.id': session } },
          ];
          const resource = { 'service.name': 'my-agent' };
          assertTaken(await exportSpans(server.url + path, resource, spans, options));
          const rows = await rowsOf(monitor, session);
          assert.equal(rows.length, 2);
          const chat = rows.find((row) => row.event_type === 'llm_response');
          assert.equal(chat.agent_type, 'my-agent');
          assert.equal(chat.duration_ms, 1500);
          assert.equal(chat.client_timestamp, '2026-02-25T06:00:01.500Z');
          assert.deepEqual([chat.tokens_in, chat.tokens_out], [1000, 100]);
          assert.ok(chat.cost_usd > 0);
          assert.match(chat.event_id, /^otel-span-[0-9a-f]{32}-[0-9a-f]{16}$/);
          const tool = rows.find((row) => row.event_type === 'tool_use');
          assert.equal(tool.tool_name, 'Bash');
          assert.equal(tool.status, 'error');
          assert.deepEqual(JSON.parse(tool.metadata), {
            span: 'execute_tool Bash',
            error: 'exit 1',
          });
        });
      });
    }
  }
}

describe('while the database is locked', () => {
  // The busy server answers 503 after 5 s; the exporter comes again by itself.
  for (const encoding of ENCODINGS) {
    test(`an exporter of ${encoding} waits and loses nothing`, async () => {
      const session = unique('session');
      const resource = { 'service.name': 'claude-code', 'session.id': session };
      const unlock = await lockDatabase(server.db);
      const refused = async () =>
        Number(/class="5xx"\} (\d+)/.exec((await monitor.get('/metrics')).text)?.[1] ?? 0);
      const before = await refused();
      const points = [[1000, { type: 'input' }]];
      const name = 'claude_code.token.usage';
      const exported = exportCounter(`${server.url}/v1`, resource, name, points, { encoding });
      try {
        const isRefused = async () => (await refused()) > before;
        await until(isRefused, 'the export is refused', { withinMs: 20_000 });
      } finally {
        await unlock();
      }
      assertTaken(await exported);
      const rows = await rowsOf(monitor, session);
      assert.deepEqual(
        rows.map((row) => row.tokens_in),
        [1000],
      );
    });
  }
});

test('an exporter sends the token with its headers', async () => {
  const guarded = await startServer({ args: ['--token', 'secret'] });
  try {
    const records = [{ attributes: { 'event.name': 'x.error', 'gen_ai.session.id': 's' } }];
    const send = (headers) => exportLogs(`${guarded.url}/v1`, {}, records, { headers });
    assert.equal((await send({}))[0].code, 1);
    assertTaken(await send({ Authorization: 'Bearer secret' }));
  } finally {
    await guarded.stop();
  }
});
