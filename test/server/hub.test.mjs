// What collectors on other machines send to a server: events, machines, projects, workspaces.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { HttpClient } from '../support/http.mjs';
import { startServer } from '../support/server.mjs';

let server;
let client;
before(async () => {
  server = await startServer();
  client = new HttpClient(server.url);
});
after(() => server.stop());

const event = (sessionId, fields = {}) => ({
  id: randomUUID(),
  timestamp: new Date().toISOString(),
  eventType: 'llm_request',
  agentId: 'claude',
  agentVersion: '1.0.0',
  sessionId,
  projectId: 1,
  context: { workingDirectory: '/home/ana/parser', machineName: 'build-box', branch: 'main' },
  data: { prompt: 'sort these lines' },
  ...fields,
});
const session = async (id) => (await client.get(`/api/sessions/${id}`)).json;

describe('POST /api/events/batch with an array', () => {
  test('stores each event once, and tells how many', async () => {
    const id = randomUUID();
    const batch = [event(id), event(id, { eventType: 'tool_use', data: { toolName: 'grep' } })];
    const first = await client.post('/api/events/batch', batch);
    assert.equal(first.status, 201);
    assert.deepEqual(first.json, { created: 2, requested: 2, duplicates: 0 });
    const again = await client.post('/api/events/batch', batch);
    assert.deepEqual(again.json, { created: 0, requested: 2, duplicates: 2 });
  });

  test('shows the machine and the workspace in the session', async () => {
    const id = randomUUID();
    await client.post('/api/events/batch', [event(id)]);
    const { session: row, events } = await session(id);
    assert.equal(row.agent_type, 'claude_code');
    assert.equal(row.project, 'parser');
    assert.equal(row.branch, 'main');
    const metadata = typeof row.metadata === 'string' ? JSON.parse(row.metadata) : row.metadata;
    assert.deepEqual(metadata, { machine: 'build-box', workspace: '/home/ana/parser' });
    assert.equal(events.length, 1);
    const listed = (await client.get('/api/sessions?limit=0')).json.sessions;
    assert.ok(listed.some((each) => each.id === id));
  });

  test('counts the tokens of an answer once, however often it is told', async () => {
    const id = randomUUID();
    const usage = { inputTokens: 10, outputTokens: 20, cacheReadTokens: 5 };
    const answer = () =>
      event(id, {
        eventType: 'llm_response',
        context: { model: 'claude-sonnet-4-5-20250929' },
        data: { response: 'done', messageId: `msg-${id}`, requestId: 'req-1', usage },
      });
    await client.post('/api/events/batch', [answer(), answer()]);
    const { session: row } = await session(id);
    assert.equal(row.tokens_out, 20);
    assert.ok(row.total_cost_usd > 0);
  });

  test('refuses a batch with a wrong event whole, and names the field', async () => {
    const id = randomUUID();
    const reply = await client.post('/api/events/batch', [event(id), event(undefined)]);
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.json, {
      error: 'Invalid request body',
      details: [{ field: '1.sessionId', message: 'is required' }],
    });
    assert.equal((await client.get(`/api/sessions/${id}`)).status, 404);
  });

  test('takes 1 to 1000 events', async () => {
    assert.equal((await client.post('/api/events/batch', [])).status, 400);
    assert.equal((await client.post('/api/events/batch', [7])).status, 400);
    const id = randomUUID();
    const many = (count) => Array.from({ length: count }, () => event(id, { data: {} }));
    assert.equal((await client.post('/api/events/batch', many(1000))).json.created, 1000);
    assert.equal((await client.post('/api/events/batch', many(1001))).status, 400);
  });
});

