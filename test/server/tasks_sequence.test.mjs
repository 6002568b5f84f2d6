// Publishers that number their events: whatever order requests arrive in, the events have theirs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Random, seed } from '../support/random.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { event, startTasks } from '../support/tasks.mjs';

test('a publisher that tries again after a crash does not publish twice', async () => {
  const dir = temporaryDirectory();
  let server = await startTasks({ storage: 'sqlite', dir });
  const id = await server.tasks.running();
  const numbered = (n) => event(n, { clientId: 'c', clientSeq: n, seqMode: 'fast-fail' });
  for (const n of [5, 6]) assert.equal((await server.tasks.publish(id, numbered(n))).status, 201);
  await server.tasks.publish(id, [event('free'), event('other', { clientId: 'd', clientSeq: 1 })]);
  await server.stop('SIGKILL');
  server = await startTasks({ storage: 'sqlite', dir });
  const again = await server.tasks.publish(id, numbered(6));
  assert.deepEqual([again.status, again.json], [409, { error: 'seq_stale', receivedSeq: 6, expectedSeq: 7 }]);
  assert.deepEqual((await server.tasks.get(`/tasks/${id}/seq/c`)).json, { clientId: 'c', expectedSeq: 7 });
  assert.equal((await server.tasks.publish(id, numbered(8))).json.error, 'seq_gap');
  assert.equal((await server.tasks.publish(id, numbered(7))).status, 201);
  assert.deepEqual((await server.tasks.history(id)).slice(1).map(({ data }) => data), [5, 6, 'free', 'other', 7]);
  await server.tasks.become(id, 'completed');
  assert.equal((await server.tasks.get(`/tasks/${id}/seq/c`)).status, 404);
  await server.stop();
});

test('a number outlives the event that had it', async () => {
  const dir = temporaryDirectory();
  let server = await startTasks({ storage: 'sqlite', dir });
  const id = await server.tasks.running();
  const latest = { seriesId: 'pct', seriesMode: 'latest' };
  const third = event(30, { clientId: 'c', clientSeq: 3, ...latest });
  for (const n of [1, 2]) await server.tasks.publish(id, event(n, { clientId: 'c', clientSeq: n }));
  assert.equal((await server.tasks.publish(id, third)).status, 201);
  assert.equal((await server.tasks.publish(id, event(40, latest))).status, 201);
  await server.stop('SIGKILL');
  server = await startTasks({ storage: 'sqlite', dir });
  assert.deepEqual((await server.tasks.get(`/tasks/${id}/seq/c`)).json, { clientId: 'c', expectedSeq: 4 });
  assert.equal((await server.tasks.publish(id, third)).json.error, 'seq_stale');
  assert.deepEqual((await server.tasks.history(id)).slice(1).map(({ data }) => data), [1, 2, 40]);
  await server.stop();
});

