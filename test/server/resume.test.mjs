// A client of the stream that comes back with the last id it has seen misses nothing and sees
// nothing twice, whatever happens meanwhile.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventSource } from 'eventsource';
import { Follower } from '../support/follower.mjs';
import { Monitor } from '../support/monitor.mjs';
import { Publishers } from '../support/publishers.mjs';
import { Random, seed } from '../support/random.mjs';
import { startServer } from '../support/server.mjs';
import { literal, sqlite } from '../support/sqlite.mjs';
import { until } from '../support/until.mjs';

const PUBLISHERS = 6;
const FILTERS = [
  {},
  { agent_type: 'codex' },
  { event_type: 'tool_use' },
  { agent_type: 'other', event_type: 'error' },
];

// Clients that post small events of several kinds, and go on over every end of the server.
function publishersOf(t, random) {
  let made = 0;
  const make = () => {
    made += 1;
    return {
      event_id: `event-${made}`,
      session_id: `session-${random.below(20)}`,
      agent_type: random.oneOf(['codex', 'claude_code', 'other']),
      event_type: random.oneOf(['tool_use', 'error']),
    };
  };
  return new Publishers(t, make, { batchOf: () => random.oneOf([1, 1, 3]), retries: true });
}

// The ids of all rows behind `after` that `filter` lets through.
function idsBehind(db, after, filter) {
  const terms = Object.entries(filter).map(([name, value]) => ` AND ${name} = ${literal(value)}`);
  const sql = `SELECT id FROM events WHERE id > ${after}${terms.join('')} ORDER BY id;`;
  return sqlite(db, sql).map(({ id }) => id);
}

// Sends each follower a last event to wait for, and checks that it has seen all that it should
// have. A follower is {filter, after, follower}.
async function assertNothingIsMissing(server, followers) {
  const monitor = new Monitor(server.url);
  for (const { filter, after, follower } of followers) {
    const last = await monitor.send({ agent_type: 'codex', event_type: 'error', ...filter });
    await follower.seesUpTo(last);
    follower.disconnect();
    const name = JSON.stringify(filter);
    assert.deepEqual(follower.seen, idsBehind(server.db, after, filter), name);
    assert.deepEqual(follower.gaps, [], name);
  }
}

// One follower for each filter and each way to say the last id.
async function oneOfEach(t, monitor) {
  const after = await monitor.send({ agent_type: 'first' });
  return FILTERS.flatMap((filter) =>
    ['header', 'query'].map((how) => ({
      filter,
      after,
      follower: new Follower(t, { filter, how, after }),
    })),
  );
}

describe('a client that comes back with its last id', { concurrency: true }, () => {
  test('misses nothing and sees nothing twice while events rain', async (t) => {
    const chosen = seed();
    t.diagnostic(`SIGHTLINE_SEED=${chosen}`);
    const random = new Random(chosen);
    const server = await startServer();
    const followers = await oneOfEach(t, new Monitor(server.url));
    const publishers = publishersOf(t, random);
    publishers.start(server.url, PUBLISHERS);

    const comeAndGo = async ({ follower }) => {
      for (let visit = 0; visit < 12; ++visit) {
        await follower.connect(server.url);
        await follower.readMore(random.oneOf([0, 1, 20, 150]));
        follower.disconnect();
        const away = publishers.acknowledged.size + random.oneOf([0, 10, 300]);
        await until(() => publishers.acknowledged.size >= away, 'events while it was away');
      }
      await follower.connect(server.url);
    };
    await Promise.all(followers.map(comeAndGo));
    await publishers.stop();
    await assertNothingIsMissing(server, followers);
    assert.deepEqual(publishers.refused, []);
    assert.equal(await server.stop(), 0, server.output());
  });

  test('misses nothing and sees nothing twice over restarts and crashes', async (t) => {
    const chosen = seed();
    t.diagnostic(`SIGHTLINE_SEED=${chosen}`);
    const random = new Random(chosen);
    let server = await startServer();
    const { url, port, dir } = server;
    const followers = await oneOfEach(t, new Monitor(url));
    for (const { follower } of followers) follower.follow(url);
    const publishers = publishersOf(t, random);
    publishers.start(url, PUBLISHERS);

    for (const end of ['stop', 'kill', 'kill', 'stop', 'kill', 'kill']) {
      const enough = publishers.acknowledged.size + random.between(50, 800);
      await until(() => publishers.acknowledged.size >= enough, 'events between two ends', {
        withinMs: 15_000,
      });
      await server[end]();
      server = await startServer({ dir, port });
    }
    await publishers.stop();
    await assertNothingIsMissing(server, followers);
    await Promise.all(followers.map(({ follower }) => follower.leave()));
    assert.equal(await server.stop(), 0, server.output());
  });

  test('misses nothing when it is the eventsource package, which reconnects', async (t) => {
    let server = await startServer();
    const { url, port, dir, db } = server;
    const after = await new Monitor(url).send();
    const seen = [];
    const source = new EventSource(`${url}/api/stream`);
    source.addEventListener('message', ({ data, lastEventId }) => {
      const message = JSON.parse(data);
      if (message.type === 'event') seen.push([message.payload.id, Number(lastEventId)]);
    });
    await until(() => source.readyState === EventSource.OPEN, 'the stream is open');
    const publishers = publishersOf(t, new Random(1));
    publishers.start(url, 2);
    try {
      for (const end of ['kill', 'stop']) {
        const before = seen.length;
        await until(() => seen.length > before + 50, 'events on the stream', { withinMs: 15_000 });
        await server[end]();
        server = await startServer({ dir, port });
      }
      await publishers.stop();
      const last = await new Monitor(url).send();
      await until(() => seen.at(-1)[0] === last, 'the last event', { withinMs: 15_000 });
    } finally {
      source.close();
    }
    const expected = idsBehind(db, after, {}).map((id) => [id, id]);
    assert.deepEqual(seen, expected);
    assert.equal(await server.stop(), 0, server.output());
  });
});

