// POST /api/otel/v1/logs: which log records become which events.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unique } from '../support/monitor.mjs';
import { exported, logRecord, logsOf, rowsOf } from '../support/otlp.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const CLAUDE = { 'service.name': 'claude-code' };
const CODEX = { 'service.name': 'codex_cli_rs' };

// The rows that one record leaves in a session of its own.
async function rowsFrom(resource, named, fields) {
  const session = unique('session');
  const record = logRecord({ 'gen_ai.session.id': session, ...named }, fields);
  await exported(monitor, 'logs', logsOf(resource, record));
  return rowsOf(monitor, session);
}

async function rowFrom(resource, named, fields) {
  const rows = await rowsFrom(resource, named, fields);
  assert.equal(rows.length, 1, JSON.stringify(named));
  return rows[0];
}

const typeFrom = async (resource, name, fields) =>
  (await rowsFrom(resource, { 'event.name': name }, fields))[0]?.event_type ?? 'none';

const metadataFrom = async (named, body, resource = CLAUDE) =>
  JSON.parse((await rowFrom(resource, { 'event.name': 'x.error', ...named }, { body })).metadata);

test('a tool result is a tool use with its tool and the source otel', async () => {
  const row = await rowFrom(CLAUDE, {
    'event.name': 'claude_code.tool_result',
    'gen_ai.tool.name': 'Bash',
  });
  assert.equal(row.event_type, 'tool_use');
  assert.equal(row.tool_name, 'Bash');
  assert.equal(row.source, 'otel');
  assert.equal(row.status, 'success');
  assert.equal(row.event_id, null);
  assert.equal(row.client_timestamp, null);
});

test('an answer of the model has its tokens, its cost and the rest of its body', async () => {
  const row = await rowFrom(
    CLAUDE,
    {
      'event.name': 'claude_code.api_response',
      'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.usage.input_tokens': 640,
      'gen_ai.usage.output_tokens': 96,
    },
    {
      timeUnixNano: '1771999200000000000',
      body: { stringValue: '{"stop":"end_turn","project":"shop"}' },
    },
  );
  assert.equal(row.event_type, 'llm_response');
  assert.equal(row.project, 'shop');
  assert.equal(row.tokens_in, 640);
  assert.equal(row.tokens_out, 96);
  assert.ok(Math.abs(row.cost_usd - 0.00336) < 1e-10);
  assert.equal(row.metadata, '{"stop":"end_turn"}');
  assert.equal(row.client_timestamp, '2026-02-25T06:00:00.000Z');
});

describe('the agent type', () => {
  const agents = [
    [{ 'service.name': 'codex_cli_rs' }, 'codex'],
    [{ 'service.name': 'Claude-Code' }, 'claude_code'],
    [{ 'service.name': 'x', 'telemetry.sdk.name': 'my-codex' }, 'codex'],
    [{ 'service.name': 'My Service', 'telemetry.sdk.name': 'opentelemetry' }, 'My Service'],
    [{}, 'unknown'],
  ];
  for (const [resource, agent] of agents) {
    test(`is ${agent} for ${JSON.stringify(resource)}`, async () => {
      assert.equal((await rowFrom(resource, { 'event.name': 'x.error' })).agent_type, agent);
    });
  }
});

describe('the session', () => {
  const sources = [
    ['gen_ai.session.id of the record', 'record'],
    ['conversation.id of the record', 'record'],
    ['session.id of the resource', 'resource'],
    ['gen_ai.session.id of the resource', 'resource'],
    ['conversation.id of the resource', 'resource'],
    ['session_id of the body', 'body'],
  ];
  for (let first = 0; first < sources.length; ++first) {
    test(`is ${sources[first][0]} before all that follow`, async () => {
      const places = { record: {}, resource: {}, body: {} };
      const sessions = sources.map(() => unique('session'));
      for (let i = first; i < sources.length; ++i) {
        const [source, place] = sources[i];
        places[place][source.split(' ')[0]] = sessions[i];
      }
      const record = logRecord(
        { 'event.name': 'x.error', ...places.record },
        { body: { stringValue: JSON.stringify(places.body) } },
      );
      await exported(monitor, 'logs', logsOf(places.resource, record));
      for (let i = first; i < sources.length; ++i) {
        assert.equal((await rowsOf(monitor, sessions[i])).length, i === first ? 1 : 0);
      }
    });
  }

  test('that is nowhere leaves the record out, and it alone', async () => {
    const service = unique('service');
    const session = unique('session');
    const kept = logRecord({ 'gen_ai.session.id': session, 'event.name': 'x.error' });
    const lost = logRecord({ 'event.name': 'x.error' });
    await exported(monitor, 'logs', logsOf({ 'service.name': service }, lost, kept, lost));
    const rows = await monitor.rows({ agent_type: service });
    assert.deepEqual(
      rows.map((row) => row.session_id),
      [session],
    );
  });

  test('may be a number', async () => {
    const session = Math.floor(Math.random() * 2 ** 50);
    const record = logRecord({ 'conversation.id': session, 'event.name': 'x.error' });
    await exported(monitor, 'logs', logsOf({}, record));
    assert.equal((await rowsOf(monitor, String(session))).length, 1);
  });
});

