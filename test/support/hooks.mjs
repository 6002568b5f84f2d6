// Runs the hooks as a coding agent does: its JSON on their standard input, their exit code as the
// answer. Each hook is there in several variants that must do the same.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endWithTests, temporaryDirectory } from './leftovers.mjs';
import { within } from './until.mjs';

const END_LIMIT_MS = 15_000;

const repository = resolve(import.meta.dirname, '..', '..');
export const scripts = join(repository, 'hooks', 'claude-code');
export const codexScripts = join(repository, 'hooks', 'codex');
export const program = resolve(
  process.env.SIGHTLINE_BIN ?? join(repository, 'build', 'release', 'sightline'),
);

function found(name) {
  for (const folder of process.env.PATH.split(':')) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // in another folder
    }
  }
  throw new Error(`${name} is needed to test the hooks`);
}

/// A PATH with what the shell scripts need, and these: jq or not.
function pathWith(...more) {
  const folder = temporaryDirectory();
  const tools = ['bash', 'sh', 'env', 'cat', 'tr', 'head', 'grep', 'sed', 'git', 'curl', 'dirname'];
  const files = ['readlink', 'cp', 'mv', 'mkdir', 'mktemp', 'date', 'rm'];
  for (const name of [...tools, ...files, ...more]) symlinkSync(found(name), join(folder, name));
  return folder;
}

export const pathWithJq = pathWith('jq');
export const pathWithoutJq = pathWith();

// The interpreter itself: what is on the PATH may be a launcher that needs the home directory.
export const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout.trim();

const snake = (hook) => hook.replaceAll('-', '_');

/// How each variant runs a hook such as 'post-tool-use'.
export const variants = {
  bash: {
    command: (hook) => [join(scripts, `${snake(hook)}.sh`)],
    env: { PATH: pathWithJq },
    countsLines: true,
    knowsBranch: true,
  },
  'bash without jq': {
    command: (hook) => [join(scripts, `${snake(hook)}.sh`)],
    env: { PATH: pathWithoutJq },
    knowsBranch: true,
  },
  python: {
    command: (hook) => [python, join(scripts, `${snake(hook)}.py`)],
    env: { PATH: process.env.PATH },
    isPartial: true,
  },
  program: {
    command: (hook) => [program, 'hook', hook],
    env: { PATH: process.env.PATH },
    countsLines: true,
    knowsBranch: true,
  },
};

/// Runs a command to its end. `input` is text, an object to be sent as JSON, or null: then its
/// standard input stays open. Returns {code, stdout, stderr, ms}.
export async function runCommand([file, ...args], { input = '', env = {}, cwd } = {}) {
  const home = temporaryDirectory();
  const begin = performance.now();
  const child = spawn(file, args, {
    cwd: cwd ?? home,
    env: { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), ...sanitizers(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  endWithTests(child);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (written[name] += text));
  }
  const ended = new Promise((end, fail) => child.once('close', end).once('error', fail));
  child.stdin.on('error', () => {}); // one that does not read its input has its reasons
  if (input !== null) child.stdin.end(typeof input === 'object' && !Buffer.isBuffer(input) ? JSON.stringify(input) : input);
  await within(ended, END_LIMIT_MS, `end of ${file} ${args.join(' ')}`);
  child.stdin.destroy();
  return { code: child.exitCode, ...written, ms: performance.now() - begin };
}

function sanitizers() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^[A-Z]+SAN_OPTIONS$/.test(name)),
  );
}

/// Runs one variant of a hook with the URL of a server.
export function runHook(variant, hook, input, url, { env = {}, ...more } = {}) {
  const { command, env: own } = variants[variant];
  return runCommand(command(hook), { input, env: { ...own, AGENTMONITOR_URL: url, ...env }, ...more });
}