describe('a client whose last id', () => {
  const EVENTS = 8;

  // A server with events 1 to EVENTS.
  async function serverWithEvents() {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    await monitor.sendBatch(
      Array.from({ length: EVENTS }, () => ({
        session_id: 's',
        agent_type: 'a',
        event_type: 'error',
      })),
    );
    return { server, monitor };
  }

  // What a client gets that says it has seen `lastId`: the gap messages, and the ids of the events
  // up to one that is sent when it is there.
  async function heard(monitor, lastId, { how = 'header' } = {}) {
    const asked = encodeURIComponent(lastId);
    const stream =
      how === 'header'
        ? await monitor.stream('/api/stream', { 'last-event-id': lastId })
        : await monitor.stream(`/api/stream?last_event_id=${asked}`);
    await stream.nextMessage('connected');
    const live = await monitor.send({ agent_type: 'a' });
    await stream.next(({ message }) => message?.type === 'event' && message.payload.id === live);
    stream.close();
    const messages = stream.frames.map(({ message }) => message).filter((message) => message);
    const types = messages.map(({ type }) => type).filter((type) => type !== 'stats');
    assert.deepEqual(types.slice(0, 2), ['connected', types.includes('gap') ? 'gap' : 'event']);
    return {
      gaps: messages.filter(({ type }) => type === 'gap'),
      ids: messages.filter(({ type }) => type === 'event').map(({ payload }) => payload.id),
      live,
    };
  }

  const gapOf = (last_event_id, resumed_after) => [
    { type: 'gap', payload: { last_event_id, resumed_after } },
  ];

  const strange = {
    'was never given out': (newest) => `${newest + 1}`,
    'is beyond all numbers': () => '9'.repeat(30),
    'is past the largest row id': () => '9223372036854775808',
    'is a word': () => 'first',
    'begins like a number': () => '3rd',
    'is negative': () => '-1',
    'is a fraction': () => '1.5',
    'is a list': () => '1, 2',
  };
  for (const [name, lastIdAfter] of Object.entries(strange)) {
    test(`${name} is told of one gap, and gets the events from now on`, async () => {
      const { server, monitor } = await serverWithEvents();
      for (const how of ['header', 'query']) {
        const newest = (await monitor.stats()).total_events;
        const lastId = lastIdAfter(newest);
        const { gaps, ids, live } = await heard(monitor, lastId, { how });
        assert.deepEqual(gaps, gapOf(lastId, newest));
        assert.deepEqual(ids, [live]);
      }
      assert.equal(await server.stop(), 0, server.output());
    });
  }

  test('is very long is told of a gap that repeats no more than 64 bytes of it', async () => {
    const { server, monitor } = await serverWithEvents();
    const { gaps, ids, live } = await heard(monitor, 'x'.repeat(5000));
    assert.deepEqual(gaps, gapOf('x'.repeat(64), EVENTS));
    assert.deepEqual(ids, [live]);
    assert.equal(await server.stop(), 0, server.output());
  });

  for (const lastId of ['0', '3', `${EVENTS}`]) {
    test(`is ${lastId} of ${EVENTS} gets what is behind it, and is told of no gap`, async () => {
      const { server, monitor } = await serverWithEvents();
      const { gaps, ids, live } = await heard(monitor, lastId);
      assert.deepEqual(gaps, []);
      assert.deepEqual(ids, idsBehind(server.db, Number(lastId), {}));
      assert.equal(ids.at(-1), live);
      assert.equal(await server.stop(), 0, server.output());
    });
  }

  for (const moment of ['while the server runs', 'while it is away']) {
    // The monitor of a server whose first `count` events have been deleted.
    async function withoutTheFirst(count) {
      let { server, monitor } = await serverWithEvents();
      if (moment === 'while it is away') await server.stop();
      sqlite(server.db, `DELETE FROM events WHERE id <= ${count};`);
      if (moment === 'while it is away') {
        server = await startServer({ dir: server.dir });
        monitor = new Monitor(server.url);
      }
      return { server, monitor };
    }

    test(`is below rows deleted ${moment} is told of one gap, and gets the rest`, async () => {
      const { server, monitor } = await withoutTheFirst(5);
      const { gaps, ids, live } = await heard(monitor, '2');
      assert.deepEqual(gaps, gapOf('2', 2));
      assert.deepEqual(ids, [6, 7, 8, live]);
      assert.equal(await server.stop(), 0, server.output());
    });

    test(`is that of the last row deleted ${moment} is told of no gap`, async () => {
      const { server, monitor } = await withoutTheFirst(5);
      const { gaps, ids, live } = await heard(monitor, '5');
      assert.deepEqual(gaps, []);
      assert.deepEqual(ids, [6, 7, 8, live]);
      assert.equal(await server.stop(), 0, server.output());
    });

    test(`is below rows deleted ${moment}, which were all, is told of one gap`, async () => {
      const { server, monitor } = await withoutTheFirst(EVENTS);
      const { gaps, ids, live } = await heard(monitor, '2');
      assert.equal(gaps.length, 1);
      assert.equal(gaps[0].payload.last_event_id, '2');
      assert.deepEqual(ids, [live]);
      assert.equal(await server.stop(), 0, server.output());
    });
  }
});