describe('the older paths', () => {
  test('take an object with events, and one event', async () => {
    const id = randomUUID();
    const batch = await client.post('/api/v1/agent/events/batch', { events: [event(id)] });
    assert.deepEqual(batch.json, { created: 1, requested: 1, duplicates: 0 });
    const one = await client.post('/api/v1/agent/events', event(id));
    assert.deepEqual(one.json, { created: 1, requested: 1, duplicates: 0 });
    const none = await client.post('/api/v1/agent/events/batch', { events: 7 });
    assert.equal(none.status, 400);
  });

  test('POST /api/events tells a collected event from one of the monitor', async () => {
    const id = randomUUID();
    assert.equal((await client.post('/api/events', event(id))).json.created, 1);
    const own = { session_id: id, agent_type: 'claude_code', event_type: 'tool_use' };
    assert.equal((await client.post('/api/events', own)).json.received, 1);
  });
});

describe('machines, projects and workspaces', () => {
  const machine = (id) => ({
    machineId: id,
    hostname: 'build-box',
    username: 'ana',
    osType: 'linux',
    machineType: 'local',
    metadata: { arch: 'amd64', numCPU: 4 },
  });

  test('a machine is told twice and stays one', async () => {
    const first = (await client.post('/api/machines', machine('m-1'))).json;
    const again = (await client.post('/api/machines', { ...machine('m-1'), osVersion: 'Debian 12' }))
      .json;
    assert.equal(first.id, again.id);
    assert.equal(again.osVersion, 'Debian 12');
    assert.deepEqual(again.metadata, { arch: 'amd64', numCPU: 4 });
    assert.equal((await client.get('/api/machines/m-1')).json.hostname, 'build-box');
    assert.equal((await client.get(`/api/machines/${first.id}`)).json.machineId, 'm-1');
    const missing = await client.get('/api/machines/nobody');
    assert.equal(missing.status, 404);
    assert.deepEqual(missing.json, { error: 'machine not found: nobody' });
  });

  test('a project is resolved by its repository', async () => {
    const repoUrl = 'https://github.com/acme/parser';
    const project = (await client.post('/api/projects/resolve', { repoUrl })).json;
    assert.equal(project.fullName, 'acme/parser');
    assert.equal(project.repoOwner, 'acme');
    assert.equal((await client.post('/api/projects/resolve', { repoUrl })).json.id, project.id);
    const folder = await client.post('/api/projects/resolve', { repoUrl: 'file:///home/ana/x' });
    assert.equal(folder.json.fullName, 'x');
  });

  test('a workspace is found by its hash, in both shapes of older backends', async () => {
    const { id: machineId } = (await client.post('/api/machines', machine('m-2'))).json;
    const repoUrl = 'https://github.com/acme/editor';
    const { id: projectId } = (await client.post('/api/projects/resolve', { repoUrl })).json;
    const workspace = {
      projectId,
      machineId,
      workspaceId: '9c0ffee0',
      workspacePath: '/home/ana/editor',
      workspaceType: 'folder',
      branch: 'main',
    };
    const stored = (await client.post('/api/workspaces', workspace)).json;
    const moved = (await client.post('/api/workspaces', { ...workspace, branch: 'next' })).json;
    assert.equal(moved.id, stored.id);
    const found = (await client.get('/api/workspaces/9c0ffee0')).json;
    assert.equal(found.branch, 'next');
    assert.equal(found.project.fullName, 'acme/editor');
    assert.equal(found.machine.hostname, 'build-box');
    assert.deepEqual(found.context, {
      projectId,
      machineId,
      workspaceId: stored.id,
      projectName: 'acme/editor',
      machineName: 'build-box',
    });
    const all = (await client.get('/api/workspaces')).json;
    assert.ok(all.some((each) => each.workspaceId === '9c0ffee0'));
    assert.equal((await client.get('/api/workspaces/none')).status, 404);
  });

  test('what is wrong is named', async () => {
    const noHost = await client.post('/api/machines', { machineId: 'm-3' });
    assert.equal(noHost.status, 400);
    assert.deepEqual(noHost.json, { error: 'hostname must be a text that is not empty' });
    const orphan = { projectId: 999, machineId: 999, workspaceId: 'w' };
    const refused = await client.post('/api/workspaces', orphan);
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.json, { error: 'Invalid reference: projectId: there is no project 999' });
  });
});
