// The task server's REST interface, on every store. The numbers are those of docs/api.md's table
// of decisions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { delta, event, startTasks } from '../support/tasks.mjs';

for (const storage of ['memory', 'sqlite']) {
  describe(`tasks kept in ${storage}`, () => {
    let server;
    let tasks;
    before(async () => {
      server = await startTasks({ storage });
      tasks = server.tasks;
    });
    after(() => server.stop());

    const indexes = (events) => events.map(({ index }) => index);

    test('a task is made pending, as it was given, with times in whole milliseconds and no event (D-31)', async () => {
      const given = {
        type: 'llm.chat', params: { prompt: 'Hi', none: null }, metadata: {}, ttl: 600,
        tags: ['eu'], assignMode: 'ws-offer', cost: 2, disconnectPolicy: 'mark',
        webhooks: [{ url: 'http://x', retry: { retries: 1 } }], cleanup: { rules: [{ target: 'all' }] },
        authConfig: { rules: [] },
      };
      const { status, json, headers } = await tasks.create({ ...given, unknown: 1, type: 'llm.chat' });
      assert.equal(status, 201);
      assert.equal(headers['content-type'], 'application/json');
      const { id, createdAt, updatedAt, ...rest } = json;
      assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
      assert.ok(Number.isInteger(createdAt) && createdAt === updatedAt);
      assert.deepEqual(rest, { status: 'pending', ...given });
      assert.deepEqual(await tasks.history(id), []);
      const read = (await tasks.get(`/tasks/${id}`)).json;
      assert.deepEqual(read, { ...json, hot: false, subscriberCount: 0 });
    });

    test('an id is taken once, and the first stays as it is', async () => {
      await tasks.create({ id: 'own', type: 'first' });
      const again = await tasks.create({ id: 'own', type: 'second' });
      assert.equal(again.status, 409);
      assert.deepEqual(again.json, { error: 'Task already exists: own' });
      assert.equal((await tasks.get('/tasks/own')).json.type, 'first');
    });

    test('an id may be any text, percent-encoded in paths', async () => {
      await tasks.create({ id: 'a/b c' });
      assert.equal((await tasks.get('/tasks/a%2Fb%20c')).json.id, 'a/b c');
      assert.deepEqual((await tasks.get('/tasks/import')).json, { error: 'Task not found' });
      await tasks.create({ id: 'import' });
      assert.equal((await tasks.get('/tasks/import')).json.id, 'import');
    });

    test('unknown tasks are told with the texts that clients know', async () => {
      for (const [method, path, text] of [
        ['GET', '/tasks/no', 'Task not found'],
        ['GET', '/tasks/no/events', 'Task not found'],
        ['GET', '/tasks/no/events/history', 'Task not found'],
        ['GET', '/tasks/no/request', 'Task not found'],
        ['GET', '/tasks/no/archive', 'Task not found: no'],
        ['POST', '/tasks/no/resolve', 'Task not found'],
        ['POST', '/tasks/no/storage/release', 'Task not found'],
        ['PATCH', '/tasks/no/status', 'Task not found: no'],
        ['POST', '/tasks/no/events', 'Task not found: no'],
      ]) {
        const body = { PATCH: { status: 'running' }, POST: event(1) }[method];
        const reply = await tasks.call(method, path, body);
        assert.equal(reply.status, 404, path);
        assert.deepEqual(reply.json, { error: text }, path);
      }
      assert.deepEqual((await tasks.publish('no', [])).json, []); // no events, no question
    });

    test('every status becomes what the matrix says, and nothing else (D-05)', async () => {
      const all = ['pending', 'assigned', 'running', 'paused', 'blocked', 'completed', 'failed', 'timeout', 'cancelled'];
      const matrix = {
        pending: '.xxx...xx', assigned: 'x.xx...xx', running: '...xxxxxx', paused: '.xx.x..xx',
        blocked: '.xxx..xxx', completed: '.........', failed: '.........', timeout: '.........', cancelled: '.........',
      };
      const path = {
        pending: [], assigned: ['assigned'], running: ['running'], paused: ['paused'], blocked: ['running', 'blocked'],
        completed: ['running', 'completed'], failed: ['running', 'failed'], timeout: ['timeout'], cancelled: ['cancelled'],
      };
      for (const from of all)
        for (const [to, mark] of all.map((each, i) => [each, matrix[from][i]])) {
          const { id } = (await tasks.create()).json;
          for (const step of path[from]) await tasks.become(id, step);
          const { status, json } = await tasks.become(id, to);
          if (mark === 'x') assert.equal(status, 200, `${from} to ${to}`);
          else {
            assert.equal(status, 409, `${from} to ${to}`);
            assert.deepEqual(json, { error: `Invalid transition: ${from} → ${to}` });
          }
        }
    });

    test('of ten completions at once one wins', async () => {
      const id = await tasks.running();
      const replies = await Promise.all(Array.from({ length: 10 }, () => tasks.become(id, 'completed')));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array(9).fill(409)]);
      assert.deepEqual(indexes(await tasks.history(id)), [0, 1]);
    });

    test('a task tells its life as the worked example does', async () => {
      const id = 't-1';
      assert.equal((await tasks.create({ id, ttl: 60 })).json.ttl, 60);
      await tasks.become(id, 'running');
      const first = await tasks.publish(id, delta('Hel'));
      assert.equal(first.status, 201);
      assert.equal(first.json.index, 1);
      assert.deepEqual(first.json.data, { delta: 'Hel' });
      assert.deepEqual((await tasks.publish(id, delta('lo'))).json.data, { delta: 'lo' });
      const pct = (n) => event(n, { type: 'pct', seriesId: 'p', seriesMode: 'latest' });
      assert.equal((await tasks.publish(id, pct(40))).json.index, 3);
      assert.equal((await tasks.publish(id, pct(80))).json.index, 4);
      const request = { type: 'approve', data: { n: 1 } };
      const blocked = (await tasks.become(id, 'blocked', { reason: 'ok?', blockedRequest: request, resumeAfterMs: 30000 })).json;
      assert.equal(blocked.reason, 'ok?');
      assert.equal(blocked.resumeAt, blocked.updatedAt + 30000);
      assert.deepEqual((await tasks.get(`/tasks/${id}/request`)).json, request);
      const resolved = (await tasks.post(`/tasks/${id}/resolve`, { data: 'yes' })).json;
      assert.equal(resolved.status, 'running');
      assert.deepEqual(resolved.result, { resolution: 'yes' });
      for (const member of ['reason', 'resumeAt', 'blockedRequest']) assert.equal(resolved[member], undefined);
      const completed = (await tasks.become(id, 'completed', { result: { n: 2 } })).json;
      assert.equal(completed.completedAt, completed.updatedAt);
      const late = await tasks.publish(id, event(1));
      assert.equal(late.status, 400);
      assert.deepEqual(late.json, { error: 'Cannot publish to task in terminal status: completed' });
      assert.deepEqual((await tasks.become(id, 'cancelled')).json, { error: 'Invalid transition: completed → cancelled' });

      const events = await tasks.history(id);
      assert.deepEqual(indexes(events), [0, 1, 2, 4, 5, 6, 7, 8, 9]); // D-36
      assert.deepEqual(events.slice(4).map(({ type, data }) => [type, data]), [
        ['taskcast:status', { status: 'blocked' }],
        ['taskcast:blocked', { reason: 'ok?', request }],
        ['taskcast:status', { status: 'running', result: { resolution: 'yes' } }],
        ['taskcast:resolved', { resolution: { resolution: 'yes' } }],
        ['taskcast:status', { status: 'completed', result: { n: 2 } }],
      ]);
      const collapsed = await tasks.history(id, '?seriesFormat=accumulated');
      assert.deepEqual(indexes(collapsed), [0, 2, 4, 5, 6, 7, 8, 9]);
      assert.deepEqual([collapsed[1].data, collapsed[1].seriesSnapshot], [{ delta: 'Hello' }, true]);
      assert.deepEqual(indexes(await tasks.history(id, '?since.index=4&limit=2')), [5, 6]);

      const archive = (await tasks.get(`/tasks/${id}/archive`)).json;
      assert.deepEqual(indexes(archive.events), [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.deepEqual(archive.events.slice(1, 3).map(({ data }) => data), [{ delta: 'Hello' }, 80]);
      assert.equal(archive.events[1].seriesSnapshot, undefined);
    });

    test('a body that is no JSON, or none, gets 400 (D-02, D-03)', async () => {
      for (const body of ['{', '', 'x', '{"a":1}}'])
        for (const type of ['application/json', 'text/plain', 'multipart/form-data']) {
          const reply = await tasks.client.request('POST', '/tasks', { body, headers: { 'content-type': type } });
          assert.equal(reply.status, 400);
          assert.deepEqual(reply.json, { error: 'Malformed JSON in request body' });
        }
      const typeless = await tasks.client.request('POST', '/tasks', { body: '{"type":"t"}' });
      assert.equal(typeless.status, 201);
    });

    test('a body that is not what it has to be names the member (D-01)', async () => {
      const refused = [
        [{ ttl: 0 }, 'ttl', /^Invalid TTL: 0\. TTL must be a positive number\.$/],
        [{ ttl: 1.5 }, 'ttl', /TTL/],
        [{ cost: -1 }, 'cost', /^Invalid cost: -1\. Cost must be non-negative\.$/],
        [{ cost: 'x' }, 'cost', /cost/],
        [{ id: 7 }, 'id', /id must be a string/],
        [{ params: [] }, 'params', /params must be an object/],
        [{ tags: ['a', 1] }, 'tags', /tags must be an array of strings/],
        [{ assignMode: 'x' }, 'assignMode', /assignMode must be one of external, pull, ws-offer, ws-race/],
        [{ cleanup: {} }, 'rules', /rules is required/],
      ];
      for (const [body, member, text] of refused) {
        const { status, json } = await tasks.create(body);
        assert.equal(status, 400);
        assert.match(json.error, text);
        assert.equal(json.issues[0].path.at(-1), member);
        assert.equal(typeof json.issues[0].code, 'string');
      }
      const both = (await tasks.create({ ttl: -1, type: 1 })).json;
      assert.equal(both.issues.length, 2);
      for (const body of [[], 'x', 3, null]) assert.equal((await tasks.create(body)).status, 400);
      assert.equal((await tasks.create({ type: null, ttl: null })).status, 201); // D-44
    });

    test('a long list of wrong things gets a short answer', async () => {
      const { status, bytes, json } = await tasks.publish('any', Array(100_000).fill(1));
      assert.equal(status, 400);
      assert.ok(bytes.length < 10_000, `${bytes.length}`);
      assert.equal(json.issues.length, 20);
    });

    test('so do transitions and events (D-29)', async () => {
      const id = await tasks.running();
      for (const body of [{}, { status: 'x' }, { status: 7 }, { status: 'paused', ttl: 0 },
        { status: 'blocked', resumeAfterMs: 0.5 }, { status: 'failed', error: {} },
        { status: 'failed', error: { message: 1 } }, { status: 'blocked', blockedRequest: { data: 1 } },
        { status: 'paused', result: [] }])
        assert.equal((await tasks.call('PATCH', `/tasks/${id}/status`, body)).status, 400, JSON.stringify(body));
      for (const body of [{}, { type: 'x' }, { type: 'x', level: 'loud' }, { type: 1, level: 'info' },
        event(1, { seriesMode: 'all' }), event(1, { seriesId: 4 }), 'x', null, [event(1), {}]])
        assert.equal((await tasks.publish(id, body)).status, 400, JSON.stringify(body));
      assert.equal((await tasks.history(id)).length, 1); // nothing of a refused batch
      const { issues } = (await tasks.publish(id, [event(1), { type: 'x' }])).json;
      assert.deepEqual(issues[0].path, [1, 'level']);
    });

    test('an event without data has null, in history and on streams (D-07)', async () => {
      const id = await tasks.running();
      const stream = await tasks.follow(id);
      const { json } = await tasks.publish(id, { type: 'x', level: 'info' });
      assert.equal(json.data, null);
      await stream.count(2);
      await tasks.become(id, 'completed');
      await stream.end();
      assert.equal(stream.events[1].data, null);
      assert.equal(stream.done, 'completed');
      assert.equal((await tasks.history(id))[1].data, null);
    });

    test('a batch is stored in its order', async () => {
      const id = await tasks.running();
      const { status, json } = await tasks.publish(id, [1, 2, 3].map((n) => event(n)));
      assert.equal(status, 201);
      assert.deepEqual(json.map(({ index, data }) => [index, data]), [[1, 1], [2, 2], [3, 3]]);
      assert.deepEqual((await tasks.publish(id, [])).json, []);
    });

    test('parallel publishes get successive indexes', async () => {
      const id = await tasks.running();
      const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => tasks.publish(id, event(n))));
      assert.deepEqual(replies.map(({ json }) => json.index).sort((a, b) => a - b), Array.from({ length: 50 }, (_, n) => n + 1));
      assert.deepEqual(indexes(await tasks.history(id)), Array.from({ length: 51 }, (_, n) => n));
    });

    test('a resolution is an object, or wrapped in one (D-08)', async () => {
      for (const [body, result] of [
        [{ data: { a: 1 } }, { a: 1 }], [{ data: [1] }, { resolution: [1] }], [{ data: null }, { resolution: null }],
        [{}, { resolution: null }], [{ data: 'yes' }, { resolution: 'yes' }],
      ]) {
        const id = await tasks.running();
        assert.deepEqual((await tasks.post(`/tasks/${id}/resolve`, body)).json, { error: 'Task is not blocked' });
        assert.deepEqual((await tasks.get(`/tasks/${id}/request`)).json, { error: 'No blocked request' });
        await tasks.become(id, 'blocked');
        assert.equal((await tasks.get(`/tasks/${id}/request`)).status, 404);
        assert.equal((await tasks.client.request('POST', `/tasks/${id}/resolve`, { body: '{' })).status, 400);
        assert.deepEqual((await tasks.post(`/tasks/${id}/resolve`, body)).json.result, result);
      }
    });

    test('of many answers to one request one wins', async () => {
      const id = await tasks.running();
      await tasks.become(id, 'blocked', { blockedRequest: { type: 'a' } });
      const replies = await Promise.all(Array.from({ length: 8 }, (_, n) => tasks.post(`/tasks/${id}/resolve`, { data: n })));
      const statuses = replies.map(({ status }) => status).sort();
      assert.equal(statuses[0], 200);
      assert.ok(statuses.slice(1).every((status) => status === 409 || status === 400), `${statuses}`);
    });

    test('lists filter by status and type (D-09)', async () => {
      const type = `list-${storage}`;
      const { id } = (await tasks.create({ type })).json;
      const other = await tasks.running({ type });
      const ids = async (query) => (await tasks.get(`/tasks${query}`)).json.tasks.map((task) => task.id);
      assert.deepEqual(await ids(`?type=${type}`), [id, other]);
      assert.deepEqual(await ids(`?type=${type}&status=running`), [other]);
      assert.deepEqual(await ids(`?type=${type}&status=running,pending,bogus`), [id, other]);
      assert.deepEqual(await ids(`?type=${type}&status=bogus`), []);
      assert.deepEqual(await ids(`?type=${type}&status=`), [id, other]);
      assert.deepEqual(await ids('?type=none'), []);
    });

    test('limits and cursors that are no numbers do not count (D-10, D-11)', async () => {
      const id = await tasks.running();
      await tasks.publish(id, [1, 2, 3].map((n) => event(n)));
      for (const query of ['?limit=0', '?limit=-1', '?limit=x', '?since.index=x', '?since.timestamp=x', '?since.id='])
        assert.equal((await tasks.history(id, query)).length, 4, query);
      assert.equal((await tasks.history(id, '?limit=2')).length, 2);
      const [, one] = await tasks.history(id);
      assert.deepEqual(indexes(await tasks.history(id, `?since.id=${one.id}&since.index=3`)), [2, 3]);
      assert.deepEqual(indexes(await tasks.history(id, '?since.id=unknown')), [0, 1, 2, 3]);
      assert.deepEqual(indexes(await tasks.history(id, '?since.index=1')), [2, 3]);
    });

    test('an archive goes in where there is none, or over what there is', async () => {
      const id = await tasks.running({ id: 'archived', type: 'a', metadata: { x: 1 } });
      await tasks.publish(id, [delta('a'), delta('b'), event(7)]);
      await tasks.become(id, 'completed');
      const archive = (await tasks.get(`/tasks/${id}/archive`)).json;
      const refused = await tasks.post('/tasks/import', { archive });
      assert.deepEqual([refused.status, refused.json], [409, { error: `Task already exists: ${id}` }]);
      const over = await tasks.post('/tasks/import', { archive, overwrite: true });
      assert.deepEqual([over.status, over.json], [200, { ok: true, taskId: id, eventCount: 4, overwritten: true }]);
      assert.deepEqual((await tasks.get(`/tasks/${id}/archive`)).json.events, archive.events);

      const copy = structuredClone(archive);
      copy.task.id = 'copied';
      copy.task.status = 'running';
      copy.events.forEach((each, i) => Object.assign(each, { taskId: 'copied', id: `e${i}` }));
      assert.deepEqual((await tasks.post('/tasks/import', { archive: copy })).json, { ok: true, taskId: 'copied', eventCount: 4, overwritten: false });
      assert.equal((await tasks.publish('copied', delta('c'))).json.index, 4);
      const [, series] = await tasks.history('copied', '?seriesFormat=accumulated');
      assert.deepEqual(series.data, { delta: 'abc' });
    });

    test('an archive that is none is refused with the reason', async () => {
      const good = () => ({
        schema: 'taskcast.taskArchive', version: 1, exportedAt: 1,
        task: { id: 'T', status: 'completed', createdAt: 1, updatedAt: 2 },
        events: [{ id: 'E0', taskId: 'T', index: 0, timestamp: 1, type: 'x', level: 'info', data: 1 },
          { id: 'E1', taskId: 'T', index: 1, timestamp: 1, type: 'x', level: 'info', data: 1 }],
      });
      const cases = [
        [() => 'x', 'Archive must be an object'],
        [(a) => ({ ...a, schema: 'x' }), 'Unsupported archive schema: x'],
        [(a) => ({ ...a, version: 2 }), 'Unsupported archive version: 2'],
        [(a) => ({ ...a, exportedAt: 'x' }), 'Archive exportedAt must be a finite number'],
        [(a) => ({ ...a, task: 1 }), 'Archive task must be an object'],
        [(a) => (delete a.task.id, a), 'Archive task.id must be a string'],
        [(a) => ((a.task.status = 'x'), a), 'Archive task.status is invalid'],
        [(a) => ((a.task.createdAt = null), a), 'Archive task.createdAt must be a finite number'],
        [(a) => ((a.task.updatedAt = 'x'), a), 'Archive task.updatedAt must be a finite number'],
        [(a) => ({ ...a, events: {} }), 'Archive events must be an array'],
        [(a) => ((a.events[0] = 1), a), 'Archive event must be an object'],
        [(a) => ((a.events[0].id = ''), a), 'Archive event.id must be a string'],
        [(a) => (delete a.events[0].taskId, a), 'Archive event.taskId must be a string for event E0'],
        [(a) => ((a.events[0].index = -1), a), 'Archive event.index must be a non-negative integer for event E0'],
        [(a) => ((a.events[0].timestamp = 'x'), a), 'Archive event.timestamp must be a finite number for event E0'],
        [(a) => ((a.events[0].type = 1), a), 'Archive event.type must be a string for event E0'],
        [(a) => ((a.events[0].level = 'x'), a), 'Archive event.level is invalid for event E0'],
        [(a) => (delete a.events[0].data, a), 'Archive event.data is required for event E0'],
        [(a) => ((a.events[0].seriesMode = 'x'), a), 'Archive event.seriesMode is invalid for event E0'],
        [(a) => ((a.events[0].seriesId = 1), a), 'Archive event.seriesId must be a string for event E0'],
        [(a) => ((a.events[0].seriesAccField = 1), a), 'Archive event.seriesAccField must be a string for event E0'],
        [(a) => ((a.events[0].taskId = 'U'), a), 'Archive event taskId mismatch for event E0'],
        [(a) => ((a.events[1].id = 'E0'), a), 'Archive contains duplicate event id: E0'],
        [(a) => ((a.events[1].index = 0), a), 'Archive contains duplicate event index: 0'],
        [(a) => ((a.events[1].index = 2), a), 'Archive events must have contiguous indexes from 0; expected 1, got 2'],
      ];
      for (const [change, text] of cases) {
        const { status, json } = await tasks.post('/tasks/import', { archive: change(good()) });
        assert.deepEqual([status, json], [400, { error: text }]);
      }
      for (const member of ['seriesSnapshot', '_accumulatedData']) {
        const archive = good();
        archive.events[0][member] = null;
        assert.match((await tasks.post('/tasks/import', { archive })).json.error, /^Archive events cannot include/);
      }
      assert.deepEqual((await tasks.post('/tasks/import', {})).json, { error: 'Invalid archive import request' });
      assert.equal((await tasks.get('/tasks/T')).status, 404);
    });

    test('members of a task that no task has come in and go out with archives', async () => {
      const archive = (task) => ({ schema: 'taskcast.taskArchive', version: 1, exportedAt: 1, task: { id: 'kept', status: 'running', createdAt: 1, updatedAt: 2, ...task }, events: [] });
      const unknown = { owner: { name: 'ü', list: [1, null] }, 'a"b': 1, none: null };
      await tasks.post('/tasks/import', { archive: archive({ ...unknown, hot: 7, subscriberCount: 9, ttl: 'x' }) });
      const whole = { id: 'kept', status: 'running', createdAt: 1, updatedAt: 2, ...unknown };
      assert.deepEqual((await tasks.get('/tasks/kept')).json, { ...whole, hot: false, subscriberCount: 0 });
      assert.deepEqual((await tasks.get('/tasks?status=running')).json.tasks.find(({ id }) => id === 'kept').owner, unknown.owner);
      assert.deepEqual((await tasks.get('/tasks/kept/archive')).json.task, whole);
      const moved = (await tasks.become('kept', 'paused')).json;
      assert.deepEqual(moved.owner, unknown.owner);
    });

    test('an event of an archive that another task has is refused', async () => {
      const id = await tasks.running();
      const archive = (await tasks.get(`/tasks/${id}/archive`)).json;
      archive.task.id = archive.events[0].taskId = 'thief';
      const { status, json } = await tasks.post('/tasks/import', { archive });
      assert.deepEqual([status, json], [409, { error: `Archive event id conflicts with another task: ${archive.events[0].id}` }]);
      assert.equal((await tasks.get('/tasks/thief')).status, 404);
    });

    test('release is not supported by these stores', async () => {
      const { id } = (await tasks.create()).json;
      const { status, json } = await tasks.post(`/tasks/${id}/storage/release`, { expectedLastEventIndex: -1, inactiveSince: 0 });
      assert.equal(status, 503);
      assert.equal(json.code, 'storage_release_unsupported');
      for (const body of [{}, [], { expectedLastEventIndex: -2, inactiveSince: 0 }, { expectedLastEventIndex: 0, inactiveSince: 'x' }]) {
        const refused = await tasks.post(`/tasks/${id}/storage/release`, body);
        assert.deepEqual([refused.status, refused.json], [400, { error: 'Invalid storage release request' }]);
      }
    });

    test('a task whose time is over times out, as one that waits for its moment runs on', async () => {
      const { id } = (await tasks.create({ ttl: 1 })).json;
      const stream = await tasks.follow(id);
      const waiting = await tasks.running();
      await tasks.become(waiting, 'blocked', { resumeAfterMs: 1 });
      const woken = await tasks.follow(waiting);
      await stream.end();
      assert.equal(stream.done, 'timeout');
      assert.deepEqual(stream.events.at(-1).data, { status: 'timeout' });
      await woken.until(({ events }) => events.at(-1)?.data.status === 'running', 'the task runs on');
      woken.close();
    });

    test('a path or method that is none (D-04)', async () => {
      const missing = await tasks.get('/nothing');
      assert.deepEqual([missing.status, missing.text], [404, '404 Not Found']);
      const id = await tasks.running();
      for (const path of ['/tasks/', '/TASKS', '/tasks//', `/tasks/${id}/`, `/tasks/${id}/Events/history`, '/health/', '/Health'])
        assert.deepEqual((({ status, text }) => [status, text])(await tasks.get(path)), [404, '404 Not Found'], path);
      const wrong = await tasks.call('DELETE', '/tasks');
      assert.equal(wrong.status, 405);
      assert.match(wrong.headers.allow, /POST/);
    });

    test('a body that is too large (D-25)', async () => {
      const id = await tasks.running();
      assert.equal((await tasks.publish(id, event('x'.repeat(9 << 20)))).status, 201);
      const large = await tasks.client.raw(
        `POST /tasks/${id}/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${11 << 20}\r\n\r\n`,
      );
      assert.equal(large.status, 413);
      assert.deepEqual(JSON.parse(large.body), { error: 'Payload too large' });
      const chunked = await tasks.client.request('POST', `/tasks/${id}/events`, { body: ' '.repeat(11 << 20), chunked: true });
      assert.deepEqual([chunked.status, chunked.json], [413, { error: 'Payload too large' }]);
      const packed = await tasks.client.request('POST', `/tasks/${id}/events`, {
        body: gzipSync(' '.repeat(11 << 20)), headers: { 'content-encoding': 'gzip' },
      });
      assert.deepEqual([packed.status, packed.json], [413, { error: 'Payload too large' }]);
    });

    test('says how it does', async () => {
      const root = (await tasks.get('/')).json;
      assert.deepEqual([root.name, root.apiVersion, root.links.openapi], ['taskcast', 'v1', '/openapi.json']);
      assert.match(root.version, /^1\.6\.\d+/);
      assert.equal((await tasks.get('/health')).json.ok, true);
      assert.deepEqual((await tasks.get('/health/ready')).json, { ok: true, dependencies: {} });
      const detail = (await tasks.get('/health/detail')).json;
      assert.deepEqual(detail.auth, { mode: 'none' });
      assert.deepEqual(detail.adapters.shortTermStore, { provider: storage, status: 'ok' });
      assert.equal(detail.storage.requiredStorageProtocolVersion, 2);
    });

    test('describes itself: each path of the description answers as it says (D-30)', async () => {
      const api = (await tasks.get('/openapi.json')).json;
      assert.equal(api.openapi, '3.1.0');
      for (const [path, methods] of Object.entries(api.paths))
        for (const [method, { responses, requestBody }] of Object.entries(methods)) {
          const { status } = await tasks.call(method.toUpperCase(), path.replace('{taskId}', 'none'), requestBody ? {} : undefined)
            .catch(() => ({ status: 200 })); // a stream, which does not end by itself
          assert.notEqual(status, 405, path);
          for (const { content } of Object.values(responses))
            for (const { schema } of Object.values(content ?? {}))
              assert.ok(api.components.schemas[schema.$ref.split('/').pop()], schema.$ref);
        }
      const { Task } = api.components.schemas;
      for (const member of ['authConfig', 'webhooks', 'cleanup', 'reason', 'resumeAt', 'blockedRequest'])
        assert.ok(Task.properties[member], member);
      const docs = await tasks.get('/docs');
      assert.match(docs.headers['content-type'], /^text\/html/);
      assert.doesNotMatch(docs.text, /(src|href)="https?:/);
    });
  });
}
