// The branch of an event is looked up in the checkout of its project, under
// AGENTMONITOR_PROJECTS_DIR.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Monitor, event, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';

// <outside>/projects is the projects directory; <outside> is itself a checkout, of "outside".
const outside = temporaryDirectory();
const projects = join(outside, 'projects');

let server;
let monitor;

before(async () => {
  mkdirSync(projects);
  checkout('outside', '.', outside);
  server = await startServer({ env: { AGENTMONITOR_PROJECTS_DIR: projects } });
  monitor = new Monitor(server.url);
});

after(async () => assert.equal(await server.stop(), 0, server.output()));

function git(directory, ...args) {
  execFileSync('git', args, {
    cwd: directory,
    timeout: 10_000,
    stdio: 'pipe',
    env: {
      PATH: process.env.PATH,
      HOME: outside,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Tester',
      GIT_AUTHOR_EMAIL: 'tester@example.org',
      GIT_COMMITTER_NAME: 'Tester',
      GIT_COMMITTER_EMAIL: 'tester@example.org',
    },
  });
}

// Makes a checkout with one commit on `branch`, in the directory `path` below `parent`.
function checkout(branch, path, parent = projects) {
  const directory = join(parent, path);
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '--quiet', `--initial-branch=${branch}`);
  git(directory, 'commit', '--quiet', '--allow-empty', '--message=first');
  return directory;
}

// A new project whose checkout is on a new branch.
function newProject() {
  const [project, branch] = [unique('project'), unique('branch')];
  return { project, branch, directory: checkout(branch, project) };
}

describe('an event without a branch', () => {
  test('gets the branch that its project is on', async () => {
    const { project, branch } = newProject();
    assert.equal((await monitor.stored({ project })).branch, branch);
  });

  test('gets HEAD when the head is detached', async () => {
    const { project, directory } = newProject();
    git(directory, 'checkout', '--quiet', '--detach');
    assert.equal((await monitor.stored({ project })).branch, 'HEAD');
  });

  test('gets a branch with slashes whole', async () => {
    const project = unique('project');
    checkout('feature/deep/er', project);
    assert.equal((await monitor.stored({ project })).branch, 'feature/deep/er');
  });

  test('gets the branch of a linked worktree', async () => {
    const { directory } = newProject();
    const [project, branch] = [unique('worktree'), unique('branch')];
    git(directory, 'worktree', 'add', '--quiet', '-b', branch, join(projects, project));
    assert.equal((await monitor.stored({ project })).branch, branch);
  });

  test('gets the branch of a checkout whose references are packed', async () => {
    const { project, branch, directory } = newProject();
    git(directory, 'pack-refs', '--all');
    assert.equal((await monitor.stored({ project })).branch, branch);
  });

  test('gets the branch of the checkout that its project is a directory of', async () => {
    const project = unique('directory');
    mkdirSync(join(projects, project));
    assert.equal((await monitor.stored({ project })).branch, 'outside');
  });

  test('gets the branch of the project that its session has', async () => {
    const { project, branch } = newProject();
    const session_id = unique('session');
    await monitor.send({ session_id, project });
    assert.equal((await monitor.stored({ session_id })).branch, branch);
  });

  test('gets none without a project', async () => {
    assert.equal((await monitor.stored()).branch, null);
  });

  test('gets none of a project that has no directory', async () => {
    assert.equal((await monitor.stored({ project: unique('nowhere') })).branch, null);
  });

  test('gets none of a checkout without a commit', async () => {
    const project = unique('project');
    mkdirSync(join(projects, project));
    git(join(projects, project), 'init', '--quiet');
    assert.equal((await monitor.stored({ project })).branch, null);
  });

  test('gets the branch in a batch too', async () => {
    const { project, branch } = newProject();
    const session_id = unique('session');
    await monitor.sendBatch([event({ session_id, project }), event({ session_id })]);
    const rows = await monitor.rows({ session_id });
    assert.deepEqual(
      rows.map((row) => row.branch),
      [branch, branch],
    );
  });

  test('that is historical gets none', async () => {
    const { project } = newProject();
    const old = { source: 'import', client_timestamp: '2001-01-01T00:00:00Z' };
    assert.equal((await monitor.stored({ project, ...old })).branch, null);
    assert.equal((await monitor.stored({ project, source: 'import' })).branch, null);
  });

  test('that is a recent import gets the branch', async () => {
    const { project, branch } = newProject();
    const recent = { source: 'import', client_timestamp: new Date().toISOString() };
    assert.equal((await monitor.stored({ project, ...recent })).branch, branch);
  });
});

describe('an event with a branch', () => {
  test('keeps it, while its session has the branch that is checked out', async () => {
    const { project, branch } = newProject();
    const session_id = unique('session');
    const stale = unique('stale');
    assert.equal((await monitor.stored({ session_id, project, branch: stale })).branch, stale);

    const { branches } = await monitor.stats();
    assert.ok(branches.includes(branch) && !branches.includes(stale), `${branches}`);
    assert.equal((await monitor.stored({ session_id })).branch, branch);
  });
});

describe('a lookup', () => {
  test('is remembered for a while', async () => {
    const { project, branch, directory } = newProject();
    assert.equal((await monitor.stored({ project })).branch, branch);
    git(directory, 'checkout', '--quiet', '-b', unique('other'));
    assert.equal((await monitor.stored({ project })).branch, branch);
  });

  test('is remembered when it found nothing', async () => {
    const project = unique('project');
    assert.equal((await monitor.stored({ project })).branch, null);
    checkout('too-late', project);
    assert.equal((await monitor.stored({ project })).branch, null);
  });

  test('does not leave the projects directory', async () => {
    checkout('beside', 'beside', outside);
    checkout('inner', 'a/b');
    for (const project of ['..', '../beside', 'a/b', `${outside}/beside`, 'a/../../beside', '/']) {
      assert.equal((await monitor.stored({ project })).branch, null, project);
    }
  });

  test('does not take a project for an option or a command', async () => {
    for (const project of ['-C', '$(touch x)', '; touch x', '"', '%s', '*']) {
      const row = await monitor.stored({ project, branch: 'sent' });
      assert.equal(row.branch, 'sent');
      assert.equal(row.project, project);
    }
  });
});
