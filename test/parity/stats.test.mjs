// GET /api/stats: the totals, and what its two filters apply to.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { until } from '../support/until.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const NOTHING = {
  total_events: 0,
  total_tokens_in: 0,
  total_tokens_out: 0,
  total_cost_usd: 0,
  tool_breakdown: {},
  agent_breakdown: {},
  model_breakdown: {},
};
const UNFILTERED = [
  'active_sessions',
  'total_sessions',
  'live_sessions',
  'active_agents',
  'branches',
];

const pick = (stats, names) => Object.fromEntries(names.map((name) => [name, stats[name]]));

describe('the reply', () => {
  test('has its twelve fields, each of its type', async () => {
    await monitor.send({ branch: unique('branch'), tool_name: 'Bash', model: 'm' });
    const stats = await monitor.stats();
    const { branches, total_cost_usd, ...rest } = stats;
    assert.equal(Object.keys(stats).length, 12);
    assert.ok(Array.isArray(branches));
    assert.equal(typeof total_cost_usd, 'number');
    for (const name of Object.keys(NOTHING).filter((each) => each.endsWith('_breakdown'))) {
      assert.equal(typeof rest[name], 'object');
      for (const count of Object.values(rest[name])) assert.ok(Number.isInteger(count));
      delete rest[name];
    }
    for (const value of Object.values(rest)) assert.ok(Number.isInteger(value));
    assert.deepEqual(Object.keys(rest).sort(), [
      'active_agents',
      'active_sessions',
      'live_sessions',
      'total_events',
      'total_sessions',
      'total_tokens_in',
      'total_tokens_out',
    ]);
  });

  test('counts every stored event at once', async () => {
    const before = await monitor.stats();
    await monitor.send({ tokens_in: 3, tokens_out: 4, cost_usd: 0.5 });
    await monitor.sendBatch([event({ tokens_in: 10 }), event({ tokens_out: 20 })]);
    const after = await monitor.stats();
    assert.equal(after.total_events - before.total_events, 3);
    assert.equal(after.total_tokens_in - before.total_tokens_in, 13);
    assert.equal(after.total_tokens_out - before.total_tokens_out, 24);
    assert.ok(Math.abs(after.total_cost_usd - before.total_cost_usd - 0.5) < 1e-6);
  });

  test('counts events that arrive all at once', async () => {
    const agent_type = unique('agent');
    const fields = { agent_type, tokens_in: 1, tool_name: 'Bash' };
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 ? monitor.send(fields) : monitor.sendBatch([event(fields), event(fields)]),
      ),
    );
    const stats = await monitor.stats({ agent_type });
    assert.equal(stats.total_events, 60);
    assert.equal(stats.total_tokens_in, 60);
    assert.deepEqual(stats.tool_breakdown, { Bash: 60 });
    assert.equal((await monitor.feed({ agent_type })).total, 60);
  });

  test('counts neither duplicates nor refused events', async () => {
    const agent_type = unique('agent');
    const event_id = unique('id');
    await monitor.send({ agent_type, event_id, tokens_in: 5 });
    await monitor.post('/api/events', event({ agent_type, event_id, tokens_in: 5 }));
    await monitor.refused(event({ agent_type, tokens_in: 5, status: 'nope' }));
    const stats = await monitor.stats({ agent_type });
    assert.equal(stats.total_events, 1);
    assert.equal(stats.total_tokens_in, 5);
  });
});

describe('the agent_type filter', () => {
  test('narrows totals and breakdowns to this agent type', async () => {
    const agent_type = unique('agent');
    await monitor.sendBatch([
      event({ agent_type, tool_name: 'Read', model: 'm-1', tokens_in: 10, cost_usd: 0.25 }),
      event({ agent_type, tool_name: 'Read', model: 'm-2', tokens_out: 7, cost_usd: 0.5 }),
      event({ agent_type, tool_name: 'Bash', model: 'm-1' }),
      event({ agent_type, event_type: 'user_prompt' }),
      event({ tool_name: 'Read', tokens_in: 1000 }),
    ]);
    assert.deepEqual(pick(await monitor.stats({ agent_type }), Object.keys(NOTHING)), {
      total_events: 4,
      total_tokens_in: 10,
      total_tokens_out: 7,
      total_cost_usd: 0.75,
      tool_breakdown: { Read: 2, Bash: 1 },
      agent_breakdown: { [agent_type]: 4 },
      model_breakdown: { 'm-1': 2, 'm-2': 1 },
    });
  });

  test('of an agent type without events leaves zeros and empty objects', async () => {
    const stats = await monitor.stats({ agent_type: unique('nobody') });
    assert.deepEqual(pick(stats, Object.keys(NOTHING)), NOTHING);
  });

  test('does not touch the session counters and the branches', async () => {
    await monitor.send({ branch: unique('branch') });
    const all = await monitor.stats();
    const none = await monitor.stats({ agent_type: unique('nobody'), since: '9000-01-01' });
    assert.deepEqual(pick(none, UNFILTERED), pick(all, UNFILTERED));
  });

  test('without a value is no filter', async () => {
    const [empty, all] = [
      await monitor.stats({ agent_type: '', since: '' }),
      await monitor.stats(),
    ];
    assert.deepEqual(empty, all);
  });

  test('counts tools under the agent type of the event, not of the session', async () => {
    const session_id = unique('session');
    const [first, second] = [unique('agent'), unique('agent')];
    await monitor.send({ session_id, agent_type: first, tool_name: 'Bash' });
    await monitor.send({ session_id, agent_type: second, tool_name: 'Read' });
    assert.deepEqual((await monitor.stats({ agent_type: second })).tool_breakdown, { Read: 1 });
  });
});

