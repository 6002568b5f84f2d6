// Runs the built program. It never outlives the test process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { endWithTests, temporaryDirectory } from './leftovers.mjs';
import { within } from './until.mjs';

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 8000; // more than the 5 s that a server has patience with its clients

const repository = resolve(import.meta.dirname, '..', '..');
const program = resolve(
  process.env.SIGHTLINE_BIN ?? join(repository, 'build', 'release', 'sightline'),
);

/// A link to the program under another name, by which it is another program.
export function linkedAs(name) {
  const link = join(temporaryDirectory(), name);
  symlinkSync(program, link);
  return link;
}

/// Starts `sightline serve` and returns once it says where it listens.
///
/// `env`   variables on top of a clean environment with an empty home directory
/// `args`  further command line arguments
/// `dir`   where monitor.db lives; give the `dir` of an earlier server to start again on its data
/// `port`  that of an earlier server, to start again at its address; a free one unless given
export async function startServer({
  env = {},
  args = [],
  dir = temporaryDirectory(),
  port = 0,
} = {}) {
  const db = join(dir, 'monitor.db');
  const child = spawn(program, ['serve', '--port', port, '--db', db, ...args], {
    cwd: dir,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const ended = new Promise((end) => child.once('close', end).once('error', end));
  doNotWaitFor(child);

  const url = await addressToldBy(child, ended).catch((failure) => {
    child.kill('SIGKILL');
    assert.fail(`${program} did not start: ${failure.message}. It wrote: ${output}`);
  });

  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    db,
    dir,
    process: child,

    /// Everything that the program wrote so far.
    output: () => output,

    /// Asks the program to stop, as a service manager does.
    /// Returns its exit code, which is null after a crash.
    async stop(signal = 'SIGTERM', { withinMs = STOP_LIMIT_MS } = {}) {
      child.kill(signal);
      await within(ended, withinMs, `exit after ${signal}`).catch((late) => {
        child.kill('SIGKILL');
        assert.fail(`${program} did not stop: ${late.message}. It wrote: ${output}`);
      });
      return child.exitCode;
    },

    /// Ends the program as a power cut does, for what it holds in memory.
    async kill() {
      child.kill('SIGKILL');
      await within(ended, STOP_LIMIT_MS, 'exit after SIGKILL');
    },
  };
}

/// Runs the program to its end, in a clean environment with an empty home directory, plus `env`.
/// Returns {code, stdout, stderr}. `as` is a link to the program to call it by.
export async function run(args, { withinMs = START_LIMIT_MS, ...options } = {}) {
  const child = start(args, options);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (written[name] += text));
  }
  const ended = new Promise((end, fail) => child.once('close', end).once('error', fail));
  await within(ended, withinMs, `end of sightline ${args.join(' ')}`).catch((late) => {
    child.kill('SIGKILL');
    throw late;
  });
  return { code: child.exitCode, ...written };
}

/// Starts the program as `run` does, and leaves it to the caller.
export function start(args, { env = {}, dir = temporaryDirectory(), as = program } = {}) {
  const child = spawn(as, args, {
    cwd: dir,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  doNotWaitFor(child);
  return child;
}

/// Runs `sightline serve`, which must not start. Returns the one line in which it says why, and
/// its exit code.
export async function refusal(args, options) {
  const { code, stdout, stderr } = await run(['serve', ...args], options);
  assert.equal(stdout, '', 'it says that it listens');
  assert.match(stderr, /^sightline: [^\n]+\n$/, 'one line that says what is wrong');
  return { code, line: stderr.trimEnd() };
}

// The base URL in the first line that `child` writes on its standard output.
async function addressToldBy(child, ended) {
  let stdout = '';
  const firstLine = new Promise((found) => {
    child.stdout.on('data', (text) => {
      stdout += text;
      if (stdout.includes('\n')) found(stdout.slice(0, stdout.indexOf('\n')));
    });
  });
  const line = await within(
    Promise.race([
      firstLine,
      ended.then((how) => `none; it ended with ${child.signalCode ?? how}`),
    ]),
    START_LIMIT_MS,
    'line of output',
  );
  const address = /http:\/\/(127\.0\.0\.1|0\.0\.0\.0|localhost):\d+/.exec(line);
  assert.ok(address, `no address in its first line: ${line}`);
  return address[0];
}

// A test that forgets its server must not hang the test process, nor leave the server behind.
function doNotWaitFor(child) {
  child.unref();
  child.stdout.unref();
  child.stderr.unref();
  if (child.pid) endWithTests(child);
}

function cleanEnvironment() {
  const home = temporaryDirectory();
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    AGENTMONITOR_AUTO_IMPORT_MINUTES: '0',
  };
  for (const [name, value] of Object.entries(process.env)) {
    if (/^[A-Z]+SAN_OPTIONS$/.test(name)) environment[name] = value;
  }
  return environment;
}
