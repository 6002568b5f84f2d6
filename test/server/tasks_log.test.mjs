// What the task server says of its requests on standard error.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { run } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { startTasks, event } from '../support/tasks.mjs';
import { until } from '../support/until.mjs';

describe('a verbose server', () => {
  test('has a line for each request, with what it is about (D-26)', async () => {
    const server = await startTasks({ args: ['--verbose'] });
    const { tasks } = server;
    await tasks.create({ id: 't' });
    await tasks.become('t', 'running');
    await tasks.publish('t', event(1));
    await tasks.publish('t', [event(1), event(2)]);
    await tasks.publish('t', event('x'.repeat(70_000)));
    await tasks.client.request('POST', '/tasks/t/events', { body: JSON.stringify(event('y'.repeat(70_000))), chunked: true });
    await tasks.client.request('POST', '/tasks/t/events', { body: '{' });
    await tasks.become('t', 'pending');
    await tasks.post('/tasks/t/resolve', {});
    (await tasks.follow('t')).close();
    (await tasks.followAll()).close();
    await tasks.follow('none');
    await tasks.get('/tasks/t?x=secret');
    await tasks.get('/nothing');
    const lines = await until(() => {
      const found = server.output().split('\n').filter((line) => line.startsWith('[20'));
      return found.length === 14 && found;
    }, 'a line for each request');
    for (const line of lines) assert.match(line, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] .{6} .{35} → (\d{3}|SSE) {2} *\d+ms( {2}\(.+\))?$/);
    const shown = lines.map((line) => line.slice(22).replace(/ {2} *\d+ms/, '').replace(/ +/g, ' '));
    assert.deepEqual(shown, [
      'POST /tasks → 201 (task created)', 'PATCH /tasks/t/status → 200 (→ running)', 'POST /tasks/t/events → 201 (type: x)',
      'POST /tasks/t/events → 201 (2 events)', 'POST /tasks/t/events → 201 (body too large to log)',
      'POST /tasks/t/events → 201 (body too large to log)', 'POST /tasks/t/events → 400 (event published)',
      'PATCH /tasks/t/status → 409 (→ pending)', 'POST /tasks/t/resolve → 400 (resolve)',
      'GET /tasks/t/events → SSE (subscriber connected)', 'GET /events → SSE (global subscriber connected)',
      'GET /tasks/none/events → SSE (subscriber connected)', 'GET /tasks/t → 200', 'GET /nothing → 404',
    ]);
    assert.equal((await tasks.history('t')).length, 6); // what was logged was stored too
    await server.stop();
  });

  test('another is silent', async () => {
    const server = await startTasks();
    await server.tasks.create();
    await server.stop();
    assert.doesNotMatch(server.output(), /POST/);
  });
});

test('a failure is one line of JSON, whatever the level', async () => {
  const server = await startTasks({ storage: 'sqlite', env: { TASKCAST_LOG_LEVEL: ' Error ' } });
  const { tasks } = server;
  await tasks.create({ id: 't' });
  const release = await tasks.post('/tasks/t/storage/release', { expectedLastEventIndex: -1, inactiveSince: 0 });
  assert.equal(release.status, 503);
  await tasks.get('/tasks/none?token=x');
  sqlite(join(server.dir, 'tasks.db'), "UPDATE taskcast_tasks SET status = 'odd'");
  for (const path of ['/tasks/t?token=x', '/tasks/t/archive']) {
    const { status, json } = await tasks.get(path); // D-23
    assert.deepEqual([status, json], [500, { error: 'Internal Server Error' }]);
  }
  await server.stop();
  const lines = server.output().split('\n').filter((line) => line.startsWith('{'));
  assert.equal(lines.length, 3);
  const told = lines.map((line) => {
    const { timestamp, level, event: what, ...rest } = JSON.parse(line);
    assert.equal(new Date(timestamp).toISOString(), timestamp);
    assert.deepEqual([level, what], ['error', 'http_request_failed']);
    return rest;
  });
  const cause = { error: 'tasks.db: the status of t cannot be read' };
  assert.deepEqual(told, [
    { method: 'POST', path: '/tasks/t/storage/release', status: 503 },
    { method: 'GET', path: '/tasks/t', status: 500, errorKind: 'store', ...cause },
    { method: 'GET', path: '/tasks/t/archive', status: 500, errorKind: 'archive', ...cause },
  ]);
});

test('settings in a language of programs are told to be left out', async () => {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'taskcast.config.ts'), 'export default {}');
  const { stderr } = await run(['tasks', 'start', '--port', '0', '--host', '0.0.0.0'], { dir });
  assert.match(stderr, /taskcast\.config\.ts is not read/);
});

test('a level that there is not stops the start', async () => {
  const { code, stdout, stderr } = await run(['tasks', 'start', '--port', '0'], { env: { TASKCAST_LOG_LEVEL: 'loud' } });
  assert.deepEqual([code, stdout], [2, '']);
  assert.equal(stderr, 'sightline: invalid TASKCAST_LOG_LEVEL "loud"; expected debug, info, warn, or error\n');
  const file = join(temporaryDirectory(), 'taskcast.config.json');
  writeFileSync(file, '{"logLevel":"loud"}');
  const other = await run(['tasks', 'start', '--port', '0', '--config', file]);
  assert.equal(other.stderr, 'sightline: invalid logLevel "loud"; expected debug, info, warn, or error\n');
});
