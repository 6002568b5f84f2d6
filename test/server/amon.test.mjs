// Called as `amon` or `agentmonitor` the program has that program's command line.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor } from '../support/monitor.mjs';
import { linkedAs, run, startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const AMON = linkedAs('amon');
const AGENTMONITOR = linkedAs('agentmonitor');

const amon = (args, options = {}) => run(args, { as: AMON, ...options });

// Runs a command that must do what it is for; returns what it prints.
async function done(args, options) {
  const { code, stdout, stderr } = await amon(args, options);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout;
}

const json = async (args, options) => JSON.parse(await done([...args, '--json'], options));

// Runs a command that must fail with `code`; returns the one line in which it says why.
async function failed(code, args, options) {
  const result = await amon(args, options);
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /^amon[: ][^\n]+\n$/);
  return result.stderr.trimEnd();
}

const EVENTS = [
  { event_type: 'session_start' },
  { event_type: 'user_prompt', metadata: { message: 'look for the Needle' } },
  {
    event_type: 'tool_use',
    tool_name: 'Bash',
    duration_ms: 40,
    metadata: { command: 'make test' },
  },
  { event_type: 'tool_use', tool_name: 'Bash', status: 'error', metadata: { command: '100%_x' } },
  {
    event_type: 'llm_response',
    model: 'claude-sonnet-4-5',
    tokens_in: 1000,
    tokens_out: 500,
    client_timestamp: '2026-03-02T12:00:00Z',
  },
].map((fields) => ({
  session_id: 'first',
  agent_type: 'claude_code',
  project: 'alpha',
  branch: 'main',
  ...fields,
}));
const OTHER = {
  session_id: 'second',
  agent_type: 'codex',
  event_type: 'llm_response',
  project: 'beta',
  model: 'gpt-5',
  tokens_in: 10,
  tokens_out: 20,
  cost_usd: 0.5,
  client_timestamp: '2026-03-03T12:00:00Z',
};

let server, dir, db;

before(async () => {
  server = await startServer();
  await new Monitor(server.url).sendBatch([...EVENTS, OTHER]);
  ({ dir, db } = server);
});
after(() => server?.stop());

