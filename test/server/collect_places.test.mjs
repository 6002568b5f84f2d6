// Where the collector says that something happened: project, machine and workspace of the backend.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Backend, Collected, promptsOf, sessionId } from '../support/collector.mjs';
import { until } from '../support/until.mjs';

// A folder in a git repository, below the home.
function repositoryIn(home) {
  const root = join(home.dir, 'parser');
  mkdirSync(join(root, '.git'), { recursive: true });
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, '.git/HEAD'), 'ref: refs/heads/topic\n');
  writeFileSync(
    join(root, '.git/config'),
    '[remote "origin"]\n\turl = git@github.com:acme/parser.git\n',
  );
  return root;
}

const KNOWN = {
  'POST /api/machines': { id: 3 },
  'POST /api/projects/resolve': { id: 77, fullName: 'acme/parser' },
  'POST /api/workspaces': { id: 41 },
};
const placeOf = (backend, session) => {
  const event = backend.events.find(
    (each) => each.sessionId === sessionId(session) && each.eventType === 'llm_request',
  );
  const { projectId, machineId, workspaceId, context } = event;
  return [projectId, machineId, workspaceId, context.projectName];
};

test('an event belongs to the repository around the folder that its agent works in', async () => {
  const backend = await new Backend().start();
  backend.replies = KNOWN;
  const home = new Collected(backend.url);
  const root = repositoryIn(home);
  home.say('a', 0, 2, appendFileSync, join(root, 'src'));
  home.say('b', 0, 1, appendFileSync, '/none/such');
  const collector = await home.start();
  await until(() => Object.keys(promptsOf(backend.events)).length === 2, 'both sessions');
  assert.equal(await collector.stop(), 0, collector.output());
  assert.deepEqual(placeOf(backend, 'a'), [77, 3, 41, 'acme/parser']);
  assert.deepEqual(placeOf(backend, 'b'), [12, undefined, undefined, undefined]);

  const bodies = (name) =>
    backend.asked.filter(([asked]) => asked === name).map(([, body]) => JSON.parse(body));
  assert.deepEqual(bodies('POST /api/projects/resolve'), [
    { repoUrl: 'https://github.com/acme/parser' },
  ]);
  const [workspace, ...more] = bodies('POST /api/workspaces');
  assert.deepEqual(more, []);
  assert.deepEqual(
    [workspace.workspacePath, workspace.branch, workspace.projectId, workspace.machineId],
    [root, 'topic', 77, 3],
  );
  await backend.stop();
});