for (const storage of ['memory', 'sqlite']) {
  describe(`numbered events of tasks kept in ${storage}`, () => {
    let server;
    let tasks;
    before(async () => {
      server = await startTasks({ storage });
      tasks = server.tasks;
    });
    after(() => server.stop());
    const numbered = (n, more = {}) => event(n, { clientId: 'c', clientSeq: n, ...more });

    test('land in their order when all are sent at once', async (t) => {
      const chosen = seed();
      t.diagnostic(`SIGHTLINE_SEED=${chosen}`);
      const random = new Random(chosen);
      const id = await tasks.running();
      await Promise.all(['a', 'b'].map((clientId) => tasks.publish(id, event(0, { clientId, clientSeq: 0 }))));
      const all = ['a', 'b'].flatMap((clientId) => Array.from({ length: 100 }, (_, n) => ({ clientId, clientSeq: n + 1 })));
      all.sort(() => random.below(3) - 1);
      const replies = await Promise.all(all.map((each) => tasks.publish(id, event(each.clientSeq, each))));
      assert.ok(replies.every(({ status }) => status === 201));
      const events = (await tasks.history(id)).slice(1);
      for (const clientId of ['a', 'b']) {
        const own = events.filter((each) => each.clientId === clientId);
        assert.deepEqual(own.map(({ clientSeq }) => clientSeq), Array.from({ length: 101 }, (_, n) => n));
      }
      assert.deepEqual((await tasks.get(`/tasks/${id}/seq/a`)).json, { clientId: 'a', expectedSeq: 101 });
    });

    test('are refused where they cannot be in turn', async () => {
      const id = await tasks.running();
      assert.equal((await tasks.publish(id, numbered(5))).status, 201);
      for (const [body, status, json] of [
        [numbered(7, { seqMode: 'fast-fail' }), 409, { error: 'seq_gap', receivedSeq: 7, expectedSeq: 6 }],
        [numbered(5), 409, { error: 'seq_stale', receivedSeq: 5, expectedSeq: 6 }],
        [event(1, { clientId: 'c' }), 400, undefined],
        [event(1, { clientSeq: 1 }), 400, undefined],
      ]) {
        const reply = await tasks.publish(id, body);
        assert.equal(reply.status, status);
        if (json) assert.deepEqual(reply.json, json);
        else assert.equal(reply.json.error, 'validation_error');
      }
      const early = tasks.publish(id, numbered(7));
      const twice = [await tasks.publish(id, numbered(8, { seqMode: 'fast-fail' }))];
      assert.equal(twice[0].json.error, 'seq_gap');
      assert.equal((await tasks.publish(id, numbered(6))).status, 201);
      assert.equal((await early).status, 201);
      assert.deepEqual((await tasks.history(id)).slice(1).map(({ data }) => data), [5, 6, 7]);
      assert.equal((await tasks.get(`/tasks/${id}/seq/none`)).status, 404);
    });

    test('do not wait any more once the task has ended', async () => {
      const id = await tasks.running();
      await tasks.publish(id, numbered(1));
      // Of two with one number the second is refused at once: then the first one waits.
      const both = [tasks.publish(id, numbered(3)), tasks.publish(id, numbered(3))];
      assert.deepEqual((await Promise.race(both)).json, { error: 'seq_duplicate', seq: 3 });
      await tasks.become(id, 'completed');
      const waited = (await Promise.all(both)).find(({ status }) => status !== 409);
      assert.deepEqual([waited.status, waited.json], [400, { error: 'Cannot publish to task in terminal status: completed' }]);
    });

    test('wait for those before them through an import too', async () => {
      const id = await tasks.running();
      await tasks.publish(id, numbered(1));
      const archive = (await tasks.get(`/tasks/${id}/archive`)).json;
      const both = [tasks.publish(id, numbered(3)), tasks.publish(id, numbered(3))];
      await Promise.race(both);
      assert.equal((await tasks.post('/tasks/import', { archive, overwrite: true })).status, 200);
      assert.equal((await tasks.publish(id, numbered(2))).status, 201);
      assert.deepEqual((await Promise.all(both)).map(({ status }) => status).sort(), [201, 409]);
      assert.deepEqual((await tasks.history(id)).slice(1).map(({ data }) => data), [1, 2, 3]);
    });

    test('do not hold up a stop', async () => {
      const other = await startTasks({ storage });
      const id = await other.tasks.running();
      await other.tasks.publish(id, numbered(1));
      const both = [other.tasks.publish(id, numbered(3)), other.tasks.publish(id, numbered(3))];
      await Promise.race(both);
      assert.equal(await other.stop(), 0);
      assert.deepEqual((await Promise.all(both)).map(({ status }) => status).sort(), [408, 409]);
    });

    test('go in batches too', async () => {
      const id = await tasks.running();
      const { status, json } = await tasks.publish(id, [numbered(1), event('free'), numbered(2)]);
      assert.equal(status, 201);
      assert.deepEqual(json.map(({ index }) => index), [1, 2, 3]);
      const stale = await tasks.publish(id, [numbered(3), numbered(1)]);
      assert.deepEqual([stale.status, stale.json.error], [409, 'seq_stale']);
      assert.equal((await tasks.history(id)).length, 5); // what came before the refused one is there
    });
  });
}