describe('the names', () => {
  for (const name of ['amon', 'agentmonitor']) {
    const as = { amon: AMON, agentmonitor: AGENTMONITOR }[name];
    test(`${name} is what it calls itself`, async () => {
      const version = await run(['--version'], { as });
      assert.match(version.stdout, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n$`));
      const help = await run(['--help'], { as });
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`^Usage: ${name} `, 'm'));
      const { code, stderr } = await run(['bogus'], { as });
      assert.equal(code, 2);
      assert.equal(stderr, `${name}: unknown command "bogus"; see ${name} --help\n`);
    });
  }

  test('alone print the help, which is wrong usage', async () => {
    const { code, stdout, stderr } = await amon([]);
    assert.deepEqual([code, stderr], [2, '']);
    assert.equal(stdout, (await amon(['--help'])).stdout);
  });
});

describe('wrong usage', () => {
  const wrong = {
    'of a command that is nearly one': [['sesions'], /"sesions"; did you mean "sessions"\?/],
    'of a part that is nearly one': [['--json', 'usage', 'dayly'], /did you mean "daily"\?/],
    'of a part that is missing': [['sessions'], /command/],
    'of an option that is none': [['sessions', 'list', '--bogus'], /--bogus/],
    'of an option that is none, before the command': [['--bogus', 'health'], /--bogus/],
    'of an argument too many': [['health', 'now'], /now/],
    'of an option without its value': [['sessions', 'list', '--db-path'], /--db-path/],
    'of a number that is none': [['sessions', 'list', '--limit', 'x'], /--limit/],
    'of an order that is none': [['sessions', 'list', '--sort', 'x'], /--sort: "x" must be one of/],
    'of a URL that is none': [['status', '--url', 'ftp://x'], /--url/],
    'of a source that is none': [['sync', 'sessions', '--source', 'x'], /--source: "x" must be/],
    'of a day that is none': [['usage', 'daily', '--date-from', 'x'], /"x" must be a day/],
    'of a date that is none': [['analytics', 'tools', '--date-from', 'x'], /"x" must be a date/],
  };
  for (const [name, [args, said]] of Object.entries(wrong)) {
    test(`${name} is told in one line, with exit code 2`, async () => {
      assert.match(await failed(2, args, { dir, env: { AGENTMONITOR_DB_PATH: db } }), said);
    });
  }
});

describe('what Sightline does not have', () => {
  const MISSING = [
    ['pins'],
    ['live'],
    ['quality'],
    ['warehouse'],
    ['usage', 'budgets'],
    ['usage', 'tier-feedback'],
  ];
  for (const command of MISSING) {
    test(`amon ${command.join(' ')} is known and unavailable`, async () => {
      const line = await failed(3, [...command, 'list', '--project', 'x', '-z']);
      assert.equal(line, `amon ${command.join(' ')}: not available in Sightline yet`);
      assert.equal(await failed(3, command), line);
      assert.match(await done([...command, '--help']), /not available in Sightline yet/);
    });
  }
});

describe('the server', () => {
  const at = () => ['--url', server.url];

  test('is healthy', async () => {
    const text = await done(['health', ...at()]);
    assert.match(text, /^ok {2}http:\/\/127\.0\.0\.1:\d+ {2}up \d+ s\n$/);
    assert.equal((await json(['health', ...at()])).status, 'ok');
  });

  test('tells its status', async () => {
    assert.match(await done(['status', ...at()]), /^events +6$/m);
    assert.equal((await json([...at(), 'status'])).stats.total_events, 6);
  });

  test('is found by AGENTMONITOR_URL, and by AGENTMONITOR_PORT', async () => {
    await done(['health'], { env: { AGENTMONITOR_URL: `${server.url}/` } });
    await done(['health'], { env: { AGENTMONITOR_PORT: `${server.port}` } });
    await done(['health', ...at()], { env: { AGENTMONITOR_URL: 'http://127.0.0.1:1' } });
  });

  test('that is away is unavailable', async () => {
    const env = { AGENTMONITOR_URL: 'http://127.0.0.1:1' };
    for (const command of ['health', 'status']) {
      for (const form of [[], ['--json']]) {
        const line = await failed(3, [command, ...form], { env });
        assert.match(line, /http:\/\/127\.0\.0\.1:1\b.*start the server with: amon serve$/);
      }
    }
  });

  test('that is another program is unavailable', async () => {
    const { createServer } = await import('node:http');
    const other = createServer((_, reply) => reply.end('{"status":"no"}')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    await failed(3, ['health', '--url', `http://127.0.0.1:${other.address().port}`]);
    other.close();
    other.closeAllConnections();
  });

  test('has its address printed by open where there is no window', async () => {
    assert.equal(await done(['open', ...at()]), `${server.url}/\n`);
    assert.deepEqual(await json(['open', ...at()]), { url: `${server.url}/`, opened: false });
  });

  test('is opened with xdg-open, unless --no-input', async () => {
    const bin = temporaryDirectory();
    const told = join(bin, 'told');
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > '${told}'\n`);
    chmodSync(join(bin, 'xdg-open'), 0o755);
    const env = { DISPLAY: ':9', PATH: `${bin}:${process.env.PATH}` };
    assert.equal((await json(['--no-input', 'open', ...at()], { env })).opened, false);
    assert.ok(!existsSync(told));
    assert.equal((await json(['open', ...at()], { env })).opened, true);
    const url = () => existsSync(told) && readFileSync(told, 'utf8');
    await until(() => url() === `${server.url}/`, 'the browser is told the address');
  });
});

describe('serve', () => {
  test('keeps its data in ./data/agentmonitor.db and takes all options', async () => {
    const place = temporaryDirectory();
    const { spawn } = await import('node:child_process');
    const options = ['--no-import', '--no-watch', '--no-portless', '--no-browser', '--no-color'];
    const child = spawn(AMON, ['serve', '--port', '0', ...options], {
      cwd: place,
      env: { PATH: process.env.PATH, HOME: place },
    });
    let text = '';
    child.stdout.on('data', (part) => (text += part));
    await until(() => text.includes('\n'), 'the server listens');
    const url = /http:\S+/.exec(text)[0];
    await done(['health', '--url', url]);
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    assert.equal(code, 0);
    assert.ok(existsSync(join(place, 'data', 'agentmonitor.db')));
  });
});

describe('the database', () => {
  const total = async (args, options) => (await json(['sessions', 'list', ...args], options)).total;

  test('is ./data/agentmonitor.db unless AGENTMONITOR_DB_PATH, unless --db-path', async () => {
    const place = temporaryDirectory();
    const empty = join(place, 'empty.db');
    await done(['import', '--db-path', empty], { dir: place });
    await done(['import'], { dir: place });
    assert.ok(existsSync(join(place, 'data', 'agentmonitor.db')));
    assert.equal(await total([], { dir: place }), 0);
    assert.equal(await total([], { dir: place, env: { AGENTMONITOR_DB_PATH: db } }), 2);
    const env = { AGENTMONITOR_DB_PATH: empty };
    assert.equal(await total(['--db-path', db], { env }), 2);
    assert.equal((await json(['--db-path', db, 'sessions', 'list'], { env })).total, 2);
    assert.equal((await json([`--db-path=${db}`, 'sessions', 'list'], { env })).total, 2);
  });

  test('that is not there is told, with what to do', async () => {
    const line = await failed(4, ['sessions', 'list']);
    assert.match(line, /no database \.\/data\/agentmonitor\.db; make one with: amon serve/);
  });
});

describe('sessions', () => {
  const with_db = (args) => [...args, '--db-path', db];

  test('list shows them, and by filter, order, limit and offset', async () => {
    const ids = async (...args) =>
      (await json(with_db(['sessions', 'list', ...args]))).sessions.map(({ id }) => id);
    assert.deepEqual((await ids()).sort(), ['first', 'second']);
    assert.deepEqual(await ids('--project', 'alpha'), ['first']);
    assert.deepEqual(await ids('--agent', 'claude'), ['first']);
    assert.deepEqual(await ids('--agent', 'codex'), ['second']);
    assert.deepEqual(await ids('--sort', 'events'), ['first', 'second']);
    assert.deepEqual(await ids('--sort', 'tokens'), ['first', 'second']);
    assert.deepEqual(await ids('--sort', 'cost'), ['second', 'first']);
    assert.deepEqual(await ids('--sort', 'cost', '--limit', '1'), ['second']);
    assert.deepEqual(await ids('--sort', 'cost', '--limit', '1', '--offset', '1'), ['first']);
    assert.deepEqual(await ids('--offset', '9'), []);
    assert.match(await done(with_db(['sessions', 'list'])), /^Status +Session +Agent +Project /);
  });

  test('show tells one, and 4 when there is none', async () => {
    const text = await done(with_db(['sessions', 'show', 'first']));
    assert.match(text, /^first {2}\w+ {2}alpha main$/m);
    const { session, entries } = await json(with_db(['sessions', 'show', 'first']));
    assert.deepEqual([session.id, entries.length], ['first', 5]);
    assert.equal(await failed(4, with_db(['sessions', 'show', 'none'])), 'amon: no session none');
  });

  test('messages are the entries of the transcript', async () => {
    const all = await json(with_db(['sessions', 'messages', 'first']));
    assert.deepEqual(all.entries, await new Monitor(server.url).transcript('first'));
    assert.deepEqual([all.session_id, all.total, all.offset], ['first', 5, 0]);
    const part = async (...args) => {
      const { entries, offset } = await json(with_db(['sessions', 'messages', 'first', ...args]));
      assert.deepEqual(entries, all.entries.slice(offset, offset + entries.length));
      return [offset, entries.length];
    };
    assert.deepEqual(await part('--limit', '2'), [0, 2]);
    assert.deepEqual(await part('--limit', '2', '--offset', '4'), [4, 1]);
    assert.deepEqual(await part('--limit', '3', '--around-ordinal', '2'), [1, 3]);
    assert.deepEqual(await part('--limit', '3', '--around-ordinal', '0'), [0, 3]);
    assert.match(await done(with_db(['sessions', 'messages', 'first'])), /look for the Needle/);
    await failed(4, with_db(['sessions', 'messages', 'none']));
  });

  test('search finds them by what their events say', async () => {
    const found = async (...args) =>
      (await json(with_db(['sessions', 'search', ...args]))).sessions.map(({ id }) => id);
    assert.deepEqual(await found('needle'), ['first']); // metadata, in any case
    assert.deepEqual(await found('alpha'), ['first']); // project
    assert.deepEqual(await found('main'), ['first']); // branch
    assert.deepEqual(await found('Bash'), ['first']); // tool
    assert.deepEqual(await found('gpt-5'), ['second']); // model
    assert.deepEqual(await found('a'), ['second', 'first']); // the newest first
    assert.deepEqual(await found('a', '--limit', '1'), ['second']);
    assert.deepEqual(await found('a', '--offset', '1'), ['first']);
    assert.deepEqual(await found('a', '--agent', 'claude'), ['first']);
    assert.deepEqual(await found('a', '--project', 'beta'), ['second']);
    assert.deepEqual(await found('100%_x'), ['first']);
    assert.deepEqual(await found('100__x'), [], 'no wildcards');
    assert.deepEqual(await found("'; DROP TABLE events; --"), []);
    assert.equal((await json(with_db(['sessions', 'search', 'zzz']))).complete, true);
    assert.equal(await done(with_db(['sessions', 'search', 'zzz'])), 'No session has it.\n');
    assert.match(await failed(2, with_db(['sessions', 'search', ''])), /query/);
  });
});

describe('usage', () => {
  const read = (...args) => json(['usage', ...args, '--db-path', db, '--timezone', 'UTC']);
  const keys = (rows, name) => rows.map((row) => row[name]);

  test('summary, daily, models and projects add up to the same', async () => {
    const { summary, totals } = await read('summary');
    assert.deepEqual(keys(summary, 'agent').sort(), ['claude_code', 'codex']);
    assert.deepEqual([totals.inputTokens, totals.outputTokens], [1010, 520]);
    const { daily, ...byDay } = await read('daily');
    assert.deepEqual(keys(daily, 'date'), ['2026-03-02', '2026-03-03']);
    const { models, ...byModel } = await read('models');
    assert.deepEqual(keys(models, 'model').sort(), ['claude-sonnet-4-5', 'gpt-5']);
    const { projects, ...byProject } = await read('projects');
    assert.deepEqual(keys(projects, 'project'), ['alpha', 'beta']);
    for (const other of [byDay, byModel, byProject]) assert.deepEqual(other.totals, totals);
  });

  test('can be of some days, an agent or a project', async () => {
    const input = async (...args) => (await read(...args)).totals.inputTokens;
    for (const kind of ['summary', 'daily', 'models', 'projects']) {
      assert.equal(await input(kind, '--date-from', '2026-03-03'), 10, kind);
      assert.equal(await input(kind, '--date-to', '2026-03-02'), 1000, kind);
      assert.equal(await input(kind, '--agent', 'claude'), 1000, kind);
      assert.equal(await input(kind, '--project', 'beta'), 10, kind);
    }
    const { daily } = await read('daily', '--project', 'alpha');
    assert.deepEqual(keys(daily, 'date'), ['2026-03-02']);
  });

  test('is a table without --json', async () => {
    for (const kind of ['summary', 'daily', 'models', 'projects']) {
      const text = await done(['usage', kind, '--db-path', db]);
      assert.match(text, /^Total +1,010 +520 .*\$\d+\.\d\d$/m);
    }
  });

  test('statusline is one line, from the server or the database', async () => {
    for (const where of [['--url', server.url], ['--db-path', db, '--url', 'http://127.0.0.1:1']]) {
      assert.match(await done(['usage', 'statusline', ...where]), /^today \$[^\n]+\n$/);
      assert.ok((await json(['usage', 'statusline', ...where])).usage);
    }
  });
});

describe('analytics', () => {
  const of = (name, ...args) => ['analytics', name, '--db-path', db, ...args];

  test('summary tells what /api/stats tells', async () => {
    const stats = await json(of('summary'));
    assert.deepEqual([stats.total_events, stats.total_sessions], [6, 2]);
    assert.equal((await json(of('summary', '--agent', 'codex'))).total_events, 1);
    assert.equal((await json(of('summary', '--date-from', '2999-01-01'))).total_events, 0);
    assert.match(await done(of('summary')), /^events +6\nsessions +2, \d live\n/);
  });

  test('tools tells calls and errors', async () => {
    const { tools } = await json(of('tools'));
    const [{ tool_name, total_calls, error_count }] = tools;
    assert.deepEqual([tool_name, total_calls, error_count], ['Bash', 2, 1]);
    assert.match(await done(of('tools')), /^Bash +2 +1 +50\.0 % +40 ms$/m);
    assert.equal(await done(of('tools', '--agent', 'codex')), 'No tools.\n');
  });

  test('top-sessions has the longest first', async () => {
    const { sessions } = await json(of('top-sessions'));
    assert.deepEqual(sessions.map(({ id }) => id), ['first', 'second']);
    assert.equal((await json(of('top-sessions', '--limit', '1'))).total, 1);
    assert.match(await done(of('top-sessions')), / first .*\n.* second /);
  });
});

describe('costs recalc', () => {
  test('writes, but not with --dry-run', async () => {
    const own = await startServer();
    const monitor = new Monitor(own.url);
    const priced = { ...EVENTS[4], cost_usd: 9 };
    await monitor.sendBatch([priced, { ...priced, cost_usd: undefined }, { ...OTHER, model: 'x' }]);
    await own.stop();
    const recalc = (...args) => ['costs', 'recalc', '--db-path', own.db, ...args];
    const counts = async (...args) => {
      const { candidates, updated, unchanged, unknownModel } = await json(recalc(...args));
      return [candidates, updated, unchanged, unknownModel];
    };
    assert.deepEqual(await counts('--dry-run'), [3, 1, 1, 1]);
    const text = await done(recalc('--dry-run'));
    assert.match(text, /^Dry run/);
    assert.match(text, /Candidates: +3\n +Would update: +1\n/);
    assert.match(text, /Unchanged: +1\n +Unknown model: +1\n/);
    assert.match(text, /with: amon costs recalc$/m);
    assert.match(await done(recalc()), /Updated: +1\n/);
    assert.deepEqual(await counts(), [3, 0, 2, 1]);
  });
});

describe('import and sync', () => {
  // A home with one session of Claude Code.
  function home() {
    const place = temporaryDirectory();
    const folder = join(place, '.claude', 'projects', '-home-dev-p');
    mkdirSync(folder, { recursive: true });
    const line = {
      type: 'user',
      sessionId: 's1',
      uuid: 'u1',
      cwd: '/home/dev/p',
      timestamp: '2026-03-01T10:00:00.000Z',
      message: { role: 'user', content: 'hello' },
    };
    writeFileSync(join(folder, 's1.jsonl'), `${JSON.stringify(line)}\n`);
    return { dir: place, env: { HOME: place }, folder };
  }

  test('bring in what is logged, once', async () => {
    const at = home();
    const look = await done(['import', '--dry-run'], at);
    assert.match(look, /DRY RUN[^]*FOUND[^]*Results \(dry run\):/);
    assert.ok(!existsSync(join(at.dir, 'data')));
    assert.match(await done(['import', '--source', 'claude-code'], at), /Events imported: +[1-9]/);
    assert.match(await done(['sync', 'sessions'], at), /SKIP .*\(unchanged\)/);
    const again = await json(['sync', 'sessions', '--source', 'claude', '--force'], at);
    assert.equal(again.totalEventsImported, 0);
    assert.ok(again.totalDuplicates > 0);
    assert.equal((await json(['sync', 'sessions', '--source', 'codex'], at)).totalFiles, 0);
    assert.equal((await json(['sessions', 'list'], at)).total, 1);
  });

  test('say nothing with --quiet but what goes wrong', async () => {
    const at = home();
    assert.equal(await done(['import', '--quiet'], at), '');
    assert.equal(await done(['-q', 'sync', 'sessions'], at), '');
    assert.match(await done(['-q', 'sessions', 'list'], at), / s1 /);
  });

  test('refuse what they do not know, as the original does', async () => {
    const says = async (args, text) => {
      const { code, stdout, stderr } = await amon(['import', ...args], home());
      assert.deepEqual([code, stdout, stderr], [1, '', `${text}\n`]);
    };
    await says(['--source', 'x'], 'Invalid source: x. Must be claude-code, codex, or all.');
    await says(['--source', 'antigravity'], 'Source antigravity is not supported yet.');
    await says(['--from', 'x'], 'Invalid --from date: x');
    await says(['--to', 'x'], 'Invalid --to date: x');
    await says(['--bogus'], 'Unknown argument: --bogus. Use --help for usage.');
  });
});

describe('hooks', () => {
  test('install claude writes the settings of Claude Code', async () => {
    const place = temporaryDirectory();
    const options = { env: { CLAUDE_CONFIG_DIR: place } };
    const text = await done(['hooks', 'install', 'claude', '--dry-run'], options);
    assert.ok(JSON.parse(text).hooks.SessionStart);
    await done(['hooks', 'install', 'claude', '--url', 'http://127.0.0.1:4000'], options);
    assert.match(readFileSync(join(place, 'settings.json'), 'utf8'), /hook --url http:\/\/127/);
    assert.match(await done(['hooks', 'install', 'claude', '--uninstall'], options), /removed/);
    await failed(2, ['hooks', 'install', 'claude', '--python'], options);
  });

  test('print-codex-config prints what goes into config.toml', async () => {
    const text = await done(['hooks', 'print-codex-config', '--url', 'http://127.0.0.1:4000']);
    assert.match(text, /endpoint = "http:\/\/127\.0\.0\.1:4000\/api\/otel\/v1\/logs"/);
  });
});
