// GET /api/stats/cost: cost by hour, by project and by model.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();
const cost = (parameters) => monitor.read('/api/stats/cost', parameters);

const NOTHING = { timeline: [], by_project: [], by_model: [] };

// The agent type that has sent these events.
async function agentOf(...events) {
  const agent_type = unique('agent');
  await monitor.sendBatch(events.map((fields) => event({ agent_type, ...fields })));
  return agent_type;
}
const costOf = async (...events) => cost({ agent_type: await agentOf(...events) });

describe('the reply', () => {
  test('has three lists', async () => {
    await monitor.send({ cost_usd: 1, model: 'm', project: 'p' });
    const reply = await cost();
    assert.deepEqual(Object.keys(reply), Object.keys(NOTHING));
    for (const list of Object.values(reply)) assert.ok(Array.isArray(list));
  });

  test('is three empty lists where there is nothing', async () => {
    assert.deepEqual(await cost({ agent_type: unique('nobody') }), NOTHING);
    assert.deepEqual(await cost({ since: '9000-01-01' }), NOTHING);
    assert.deepEqual(await cost({ since: 'yesterday' }), NOTHING);
  });
});

describe('the timeline', () => {
  test('has a row for each hour of the client', async () => {
    const { timeline } = await costOf(
      { client_timestamp: '2026-02-18T10:59:59.999Z', cost_usd: 0.25, tokens_in: 1 },
      { client_timestamp: '2026-02-18T10:00:00Z', cost_usd: 0.5, tokens_out: 2 },
      { client_timestamp: '2026-02-18T11:00:00Z', tokens_in: 4, tokens_out: 8 },
      { client_timestamp: '2026-02-17T23:30:00-01:00', cost_usd: 2 },
    );
    assert.deepEqual(timeline, [
      {
        bucket: '2026-02-18T00:00:00Z',
        cost_usd: 2,
        tokens_in: 0,
        tokens_out: 0,
        event_count: 1,
      },
      {
        bucket: '2026-02-18T10:00:00Z',
        cost_usd: 0.75,
        tokens_in: 1,
        tokens_out: 2,
        event_count: 2,
      },
      {
        bucket: '2026-02-18T11:00:00Z',
        cost_usd: 0,
        tokens_in: 4,
        tokens_out: 8,
        event_count: 1,
      },
    ]);
  });

  test('takes the time of receipt where the client gave none', async () => {
    const { agent_type, created_at } = await monitor.stored({ cost_usd: 1 });
    const { timeline } = await cost({ agent_type });
    assert.equal(timeline.length, 1);
    assert.equal(timeline[0].bucket, `${created_at.slice(0, 13).replace(' ', 'T')}:00:00Z`);
  });

  test('goes back before 1970', async () => {
    const { timeline } = await costOf(
      { client_timestamp: '1969-12-31T23:59:59Z' },
      { client_timestamp: '1970-01-01T00:00:00Z' },
    );
    assert.deepEqual(
      timeline.map(({ bucket, event_count }) => [bucket, event_count]),
      [
        ['1969-12-31T23:00:00Z', 1],
        ['1970-01-01T00:00:00Z', 1],
      ],
    );
  });
});

describe('since', () => {
  const counts = async (agent_type, since) =>
    (await cost({ agent_type, since })).timeline.map(({ bucket, event_count }) => [
      bucket.slice(11, 16),
      event_count,
    ]);

  test('of the timeline looks at the time of the client', async () => {
    const times = ['10:00:00', '10:14:59', '10:15:00', '10:29:59.999', '10:45:00', '11:00:00'];
    const agent_type = await agentOf(
      ...times.map((time) => ({ client_timestamp: `2026-02-18T${time}Z` })),
    );
    const from = (time) => counts(agent_type, `2026-02-18T${time}Z`);
    assert.deepEqual(await from('09:59:59'), [['10:00', 5], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:00:00'), [['10:00', 5], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:00:01'), [['10:00', 4], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:14:59'), [['10:00', 4], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:15:00'), [['10:00', 3], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:29:59'), [['10:00', 2], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:30:00'), [['10:00', 1], ['11:00', 1]]); // prettier-ignore
    assert.deepEqual(await from('10:45:01'), [['11:00', 1]]);
    assert.deepEqual(await from('11:00:01'), []);
    assert.deepEqual(await counts(agent_type, '2026-02-18 16:15:00+05:30'), [['10:00', 1], ['11:00', 1]]); // prettier-ignore
  });

  test('of the timeline counts live events to the second', async () => {
    const { agent_type, created_at } = await monitor.stored({ cost_usd: 1 });
    const at = Date.parse(`${created_at.replace(' ', 'T')}Z`);
    const later = new Date(at + 1000).toISOString();
    const [row] = (await cost({ agent_type, since: created_at })).timeline;
    assert.equal(row.event_count, 1);
    assert.deepEqual(await cost({ agent_type, since: later }), NOTHING);
  });

  test('of projects and models looks at the time of receipt', async () => {
    const agent_type = await agentOf({
      client_timestamp: '2001-01-01T00:00:00Z',
      cost_usd: 0.5,
      project: 'p',
      model: 'm',
    });
    const reply = await cost({ agent_type, since: '2002-01-01T00:10:00Z' });
    assert.deepEqual(reply.timeline, []);
    assert.equal(reply.by_project[0].cost_usd, 0.5);
    assert.equal(reply.by_model[0].cost_usd, 0.5);
  });
});

