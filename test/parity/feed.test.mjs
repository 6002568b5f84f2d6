// GET /api/events: which events it lists, and in which order.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

describe('limit and offset', () => {
  const agent_type = unique('agent');
  let ids; // newest first

  before(async () => {
    const batch = await monitor.sendBatch(Array.from({ length: 60 }, () => event({ agent_type })));
    ids = batch.ids.reverse();
  });

  const listed = async (parameters) =>
    (await monitor.rows({ agent_type, ...parameters })).map((row) => row.id);

  test('give the newest 50 by default', async () => {
    assert.deepEqual(await listed({}), ids.slice(0, 50));
  });

  test('limit takes any number', async () => {
    assert.deepEqual(await listed({ limit: 7 }), ids.slice(0, 7));
    assert.deepEqual(await listed({ limit: 5000 }), ids);
  });

  for (const limit of ['0', 'abc', '']) {
    test(`limit "${limit}" is 50`, async () => {
      assert.deepEqual(await listed({ limit }), ids.slice(0, 50));
    });
  }

  for (const limit of ['-1', '-50']) {
    test(`limit ${limit} is no limit`, async () => {
      assert.deepEqual(await listed({ limit }), ids);
    });
  }

  test('limit beyond 64 bits is no limit', async () => {
    assert.deepEqual(await listed({ limit: '99999999999999999999' }), ids);
  });

  test('offset skips the newest', async () => {
    assert.deepEqual(await listed({ offset: 10, limit: 5 }), ids.slice(10, 15));
    assert.deepEqual(await listed({ offset: 55 }), ids.slice(55));
  });

  test('offset counts without a limit too', async () => {
    assert.deepEqual(await listed({ offset: 3, limit: -1 }), ids.slice(3));
  });

  for (const offset of ['abc', '-5', '0']) {
    test(`offset "${offset}" skips nothing`, async () => {
      assert.deepEqual(await listed({ offset, limit: 5 }), ids.slice(0, 5));
    });
  }

  test('an offset behind the last event gives none, and the total all the same', async () => {
    assert.deepEqual(await monitor.feed({ agent_type, offset: 60 }), { events: [], total: 60 });
  });

  test('the total counts what matches, not what is listed', async () => {
    assert.equal((await monitor.feed({ agent_type, limit: 1 })).total, 60);
    assert.equal((await monitor.feed({ agent_type, limit: 1, offset: 30 })).total, 60);
  });
});

