// The collector's commands that only look: `sightline collect`, and the program called `devlog`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { commandsOf } from '../support/commands.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { linkedAs, run } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';

const DEVLOG = linkedAs('devlog');

// A home directory with files in it: {path: text}; a path that ends in a slash is a folder.
function homeWith(files = {}) {
  const home = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, text);
  }
  const env = {
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, '.config'),
  };
  const as = (program) => async (args, more = {}) =>
    run(args, { as: program, env: { ...env, ...more } });
  return { home, env, devlog: as(DEVLOG), sightline: as(undefined) };
}

// Runs what must do what it is for; returns what it prints.
async function done(command, args, more) {
  const { code, stdout, stderr } = await command(args, more);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

const SCHEMA = `
CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL,
  timestamp INTEGER NOT NULL, agent_id TEXT NOT NULL, session_id TEXT NOT NULL,
  project_id TEXT NOT NULL, data TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE backfill_state (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_name TEXT NOT NULL,
  log_file_path TEXT NOT NULL, last_byte_offset INTEGER NOT NULL DEFAULT 0, last_timestamp INTEGER,
  total_events_processed INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT 'new',
  started_at INTEGER NOT NULL, completed_at INTEGER, error_message TEXT,
  UNIQUE(agent_name, log_file_path));`;

const CHATS = '.config/Code/User/workspaceStorage/h1/chatSessions';
const CLAUDE = '.claude/projects/-work-shop/7d1e.jsonl';
const NOON = 1772366400;

// A home whose collector, the original, has taken in all of Copilot's logs and half of Claude's.
function usedHome() {
  const used = homeWith({ [`${CHATS}/a.json`]: '{}', [CLAUDE]: '{}\n', '.devlog/': '' });
  const path = (name) => join(used.home, name);
  sqlite(
    path('.devlog/buffer.db'),
    `${SCHEMA}
     INSERT INTO events VALUES(1, 'e', ${NOON}, 'claude', 's', '1', '{}', ${NOON});
     INSERT INTO backfill_state VALUES
       (1, 'github-copilot', '${path(`${CHATS}/a.json`)}', 2, NULL, 12, 'completed',
        ${NOON}, ${NOON + 1}, NULL),
       (2, 'claude', '${path(CLAUDE)}', 3, NULL, 4, 'paused', ${NOON}, NULL, NULL);`,
  );
  return used;
}

const NOTHING_LISTENS = { DEVLOG_BACKEND_URL: 'http://127.0.0.1:1' };
const REFUSED = 'no answer from 127.0.0.1:1: Connection refused';

// A backend whose health check answers with `status`; undefined: never.
async function withBackend(status, body) {
  const server = http.createServer((request, response) => {
    if (status === undefined) return;
    response.writeHead(request.url === '/api/health' ? status : 404).end();
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    await body(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('status', () => {
  test('tells configuration, backend, buffer and agents', async () => {
    const { home, devlog } = usedHome();
    assert.equal(
      await done(devlog, ['status'], NOTHING_LISTENS),
      `📊 Devlog Collector Status
==========================

✅ Configuration: Loaded from ${home}/.devlog/collector.json
   Backend URL: http://127.0.0.1:1
   Project ID: default

❌ Backend: Unreachable (${REFUSED})

📦 Buffer: 1 events pending

🤖 Agents:
   copilot (1 log sources)
      📁 h1 - ✅ synced (12 events)
   claude (1 log sources)
      📁 .claude - ⏳ pending

💡 Tip: Run 'devlog-collector start' to begin collecting events
`,
    );
  });

  test('of a fresh home makes nothing and ends with the agents', async () => {
    const { home, devlog } = homeWith();
    const text = await done(devlog, ['status'], NOTHING_LISTENS);
    assert.ok(text.endsWith(`(${REFUSED})\n\n🤖 Agents:\n   No agent logs discovered\n`), text);
    assert.ok(!existsSync(join(home, '.devlog')));
  });

  test('says whether the backend is connected, for at most three seconds', async () => {
    const { devlog } = homeWith();
    const backend = async (url) =>
      (await done(devlog, ['status'], { DEVLOG_BACKEND_URL: url })).match(/^.*Backend: .*$/m)[0];
    await withBackend(200, async (url) => {
      assert.equal(await backend(url), '✅ Backend: Connected');
    });
    await withBackend(503, async (url) => {
      assert.equal(await backend(url), '❌ Backend: Unreachable (unhealthy: status 503)');
    });
    await withBackend(undefined, async (url) => {
      const begin = performance.now();
      assert.match(await backend(url), /^❌ Backend: Unreachable \(.+\)$/);
      assert.ok(performance.now() - begin < 4500);
    });
  });

  test('with a configuration that cannot be used says so, and exits 0', async () => {
    const { devlog } = homeWith({ '.devlog/collector.json': '{"apiKey":""}' });
    assert.match(
      await done(devlog, ['status']),
      /^⚠️ {2}Configuration: Failed to load \(invalid configuration: apiKey is required\)$/m,
    );
  });

  test('has the same as JSON', async () => {
    const { home, devlog } = usedHome();
    const path = join(home, CHATS);
    assert.deepEqual(JSON.parse(await done(devlog, ['status', '--json'], NOTHING_LISTENS)), {
      configuration: {
        path: `${home}/.devlog/collector.json`,
        backendUrl: 'http://127.0.0.1:1',
        projectId: 'default',
      },
      backend: { connected: false, error: REFUSED },
      buffer: { pending: 1 },
      agents: [
        {
          agent: 'copilot',
          sources: [{ path, status: 'synced', events: 12, lastSync: '2026-03-01T12:00:01Z' }],
        },
        {
          agent: 'claude',
          sources: [{ path: join(home, '.claude/projects'), status: 'paused', events: 4 }],
        },
      ],
    });
  });

  test('--health asks for the configuration and the database alone', async () => {
    const fresh = homeWith();
    const { code, stderr } = await fresh.devlog(['status', '--health']);
    assert.deepEqual([code, /^Error: buffer: there is none at /.test(stderr)], [1, true], stderr);
    assert.equal(await done(usedHome().devlog, ['status', '--health'], NOTHING_LISTENS), 'ok\n');
    const broken = homeWith({ '.devlog/buffer.db': 'x'.repeat(5000) });
    assert.equal((await broken.devlog(['status', '--health'])).code, 1);
  });
});

describe('sync status', () => {
  test('tells each source and counts them', async () => {
    const { home, devlog } = usedHome();
    assert.equal(
      await done(devlog, ['sync', 'status']),
      `📊 Sync Status
==============

🤖 copilot (1 log sources)
   📁 ${home}/${CHATS}
      Status: ✅ synced (12 events)
      Last sync: 2026-03-01T12:00:01Z

🤖 claude (1 log sources)
   📁 ${home}/.claude/projects
      Status: ⏸️  paused (4 events)

Summary:
  ✅ Synced:      1
  🔄 In progress: 0
  ⏳ Pending:     1
`,
    );
  });

  test('D-16: takes either name of an agent, and refuses others', async () => {
    const { devlog } = usedHome();
    for (const name of ['copilot', 'github-copilot']) {
      const { agents } = JSON.parse(await done(devlog, ['sync', 'status', '--json', '-a', name]));
      assert.deepEqual(agents.map(({ agent }) => agent), ['copilot']);
    }
    const { code, stderr } = await devlog(['sync', 'status', '-a', 'nobody']);
    assert.deepEqual([code, stderr], [1, 'Error: unknown agent: nobody\n']);
  });
});

describe('backfill status', () => {
  test('tells each log of an agent, by either name, or of Copilot', async () => {
    const { home, devlog } = usedHome();
    const logs = `
File: ${home}/${CHATS}/a.json
  Status: completed
  Events processed: 12
  Byte offset: 2
  Started: 2026-03-01T12:00:00Z
  Completed: 2026-03-01T12:00:01Z

`;
    const status = ['backfill', 'status'];
    assert.equal(await done(devlog, status), `Backfill status for github-copilot:\n${logs}`);
    assert.equal(
      await done(devlog, [...status, '-a', 'copilot']),
      `Backfill status for copilot:\n${logs}`,
    );
    assert.equal(
      await done(devlog, [...status, '-a', 'nobody']),
      'No backfill history for agent: nobody\n',
    );
  });
});

describe('backfill run', () => {
  const refused = {
    'an agent that is none': [['-a', 'nobody'], 'unknown agent: nobody'],
    'an agent without logs': [['-a', 'aider'], 'no logs found for agent aider'],
    'a day that is none': [['-f', '2026-02-30'], 'invalid from date: "2026-02-30" is not .*'],
    'a last day that is none': [['-t', 'now'], 'invalid to date: "now" is not .*'],
    'workspaces that are not there': [
      ['--workspaces', 'none-1,none-2', '--workspaces', 'none-3'],
      'no logs found for specified workspaces',
    ],
    'a path that is not there': [['-p', '/none/such'], 'failed to stat log path: /none/such: .*'],
  };
  for (const [name, [args, said]] of Object.entries(refused)) {
    test(`refuses ${name}, once`, async () => {
      const { devlog } = usedHome();
      const { code, stdout, stderr } = await devlog(['backfill', 'run', ...args]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^Error: ${said}\n$`));
      assert.match(stdout, /^⚠️ {2}DEPRECATED: The 'backfill run' command is deprecated\.\n/);
    });
  }
});

describe('the configuration', () => {
  const key = '"apiKey":"k"';
  const refused = {
    '{}': 'apiKey is required',
    [`{${key},"backendUrl":"ftp://x"}`]: 'backendUrl must start with http:// or https://',
    [`{${key},"collection":{"batchSize":0}}`]:
      'collection.batchSize must be between 1 and 1000',
    [`{${key},"collection":{"batchInterval":"x"}}`]:
      'collection.batchInterval is invalid: time: invalid duration "x"',
    [`{${key},"logging":{"level":"x"}}`]:
      'logging.level must be one of: debug, info, warn, error',
  };
  for (const [text, why] of Object.entries(refused)) {
    test(`${text} is refused with its first mistake`, async () => {
      const { devlog, sightline } = homeWith({ '.devlog/collector.json': text });
      const said = `failed to load configuration: invalid configuration: ${why}\n`;
      const { code, stderr } = await devlog(['sync', 'status']);
      assert.deepEqual([code, stderr], [1, `Error: ${said}`]);
      const other = await sightline(['collect', 'start']);
      assert.deepEqual([other.code, other.stderr], [2, `sightline: ${said}`]);
    });
  }

  const projectOf = async (command, args, more) =>
    JSON.parse(await done(command, ['status', '--json', ...args], { ...NOTHING_LISTENS, ...more }))
      .configuration.projectId;

  test('may be YAML or TOML, and be named before or behind the command', async () => {
    const { home, devlog } = homeWith({
      'c.yaml': 'apiKey: k\nprojectId: yaml\n',
      'c.toml': 'apiKey = "k"\nprojectId = "toml"\n',
    });
    assert.equal(await projectOf(devlog, ['--config', join(home, 'c.yaml')]), 'yaml');
    assert.equal(await projectOf(devlog, ['-c', join(home, 'c.toml')]), 'toml');
    assert.equal(await projectOf(devlog, ['-c', '~/c.toml', '-v']), 'toml');
    const before = await devlog(['-c', '~/c.yaml', 'status', '--json'], NOTHING_LISTENS);
    assert.equal(JSON.parse(before.stdout).configuration.projectId, 'yaml');
  });

  test('is over the defaults, and DEVLOG_* over it', async () => {
    const { devlog } = homeWith({
      '.devlog/collector.json': `{${key},"projectId":"\${P}"}`,
      'other.json': `{${key},"projectId":"other"}`,
    });
    assert.equal(await projectOf(devlog, []), '${P}'); // kept when it is not set
    assert.equal(await projectOf(devlog, [], { P: 'p' }), 'p');
    assert.equal(await projectOf(devlog, [], { P: 'p', DEVLOG_PROJECT_ID: 'd' }), 'd');
    assert.equal(await projectOf(devlog, [], { DEVLOG_PROJECT_ID: '' }), '${P}');
    assert.equal(await projectOf(devlog, [], { DEVLOG_CONFIG: '~/other.json' }), 'other');
  });

  test('never shows the key', async () => {
    const { devlog } = homeWith({ '.devlog/collector.json': '{"apiKey":"s3cret"}' });
    for (const args of [['status'], ['status', '--json'], ['sync', 'status']]) {
      const { stdout, stderr } = await devlog(args, NOTHING_LISTENS);
      assert.ok(!`${stdout}${stderr}`.includes('s3cret'));
    }
  });

  test('without paths leaves the database of each name at its place', async () => {
    const { home, devlog, sightline } = usedHome();
    const pending = async (command, args) =>
      JSON.parse(await done(command, [...args, '--json'], NOTHING_LISTENS)).buffer?.pending;
    assert.equal(await pending(devlog, ['status']), 1);
    assert.equal(await pending(sightline, ['collect', 'status']), undefined);
    mkdirSync(join(home, 'data/sightline'), { recursive: true });
    sqlite(join(home, 'data/sightline/collector.db'), SCHEMA);
    assert.equal(await pending(sightline, ['collect', 'status']), 0);
  });
});

describe('called devlog', () => {
  test('every command names its options; any other exits 1', async () => {
    for (const { words, help, isGroup } of await commandsOf(DEVLOG)) {
      const path = ['devlog', ...words].join(' ');
      assert.match(help, new RegExp(`^Usage: ${path}( |$)`, 'm'), path);
      if (words[0] === 'help') continue; // takes any words
      assert.match(help, /-c,--config TEXT[^]*-v,--verbose /, path);
      if (isGroup) continue;
      const { code, stdout, stderr } = await run([...words, '--no-such'], { as: DEVLOG });
      assert.deepEqual([code, stdout], [1, ''], path);
      assert.match(stderr, /^Error: [^\n]+; see devlog --help\n$/, path);
    }
  });

  test('without a command, and a group without one, print their help', async () => {
    const { devlog } = homeWith();
    for (const words of [[], ['sync'], ['backfill'], ['completion'], ['backfill', 'run']]) {
      const help = await done(devlog, [...words, '--help']);
      if (words.length < 2) assert.equal(await done(devlog, words), help);
      assert.equal(await done(devlog, ['help', ...words]), help);
    }
  });

  test('refuses what it does not know with 1', async () => {
    const { devlog } = homeWith();
    for (const [args, said] of [
      [['bogus'], /^Error: unknown command "bogus"; see devlog --help\n$/],
      [['help', 'bogus'], /^Error: unknown command "bogus"\n$/],
      [['start', '--port', 'x'], /^Error: [^\n]*--port[^\n]*\n$/],
      [['start', '--initial-sync-days', '-1'], /^Error: [^\n]*--initial-sync-days[^\n]*\n$/],
      [['completions', 'tcsh'], /^Error: [^\n]*tcsh[^\n]*\n$/],
    ]) {
      const { code, stdout, stderr } = await devlog(args);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, said);
    }
  });

  test('tells its version by the name that it is called by', async () => {
    const version = (as, args) => done((words) => run(words, { as }), args);
    assert.match(await version(DEVLOG, ['version']), /^Devlog Collector v\d+\.\d+\.\d+\n$/);
    const flag = await version(DEVLOG, ['--version']);
    assert.match(flag, /^devlog-collector version \d+\.\d+\.\d+\n$/);
    const cli = linkedAs('devlog-cli');
    assert.match(await version(cli, ['-V']), /^devlog-cli \d+\.\d+\.\d+\n$/);
  });
});

describe('completion', () => {
  const shells = ['bash', 'elvish', 'fish', 'powershell', 'zsh'];
  const isThere = (shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

  for (const [name, args] of [
    ['sightline', ['completion']],
    ['devlog', ['completion']],
    ['devlog', ['completions']],
  ]) {
    test(`of ${name} by ${args[0]} is a script that the shell can read`, async () => {
      const as = linkedAs(name);
      for (const shell of shells) {
        const script = await done((words) => run(words, { as }), [...args, shell]);
        for (const word of ['backfill', 'initial-sync-days', name]) {
          assert.ok(script.includes(word), `${shell}: ${word}`);
        }
        if (!['bash', 'zsh', 'fish'].includes(shell) || !isThere(shell)) continue;
        const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
        assert.deepEqual([status, stderr], [0, ''], shell);
      }
    });
  }

  test('of bash completes the commands of the collector', async () => {
    const script = await done((words) => run(words), ['completion', 'bash']);
    const ask = `${script}
      COMP_WORDS=(sightline collect backfill r); COMP_CWORD=3; _sightline
      echo "\${COMPREPLY[*]}"`;
    const { stdout } = spawnSync('bash', ['-c', ask], { encoding: 'utf8' });
    assert.equal(stdout, 'run\n');
  });
});
