// POST /api/otel/v1/metrics: which data points become which events.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unique } from '../support/monitor.mjs';
import { attributes, exported, metricsOf, rowsOf, sumOf } from '../support/otlp.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const TOKENS = 'claude_code.token.usage';
const COST = 'claude_code.cost.usage';
const CUMULATIVE = { temporality: 2 };

// A resource with a session of its own.
const resourceOf = (more = {}) => ({
  'service.name': 'claude-code',
  'session.id': unique('session'),
  ...more,
});

// The rows that these points leave.
async function rowsFrom(name, points, options) {
  const resource = resourceOf();
  await exported(monitor, 'metrics', sumOf(resource, name, points, options));
  return rowsOf(monitor, resource['session.id']);
}

async function rowFrom(name, value, named) {
  const rows = await rowsFrom(name, [[value, named]]);
  assert.equal(rows.length, 1);
  return rows[0];
}

describe('a delta of tokens', () => {
  test('is an answer of the model with a price', async () => {
    const [input, output] = await rowsFrom(TOKENS, [
      [1000, { type: 'input', model: 'claude-sonnet-4-5' }],
      [250, { type: 'output', model: 'claude-sonnet-4-5' }],
    ]);
    assert.equal(input.event_type, 'llm_response');
    assert.equal(input.agent_type, 'claude_code');
    assert.equal(input.status, 'success');
    assert.equal(input.source, 'otel');
    assert.equal(input.client_timestamp, null);
    assert.deepEqual(JSON.parse(input.metadata), { _synthetic: true, _source: 'otel_metric' });
    assert.deepEqual([input.tokens_in, input.tokens_out], [1000, 0]);
    assert.deepEqual([output.tokens_in, output.tokens_out], [0, 250]);
    assert.ok(input.cost_usd > 0 && output.cost_usd > 0);
  });

  test('of Codex has the price of its model', async () => {
    const session = unique('session');
    const resource = { 'service.name': 'codex_cli_rs', 'session.id': session };
    const points = [[820, { type: 'output', model: 'o3' }]];
    await exported(monitor, 'metrics', sumOf(resource, 'codex_cli_rs.token.usage', points));
    const [row] = await rowsOf(monitor, session);
    assert.equal(row.agent_type, 'codex');
    assert.equal(row.tokens_out, 820);
    assert.ok(Math.abs(row.cost_usd - 0.00656) < 1e-10);
  });

  const types = {
    input: 'tokens_in',
    output: 'tokens_out',
    cacheRead: 'cache_read_tokens',
    cache_read: 'cache_read_tokens',
    cacheCreation: 'cache_write_tokens',
    cache_creation: 'cache_write_tokens',
    cache_write: 'cache_write_tokens',
    anything: 'tokens_in',
  };
  for (const [type, field] of Object.entries(types)) {
    test(`of type ${type} counts as ${field}, and as nothing else`, async () => {
      for (const name of ['type', 'token.type']) {
        const row = await rowFrom(TOKENS, 7, { [name]: type });
        for (const each of ['tokens_in', 'tokens_out', 'cache_read_tokens', 'cache_write_tokens']) {
          assert.equal(row[each], each === field ? 7 : 0);
        }
      }
    });
  }

  test('without a type counts as input', async () => {
    assert.equal((await rowFrom(TOKENS, 7)).tokens_in, 7);
  });

  test('looks at type before token.type', async () => {
    const row = await rowFrom(TOKENS, 7, { type: 'output', 'token.type': 'input' });
    assert.equal(row.tokens_out, 7);
  });
});

describe('a metric', () => {
  for (const name of [
    'claude_code.token.usage',
    'codex_cli_rs.token.usage',
    'gen_ai.client.token.usage',
  ]) {
    test(`${name} is tokens`, async () => {
      const row = await rowFrom(name, 5);
      assert.equal(row.tokens_in, 5);
      assert.equal(row.cost_usd, null);
    });
  }

  for (const name of [
    'claude_code.cost.usage',
    'codex_cli_rs.cost.usage',
    'gen_ai.client.cost.usage',
  ]) {
    test(`${name} is dollars`, async () => {
      const row = await rowFrom(name, 0.25, { model: 'o3' });
      assert.equal(row.cost_usd, 0.25);
      assert.equal(row.tokens_in, 0);
      assert.equal(row.model, 'o3');
    });
  }

  test('of another name is nothing', async () => {
    assert.deepEqual(await rowsFrom('claude_code.session.count', [[1]]), []);
  });

  test('may be a gauge', async () => {
    const resource = resourceOf();
    const gauge = { dataPoints: [{ asInt: '5' }, { asInt: 6 }, { asDouble: 7 }] };
    await exported(monitor, 'metrics', metricsOf(resource, { name: TOKENS, gauge }));
    const rows = await rowsOf(monitor, resource['session.id']);
    assert.deepEqual(
      rows.map((row) => row.tokens_in),
      [5, 6, 7],
    );
  });

  test('of 0 or less is no event', async () => {
    assert.deepEqual(await rowsFrom(TOKENS, [[0], [-5]]), []);
    assert.deepEqual(await rowsFrom(COST, [[0], [-0.5]]), []);
  });

  test('without a value is no event', async () => {
    const resource = resourceOf();
    const sum = { dataPoints: [{ attributes: [] }] };
    await exported(monitor, 'metrics', metricsOf(resource, { name: TOKENS, sum }));
    assert.deepEqual(await rowsOf(monitor, resource['session.id']), []);
  });

  test('that is sent twice as a delta counts twice', async () => {
    const resource = resourceOf();
    const body = sumOf(resource, TOKENS, [[5]]);
    await exported(monitor, 'metrics', body);
    await exported(monitor, 'metrics', body);
    assert.equal((await rowsOf(monitor, resource['session.id'])).length, 2);
  });
});