describe('the since filter', () => {
  test('counts the events received from that second on', async () => {
    const { agent_type, created_at } = await monitor.stored({ tokens_in: 5 });
    const at = Date.parse(`${created_at.replace(' ', 'T')}Z`);
    const later = new Date(at + 1000).toISOString();

    const included = await monitor.stats({ agent_type, since: created_at });
    assert.equal(included.total_events, 1);
    assert.equal(included.total_tokens_in, 5);
    const excluded = await monitor.stats({ agent_type, since: later });
    assert.deepEqual(pick(excluded, Object.keys(NOTHING)), NOTHING);
  });

  test('looks at the time of receipt, not at the time of the client', async () => {
    const client_timestamp = '2001-01-01T00:00:00Z';
    const { agent_type } = await monitor.stored({ client_timestamp });
    assert.equal((await monitor.stats({ agent_type, since: '2002-01-01' })).total_events, 1);
  });

  test('that is no date counts nothing', async () => {
    const { agent_type } = await monitor.stored();
    const stats = await monitor.stats({ agent_type, since: 'yesterday' });
    assert.deepEqual(pick(stats, Object.keys(NOTHING)), NOTHING);
  });

  test('over all time counts what is counted without it', async () => {
    const agent_type = unique('agent');
    await monitor.sendBatch([
      event({ agent_type, tool_name: 'Read', model: 'm', tokens_in: 2, cost_usd: 0.1 }),
      event({ agent_type, tool_name: 'Edit', model: 'm', tokens_out: 3, cost_usd: 0.2 }),
    ]);
    const all = pick(await monitor.stats({ agent_type }), Object.keys(NOTHING));
    const since = await monitor.stats({ agent_type, since: '2001-01-01T12:34:56Z' });
    assert.deepEqual(pick(since, Object.keys(NOTHING)), all);
  });
});

describe('a breakdown', () => {
  test('leaves out events without a tool or a model', async () => {
    const { agent_type } = await monitor.stored();
    const stats = await monitor.stats({ agent_type });
    assert.deepEqual(stats.tool_breakdown, {});
    assert.deepEqual(stats.model_breakdown, {});
    assert.deepEqual(stats.agent_breakdown, { [agent_type]: 1 });
  });

  test('has the greatest count first, equal counts by name', async () => {
    const agent_type = unique('agent');
    const tools = ['beta', 'often', 'alpha', 'often', 'gamma', 'often', 'gamma'];
    await monitor.sendBatch(tools.map((tool_name) => event({ agent_type, tool_name })));
    const { tool_breakdown } = await monitor.stats({ agent_type });
    assert.deepEqual(Object.entries(tool_breakdown), [
      ['often', 3],
      ['gamma', 2],
      ['alpha', 1],
      ['beta', 1],
    ]);
  });

  test('may have names of any characters', async () => {
    const agent_type = unique('agent');
    const names = ['mcp__x "quoted"', 'ツール', '__proto__x', 'a\\b'];
    await monitor.sendBatch(names.map((tool_name) => event({ agent_type, tool_name })));
    const { tool_breakdown } = await monitor.stats({ agent_type });
    assert.deepEqual(Object.keys(tool_breakdown).sort(), [...names].sort());
  });

  test('of agents has every agent type when nothing is filtered', async () => {
    const { agent_type } = await monitor.stored();
    assert.equal((await monitor.stats()).agent_breakdown[agent_type], 1);
  });
});

describe('the cost', () => {
  test('is the plain sum, not rounded', async () => {
    const agent_type = unique('agent');
    const costs = [0.0000001, 0.0105, 0.123456789];
    await monitor.sendBatch(costs.map((cost_usd) => event({ agent_type, cost_usd })));
    const { total_cost_usd } = await monitor.stats({ agent_type });
    assert.ok(Math.abs(total_cost_usd - 0.133956889) < 1e-12, `${total_cost_usd}`);
  });

  test('of nothing is written 0', async () => {
    const { agent_type } = await monitor.stored();
    const reply = await monitor.get(`/api/stats?agent_type=${agent_type}`);
    assert.match(reply.text, /"total_cost_usd":0[,}]/);
  });
});

describe('branches', () => {
  test('are those of the sessions, each once', async () => {
    const branch = unique('branch');
    await monitor.sendBatch([event({ branch }), event({ branch }), event()]);
    const { branches } = await monitor.stats();
    assert.equal(branches.filter((each) => each === branch).length, 1);
    assert.ok(branches.every((each) => typeof each === 'string'));
  });

  test('include HEAD', async () => {
    await monitor.send({ branch: 'HEAD' });
    assert.ok((await monitor.stats()).branches.includes('HEAD'));
  });

  test('follow the session, not the event', async () => {
    const session_id = unique('session');
    const [old, current] = [unique('old'), unique('current')];
    await monitor.send({ session_id, branch: old });
    await monitor.send({ session_id, branch: current });
    const { branches } = await monitor.stats();
    assert.ok(branches.includes(current));
    assert.ok(!branches.includes(old));
  });

  test('have the most recently active first', async () => {
    const [first, second] = [{ branch: unique('first') }, { branch: unique('second') }];
    const session_id = unique('session');
    await monitor.send({ ...first, session_id });
    const { created_at } = await monitor.stored(second);

    // Times have one second: the first branch must be active in a later second than the other. A
    // session is stamped before its row, so the row that shows the new second may be too early.
    const isLater = async () =>
      (await monitor.stored({ ...first, session_id })).created_at > created_at;
    await until(isLater, 'the clock of the server shows the next second', { everyMs: 50 });
    await monitor.send({ ...first, session_id });

    const { branches } = await monitor.stats();
    assert.ok(branches.indexOf(first.branch) < branches.indexOf(second.branch));
  });
});
