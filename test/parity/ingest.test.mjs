// POST /api/events: what is stored of one event.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const EVENT_TYPES = [
  'tool_use',
  'session_start',
  'session_end',
  'error',
  'llm_request',
  'llm_response',
  'response',
  'file_change',
  'git_commit',
  'plan_step',
  'user_prompt',
];
const OPTIONAL_TEXTS = ['event_id', 'tool_name', 'branch', 'project', 'model', 'source'];
const COUNTS = ['tokens_in', 'tokens_out', 'cache_read_tokens', 'cache_write_tokens'];

describe('the reply', () => {
  test('to a stored event is 201 with its row id', async () => {
    const sent = event();
    const reply = await monitor.post('/api/events', sent);
    assert.equal(reply.status, 201);
    const [row] = await monitor.rows({ session_id: sent.session_id });
    assert.deepEqual(reply.json, { received: 1, ids: [row.id], duplicates: 0 });
  });

  test('to a second event has a higher id', async () => {
    const first = await monitor.send();
    const second = await monitor.send();
    assert.ok(Number.isInteger(first) && Number.isInteger(second));
    assert.ok(second > first);
  });

  test('to an event id that is stored already is 200 with one duplicate', async () => {
    const event_id = unique('id');
    await monitor.send({ event_id });
    const reply = await monitor.post('/api/events', event({ event_id }));
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.json, { received: 0, ids: [], duplicates: 1 });
  });
});

