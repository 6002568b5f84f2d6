// cost_usd of an event that names a model and tokens but no cost.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

async function costOf(fields) {
  return (await monitor.stored({ event_type: 'llm_response', ...fields })).cost_usd;
}

async function costs(expected, fields) {
  const cost = await costOf(fields);
  assert.equal(typeof cost, 'number');
  assert.ok(Math.abs(cost - expected) < 1e-10, `${cost} instead of ${expected}`);
}

const MILLION = 1_000_000;

describe('the cost', () => {
  test('of a million tokens each way is the sum of both prices', () =>
    costs(18, { model: 'claude-sonnet-4-5', tokens_in: MILLION, tokens_out: MILLION }));

  test('includes what was read from and written to the cache', () =>
    costs(0.0126, {
      model: 'anthropic/claude-sonnet-4-5-20250929',
      tokens_in: 1200,
      tokens_out: 300,
      cache_read_tokens: 5000,
      cache_write_tokens: 800,
    }));

  test('is found for a model with the prefix of its provider', () =>
    costs(1.5, { model: 'openai/o3', tokens_in: 250_000, tokens_out: 125_000 }));

  test('is found with tokens in one direction', async () => {
    await costs(3, { model: 'claude-sonnet-4-5', tokens_in: MILLION });
    await costs(15, { model: 'claude-sonnet-4-5', tokens_out: MILLION });
  });

  test('is the same under the id and the alias of a model', async () => {
    const tokens = { tokens_in: 1234, tokens_out: 567, cache_read_tokens: 89 };
    const id = await costOf({ model: 'claude-sonnet-4-5-20250929', ...tokens });
    for (const model of ['claude-sonnet-4-5', 'claude-sonnet-4-5-latest']) {
      assert.equal(await costOf({ model, ...tokens }), id);
    }
  });

  test('is found when all three prefixes stand in their order', async () => {
    await costs(2, { model: 'anthropic/openai/google/o3', tokens_in: MILLION });
  });

  test('is computed for the items of a batch', async () => {
    const agent_type = unique('agent');
    const priced = { agent_type, model: 'o3', tokens_in: MILLION };
    await monitor.sendBatch([event(priced), event(priced), event({ agent_type, tokens_in: 5 })]);
    const { total_cost_usd } = await monitor.stats({ agent_type });
    assert.ok(Math.abs(total_cost_usd - 4) < 1e-10, `${total_cost_usd}`);
  });

  test('leaves the model as it was sent', async () => {
    const row = await monitor.stored({ model: 'openai/o3', tokens_in: 1 });
    assert.equal(row.model, 'openai/o3');
  });
});

describe('no cost, not zero, has an event', () => {
  const unpriced = {
    'of an unknown model': { model: 'no-such-model', tokens_in: 10, tokens_out: 10 },
    'of a known model in another case': { model: 'O3', tokens_in: 10 },
    'of a known model with another date': { model: 'o3-2031-01-01', tokens_in: 10 },
    'of the beginning of a known model': { model: 'claude-sonnet', tokens_in: 10 },
    'with a prefix twice': { model: 'openai/openai/o3', tokens_in: 10 },
    'with prefixes out of their order': { model: 'openai/anthropic/o3', tokens_in: 10 },
    'with the prefix of a stranger': { model: 'azure/o3', tokens_in: 10 },
    'with a prefix alone': { model: 'openai/', tokens_in: 10 },
    'named like something every object has': { model: 'constructor', tokens_in: 10 },
    'without a model': { tokens_in: 10, tokens_out: 10 },
    'without tokens': { model: 'o3' },
    'with zero tokens': { model: 'o3', tokens_in: 0, tokens_out: 0 },
    'with cache tokens alone': { model: 'o3', cache_read_tokens: 5000, cache_write_tokens: 5000 },
  };
  for (const [which, fields] of Object.entries(unpriced)) {
    test(which, async () => {
      assert.equal(await costOf(fields), null);
    });
  }
});

describe('a cost that was sent', () => {
  test('is kept', () => costs(0.777, { model: 'o3', tokens_in: MILLION, cost_usd: 0.777 }));

  test('is kept when it is zero', async () => {
    assert.equal(await costOf({ model: 'o3', tokens_in: MILLION, cost_usd: 0 }), 0);
  });

  test('is kept without model and tokens', () => costs(1.25, { cost_usd: 1.25 }));

  test('as null is computed', () => costs(2, { model: 'o3', tokens_in: MILLION, cost_usd: null }));
});