describe('the name', () => {
  const names = {
    tool_result: 'tool_use',
    tool_use: 'tool_use',
    api_request: 'llm_request',
    api_response: 'llm_response',
    session_start: 'session_start',
    session_end: 'session_end',
    file_change: 'file_change',
    error: 'error',
    git_commit: 'git_commit',
    plan_step: 'plan_step',
    user_prompt: 'user_prompt',
    user_prompt_submit: 'user_prompt',
    user_message: 'user_prompt',
  };
  for (const [name, type] of Object.entries(names)) {
    test(`${name} is ${type} of every agent, with any prefix`, async () => {
      for (const [resource, prefix] of [
        [CLAUDE, 'claude_code.'],
        [CODEX, 'codex.'],
        [{}, 'claude_code.'],
        [{}, 'a.b.'],
        [CODEX, ''],
      ]) {
        assert.equal(await typeFrom(resource, prefix + name), type);
      }
    });
  }

  test('tool_decision is a tool use of Codex alone', async () => {
    assert.equal(await typeFrom(CODEX, 'codex.tool_decision'), 'tool_use');
    assert.equal(await typeFrom(CLAUDE, 'claude_code.tool_decision'), 'none');
  });

  for (const name of ['codex.sse_event', 'codex.websocket.event', 'claude_code.response']) {
    test(`${name} is dropped, even as an error`, async () => {
      for (const resource of [CODEX, CLAUDE, {}]) {
        assert.equal(await typeFrom(resource, name, { severityText: 'ERROR' }), 'none');
      }
    });
  }

  for (const name of ['codex.response', 'codex.event_msg']) {
    const body = (value) => ({ body: { stringValue: JSON.stringify(value) } });
    test(`${name} is a prompt of Codex if a type says so, first that of the payload`, async () => {
      for (const type of ['user_message', 'user_prompt']) {
        assert.equal(await typeFrom(CODEX, name, body({ type })), 'user_prompt');
        assert.equal(await typeFrom(CODEX, name, body({ payload: { type } })), 'user_prompt');
      }
      const both = body({ type: 'user_prompt', payload: { type: 'other' } });
      assert.equal(await typeFrom(CODEX, name, both), 'none');
      assert.equal(await typeFrom(CODEX, name), 'none');
      assert.equal(await typeFrom(CLAUDE, name, body({ type: 'user_message' })), 'none');
    });
  }

  test('does not matter for a user message of Codex', async () => {
    const body = (value) => ({ body: { stringValue: JSON.stringify(value) } });
    const direct = body({ type: 'user_message' });
    assert.equal(await typeFrom(CODEX, 'x.y', direct), 'user_prompt');
    const inside = body({ payload: { type: 'user_message' } });
    assert.equal(await typeFrom(CODEX, 'x.y', inside), 'user_prompt');
    assert.equal(await typeFrom(CODEX, 'x.y', body({ type: 'user_prompt' })), 'none');
    assert.equal(await typeFrom(CLAUDE, 'x.y', direct), 'none');
  });

  test('nobody knows is an error if the severity is ERROR, else nothing', async () => {
    const [failed] = await rowsFrom(CLAUDE, { 'event.name': 'x.y' }, { severityText: 'ERROR' });
    assert.equal(failed.event_type, 'error');
    assert.equal(failed.status, 'error');
    for (const severityText of ['error', 'WARN', 'INFO']) {
      assert.equal(await typeFrom(CLAUDE, 'x.y', { severityText }), 'none');
    }
    assert.equal((await rowsFrom(CLAUDE, {}, { severityText: 'ERROR' })).length, 1);
  });

  test('may be the attribute name', async () => {
    assert.equal((await rowFrom(CLAUDE, { name: 'x.plan_step' })).event_type, 'plan_step');
    const both = { name: 'x.plan_step', 'event.name': 'x.git_commit' };
    assert.equal((await rowFrom(CLAUDE, both)).event_type, 'git_commit');
  });
});

