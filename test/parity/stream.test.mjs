// GET /api/stream: what a live client receives.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { EventSource } from 'eventsource';
import { event, query, unique } from '../support/monitor.mjs';
import { within } from '../support/until.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const STATS_LIMIT = { withinMs: 15_000 }; // the default interval is 5 s

const open = [];
after(() => open.forEach((stream) => stream.close()));

// A stream that is past its first message.
async function connected(filter = {}) {
  const stream = await monitor.stream(query('/api/stream', filter));
  open.push(stream);
  await stream.nextMessage('connected');
  return stream;
}

async function nextEvent(stream) {
  return (await stream.nextMessage('event')).payload;
}

describe('a connection', () => {
  test('is accepted with the headers of an event stream', async () => {
    const { headers } = await connected();
    assert.match(headers['content-type'], /^text\/event-stream/);
    assert.equal(headers['cache-control'], 'no-cache');
    assert.equal(headers['connection'], 'keep-alive');
    assert.equal(headers['x-accel-buffering'], 'no');
    assert.equal(headers['transfer-encoding'], 'chunked');
  });

  test('begins with the message connected and the time', async () => {
    const stream = await monitor.stream();
    open.push(stream);
    const { message } = await stream.next();
    assert.deepEqual(Object.keys(message), ['type', 'timestamp']);
    assert.equal(message.type, 'connected');
    assert.match(message.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(message.timestamp) - Date.now()) < 60_000);
  });

  test('begins with the message connected for a filtered client too', async () => {
    const stream = await monitor.stream('/api/stream?agent_type=nobody&event_type=error');
    open.push(stream);
    assert.equal((await stream.next()).message.type, 'connected');
  });

  test('replays nothing', async () => {
    const agent_type = unique('agent');
    await monitor.send({ agent_type });
    const stream = await connected({ agent_type });
    const later = await monitor.send({ agent_type });
    assert.equal((await nextEvent(stream)).id, later);
  });

  test('may have a trailing slash in its path', async () => {
    const stream = await monitor.stream('/api/stream/');
    open.push(stream);
    assert.equal((await stream.next()).message.type, 'connected');
  });
});

describe('framing', () => {
  test('is one data line with an object, and nothing named', async () => {
    const stream = await connected();
    await monitor.send({ metadata: { text: 'one\ntwo\r\nthree', wide: '漢😀' } });
    await nextEvent(stream);
    assert.doesNotMatch(stream.text, /\r/);
    for (const { lines, comment, message } of stream.frames) {
      const names = lines.map((line) => line.split(':', 1)[0]);
      assert.ok(
        names.every((name) => ['data', 'id', ''].includes(name)),
        `lines ${names}`,
      );
      if (comment === null) {
        assert.equal(names.filter((name) => name === 'data').length, 1);
        assert.equal(typeof message, 'object');
      }
    }
  });

  test('has, if any, the row id as id of an event', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type });
    const row = await monitor.send({ agent_type });
    const frame = await stream.next(({ message }) => message?.type === 'event');
    if (frame.id !== null) assert.equal(frame.id, String(row));
  });

  test('is understood by an EventSource', async () => {
    const source = new EventSource(`${monitor.base}/api/stream`);
    const messages = [];
    let heard = () => {};
    source.onmessage = ({ data }) => {
      messages.push(JSON.parse(data));
      heard();
    };
    const received = async (predicate) => {
      for (;;) {
        const found = messages.find(predicate);
        if (found) return found;
        await new Promise((resolve) => (heard = resolve));
      }
    };
    try {
      await within(
        received(({ type }) => type === 'connected'),
        3000,
        'message connected',
      );
      const row = await monitor.stored();
      const is = ({ type, payload }) => type === 'event' && payload.id === row.id;
      const message = await within(received(is), 3000, 'event in the EventSource');
      assert.deepEqual(message.payload, row);
    } finally {
      source.close();
    }
  });
});

