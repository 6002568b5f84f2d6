// How a query string is read; shown on GET /api/events, true for every route.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { query, unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

// Three events of one agent type, two of them of the tool "Bash".
const agent_type = unique('agent');
let rows;

before(async () => {
  await monitor.send({ agent_type, tool_name: 'Bash' });
  await monitor.send({ agent_type, tool_name: 'Bash' });
  await monitor.send({ agent_type, tool_name: 'my tool' });
  rows = await monitor.rows({ agent_type });
  assert.equal(rows.length, 3);
});

// How many rows this query string selects among the three.
async function selected(search) {
  const reply = await monitor.get(`/api/events?agent_type=${agent_type}&${search}`);
  assert.equal(reply.status, 200, reply.text);
  return reply.json.events.length;
}

describe('a parameter', () => {
  test('without a value is as good as absent', async () => {
    assert.equal(await selected('tool_name='), 3);
    assert.equal(await selected('tool_name'), 3);
    assert.equal(await selected('since=&until=&limit=&offset='), 3);
  });

  test('nobody knows is ignored', async () => {
    assert.equal(await selected('colour=blue&tool_name=Bash'), 2);
  });

  test('with brackets in its name is an unknown one', async () => {
    assert.equal(await selected('tool_name[]=none'), 3);
    assert.equal(await selected('tool_name%5B%5D=none'), 3);
    assert.equal(await selected('tool_name[x]=none'), 3);
  });

  test('that is an integer and repeated counts the first time', async () => {
    assert.equal(await selected('limit=1&limit=2'), 1);
    assert.equal(await selected('limit=2&limit=1'), 2);
  });

  test('that is a text and repeated counts the first time', async () => {
    assert.equal(await selected('tool_name=Bash&tool_name=none'), 2);
    assert.equal(await selected('tool_name=none&tool_name=Bash'), 0);
  });

  test('has its percent-encoding and its plus signs decoded', async () => {
    assert.equal(await selected('tool_name=my%20tool'), 1);
    assert.equal(await selected('tool_name=my+tool'), 1);
    assert.equal(await selected('tool%5Fname=%42ash'), 2);
  });

  test('may hold any character of Unicode', async () => {
    const project = unique('プロジェクト & =?%+');
    const { session_id } = await monitor.stored({ branch: project });
    assert.deepEqual(
      (await monitor.rows({ branch: project })).map((row) => row.session_id),
      [session_id],
    );
  });
});

describe('an integer', () => {
  const read = { '2abc': 2, 2.9: 2, '%2B2': 2, '02': 2, '1,2': 1, '1e3': 1, '-1': 3, '-1x': 3 };
  for (const [text, count] of Object.entries(read)) {
    test(`"${text}" selects ${count} as a limit`, async () => {
      assert.equal(await selected(`limit=${text}`), count);
    });
  }

  for (const text of ['abc', '.5', '-', 'NaN', '%2B']) {
    test(`"${text}" is not a number, so the default holds`, async () => {
      assert.equal(await selected(`limit=${text}`), 3);
      assert.equal(await selected(`offset=${text}`), 3);
    });
  }
});

describe('a date', () => {
  const past = [
    '2000-01-01',
    '2000-01-01 10:20',
    '2000-01-01 10:20:30',
    '2000-01-01 10:20:30.5',
    '2000-01-01T10:20',
    '2000-01-01T10:20:30Z',
    '2000-01-01T10:20:30.123Z',
    '2000-01-01T10:20:30+05:30',
    '2000-01-01 10:20:30-08:00',
    '2451545',
    '2451545.25',
  ];
  for (const date of past) {
    test(`"${date}" is understood`, async () => {
      assert.equal((await monitor.feed({ agent_type, since: date })).total, 3, 'since');
      assert.equal((await monitor.feed({ agent_type, until: date })).total, 0, 'until');
    });
  }

  const future = ['9000-01-01', '9000-01-01T00:00:00Z', '5008000'];
  for (const date of future) {
    test(`"${date}" is understood`, async () => {
      assert.equal((await monitor.feed({ agent_type, since: date })).total, 0, 'since');
      assert.equal((await monitor.feed({ agent_type, until: date })).total, 3, 'until');
    });
  }

  test('"now" is the present', async () => {
    assert.equal((await monitor.feed({ agent_type, until: 'now' })).total, 3);
  });

  for (const date of ['yesterday', '2026-13-01', '01/02/2000', '20000101T000000', 'x']) {
    test(`"${date}" cannot be read and selects nothing`, async () => {
      assert.deepEqual(await monitor.feed({ agent_type, since: date }), { events: [], total: 0 });
      assert.deepEqual(await monitor.feed({ agent_type, until: date }), { events: [], total: 0 });
    });
  }

  test('with an offset is compared in UTC, to the second', async () => {
    const newest = rows[0].created_at; // UTC, without a zone
    const shifted = (seconds) => {
      const moved = new Date(
        Date.parse(`${newest.replace(' ', 'T')}Z`) + (19_800 + seconds) * 1000,
      );
      return `${moved.toISOString().slice(0, 19)}+05:30`;
    };
    assert.ok((await monitor.feed({ agent_type, since: shifted(0) })).total > 0);
    assert.equal((await monitor.feed({ agent_type, since: shifted(1) })).total, 0);
    assert.equal((await monitor.feed({ agent_type, until: shifted(0) })).total, 3);
  });

  test('filters the statistics like the feed', async () => {
    const total = async (since) =>
      (await monitor.get(query('/api/stats', { agent_type, since }))).json.total_events;
    assert.equal(await total('2000-01-01T00:00:00+05:30'), 3);
    assert.equal(await total('9000-01-01'), 0);
    assert.equal(await total('yesterday'), 0);
  });
});
