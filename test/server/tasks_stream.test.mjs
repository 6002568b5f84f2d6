// Following tasks: the streams of the task server, on every store.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventSource } from 'eventsource';
import { TaskStream, delta, event, startTasks, textOf } from '../support/tasks.mjs';
import { until } from '../support/until.mjs';

for (const storage of ['memory', 'sqlite']) {
  describe(`streams of tasks kept in ${storage}`, () => {
    let server;
    let tasks;
    before(async () => {
      server = await startTasks({ storage });
      tasks = server.tasks;
    });
    after(() => server.stop());

    const raws = (stream) => stream.events.map(({ rawIndex }) => rawIndex);
    const numbers = (stream) => stream.events.map(({ filteredIndex }) => filteredIndex);
    const progress = (n) => event(n, { type: 'pct', seriesId: 'p', seriesMode: 'latest' });

    /// The task of the worked example: raw indexes 0 to 9, of which 3 is replaced by 4.
    async function example() {
      const id = await tasks.running();
      await tasks.publish(id, [delta('Hel'), delta('lo'), progress(40), progress(80)]);
      await tasks.become(id, 'blocked', { blockedRequest: { type: 'approve', data: { n: 1 } } });
      await tasks.post(`/tasks/${id}/resolve`, { data: 'yes' });
      await tasks.become(id, 'completed', { result: { n: 2 } });
      return id;
    }

    test('the head comes before any event, then frames byte for byte', async () => {
      const { id } = (await tasks.create()).json;
      const stream = await tasks.follow(id);
      assert.equal(stream.status, 200);
      assert.equal(stream.headers['content-type'], 'text/event-stream');
      assert.equal(stream.headers['cache-control'], 'no-cache');
      await tasks.become(id, 'running');
      await tasks.become(id, 'completed');
      await stream.end();
      const [first, second] = await tasks.history(id);
      const frame = ({ id: eventId, timestamp, data }, n) =>
        `event: taskcast.event\ndata: ${JSON.stringify({
          filteredIndex: n, rawIndex: n, eventId, taskId: id, timestamp, type: 'taskcast:status', level: 'info', data,
        })}\nid: ${eventId}\n\n`;
      assert.equal(
        stream.raw,
        `${frame(first, 0)}${frame(second, 1)}event: taskcast.done\ndata: {"reason":"completed"}\n\n`,
      );
    });

    test('what was told before is told again, then done', async () => {
      const id = await example();
      const whole = await (await tasks.follow(id)).end();
      assert.deepEqual(raws(whole), [0, 2, 4, 5, 6, 7, 8, 9]);
      assert.deepEqual(numbers(whole), [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.deepEqual([whole.events[1].data, whole.events[1].seriesSnapshot], [{ delta: 'Hello' }, true]);
      assert.equal(whole.done, 'completed');
      assert.equal(whole.frames.at(-1).event, 'taskcast.done');
      assert.equal(whole.frames.filter((frame) => frame.event === 'taskcast.done').length, 1);
    });

    test('numbers are those of the filtered stream', async () => {
      const id = await example();
      const cases = [
        ['?includeStatus=false', [2, 4, 6, 8], [0, 1, 2, 3]],
        ['?types=llm.*', [2], [0]],
        ['?types=taskcast:status,pct', [0, 4, 5, 7, 9], [0, 1, 2, 3, 4]],
        ['?types=', [], []],
        ['?levels=', [], []],
        ['?levels=warn', [], []],
        ['?levels=info,bogus', [0, 2, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7]],
        ['?since.index=6', [8, 9], [7, 8]],
        [`?since.id=${(await tasks.history(id, '?since.index=4&limit=1'))[0].id}`, [6, 7, 8, 9], [0, 1, 2, 3]],
        ['?since.id=unknown', [0, 1, 2, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8]],
        ['?since.index=x', [0, 1, 2, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8]],
        ['?since.timestamp=0', [0, 1, 2, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8]],
        ['?since.timestamp=9999999999999', [], []],
        ['?limit=3', [0, 2], [0, 1]],
      ];
      for (const [query, raw, numbered] of cases) {
        const stream = await (await tasks.follow(id, query)).end();
        assert.deepEqual(raws(stream), raw, query);
        assert.deepEqual(numbers(stream), numbered, query);
        assert.equal(stream.done, 'completed', query);
      }
    });

    test('without envelopes the events are as they are', async () => {
      const id = await example();
      const stream = await (await tasks.follow(id, '?wrap=false')).end();
      const history = await tasks.history(id, '?seriesFormat=accumulated');
      assert.deepEqual(stream.events, history);
    });

    test('live deltas, or what they have grown to', async () => {
      const id = await tasks.running();
      await tasks.publish(id, [delta('Hi'), delta(' you')]);
      const both = await Promise.all(['delta', 'accumulated'].map((format) => tasks.follow(id, `?seriesFormat=${format}`)));
      for (const stream of both) {
        await stream.count(2);
        assert.deepEqual(stream.events[1].data, { delta: 'Hi you' });
        assert.equal(stream.events[1].seriesSnapshot, true);
      }
      await tasks.publish(id, delta('!'));
      await tasks.publish(id, delta('?'));
      await tasks.become(id, 'completed');
      const [deltas, accumulated] = await Promise.all(both.map((stream) => stream.end()));
      const told = (stream) => stream.events.slice(2, 4).map((each) => [each.data.delta, each.seriesSnapshot]);
      assert.deepEqual(told(deltas), [['!', undefined], ['?', undefined]]);
      assert.deepEqual(told(accumulated), [['Hi you!', undefined], ['Hi you!?', undefined]]);
      for (const stream of both) assert.doesNotMatch(stream.raw, /_accumulatedData/);
    });

    test('every publish of a latest series is told live, the newest later', async () => {
      const id = await tasks.running();
      const stream = await tasks.follow(id);
      for (const n of [1, 2, 3]) await tasks.publish(id, progress(n));
      await stream.count(4);
      assert.deepEqual(stream.events.slice(1).map(({ data }) => data), [1, 2, 3]);
      stream.close();
      const late = await (await tasks.follow(id)).count(2);
      assert.deepEqual(late.events.slice(1).map(({ data }) => data), [3]);
      late.close();
    });

    test('done is told once and last, also where the filter hides its event', async () => {
      const id = await tasks.running();
      const streams = await Promise.all(['', '?types=none', '?includeStatus=false', '?wrap=false'].map((query) => tasks.follow(id, query)));
      await tasks.become(id, 'failed', { error: { message: 'no' } });
      for (const stream of streams) {
        await stream.end();
        assert.equal(stream.frames.at(-1).data.reason, 'failed');
        assert.equal(stream.frames.filter((frame) => frame.event === 'taskcast.done').length, 1);
      }
    });

    test('a published look-alike of the end ends nothing (D-42)', async () => {
      const id = await tasks.running();
      const stream = await tasks.follow(id);
      await tasks.publish(id, event({ status: 'completed' }, { type: 'taskcast:status' }));
      await tasks.publish(id, event(1));
      await stream.count(3);
      assert.equal(stream.done, undefined);
      await tasks.become(id, 'cancelled');
      assert.equal((await stream.end()).done, 'cancelled');
    });

    test('a task knows how many follow it', async () => {
      const id = await tasks.running();
      const count = async () => (await tasks.get(`/tasks/${id}`)).json;
      const streams = await Promise.all(Array.from({ length: 5 }, () => tasks.follow(id)));
      assert.deepEqual([(await count()).subscriberCount, (await count()).hot], [5, true]);
      for (const stream of streams) stream.close();
      await until(async () => (await count()).subscriberCount === 0, 'nobody follows');
      assert.equal((await count()).hot, false);
    });

    test('the stream of all tells what is created from then on, until it is over, after a comment (D-15)', async () => {
      const before = await tasks.running();
      const all = await tasks.followAll();
      assert.match(all.headers['content-type'], /^text\/event-stream/);
      await all.until(({ frames }) => frames[0]?.comment === 'keepalive', 'a comment');
      const ids = [await tasks.running(), await tasks.running({ id: `own-${storage}` })];
      await tasks.publish(before, event('old'));
      await tasks.publish(ids[0], [delta('a'), delta('b')]);
      await tasks.become(ids[1], 'completed');
      await all.count(5);
      assert.deepEqual(all.events.map((each) => [each.taskId, each.filteredIndex, each.type, each.data.delta ?? each.data.status]), [
        [ids[0], 0, 'taskcast:status', 'running'], [ids[1], 0, 'taskcast:status', 'running'],
        [ids[0], 0, 'llm.delta', 'a'], [ids[0], 0, 'llm.delta', 'b'], [ids[1], 0, 'taskcast:status', 'completed'],
      ]);
      assert.equal(all.done, undefined);
      all.close();
    });

    test('the stream of all filters by type and level; an empty list does not (D-34)', async () => {
      const [llm, warn, every] = await Promise.all(['?types=llm.*', '?levels=warn', '?types=&levels='].map((query) => tasks.followAll(query)));
      const id = await tasks.running();
      await tasks.publish(id, [delta('a'), event(1, { level: 'warn' })]);
      await every.count(3);
      await llm.count(1);
      await warn.count(1);
      assert.deepEqual([llm, warn].map((stream) => stream.events.map(({ type }) => type)), [['llm.delta'], ['x']]);
      for (const stream of [llm, warn, every]) stream.close();
    });

    test('whoever joins while others publish gets the whole text, once', async () => {
      const id = await tasks.running();
      const words = Array.from({ length: 300 }, (_, n) => `${n} `);
      const streams = [];
      const publishing = (async () => {
        for (const word of words) await tasks.publish(id, delta(word));
        await tasks.become(id, 'completed');
      })();
      for (let n = 0; n < 20; ++n) {
        streams.push(await tasks.follow(id, n % 2 ? '?seriesFormat=accumulated' : ''));
        await tasks.get('/health');
      }
      await publishing;
      for (const [n, stream] of streams.entries()) {
        await stream.end();
        const text = n % 2 ? stream.events.filter((each) => each.seriesId).at(-1).data.delta : textOf(stream.events);
        assert.equal(text, words.join(''));
        const indexes = raws(stream);
        assert.deepEqual(indexes, [...new Set(indexes)].sort((a, b) => a - b));
        assert.equal(stream.done, 'completed');
      }
    });

    test('a client that comes back by id misses nothing', async () => {
      const id = await tasks.running();
      const seen = [];
      const publishing = (async () => {
        for (let n = 0; n < 200; ++n) await tasks.publish(id, event(n));
        await tasks.become(id, 'completed');
      })();
      for (let last, done; !done; ) {
        const stream = await tasks.follow(id, last ? `?since.id=${last}` : '');
        await stream.until(({ events, done: reason }) => events.length >= 17 || reason, 'some events');
        stream.close();
        const frames = stream.frames.filter((frame) => frame.event);
        done = frames.some((frame) => frame.event === 'taskcast.done');
        seen.push(...stream.events.map(({ rawIndex }) => rawIndex));
        last = stream.events.at(-1)?.eventId ?? last;
      }
      await publishing;
      assert.deepEqual(seen, Array.from({ length: 202 }, (_, n) => n));
    });

    test('an EventSource reads it', async () => {
      const id = await tasks.running();
      const source = new EventSource(`${server.url}/tasks/${id}/events`);
      const told = [];
      const done = new Promise((resolve) => source.addEventListener('taskcast.done', resolve));
      source.addEventListener('taskcast.event', ({ data, lastEventId }) => told.push([JSON.parse(data).type, lastEventId]));
      await until(() => told.length === 1, 'the first event');
      await tasks.become(id, 'completed');
      assert.equal(JSON.parse((await done).data).reason, 'completed');
      source.close();
      const history = await tasks.history(id);
      assert.deepEqual(told.map(([, eventId]) => eventId), history.map((each) => each.id));
    });

    test('an end that is told while somebody joins is not lost', async () => {
      for (let round = 0; round < 150; ++round) {
        const id = await tasks.running();
        await tasks.publish(id, Array.from({ length: 50 }, (_, n) => event(n)));
        const [stream] = await Promise.all([tasks.follow(id), tasks.become(id, 'completed')]);
        await stream.end();
        assert.deepEqual(stream.events.at(-1).data, { status: 'completed' });
        assert.equal(stream.done, 'completed');
      }
    });

    test('an archive over a followed task: what comes behind it is told', async () => {
      const id = await tasks.running();
      await tasks.publish(id, [1, 2, 3].map((n) => event(n)));
      const stream = await (await tasks.follow(id)).count(4);
      const archive = (await tasks.get(`/tasks/${id}/archive`)).json;
      archive.events.length = 2;
      assert.equal((await tasks.post('/tasks/import', { archive, overwrite: true })).status, 200);
      await tasks.publish(id, event('new'));
      await stream.count(5);
      assert.deepEqual([stream.events[4].rawIndex, stream.events[4].data], [2, 'new']);
      archive.task.status = 'completed';
      await tasks.post('/tasks/import', { archive, overwrite: true });
      assert.equal((await stream.end()).done, 'completed');
    });

    test('events that are large are told too, however many', async () => {
      const id = await tasks.running();
      for (let n = 0; n < 60; ++n) await tasks.publish(id, event('x'.repeat(400_000)));
      await tasks.become(id, 'completed');
      const stream = await (await tasks.follow(id)).end();
      assert.equal(stream.events.length, 62);
      assert.equal(stream.done, 'completed');
    });

    test('a moment that is named holds for all of a long history', async () => {
      const archive = {
        schema: 'taskcast.taskArchive', version: 1, exportedAt: 1,
        task: { id: `old-${storage}`, status: 'completed', createdAt: 1, updatedAt: 1 },
        events: Array.from({ length: 1200 }, (_, n) => ({
          id: `${storage}-${n}`, taskId: `old-${storage}`, index: n, timestamp: n % 3 ? 2000 : 1000, type: 'x', level: 'info', data: n,
        })),
      };
      await tasks.post('/tasks/import', { archive });
      const stream = await (await tasks.follow(archive.task.id, '?since.timestamp=1500')).end();
      assert.equal(stream.events.length, 800);
    });

    test('a long history is told whole', async () => {
      const id = await tasks.running();
      for (let n = 0; n < 5; ++n)
        await tasks.publish(id, Array.from({ length: 1000 }, (_, i) => event(n * 1000 + i)));
      await tasks.become(id, 'completed');
      const stream = await (await tasks.follow(id)).end();
      assert.deepEqual(raws(stream), Array.from({ length: 5002 }, (_, n) => n));
      const rest = await (await tasks.follow(id, '?since.index=4990')).end();
      assert.equal(rest.events.length, 11);
    });
  });
}

test('Last-Event-ID resumes where it is allowed to (D-40)', async () => {
  const server = await startTasks();
  const resuming = await startTasks({ args: ['--resume-by-last-event-id'] });
  for (const [{ url, tasks }, count] of [[server, 3], [resuming, 1]]) {
    const id = await tasks.running();
    const { json } = await tasks.publish(id, event(1));
    await tasks.become(id, 'completed');
    const stream = await (await TaskStream.open(`${url}/tasks/${id}/events`, { 'last-event-id': json.id })).end();
    assert.equal(stream.events.length, count);
  }
  await Promise.all([server.stop(), resuming.stop()]);
});

test('streams end without done when the server stops', async () => {
  const server = await startTasks();
  const id = await server.tasks.running();
  const streams = await Promise.all([server.tasks.follow(id), server.tasks.followAll()]);
  const stopped = server.stop();
  for (const stream of streams) assert.equal((await stream.end()).done, undefined);
  assert.equal(await stopped, 0);
});
