// Decisions of docs/api.md that no other test of the task server names: by their numbers.
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { HttpClient } from '../support/http.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { TaskStream, Tasks, delta, event, startTasks } from '../support/tasks.mjs';

const SECRET = 'a secret of thirty-two bytes or more';
const token = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(createSecretKey(Buffer.from(SECRET)));

for (const storage of ['memory', 'sqlite']) {
  test(`numbers are written whole, in ${storage} (D-06)`, async () => {
    const server = await startTasks({ storage });
    const { tasks } = server;
    const id = await tasks.running({ ttl: 5 });
    await tasks.publish(id, event(1));
    await tasks.become(id, 'blocked', { resumeAfterMs: 60_000 });
    for (const path of [`/tasks/${id}`, '/tasks', `/tasks/${id}/events/history`, `/tasks/${id}/archive`]) {
      const { text } = await tasks.get(path);
      for (const [, name, number] of text.matchAll(/"(\w*(?:At|timestamp|index|ttl|version))":([^,}]+)/g))
        assert.match(number, /^\d+$/, `${name} of ${path}`);
    }
    await server.stop();
  });

  test(`a change of an unknown task is 404, in ${storage} (D-21)`, async () => {
    const server = await startTasks({ storage });
    const { status, json } = await server.tasks.become('none', 'running');
    assert.deepEqual([status, json], [404, { error: 'Task not found: none' }]);
    await server.stop();
  });

  test(`types and levels of a history are not looked at, in ${storage} (D-39)`, async () => {
    const server = await startTasks({ storage });
    const id = await server.tasks.running();
    await server.tasks.publish(id, event(1));
    for (const query of ['?types=none', '?levels=', '?types=x&levels=debug'])
      assert.equal((await server.tasks.history(id, query)).length, 2, query);
    await server.stop();
  });

  test(`a client that lags is closed without done, and nobody else is, in ${storage} (D-41)`, async () => {
    const server = await startTasks({ storage });
    const { tasks } = server;
    const id = await tasks.running();
    const slow = await tasks.follow(id);
    slow.request.res.pause();
    const fast = await tasks.follow(id);
    for (let n = 0; n < 70; ++n) await tasks.publish(id, event('x'.repeat(600_000)));
    slow.request.res.resume();
    await slow.end();
    assert.equal(slow.done, undefined);
    await fast.count(71);
    const last = slow.events.at(-1);
    await tasks.become(id, 'completed');
    assert.equal((await fast.end()).done, 'completed');
    const resumed = await (await tasks.follow(id, `?since.id=${last.eventId}`)).end();
    assert.deepEqual(resumed.events.map(({ rawIndex }) => rawIndex), Array.from({ length: 71 - last.rawIndex }, (_, n) => last.rawIndex + 1 + n));
    await server.stop();
  });
}

test('series and suspensions survive a new start on SQLite (D-35)', async () => {
  const dir = temporaryDirectory();
  let server = await startTasks({ storage: 'sqlite', dir });
  const id = await server.tasks.running();
  for (const text of ['A', 'B', 'C']) await server.tasks.publish(id, delta(text));
  const request = { type: 'approve', data: { n: 1 } };
  await server.tasks.become(id, 'blocked', { reason: 'ok?', blockedRequest: request, resumeAfterMs: 60_000 });
  const before = (await server.tasks.get(`/tasks/${id}`)).json;
  await server.stop('SIGKILL');
  server = await startTasks({ storage: 'sqlite', dir });
  assert.deepEqual((await server.tasks.get(`/tasks/${id}`)).json, before);
  assert.deepEqual((await server.tasks.get(`/tasks/${id}/request`)).json, request);
  const history = await server.tasks.history(id);
  assert.deepEqual(history.slice(1, 4).map(({ data }) => data.delta), ['A', 'B', 'C']);
  const grown = await server.tasks.history(id, '?seriesFormat=accumulated');
  assert.deepEqual(grown[1].data, { delta: 'ABC' });
  await server.stop();
});

test('a list is not narrowed to the tasks of a token (D-38)', async () => {
  const server = await startTasks({ env: { TASKCAST_AUTH_MODE: 'jwt', TASKCAST_JWT_SECRET: SECRET } });
  const as = async (claims) => new Tasks(server.url, { authorization: `Bearer ${await token(claims)}` });
  const id = await (await as({ scope: ['*'] })).running();
  const narrow = await as({ scope: ['event:subscribe'], taskIds: ['other'] });
  assert.deepEqual((await narrow.get('/tasks')).json.tasks.map((task) => task.id), [id]);
  assert.equal((await narrow.get(`/tasks/${id}`)).status, 403);
  await server.stop();
});

test('every answer lets an allowed page read it: preflights without a token, streams, refusals (D-24)', async () => {
  const file = join(temporaryDirectory(), 'taskcast.config.json');
  writeFileSync(file, JSON.stringify({ cors: { origins: ['http://page'] }, auth: { mode: 'jwt', jwt: { secret: SECRET } } }));
  const server = await startTasks({ args: ['--config', file] });
  const bearer = { authorization: `Bearer ${await token({ scope: ['*'] })}` };
  const tasks = new Tasks(server.url, bearer);
  const id = await tasks.running();
  const client = new HttpClient(server.url);
  const origin = { origin: 'http://page' };
  for (const path of ['/tasks', `/tasks/${id}/status`, `/tasks/${id}/events`, '/events', '/admin/token']) {
    const { status, headers } = await client.request('OPTIONS', path, { headers: { ...origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' } });
    assert.deepEqual([status, headers['access-control-allow-origin']], [204, 'http://page'], path);
    assert.match(headers['access-control-allow-headers'], /authorization/i);
  }
  for (const [path, status] of [['/tasks', 401], ['/tasks/none/x', 401], ['/health', 200], ['/nothing', 404]]) {
    const reply = await client.get(path, origin);
    assert.deepEqual([reply.status, reply.headers['access-control-allow-origin']], [status, 'http://page'], path);
  }
  const stream = await TaskStream.open(`${server.url}/tasks/${id}/events`, { ...bearer, ...origin });
  assert.equal(stream.headers['access-control-allow-origin'], 'http://page');
  stream.close();
  await tasks.publish(id, Array.from({ length: 1000 }, (_, n) => event(n)));
  const long = await client.get(`/tasks/${id}/events/history`, { ...bearer, ...origin });
  assert.deepEqual([long.json.length, long.headers['access-control-allow-origin']], [1001, 'http://page']);
  const foreign = await client.request('OPTIONS', '/tasks', { headers: { origin: 'http://evil', 'access-control-request-method': 'POST' } });
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
  await server.stop();
});