describe('the projects', () => {
  test('are those of sessions, the dearest first', async () => {
    const [shop, site] = [unique('shop'), unique('site')];
    const session_id = unique('session');
    const { by_project } = await costOf(
      { project: site, cost_usd: 0.25 },
      { project: shop, session_id, cost_usd: 1 },
      { project: shop, session_id, cost_usd: 2 },
      { project: shop, cost_usd: 4 },
      { project: shop, cost_usd: 0 },
      { project: shop },
    );
    assert.deepEqual(by_project, [
      { project: shop, cost_usd: 7, session_count: 2, event_count: 3 },
      { project: site, cost_usd: 0.25, session_count: 1, event_count: 1 },
    ]);
  });

  test('follow the session, not the event', async () => {
    const session_id = unique('session');
    const { by_project } = await costOf(
      { session_id, project: 'old', cost_usd: 1 },
      { session_id, project: 'current' },
    );
    assert.deepEqual(
      by_project.map(({ project }) => project),
      ['current'],
    );
  });

  test('are unknown where the session has none', async () => {
    const { by_project } = await costOf({ cost_usd: 1 }, { cost_usd: 2 });
    assert.deepEqual(by_project, [
      { project: 'unknown', cost_usd: 3, session_count: 2, event_count: 2 },
    ]);
  });

  test('of events that cost nothing are none', async () => {
    const { by_project, by_model, timeline } = await costOf({ cost_usd: 0, model: 'm' }, {});
    assert.deepEqual([by_project, by_model], [[], []]);
    assert.equal(timeline[0].event_count, 2);
  });
});

describe('limit', () => {
  test('limits projects, not models', async () => {
    const events = Array.from({ length: 15 }, (_, index) => ({
      project: `p-${index}`,
      model: `m-${index}`,
      cost_usd: 15 - index,
    }));
    const agent_type = await agentOf(...events);
    const projects = async (limit) => {
      const { by_project, by_model } = await cost({ agent_type, limit });
      assert.equal(by_model.length, 15);
      return by_project.map(({ project }) => project);
    };
    const names = events.map(({ project }) => project);
    for (const limit of ['', '0', 'abc', '3abc', '10']) {
      assert.deepEqual(await projects(limit), names.slice(0, 10), limit);
    }
    assert.deepEqual(await projects('3'), names.slice(0, 3));
    assert.deepEqual(await projects('1e1'), names.slice(0, 10));
    assert.deepEqual(await projects('100'), names);
    assert.deepEqual(await projects('-1'), names);
  });
});

describe('the models', () => {
  test('have their sums, the dearest first', async () => {
    const { by_model } = await costOf(
      { model: 'a', cost_usd: 1, tokens_in: 1, tokens_out: 2 },
      { model: 'b', cost_usd: 2, tokens_in: 10 },
      { model: 'b', cost_usd: 3, tokens_out: 20 },
      { model: 'b', cost_usd: 0, tokens_in: 1000 },
      { cost_usd: 100 },
    );
    assert.deepEqual(by_model, [
      { model: 'b', cost_usd: 5, event_count: 2, tokens_in: 10, tokens_out: 20 },
      { model: 'a', cost_usd: 1, event_count: 1, tokens_in: 1, tokens_out: 2 },
    ]);
  });

  test('of equal cost are by name', async () => {
    const { by_model } = await costOf(
      ...['c', 'a', 'b'].map((model) => ({ model, cost_usd: 1, project: model })),
    );
    assert.deepEqual(
      by_model.map(({ model }) => model),
      ['a', 'b', 'c'],
    );
  });

  test('count the agent type of the event', async () => {
    const session_id = unique('session');
    const [first, second] = [unique('agent'), unique('agent')];
    await monitor.send({ session_id, agent_type: first, model: 'm', cost_usd: 1, project: 'p' });
    await monitor.send({ session_id, agent_type: second, model: 'm', cost_usd: 2 });
    const reply = await cost({ agent_type: second });
    assert.equal(reply.by_model[0].cost_usd, 2);
    assert.deepEqual(reply.by_project, [
      { project: 'p', cost_usd: 2, session_count: 1, event_count: 1 },
    ]);
  });
});