describe('a field', () => {
  const fields = {
    tool_name: [['gen_ai.tool.name', 'tool_name', 'tool.name'], 'tool_name', 'text'],
    model: [['gen_ai.request.model', 'model'], 'model', 'text'],
    tokens_in: [['gen_ai.usage.input_tokens'], 'input_tokens', 'number'],
    tokens_out: [['gen_ai.usage.output_tokens'], 'output_tokens', 'number'],
    cache_read_tokens: [
      ['gen_ai.usage.cache_read_input_tokens'],
      'cache_read_tokens',
      'number',
    ],
    cache_write_tokens: [
      ['gen_ai.usage.cache_creation_input_tokens'],
      'cache_write_tokens',
      'number',
    ],
    cost_usd: [['gen_ai.usage.cost'], 'cost_usd', 'number'],
    duration_ms: [['gen_ai.latency', 'duration_ms'], 'duration_ms', 'number'],
    project: [['project'], 'project', 'text'],
    branch: [['branch'], 'branch', 'text'],
  };
  for (const [field, [names, member, kind]] of Object.entries(fields)) {
    test(`${field} is ${names.join(', then ')}, then ${member} of the body`, async () => {
      const value = (i) => (kind === 'number' ? 10 + i : `${field}-${i}`);
      for (let first = 0; first <= names.length; ++first) {
        const named = { 'event.name': 'x.api_response' };
        for (let i = first; i < names.length; ++i) named[names[i]] = value(i);
        const row = await rowFrom(CLAUDE, named, { body: { [member]: value(names.length) } });
        assert.equal(row[field], value(first));
      }
    });
  }

  test('project and branch may be those of the resource', async () => {
    const resource = { ...CLAUDE, project: 'of-resource', branch: 'of-resource' };
    const body = { project: 'of-body', branch: 'of-body' };
    const row = await rowFrom(resource, { 'event.name': 'x.error' }, { body });
    assert.equal(row.project, 'of-resource');
    assert.equal(row.branch, 'of-resource');
  });

  test('with a number may be text', async () => {
    const row = await rowFrom(CLAUDE, {
      'event.name': 'x.api_response',
      'gen_ai.usage.input_tokens': '12 tokens',
      'gen_ai.usage.output_tokens': { intValue: 13 },
      'gen_ai.usage.cost': '0.25',
    });
    assert.equal(row.tokens_in, 12);
    assert.equal(row.tokens_out, 13);
    assert.equal(row.cost_usd, 0.25);
  });

  test('with a number in the body is a number there', async () => {
    const row = await rowFrom(
      CLAUDE,
      { 'event.name': 'x.api_response' },
      { body: { stringValue: '{"input_tokens":"7","output_tokens":8}' } },
    );
    assert.equal(row.tokens_in, 0);
    assert.equal(row.tokens_out, 8);
  });

  test('cost_usd that is given is kept, and the model is not priced', async () => {
    const named = {
      'event.name': 'x.api_response',
      'gen_ai.request.model': 'o3',
      'gen_ai.usage.input_tokens': 1000,
    };
    assert.equal((await rowFrom(CODEX, { ...named, 'gen_ai.usage.cost': 0 })).cost_usd, 0);
    assert.equal((await rowFrom(CODEX, { ...named, 'gen_ai.usage.cost': 1.5 })).cost_usd, 1.5);
    assert.ok((await rowFrom(CODEX, named)).cost_usd > 0);
  });

  test('is not read from a boolean', async () => {
    const named = { 'event.name': 'x.tool_use', tool_name: true, duration_ms: true };
    const row = await rowFrom(CLAUDE, named);
    assert.equal(row.tool_name, null);
    assert.equal(row.duration_ms, null);
  });
});

describe('the time', () => {
  const times = [
    ['1771999200000000000', '2026-02-25T06:00:00.000Z'],
    ['1771999200001999999', '2026-02-25T06:00:00.001Z'],
    ['0', null],
    ['-1', null],
  ];
  for (const [timeUnixNano, expected] of times) {
    test(`${timeUnixNano} is ${expected}`, async () => {
      const row = await rowFrom(CLAUDE, { 'event.name': 'x.error' }, { timeUnixNano });
      assert.equal(row.client_timestamp, expected);
    });
  }

  test('may be a number', async () => {
    const fields = { timeUnixNano: 1771999200000000000 };
    const row = await rowFrom(CLAUDE, { 'event.name': 'x.error' }, fields);
    assert.equal(row.client_timestamp, '2026-02-25T06:00:00.000Z');
  });
});

