// GET /api/stats/tools: calls, errors and durations of each tool.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const tools = async (parameters) => (await monitor.read('/api/stats/tools', parameters)).tools;

// The tools of one agent type that has sent these events.
async function toolsOf(...events) {
  const agent_type = unique('agent');
  await monitor.sendBatch(events.map((fields) => event({ agent_type, ...fields })));
  return { agent_type, rows: await tools({ agent_type }) };
}

describe('a tool', () => {
  test('has its six fields', async () => {
    const { agent_type, rows } = await toolsOf(
      { tool_name: 'Bash', duration_ms: 100 },
      { tool_name: 'Bash', duration_ms: 201, status: 'error' },
      { tool_name: 'Bash', status: 'timeout' },
    );
    assert.deepEqual(rows, [
      {
        tool_name: 'Bash',
        total_calls: 3,
        error_count: 1,
        error_rate: 0.3333,
        avg_duration_ms: 151,
        by_agent: { [agent_type]: 3 },
      },
    ]);
  });

  test('counts events of any type', async () => {
    const types = ['tool_use', 'error', 'llm_response', 'session_end'];
    const { rows } = await toolsOf(...types.map((event_type) => ({ event_type, tool_name: 'x' })));
    assert.equal(rows[0].total_calls, 4);
    assert.equal(rows[0].error_count, 1);
    assert.equal(rows[0].error_rate, 0.25);
  });

  test('has no duration where none was told', async () => {
    const { rows } = await toolsOf({ tool_name: 'x' }, { tool_name: 'x', duration_ms: 0 });
    assert.equal(rows[0].avg_duration_ms, null);
    assert.equal(rows[0].error_rate, 0);
  });

  for (const [durations, mean] of [
    [[1, 2], 2],
    [[1, 1, 2], 1],
    [[2, 3], 3],
    [[10], 10],
  ]) {
    test(`of the durations ${durations} has the mean ${mean}`, async () => {
      const { rows } = await toolsOf(
        ...durations.map((duration_ms) => ({ tool_name: 'x', duration_ms })),
      );
      assert.equal(rows[0].avg_duration_ms, mean);
    });
  }

  test('has an error rate of four digits', async () => {
    const events = Array.from({ length: 7 }, (_, index) => ({
      tool_name: 'x',
      status: index < 2 ? 'error' : 'success',
    }));
    assert.equal((await toolsOf(...events)).rows[0].error_rate, 0.2857);
  });

  test('is counted for each agent type', async () => {
    const tool_name = unique('tool');
    const [often, once] = [unique('agent'), unique('agent')];
    await monitor.sendBatch(
      [once, often, often].map((agent_type) => event({ agent_type, tool_name })),
    );
    const tool = (await tools()).find((each) => each.tool_name === tool_name);
    assert.equal(tool.total_calls, 3);
    assert.deepEqual(Object.entries(tool.by_agent), [
      [often, 2],
      [once, 1],
    ]);
  });
});

describe('the list', () => {
  test('has the most called first, equals by name', async () => {
    const names = ['beta', 'often', 'alpha', 'often', 'gamma', 'often', 'gamma'];
    const { rows } = await toolsOf(...names.map((tool_name) => ({ tool_name })));
    assert.deepEqual(
      rows.map((row) => [row.tool_name, row.total_calls]),
      [
        ['often', 3],
        ['gamma', 2],
        ['alpha', 1],
        ['beta', 1],
      ],
    );
  });

  test('leaves out events without a tool', async () => {
    assert.deepEqual((await toolsOf({}, { event_type: 'user_prompt' })).rows, []);
  });

  test('of an agent type without events is empty', async () => {
    assert.deepEqual(await tools({ agent_type: unique('nobody') }), []);
  });

  test('since counts what was received from that second on', async () => {
    const agent_type = unique('agent');
    const { created_at } = await monitor.stored({ agent_type, tool_name: 'x', status: 'error' });
    const at = Date.parse(`${created_at.replace(' ', 'T')}Z`);
    const [row] = await tools({ agent_type, since: created_at });
    assert.equal(row.total_calls, 1);
    assert.equal(row.error_count, 1);
    assert.deepEqual(await tools({ agent_type, since: new Date(at + 1000).toISOString() }), []);
    assert.equal((await tools({ agent_type, since: '2001-01-01T00:30:00Z' })).length, 1);
    assert.deepEqual(await tools({ agent_type, since: 'yesterday' }), []);
    assert.equal((await tools({ agent_type, since: '' })).length, 1);
  });
});