describe('the session', () => {
  const names = ['gen_ai.session.id', 'session.id', 'conversation.id'];
  for (let first = 0; first < names.length; ++first) {
    test(`is ${names[first]} of the resource before all that follow`, async () => {
      const resource = {};
      for (const name of names.slice(first)) resource[name] = unique('session');
      await exported(monitor, 'metrics', sumOf(resource, TOKENS, [[5]]));
      for (const name of names.slice(first)) {
        const rows = await rowsOf(monitor, resource[name]);
        assert.equal(rows.length, name === names[first] ? 1 : 0);
      }
    });
  }

  test('that is nowhere is called unknown', async () => {
    const service = unique('service');
    await exported(monitor, 'metrics', sumOf({ 'service.name': service }, TOKENS, [[5]]));
    const [row] = await monitor.rows({ agent_type: service });
    assert.equal(row.session_id, 'unknown');
  });
});

test('the model is that of the point, else that of the resource', async () => {
  const resource = resourceOf({ model: 'of-resource' });
  const points = [
    [1, { model: 'm', 'gen_ai.request.model': 'g' }],
    [2, { 'gen_ai.request.model': 'g' }],
    [3, {}],
  ];
  await exported(monitor, 'metrics', sumOf(resource, COST, points));
  const rows = await rowsOf(monitor, resource['session.id']);
  assert.deepEqual(
    rows.map((row) => row.model),
    ['m', 'g', 'of-resource'],
  );
});

describe('a cumulative sum', () => {
  // The tokens that these totals add, each exported by itself.
  async function added(resource, totals, named = {}, name = TOKENS) {
    const before = (await rowsOf(monitor, resource['session.id'])).length;
    for (const total of totals) {
      await exported(monitor, 'metrics', sumOf(resource, name, [[total, named]], CUMULATIVE));
    }
    const rows = await rowsOf(monitor, resource['session.id']);
    return rows.slice(before).map((row) => row.tokens_in + row.tokens_out);
  }

  test('counts what was added, and nothing where nothing was', async () => {
    assert.deepEqual(await added(resourceOf(), [1000, 1500, 1500]), [1000, 500]);
  });

  test('that fell began anew', async () => {
    assert.deepEqual(await added(resourceOf(), [1000, 200, 250]), [1000, 50]);
  });

  test('may stand several times in one export', async () => {
    const points = [[1000], [1500], [1500], [1600]];
    const rows = await rowsFrom(TOKENS, points, CUMULATIVE);
    assert.deepEqual(
      rows.map((row) => row.tokens_in),
      [1000, 500, 100],
    );
  });

  test('has a state for each session, agent, metric, model and type', async () => {
    const resource = resourceOf();
    assert.deepEqual(await added(resource, [100]), [100]);
    assert.deepEqual(await added(resourceOf(), [200]), [200]);
    assert.deepEqual(await added({ ...resource, 'service.name': 'codex' }, [300]), [300]);
    const other = 'gen_ai.client.token.usage';
    assert.deepEqual(await added(resource, [400], {}, other), [400]);
    assert.deepEqual(await added(resource, [500], { model: 'm' }), [500]);
    assert.deepEqual(await added(resource, [600], { type: 'output' }), [600]);
    assert.deepEqual(await added(resource, [110]), [10]);
  });

  test('of dollars counts what was added', async () => {
    const resource = resourceOf();
    for (const total of [0.5, 0.75, 0.75]) {
      await exported(monitor, 'metrics', sumOf(resource, COST, [[total]], CUMULATIVE));
    }
    const rows = await rowsOf(monitor, resource['session.id']);
    assert.deepEqual(
      rows.map((row) => row.cost_usd),
      [0.5, 0.25],
    );
  });

  test('is one only if the temporality is the number 2', async () => {
    for (const temporality of [1, 0, null, undefined]) {
      const rows = await rowsFrom(TOKENS, [[5], [5]], { temporality });
      assert.equal(rows.length, 2, `${temporality}`);
    }
  });
});

describe('what is broken inside', () => {
  test('leaves out the point, and it alone', async () => {
    const resource = resourceOf();
    const dataPoints = [
      { asInt: '5' },
      { asInt: '6', attributes: [{ key: 'type' }] },
      { asInt: '7', attributes: 5 },
      null,
      { asInt: '8', attributes: attributes({ type: 'output' }) },
    ];
    await exported(monitor, 'metrics', metricsOf(resource, { name: TOKENS, sum: { dataPoints } }));
    const rows = await rowsOf(monitor, resource['session.id']);
    assert.deepEqual(
      rows.map((row) => row.tokens_in + row.tokens_out),
      [5, 8],
    );
  });

  for (const metric of [null, 5, {}, { name: 5 }, { name: TOKENS, sum: 5 }]) {
    test(`${JSON.stringify(metric)} is taken`, () =>
      exported(monitor, 'metrics', metricsOf(resourceOf(), metric)));
  }
});