describe('an event', () => {
  test('arrives as the row that is stored', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type });
    const row = await monitor.stored({
      agent_type,
      event_id: unique('id'),
      tool_name: 'Bash',
      model: 'o3',
      tokens_in: 1000,
      duration_ms: 0,
      project: unique('project'),
      branch: 'main',
      client_timestamp: '2026-02-18T10:20:30+05:30',
      metadata: { 2: 'b', command: 'ls "x"', 1: 'a' },
      source: 'hook',
    });
    assert.deepEqual(await nextEvent(stream), row);
  });

  test('arrives with the project and branch of its session', async () => {
    const [agent_type, session_id] = [unique('agent'), unique('session')];
    const [project, branch] = [unique('project'), unique('branch')];
    await monitor.send({ agent_type, session_id, project, branch });
    const stream = await connected({ agent_type });
    await monitor.send({ agent_type, session_id });
    const payload = await nextEvent(stream);
    assert.deepEqual([payload.project, payload.branch], [project, branch]);
  });

  test('arrives with its metadata shortened as it is stored', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type });
    const metadata = { command: 'ls', blob: 'x'.repeat(20_000) };
    const row = await monitor.stored({ agent_type, metadata });
    const payload = await nextEvent(stream);
    assert.equal(payload.payload_truncated, 1);
    assert.deepEqual(payload, row);
  });

  test('of a batch arrives by itself, in the order of the batch', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type });
    const known = unique('id');
    await monitor.send({ agent_type, event_id: known });
    const { ids } = await monitor.sendBatch([
      event({ agent_type }),
      event({ agent_type, event_id: known }),
      event({ agent_type, status: 'nope' }),
      event({ agent_type }),
      event({ agent_type }),
    ]);
    assert.equal(ids.length, 3);
    assert.equal((await nextEvent(stream)).event_id, known);
    for (const id of ids) assert.equal((await nextEvent(stream)).id, id);
  });

  test('that is a duplicate does not arrive', async () => {
    const [agent_type, event_id] = [unique('agent'), unique('id')];
    await monitor.send({ agent_type, event_id });
    const stream = await connected({ agent_type });
    await monitor.post('/api/events', event({ agent_type, event_id }));
    const next = await monitor.send({ agent_type });
    assert.equal((await nextEvent(stream)).id, next);
  });

  test('that is refused does not arrive', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type });
    await monitor.refused(event({ agent_type, tokens_in: -1 }));
    const next = await monitor.send({ agent_type });
    assert.equal((await nextEvent(stream)).id, next);
  });

  test('arrives at every client, each once and in order', async () => {
    const agent_type = unique('agent');
    const streams = await Promise.all(Array.from({ length: 10 }, () => connected()));
    const { ids } = await monitor.sendBatch(
      Array.from({ length: 20 }, () => event({ agent_type })),
    );
    for (const stream of streams) {
      const received = [];
      while (received.length < ids.length) {
        const payload = await nextEvent(stream);
        if (payload.agent_type === agent_type) received.push(payload.id);
      }
      assert.deepEqual(received, ids);
      stream.close();
    }
  });
});

describe('a filter', () => {
  test('by agent_type lets only events of this agent type through', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type });
    await monitor.send();
    const mine = await monitor.send({ agent_type });
    await monitor.send({ agent_type: `${agent_type}x` });
    const mineToo = await monitor.send({ agent_type, event_type: 'error' });
    assert.equal((await nextEvent(stream)).id, mine);
    assert.equal((await nextEvent(stream)).id, mineToo);
  });

  test('by event_type lets only events of this type through', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ event_type: 'git_commit' });
    await monitor.send({ agent_type, event_type: 'plan_step' });
    const mine = await monitor.send({ agent_type, event_type: 'git_commit' });
    const isMine = ({ message }) => message?.payload?.agent_type === agent_type;
    assert.equal((await stream.next(isMine)).message.payload.id, mine);
    for (const { message } of stream.frames.slice(1)) {
      assert.equal(message.payload.event_type, 'git_commit');
    }
  });

  test('by both lets through what matches both', async () => {
    const agent_type = unique('agent');
    const stream = await connected({ agent_type, event_type: 'git_commit' });
    await monitor.send({ agent_type });
    await monitor.send({ event_type: 'git_commit' });
    const mine = await monitor.send({ agent_type, event_type: 'git_commit' });
    assert.equal((await nextEvent(stream)).id, mine);
  });

  test('without a value is none', async () => {
    const stream = await connected({ agent_type: '', event_type: '' });
    const id = await monitor.send();
    const frame = await stream.next(({ message }) => message?.payload?.id === id);
    assert.equal(frame.message.type, 'event');
  });

  test('keeps statistics away, which everyone else receives', async () => {
    const agent_type = unique('agent');
    const filtered = [
      await connected({ agent_type }),
      await connected({ event_type: 'git_commit' }),
    ];
    const everything = await connected();
    const { payload } = await everything.nextMessage('stats', STATS_LIMIT);
    const names = ['total_events', 'active_sessions', 'branches', 'usage_monitor'];
    for (const name of names) assert.ok(name in payload, name);

    // A marker after the statistics: whatever was sent before it has arrived with it.
    const marker = await monitor.send({ agent_type, event_type: 'git_commit' });
    for (const stream of filtered) {
      await stream.next(({ message }) => message?.payload?.id === marker);
      const types = stream.frames.map(({ message }) => message?.type);
      assert.ok(!types.includes('stats') && !types.includes('session_update'), `${types}`);
    }
  });
});
