// GET /api/sessions: which sessions it lists, in which order, and what it says of each.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { event, query, unique } from '../support/monitor.mjs';
import { until } from '../support/until.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

// One session that is `status`, of `agent_type`; returns its id.
async function sessionThatIs(status, agent_type) {
  const session_id = unique(status);
  const fields = { session_id, agent_type };
  await monitor.send(fields);
  // An imported event without a time ends its session; the end of claude_code leaves it idle.
  if (status === 'ended') await monitor.send({ ...fields, source: 'import' });
  if (status === 'idle') {
    await monitor.send({ session_id, agent_type: 'claude_code', event_type: 'session_end' });
  }
  return session_id;
}

const ids = async (parameters) => (await monitor.sessions(parameters)).map(({ id }) => id);

describe('the reply', () => {
  test('has rows and the number of these', async () => {
    const agent_type = unique('agent');
    await monitor.sendBatch([event({ agent_type }), event({ agent_type }), event({ agent_type })]);
    const reply = await monitor.read('/api/sessions', { agent_type, limit: 2 });
    assert.deepEqual(Object.keys(reply).sort(), ['sessions', 'total']);
    assert.equal(reply.sessions.length, 2);
    assert.equal(reply.total, 2);
  });

  test('is empty when nothing matches', async () => {
    const reply = await monitor.read('/api/sessions', { agent_type: unique('nobody') });
    assert.deepEqual(reply, { sessions: [], total: 0 });
  });
});

