// Many at once on one task: publishers, subscribers that come and go, ends; and kills under load.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random, seed } from '../support/random.mjs';
import { delta, event, startTasks, textOf } from '../support/tasks.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';

const SLOW = Boolean(process.env.SIGHTLINE_SLOW);
const PUBLISHERS = 50;
const SUBSCRIBERS = 200;
const EACH = SLOW ? 5 : 20;
const KILLS = SLOW ? 3 : 20;

for (const storage of ['memory', 'sqlite']) {
  describe(`races on tasks kept in ${storage}`, () => {
    test('every subscriber has the whole text, whenever it joined', async (t) => {
      const chosen = seed();
      t.diagnostic(`SIGHTLINE_SEED=${chosen}`);
      const random = new Random(chosen);
      const server = await startTasks({ storage });
      const { tasks } = server;
      const id = await tasks.running();
      let published = 0;
      const publishing = Array.from({ length: PUBLISHERS }, async (_, publisher) => {
        for (let n = 0; n < EACH; ++n) {
          await tasks.publish(id, delta(`${publisher}.${n} `));
          ++published;
        }
      });
      const all = PUBLISHERS * EACH;
      const stay = [];
      const follow = async (n) => {
        const joinsAt = random.below(all);
        while (published < joinsAt) await tasks.get('/health');
        const stream = await tasks.follow(id, n % 3 === 0 ? '?seriesFormat=accumulated' : '');
        if (n % 4 === 0) stream.close();
        else stay.push([n, stream]);
      };
      await Promise.all([...publishing, ...Array.from({ length: SUBSCRIBERS }, (_, n) => follow(n))]);
      await tasks.become(id, 'completed');
      const history = await tasks.history(id);
      assert.deepEqual(history.map(({ index }) => index), Array.from({ length: all + 2 }, (_, n) => n));
      const whole = textOf(history);
      assert.equal(whole.split(' ').length - 1, all);
      for (const [n, stream] of stay) {
        await stream.end();
        const grown = stream.events.filter((each) => each.seriesId);
        assert.equal(n % 3 === 0 ? grown.at(-1).data.delta : textOf(stream.events), whole);
        assert.equal(stream.done, 'completed');
        const numbers = stream.events.map(({ filteredIndex }) => filteredIndex);
        assert.deepEqual(numbers, numbers.map((_, i) => i));
      }
      await server.stop();
    });

    test('of a hundred ends at once one wins', async () => {
      const server = await startTasks({ storage });
      const { tasks } = server;
      for (let round = 0; round < 5; ++round) {
        const id = await tasks.running();
        const stream = await tasks.follow(id);
        const ends = ['completed', 'failed', 'cancelled', 'timeout'];
        const replies = await Promise.all(
          Array.from({ length: 100 }, (_, n) => tasks.become(id, ends[n % 4])),
        );
        const won = replies.filter(({ status }) => status === 200);
        assert.equal(won.length, 1);
        assert.ok(replies.every(({ status }) => status === 200 || status === 409));
        assert.equal((await stream.end()).done, won[0].json.status);
        assert.equal((await tasks.history(id)).length, 2);
      }
      await server.stop();
    });

    test('a time that is over and a completion: one end, told once', async () => {
      const server = await startTasks({ storage });
      const { tasks } = server;
      const ids = await Promise.all(Array.from({ length: 30 }, () => tasks.running({ ttl: 1 })));
      const open = new Set(ids);
      const won = new Map();
      while (open.size > 0) {
        for (const id of [...open].slice(0, 1)) {
          const { json } = await tasks.get(`/tasks/${id}`);
          if (json.status === 'timeout') {
            won.set(id, 'timeout');
            open.delete(id);
            // The others are about to: a completion races with the clock.
            for (const other of open) {
              const { status } = await tasks.become(other, 'completed');
              won.set(other, status === 200 ? 'completed' : 'timeout');
            }
            open.clear();
          }
        }
      }
      for (const id of ids) {
        const events = await tasks.history(id);
        assert.deepEqual(events.map(({ data }) => data.status), ['running', won.get(id)]);
        assert.equal((await tasks.get(`/tasks/${id}`)).json.status, won.get(id));
      }
      await server.stop();
    });
  });
}

test(`what is acknowledged survives ${KILLS} kills`, async (t) => {
  const chosen = seed();
  t.diagnostic(`SIGHTLINE_SEED=${chosen}`);
  const random = new Random(chosen);
  const dir = temporaryDirectory();
  const acknowledged = new Map(); // of each task: its events by index, and its status
  for (let kill = 0; kill < KILLS; ++kill) {
    const server = await startTasks({ storage: 'sqlite', dir });
    const { tasks } = server;
    for (const [id, { events, status }] of acknowledged) {
      const stored = await tasks.history(id);
      const byIndex = new Map(stored.map((each) => [each.index, each]));
      assert.equal(byIndex.size, stored.length);
      assert.deepEqual([...byIndex.keys()], [...byIndex.keys()].sort((a, b) => a - b));
      for (const each of events) assert.deepEqual(byIndex.get(each.index), each);
      const task = (await tasks.get(`/tasks/${id}`)).json;
      if (status === 'completed') assert.equal(task.status, 'completed');
      const series = await tasks.history(id, '?seriesFormat=accumulated');
      const grown = series.find((each) => each.seriesSnapshot);
      if (grown) assert.equal(grown.data.delta, textOf(stored));
    }
    const stopAfter = random.between(50, 400);
    let done = 0;
    const work = async () => {
      const { json, status } = await tasks.create();
      if (status !== 201) return;
      const known = { events: [], status: 'pending' };
      acknowledged.set(json.id, known);
      if ((await tasks.become(json.id, 'running')).status === 200) known.status = 'running';
      for (let n = 0; n < 20; ++n) {
        const more = n % 3 === 0 ? delta(`${n} `) : event(n);
        const reply = await tasks.publish(json.id, more);
        if (reply.status === 201) known.events.push(reply.json);
        if (++done === stopAfter) process.kill(server.pid, 'SIGKILL');
      }
      if ((await tasks.become(json.id, 'completed')).status === 200) known.status = 'completed';
    };
    const worker = async () => {
      for (;;) await work();
    };
    await Promise.all(Array.from({ length: 8 }, () => worker().catch(() => {}))); // until the kill
    for (const id of [...acknowledged.keys()].slice(0, -20)) acknowledged.delete(id);
  }
});