describe('the metadata', () => {
  test('is empty without a body', async () => {
    assert.deepEqual(await metadataFrom({ anything: 'else' }), {});
  });

  test('is the message of a plain text', async () => {
    assert.deepEqual(await metadataFrom({}, 'it broke'), { message: 'it broke' });
    assert.deepEqual(await metadataFrom({}, '{broken'), { message: '{broken' });
    assert.deepEqual(await metadataFrom({}, '17'), { message: '17' });
  });

  test('is the body without what became fields', async () => {
    const promoted = {
      session_id: 's',
      tool_name: 't',
      model: 'm',
      input_tokens: 1,
      output_tokens: 2,
      cache_read_tokens: 3,
      cache_write_tokens: 4,
      cost_usd: 0.5,
      duration_ms: 6,
      project: 'p',
      branch: 'b',
    };
    const rest = { a: [1, { b: null }], status: 'ok', text: 'naïve' };
    const text = { stringValue: JSON.stringify({ ...promoted, ...rest }) };
    assert.deepEqual(await metadataFrom({}, text), rest);
  });

  test('is a list if the body is one', async () => {
    assert.deepEqual(await metadataFrom({}, { stringValue: '[1,"two"]' }), [1, 'two']);
  });

  test('is a map with all that is in it', async () => {
    const body = { n: 5, list: [1, 'x', true], map: { deep: { r: 0.5 } }, yes: true, model: 'm' };
    const { model, ...rest } = body;
    assert.equal(model, 'm');
    assert.deepEqual(await metadataFrom({}, body), rest);
  });

  test('is cut like that of any event', async () => {
    const body = { stringValue: JSON.stringify({ command: 'ls', blob: 'x'.repeat(20_000) }) };
    const row = await rowFrom(CLAUDE, { 'event.name': 'x.tool_use' }, { body });
    assert.equal(row.payload_truncated, 1);
    assert.equal(JSON.parse(row.metadata).command, 'ls');
    assert.equal(JSON.parse(row.metadata)._truncated, true);
  });

  const prompt = { 'event.name': 'x.user_prompt' };
  for (const name of [
    'gen_ai.prompt',
    'message',
    'prompt',
    'codex.prompt',
    'gen_ai.content.prompt',
  ]) {
    test(`of a prompt has the message of the attribute ${name}`, async () => {
      assert.deepEqual(await metadataFrom({ ...prompt, [name]: 'hi' }), { message: 'hi' });
    });
  }

  test('of a prompt has the message of the body before that of the payload', async () => {
    const named = { ...prompt, 'gen_ai.prompt': 'attribute' };
    const payload = { message: 'of payload' };
    const both = await metadataFrom(named, { message: 'of body', payload });
    assert.equal(both.message, 'of body');
    assert.equal((await metadataFrom(named, { payload })).message, 'of payload');
    assert.equal((await metadataFrom(named, { x: 1 })).message, 'attribute');
  });

  test('of another event has no message from attributes', async () => {
    assert.deepEqual(await metadataFrom({ 'gen_ai.prompt': 'hi' }), {});
  });

  test('of a patch says what it changes', async () => {
    const input = '*** Begin Patch\n*** Update File: cart.c\n@@\n-old\n+new\n+more\n*** End Patch';
    const metadata = await metadataFrom(
      { 'event.name': 'codex.tool_result', tool_name: 'apply_patch' },
      { input },
      CODEX,
    );
    const { file_path, lines_added, lines_removed } = metadata;
    assert.deepEqual([file_path, lines_added, lines_removed], ['cart.c', 2, 1]);
  });
});

describe('what is broken inside', () => {
  const broken = {
    'an attribute without a value': { attributes: [{ key: 'event.name' }] },
    'attributes that are no list': { attributes: 5 },
    'a time that is no number': { timeUnixNano: 'soon', attributes: [] },
  };
  for (const [what, record] of Object.entries(broken)) {
    test(`${what} leaves the record out, and it alone`, async () => {
      const session = unique('session');
      const whole = logRecord({ 'event.name': 'x.error' });
      const resource = { 'session.id': session };
      await exported(monitor, 'logs', logsOf(resource, whole, record, whole));
      assert.equal((await rowsOf(monitor, session)).length, 2);
    });
  }

  for (const body of [
    { resourceLogs: 5 },
    { resourceLogs: [null, 5, { scopeLogs: 7 }, { scopeLogs: [null, { logRecords: {} }] }] },
    { resourceLogs: [{ resource: 5, scopeLogs: [{ logRecords: [null, 7, 'x'] }] }] },
  ]) {
    test(`${JSON.stringify(body)} is taken`, () => exported(monitor, 'logs', body));
  }
});
