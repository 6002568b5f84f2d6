// Long answers of the task server: sent page by page, whole or recognisably broken.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { delta, event, startTasks } from '../support/tasks.mjs';
import { within } from '../support/until.mjs';

const LIMIT_MS = 20_000;

/// A GET whose body is read only when it is asked for: {status, headers, rest()}; `rest` fails where
/// the answer does not end as it should.
function open(url, path, options = {}) {
  const opened = new Promise((resolve, reject) => {
    const request = http.get(url + path, { agent: false, ...options }, (response) => {
      response.pause();
      const rest = () =>
        within(
          new Promise((done, fail) => {
            const parts = [];
            response.on('data', (part) => parts.push(part));
            response.on('end', () => done(Buffer.concat(parts).toString()));
            response.on('error', fail);
            response.resume();
          }),
          LIMIT_MS,
          `rest of ${path}`,
        );
      resolve({ status: response.statusCode, headers: response.headers, rest });
    });
    request.on('error', reject);
  });
  return within(opened, LIMIT_MS, `head of ${path}`);
}

for (const storage of ['memory', 'sqlite']) {
  describe(`long answers about tasks kept in ${storage}`, () => {
    let server;
    let tasks;
    before(async () => {
      server = await startTasks({ storage });
      tasks = server.tasks;
    });
    after(() => server.stop());

    const large = 'x'.repeat(300_000);
    /// A task whose history is far more than sockets hold.
    async function endless(more = {}) {
      const id = await tasks.running(more);
      for (let n = 0; n < 100; ++n) await tasks.publish(id, event(`${n} ${large}`));
      return id;
    }
    async function many(id, count) {
      for (let n = 0; n < count; n += 1000)
        await tasks.publish(id, Array.from({ length: Math.min(1000, count - n) }, (_, i) => event(n + i)));
    }

    test('a list of many tasks is whole and in order, one of a few has a length', async () => {
      const type = `list-${storage}`;
      const few = await open(server.url, `/tasks?type=${type}`);
      assert.deepEqual([few.headers['content-length'], await few.rest()], ['12', '{"tasks":[]}']);
      const ids = [];
      for (let n = 0; n < 1000; ++n) ids.push((await tasks.create({ type })).json.id);
      const list = await open(server.url, `/tasks?type=${type}`);
      assert.equal(list.headers['transfer-encoding'], 'chunked');
      assert.equal(list.headers['content-type'], 'application/json');
      const { tasks: listed } = JSON.parse(await list.rest());
      assert.deepEqual(listed.map(({ id }) => id), ids);
      assert.deepEqual([listed[0].hot, listed[0].subscriberCount], [false, 0]);
      const mine = (await tasks.get(`/tasks?type=${type}&status=running`)).json;
      assert.deepEqual(mine, { tasks: [] });
    });

    test('a list that is read over a while has what was there at its beginning', async () => {
      const type = `slow-${storage}`;
      const ids = [];
      for (let n = 0; n < 60; ++n) ids.push((await tasks.create({ type, params: { large } })).json.id);
      const list = await open(server.url, `/tasks?type=${type}`);
      for (let n = 0; n < 5; ++n) await tasks.create({ type });
      assert.deepEqual(JSON.parse(await list.rest()).tasks.map(({ id }) => id), ids);
    });

    test('a history that is read over a while has what was there at its beginning', async () => {
      const id = await tasks.running();
      const progress = (n) => event(n, { type: 'pct', seriesId: 'p', seriesMode: 'latest' });
      for (let n = 0; n < 100; ++n) await tasks.publish(id, event(large));
      await tasks.publish(id, [progress(1), delta('a'), delta('b'), event('last')]);
      const plain = await open(server.url, `/tasks/${id}/events/history?since.index=2`);
      const grown = await open(server.url, `/tasks/${id}/events/history?seriesFormat=accumulated`);
      const archive = await open(server.url, `/tasks/${id}/archive`);
      await tasks.publish(id, [progress(2), delta('c'), event('late')]);
      const tail = (events) => events.slice(-4).map(({ index, data }) => [index, data]);
      const events = JSON.parse(await plain.rest());
      assert.deepEqual(tail(events), [[102, { delta: 'a' }], [103, { delta: 'b' }], [105, 2], [104, 'last']]);
      assert.equal(events[0].index, 3);
      assert.deepEqual(tail(JSON.parse(await grown.rest())).slice(-3), [[103, { delta: 'ab' }], [105, 2], [104, 'last']]);
      const { task, events: archived } = JSON.parse(await archive.rest());
      assert.equal(task.id, id);
      assert.deepEqual(archived.map(({ index }) => index), Array.from({ length: 104 }, (_, n) => n));
      assert.deepEqual(archived.slice(-3).map(({ data }) => data), [{ delta: 'ab' }, 2, 'last']);
    });

    test('cursors and limits hold beyond a page', async () => {
      const id = await tasks.running();
      await many(id, 3000);
      const indexes = async (query) => (await tasks.history(id, query)).map(({ index }) => index);
      const upTo = (from, end) => Array.from({ length: end - from }, (_, n) => n + from);
      assert.deepEqual(await indexes(''), upTo(0, 3001));
      assert.deepEqual(await indexes('?limit=1200'), upTo(0, 1200));
      assert.deepEqual(await indexes('?since.index=1000&limit=1500'), upTo(1001, 2501));
      const [first] = await tasks.history(id, '?since.index=700&limit=1');
      assert.deepEqual(await indexes(`?since.id=${first.id}`), upTo(702, 3001));
    });

    test('an answer that cannot go on is broken, not ended', async () => {
      const id = await endless({ id: `replaced-${storage}` });
      const archive = JSON.parse(await (await open(server.url, `/tasks/${id}/archive`)).rest());
      archive.events.length = 1;
      const answers = await Promise.all(['events/history', 'archive'].map((what) => open(server.url, `/tasks/${id}/${what}`)));
      assert.equal((await tasks.post('/tasks/import', { archive, overwrite: true })).status, 200);
      for (const { status, rest } of answers) {
        assert.equal(status, 200);
        await assert.rejects(rest(), { code: 'ECONNRESET' });
      }
    });

    test('nor does it look whole to a client that knows no chunks', async () => {
      const id = await endless({ id: `plain-${storage}` });
      const ask = () => {
        const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
        socket.pause();
        socket.write(`GET /tasks/${id}/events/history HTTP/1.0\r\nHost: localhost\r\n\r\n`);
        const opened = within(new Promise((is) => socket.once('readable', is)), LIMIT_MS, 'the first bytes');
        const rest = () =>
          within(
            new Promise((done) => {
              let text = '';
              socket.setEncoding('utf8').on('data', (part) => (text += part));
              // A reset may look like an end here: libuv takes a hang-up for one.
              socket.on('end', () => done(text)).on('error', () => done(text));
              socket.resume();
            }),
            LIMIT_MS,
            'the end',
          );
        return { opened, rest };
      };
      const whole = ask();
      await whole.opened;
      const text = await whole.rest();
      assert.doesNotMatch(text, /transfer-encoding/i);
      assert.equal(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).length, 101);
      const broken = ask();
      await broken.opened;
      const archive = { schema: 'taskcast.taskArchive', version: 1, exportedAt: 1, task: { id, status: 'running', createdAt: 1, updatedAt: 1 }, events: [] };
      assert.equal((await tasks.post('/tasks/import', { archive, overwrite: true })).status, 200);
      const part = await broken.rest();
      assert.throws(() => JSON.parse(part.slice(part.indexOf('\r\n\r\n') + 4)), SyntaxError);
    });

    test('a stop waits for an answer that is under way', async () => {
      const other = await startTasks({ storage });
      const id = await other.tasks.running();
      for (let n = 0; n < 100; ++n) await other.tasks.publish(id, event(large));
      const answer = await open(other.url, `/tasks/${id}/events/history`);
      const stopped = other.stop();
      assert.equal(JSON.parse(await answer.rest()).length, 101);
      assert.equal(await stopped, 0);
    });

    test('a connection goes on behind a long answer', async () => {
      const id = await tasks.running();
      await many(id, 2000);
      const connection = await tasks.client.connect();
      const get = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      const history = get(`/tasks/${id}/events/history`);
      for (let n = 0; n < 3; ++n) {
        const { headers, body } = await connection.exchange(history);
        assert.deepEqual([JSON.parse(body).length, headers['transfer-encoding']], [2001, 'chunked']);
      }
      connection.send(history + get('/health') + history);
      assert.equal(JSON.parse((await connection.reply()).body).length, 2001);
      assert.equal(JSON.parse((await connection.reply()).body).ok, true);
      assert.equal(JSON.parse((await connection.reply()).body).length, 2001);
      const last = `GET /tasks/${id}/archive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      assert.equal(JSON.parse((await connection.exchange(last)).body).events.length, 2001);
      assert.equal((await connection.end()).length, 0);
    });

    test('whoever leaves in the middle harms nobody', async () => {
      const id = await endless();
      for (let n = 0; n < 5; ++n) {
        const left = new Promise((gone) => {
          const request = http.get(`${server.url}/tasks/${id}/events/history`, { agent: false }, (response) => {
            response.on('error', () => {}).on('close', gone);
            response.once('data', () => request.destroy());
          });
          request.on('error', () => {});
        });
        await within(left, LIMIT_MS, 'the end of a connection');
      }
      assert.equal((await tasks.history(id, '?limit=3')).length, 3);
    });

    test('a head alone is asked for', async () => {
      const id = await tasks.running();
      await many(id, 1000);
      const { status, bytes } = await tasks.client.request('HEAD', `/tasks/${id}/events/history`);
      assert.deepEqual([status, bytes.length], [200, 0]);
    });
  });
}