describe('a stored row', () => {
  test('of the smallest event has every field, with its default', async () => {
    const sent = event();
    const row = await monitor.stored(sent);
    const { id, created_at, ...rest } = row;
    assert.ok(Number.isInteger(id) && id > 0);
    assert.match(created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepEqual(rest, {
      event_id: null,
      schema_version: 1,
      session_id: sent.session_id,
      agent_type: sent.agent_type,
      event_type: 'tool_use',
      tool_name: null,
      status: 'success',
      tokens_in: 0,
      tokens_out: 0,
      branch: null,
      project: null,
      duration_ms: null,
      client_timestamp: null,
      metadata: '{}',
      payload_truncated: 0,
      model: null,
      cost_usd: null,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      source: 'api',
    });
  });

  test('of the fullest event has every value that was sent', async () => {
    const sent = event({
      event_id: unique('id'),
      event_type: 'llm_response',
      tool_name: 'Bash',
      status: 'timeout',
      tokens_in: 11,
      tokens_out: 22,
      branch: 'feature/x',
      project: unique('project'),
      duration_ms: 33,
      client_timestamp: '2026-02-18T10:20:30.456Z',
      model: 'some-model',
      cost_usd: 0.0105,
      cache_read_tokens: 44,
      cache_write_tokens: 55,
      source: 'hook',
    });
    const row = await monitor.stored({ ...sent, metadata: { command: 'ls' } });
    const { id, created_at, metadata, schema_version, payload_truncated, ...rest } = row;
    assert.deepEqual(rest, sent);
    assert.equal(metadata, '{"command":"ls"}');
    assert.equal(schema_version, 1);
    assert.equal(payload_truncated, 0);
  });

  test('is stamped with the time of receipt in UTC', async () => {
    const second = () => Math.floor(Date.now() / 1000);
    const before = second();
    const { created_at } = await monitor.stored({ client_timestamp: '2001-01-01T00:00:00Z' });
    const stamped = Date.parse(`${created_at.replace(' ', 'T')}Z`) / 1000;
    assert.ok(stamped >= before && stamped <= second(), created_at);
  });

  test('keeps characters of every kind', async () => {
    const text = 'Ünï ∆ 漢字 😀 "quoted" \\ back / slash \u2028 line';
    const row = await monitor.stored({ tool_name: text, project: text, source: text });
    assert.equal(row.tool_name, text);
    assert.equal(row.project, text);
    assert.equal(row.source, text);
  });
});

describe('a text field', () => {
  for (const field of ['session_id', 'agent_type', ...OPTIONAL_TEXTS]) {
    test(`${field} is stored without white space around it`, async () => {
      const value = unique('a b');
      const row = await monitor.stored({ [field]: ` \t\n${value} \r\n` });
      assert.equal(row[field], value);
    });
  }

  test('loses white space of every kind around it', async () => {
    const tool_name = unique('tool');
    const row = await monitor.stored({ tool_name: `\u00a0\u2003\ufeff${tool_name}\u3000\u2028` });
    assert.equal(row.tool_name, tool_name);
  });

  test('that was cut within a surrogate pair does not cost the event', async () => {
    const cut = '😀'.slice(0, 1);
    const row = await monitor.stored({ tool_name: `cut ${cut}`, metadata: { text: `cut ${cut}` } });
    assert.match(row.tool_name, /^cut /);
    assert.match(JSON.parse(row.metadata).text, /^cut /);
  });

  for (const field of OPTIONAL_TEXTS) {
    const fallback = field === 'source' ? 'api' : null;
    for (const [which, value] of Object.entries({ empty: '', blank: ' \t ', null: null })) {
      test(`${field} that is ${which} is as good as absent`, async () => {
        assert.equal((await monitor.stored({ [field]: value }))[field], fallback);
      });
    }
  }

  test('event_type may have white space around it', async () => {
    assert.equal(
      (await monitor.stored({ event_type: ' user_prompt\n' })).event_type,
      'user_prompt',
    );
  });

  test('agent_type may be any text', async () => {
    const agent_type = unique('Mein Agent №');
    assert.equal((await monitor.stored({ agent_type })).agent_type, agent_type);
  });

  test('source may be any text', async () => {
    for (const source of ['api', 'hook', 'otel', 'import', 'Something Else']) {
      assert.equal((await monitor.stored({ source })).source, source);
    }
  });
});

describe('event type and status', () => {
  for (const event_type of EVENT_TYPES) {
    test(`${event_type} is an event type`, async () => {
      assert.equal((await monitor.stored({ event_type })).event_type, event_type);
    });
  }

  for (const status of ['success', 'error', 'timeout']) {
    test(`${status} is a status`, async () => {
      assert.equal((await monitor.stored({ status })).status, status);
    });
  }

  test('an event of type error has status error by default', async () => {
    assert.equal((await monitor.stored({ event_type: 'error' })).status, 'error');
    assert.equal((await monitor.stored({ event_type: 'error', status: null })).status, 'error');
  });

  test('an event of type error may say that it succeeded', async () => {
    const row = await monitor.stored({ event_type: 'error', status: 'success' });
    assert.equal(row.status, 'success');
  });

  test('any other event has status success by default', async () => {
    assert.equal((await monitor.stored({ status: null })).status, 'success');
  });
});

describe('a number', () => {
  for (const field of COUNTS) {
    test(`${field} is 0 when null`, async () => {
      assert.equal((await monitor.stored({ [field]: null }))[field], 0);
    });

    test(`${field} written 5.0 or 5e0 is 5`, async () => {
      for (const text of ['5.0', '5e0', '0.5e1']) {
        const sent = event({ [field]: 'NUMBER' });
        const body = JSON.stringify(sent).replace('"NUMBER"', text);
        const reply = await monitor.postText('/api/events', body);
        assert.equal(reply.status, 201, reply.text);
        assert.equal((await monitor.row(reply.json.ids[0], sent.session_id))[field], 5);
      }
    });

    test(`${field} may be larger than 32 bits`, async () => {
      const many = 2 ** 40 + 1;
      assert.equal((await monitor.stored({ [field]: many }))[field], many);
    });
  }

  test('duration_ms is stored', async () => {
    assert.equal((await monitor.stored({ duration_ms: 1 })).duration_ms, 1);
  });

  for (const absent of [0, null]) {
    test(`duration_ms ${absent} is stored as null`, async () => {
      assert.equal((await monitor.stored({ duration_ms: absent })).duration_ms, null);
    });
  }

  test('cost_usd keeps its exact value', async () => {
    for (const cost_usd of [0, 0.0105, 0.1 + 0.2, 1e-10, 123456.789, 2]) {
      assert.equal((await monitor.stored({ cost_usd })).cost_usd, cost_usd);
    }
  });
});

describe('a field', () => {
  test('nobody knows is ignored', async () => {
    const row = await monitor.stored({ colour: 'blue', id: 7, created_at: '2001-01-01 00:00:00' });
    assert.equal('colour' in row, false);
    assert.notEqual(row.id, 7);
    assert.doesNotMatch(row.created_at, /^2001/);
  });

  test('has no other name', async () => {
    const { session_id, ...rest } = event();
    const details = await monitor.refused({ ...rest, sessionId: session_id, session: session_id });
    assert.deepEqual(details, [{ field: 'session_id', message: 'must be a string' }]);
  });

  test('that is optional may be null, all at once', async () => {
    const nothing = Object.fromEntries(
      [...OPTIONAL_TEXTS, ...COUNTS, 'status', 'duration_ms', 'cost_usd', 'metadata']
        .concat('client_timestamp')
        .map((field) => [field, null]),
    );
    const [absent, sentNull] = [await monitor.stored(), await monitor.stored(nothing)];
    for (const field of ['id', 'session_id', 'agent_type', 'created_at']) {
      delete absent[field];
      delete sentNull[field];
    }
    assert.deepEqual(sentNull, absent);
  });
});

describe('on the wire', () => {
  const wire = async (row) => (await monitor.get(`/api/events?session_id=${row.session_id}`)).text;

  test('integers and whole reals have no fraction', async () => {
    const row = await monitor.stored({ tokens_in: 5, cost_usd: 2 });
    const text = await wire(row);
    assert.match(text, /"tokens_in":5[,}]/);
    assert.match(text, /"cost_usd":2[,}]/);
  });

  test('a cost of zero is 0', async () => {
    assert.match(await wire(await monitor.stored({ cost_usd: 0 })), /"cost_usd":0[,}]/);
  });

  test('reals are as short as they can be', async () => {
    assert.match(await wire(await monitor.stored({ cost_usd: 0.0105 })), /"cost_usd":0\.0105[,}]/);
    const sum = await monitor.stored({ cost_usd: 0.1 + 0.2 });
    assert.match(await wire(sum), /"cost_usd":0\.30000000000000004[,}]/);
  });

  test('text is UTF-8 and only what must be is escaped', async () => {
    const text = await wire(await monitor.stored({ tool_name: 'é漢😀/"\\\u0001' }));
    assert.ok(text.includes('"tool_name":"é漢😀/\\"\\\\\\u0001"'), text);
  });
});