describe('the order', () => {
  test('is newest first, by time and then by id', async () => {
    await monitor.send();
    await monitor.sendBatch([event(), event(), event()]);
    const rows = await monitor.rows({ limit: 200 });
    const sorted = [...rows].sort(
      (a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id,
    );
    assert.deepEqual(
      rows.map((row) => row.id),
      sorted.map((row) => row.id),
    );
  });

  for (const filter of ['session_id', 'agent_type', 'tool_name', 'model', 'branch', 'source']) {
    test(`is newest first when filtered by ${filter}`, async () => {
      const shared = { [filter]: unique('shared') };
      const { ids } = await monitor.sendBatch([event(shared), event(shared), event(shared)]);
      const rows = await monitor.rows(shared);
      assert.deepEqual(
        rows.map((row) => row.id),
        ids.reverse(),
      );
    });
  }
});

describe('a filter', () => {
  const fields = ['agent_type', 'tool_name', 'session_id', 'branch', 'model', 'source'];
  for (const field of fields) {
    test(`${field} lists the events that have exactly this value`, async () => {
      const value = unique('Value');
      const row = await monitor.stored({ [field]: value });
      await monitor.send({ [field]: `${value}x` });
      await monitor.send();
      assert.deepEqual(await monitor.feed({ [field]: value }), { events: [row], total: 1 });
    });

    test(`${field} tells upper from lower case`, async () => {
      const value = unique('Value');
      await monitor.send({ [field]: value });
      assert.equal((await monitor.feed({ [field]: value.toLowerCase() })).total, 0);
    });

    test(`${field} knows no wild cards`, async () => {
      const value = unique('value');
      await monitor.send({ [field]: value });
      assert.equal((await monitor.feed({ [field]: `${value.slice(0, -1)}%` })).total, 0);
      assert.equal((await monitor.feed({ [field]: `${value.slice(0, -1)}_` })).total, 0);
    });
  }

  test('event_type lists the events of this type', async () => {
    const agent_type = unique('agent');
    const row = await monitor.stored({ agent_type, event_type: 'git_commit' });
    await monitor.send({ agent_type, event_type: 'plan_step' });
    const expected = { events: [row], total: 1 };
    assert.deepEqual(await monitor.feed({ agent_type, event_type: 'git_commit' }), expected);
    assert.equal((await monitor.feed({ agent_type, event_type: 'GIT_COMMIT' })).total, 0);
  });

  test('looks at the event after it took over the branch of its session', async () => {
    const session_id = unique('session');
    const branch = unique('branch');
    await monitor.send({ session_id, branch });
    await monitor.send({ session_id });
    assert.equal((await monitor.feed({ branch })).total, 2);
  });

  test('combines with every other', async () => {
    const agent_type = unique('agent');
    const [red, blue] = [unique('red'), unique('blue')];
    for (const tool_name of [red, blue]) {
      for (const source of ['hook', 'otel']) await monitor.send({ agent_type, tool_name, source });
    }
    const count = async (parameters) => (await monitor.feed({ agent_type, ...parameters })).total;
    assert.equal(await count({ tool_name: red }), 2);
    assert.equal(await count({ tool_name: red, source: 'hook' }), 1);
    assert.equal(await count({ tool_name: red, source: 'hook', model: 'none' }), 0);
    assert.equal(await count({ tool_name: red, source: 'hook', since: '2001-01-01' }), 1);
    assert.equal(await count({ tool_name: red, source: 'hook', until: '2001-01-01' }), 0);
  });

  test('that nothing matches gives an empty list', async () => {
    const nothing = { events: [], total: 0 };
    assert.deepEqual(await monitor.feed({ agent_type: unique('nobody') }), nothing);
  });
});

describe('since and until', () => {
  const spelled = {
    'as the row has it': (created_at) => created_at,
    'with T and Z': (created_at) => `${created_at.replace(' ', 'T')}Z`,
    'with milliseconds': (created_at) => `${created_at.replace(' ', 'T')}.000Z`,
  };
  for (const [which, spell] of Object.entries(spelled)) {
    test(`include their own second when given ${which}`, async () => {
      const { agent_type, created_at } = await monitor.stored();
      assert.equal((await monitor.feed({ agent_type, since: spell(created_at) })).total, 1);
      assert.equal((await monitor.feed({ agent_type, until: spell(created_at) })).total, 1);
    });
  }

  test('exclude the seconds before and after', async () => {
    const { agent_type, created_at } = await monitor.stored();
    const moved = (seconds) => {
      const time = Date.parse(`${created_at.replace(' ', 'T')}Z`) + seconds * 1000;
      return new Date(time).toISOString();
    };
    assert.equal((await monitor.feed({ agent_type, since: moved(1) })).total, 0);
    assert.equal((await monitor.feed({ agent_type, until: moved(-1) })).total, 0);
    assert.equal((await monitor.feed({ agent_type, since: moved(-1), until: moved(1) })).total, 1);
  });
});

describe('a row', () => {
  test('has the same twenty-two fields in every list', async () => {
    const fields = [
      'id',
      'event_id',
      'schema_version',
      'session_id',
      'agent_type',
      'event_type',
      'tool_name',
      'status',
      'tokens_in',
      'tokens_out',
      'branch',
      'project',
      'duration_ms',
      'created_at',
      'client_timestamp',
      'metadata',
      'payload_truncated',
      'model',
      'cost_usd',
      'cache_read_tokens',
      'cache_write_tokens',
      'source',
    ];
    await monitor.send();
    for (const row of await monitor.rows({ limit: 20 })) {
      assert.deepEqual(Object.keys(row).sort(), [...fields].sort());
    }
  });
});