describe('a row', () => {
  test('has its seventeen fields, in order', async () => {
    const sent = event({ project: 'shop', branch: 'main', tokens_in: 3, tokens_out: 4 });
    const { created_at } = await monitor.stored(sent);
    const [row] = await monitor.sessions({ agent_type: sent.agent_type });
    assert.ok(Math.abs(Date.parse(row.started_at) - Date.parse(created_at)) <= 1000);
    assert.deepEqual(Object.entries(row), [
      ['id', sent.session_id],
      ['agent_id', `${sent.agent_type}-default`],
      ['agent_type', sent.agent_type],
      ['project', 'shop'],
      ['branch', 'main'],
      ['status', 'active'],
      ['started_at', row.started_at],
      ['last_event_at', row.started_at],
      ['ended_at', null],
      ['metadata', '{}'],
      ['event_count', 1],
      ['tokens_in', 3],
      ['tokens_out', 4],
      ['total_cost_usd', 0],
      ['files_edited', 0],
      ['lines_added', 0],
      ['lines_removed', 0],
    ]);
  });

  test('has null where there is no project, no branch, no end', async () => {
    const sent = event();
    await monitor.send(sent);
    const row = await monitor.session(sent.session_id);
    assert.deepEqual([row.project, row.branch, row.ended_at], [null, null, null]);
  });

  test('has the time of its end', async () => {
    const row = await monitor.session(await sessionThatIs('ended', unique('agent')));
    assert.match(row.ended_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  test('has the sums of its events, whatever their agent type', async () => {
    const session_id = unique('session');
    await monitor.sendBatch([
      event({ session_id, tokens_in: 1, tokens_out: 10, cost_usd: 0.25 }),
      event({ session_id, tokens_in: 2, cost_usd: 0.5 }),
      event({ session_id, tokens_out: 20 }),
      event({ tokens_in: 1000, cost_usd: 9 }),
    ]);
    const row = await monitor.session(session_id);
    assert.equal(row.event_count, 3);
    assert.equal(row.tokens_in, 3);
    assert.equal(row.tokens_out, 30);
    assert.equal(row.total_cost_usd, 0.75);
  });

  test('of no cost writes it 0', async () => {
    const sent = event();
    await monitor.send(sent);
    const reply = await monitor.get(query('/api/sessions', { agent_type: sent.agent_type }));
    assert.match(reply.text, /"total_cost_usd":0,/);
  });
});

describe('the files edited', () => {
  const edited = async (...events) => {
    const session_id = unique('session');
    await monitor.sendBatch(events.map((fields) => event({ session_id, ...fields })));
    return (await monitor.session(session_id)).files_edited;
  };
  const edit = (file_path, tool_name = 'Edit') => ({ tool_name, metadata: { file_path } });

  test('are those of five tools', async () => {
    const tools = ['Edit', 'Write', 'MultiEdit', 'apply_patch', 'write_stdin', 'Read', 'edit'];
    assert.equal(await edited(...tools.map((tool) => edit(`/${tool}`, tool))), 5);
  });

  test('are counted once each', async () => {
    assert.equal(await edited(edit('/a'), edit('/b'), edit('/a', 'Write'), edit('/a')), 2);
  });

  test('count once in requests of their own too', async () => {
    const session_id = unique('session');
    for (const path of ['/a', '/b', '/a']) await monitor.send({ session_id, ...edit(path) });
    assert.equal((await monitor.session(session_id)).files_edited, 2);
  });

  test('need a path that is not null', async () => {
    const without = [{ tool_name: 'Edit' }, { tool_name: 'Edit', metadata: ['file_path'] }];
    assert.equal(await edited(edit(null), ...without, edit('')), 1);
  });

  test('may have a path of any characters, or no text', async () => {
    const paths = ['/ünï/côdé', '/quoted "x"', '/back\\slash', 5, '5', true, ['/a'], '/x'];
    assert.equal(await edited(...paths.map((path) => edit(path))), 8);
  });

  test('are of each session its own', async () => {
    await edited(edit('/a'));
    assert.equal(await edited(edit('/a')), 1);
  });
});

describe('the lines', () => {
  const lines = async (...all) => {
    const session_id = unique('session');
    await monitor.sendBatch(all.map((metadata) => event({ session_id, metadata })));
    const { lines_added, lines_removed } = await monitor.session(session_id);
    return [lines_added, lines_removed];
  };

  test('are sums over all events that have them, of any tool', async () => {
    const sums = await lines(
      { lines_added: 3, lines_removed: 1 },
      { lines_added: 4 },
      { lines_removed: 10 },
      {},
    );
    assert.deepEqual(sums, [7, 11]);
  });

  test('are cast to integers', async () => {
    const values = [2.9, -2, '7 lines', ' 5', 'x', true, null, [9], { a: 9 }];
    assert.deepEqual(await lines(...values.map((lines_added) => ({ lines_added }))), [13, 0]);
  });

  test('of metadata that is no object are none', async () => {
    assert.deepEqual(await lines('lines_added', ['lines_added', 5], 7), [0, 0]);
  });
});

describe('the order', () => {
  test('is active, idle, then the others', async () => {
    const agent_type = unique('agent');
    const ended = await sessionThatIs('ended', agent_type);
    const active = await sessionThatIs('active', agent_type);
    const idle = await sessionThatIs('idle', agent_type);
    assert.deepEqual(await ids({ agent_type }), [active, idle, ended]);
  });

  test('is by the last event, the latest first', async () => {
    const agent_type = unique('agent');
    const [old, recent] = [unique('old'), unique('recent')];
    await monitor.send({ session_id: recent, agent_type });
    const { created_at } = await monitor.stored({ session_id: old, agent_type });
    const isLater = async () => (await monitor.stored()).created_at > created_at;
    await until(isLater, 'the clock of the server shows the next second', { everyMs: 50 });
    await monitor.send({ session_id: recent, agent_type });
    assert.deepEqual(await ids({ agent_type }), [recent, old]);
  });
});

describe('limit', () => {
  const agent_type = unique('agent');
  before(() => monitor.sendBatch(Array.from({ length: 60 }, () => event({ agent_type }))));
  const listed = async (limit) =>
    (await monitor.read('/api/sessions', { agent_type, limit })).sessions.length;

  for (const [limit, rows] of [
    ['', 50],
    ['abc', 50],
    ['7', 7],
    ['7.9', 7],
    ['7x', 7],
    ['5000', 60],
    ['0', 60],
    ['-1', 60],
    ['99999999999999999999', 60],
  ]) {
    test(`"${limit}" gives ${rows} of 60`, async () => assert.equal(await listed(limit), rows));
  }

  test('is 50 by default', async () => {
    assert.equal((await monitor.read('/api/sessions', { agent_type })).total, 50);
  });

  test('takes from the front of the order', async () => {
    const all = await ids({ agent_type });
    assert.deepEqual(await ids({ agent_type, limit: 5 }), all.slice(0, 5));
  });

  test('of none lists more sessions than fit into one page', async () => {
    const many = unique('agent');
    for (let batch = 0; batch < 4; batch += 1) {
      const fields = { agent_type: many, tokens_in: 1 };
      await monitor.sendBatch(Array.from({ length: 400 }, () => event(fields)));
    }
    const rows = await monitor.sessions({ agent_type: many });
    assert.equal(new Set(rows.map(({ id }) => id)).size, 1600);
    assert.ok(rows.every((row) => row.agent_type === many && row.tokens_in === 1));
  });
});

describe('the filters', () => {
  const agent_type = unique('agent');
  let active, idle, ended;

  before(async () => {
    active = await sessionThatIs('active', agent_type);
    idle = await sessionThatIs('idle', agent_type);
    ended = await sessionThatIs('ended', agent_type);
  });

  test('status takes one status', async () => {
    assert.deepEqual(await ids({ agent_type, status: 'active' }), [active]);
    assert.deepEqual(await ids({ agent_type, status: 'idle' }), [idle]);
    assert.deepEqual(await ids({ agent_type, status: 'ended' }), [ended]);
    assert.deepEqual(await ids({ agent_type, status: 'Active' }), []);
  });

  test('exclude_status leaves one out', async () => {
    assert.deepEqual(await ids({ agent_type, exclude_status: 'ended' }), [active, idle]);
    assert.deepEqual(await ids({ agent_type, exclude_status: 'active' }), [idle, ended]);
    assert.deepEqual(await ids({ agent_type, exclude_status: 'other' }), [active, idle, ended]);
  });

  test('status and exclude_status both hold', async () => {
    assert.deepEqual(await ids({ agent_type, status: 'idle', exclude_status: 'ended' }), [idle]);
    assert.deepEqual(await ids({ agent_type, status: 'idle', exclude_status: 'idle' }), []);
  });

  test('without a value are none', async () => {
    const empty = { status: '', exclude_status: '', since: '' };
    assert.deepEqual(await ids({ agent_type, ...empty }), [active, idle, ended]);
  });

  test('the first of several values counts', async () => {
    assert.deepEqual(await ids({ agent_type, status: ['idle', 'ended'] }), [idle]);
  });

  test('agent_type is that of the first event of the session', async () => {
    const [first, second] = [unique('agent'), unique('agent')];
    const session_id = unique('session');
    await monitor.send({ session_id, agent_type: first });
    await monitor.send({ session_id, agent_type: second });
    assert.deepEqual(await ids({ agent_type: first }), [session_id]);
    assert.deepEqual(await ids({ agent_type: second }), []);
  });

  test('since takes those with an event from that second on', async () => {
    const sent = event();
    await monitor.send(sent);
    const { last_event_at } = await monitor.session(sent.session_id);
    const at = Date.parse(`${last_event_at.replace(' ', 'T')}Z`);
    const of = (since) => ids({ agent_type: sent.agent_type, since });
    assert.deepEqual(await of(last_event_at), [sent.session_id]);
    assert.deepEqual(await of(new Date(at).toISOString()), [sent.session_id]);
    assert.deepEqual(await of(new Date(at + 1000).toISOString()), []);
    assert.deepEqual(await of('2001-01-01'), [sent.session_id]);
  });

  test('since that is no date matches nothing', async () => {
    assert.deepEqual(await ids({ agent_type, since: 'yesterday' }), []);
  });
});
