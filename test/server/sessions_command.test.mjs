// `sightline sessions list` and `show`: what was done, read from the database.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor, event } from '../support/monitor.mjs';
import { ORIGINAL, WITHOUT_LATER_COLUMNS } from '../support/original_schema.mjs';
import { run, startServer } from '../support/server.mjs';
import { insert, sqlite } from '../support/sqlite.mjs';

async function done(args, options) {
  const { code, stdout, stderr } = await run(['sessions', ...args], options);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout;
}

const json = async (args, options) => JSON.parse(await done([...args, '--json'], options));

async function failed(code, args, options) {
  const result = await run(['sessions', ...args], options);
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /^sightline: [^\n]+\n$/);
  return result.stderr.trimEnd();
}

// A database file with these rows of `events` and `sessions`, as the original program leaves it.
function original(events, sessions = [], schema = ORIGINAL) {
  const file = join(temporaryDirectory(), 'original.db');
  const session = (fields) => ({ agent_id: 'a-default', agent_type: 'claude_code', ...fields });
  const row = (fields) => ({ agent_type: 'claude_code', event_type: 'tool_use', ...fields });
  sqlite(
    file,
    [
      schema,
      ...sessions.map((fields) => insert('sessions', session(fields))),
      ...events.map((fields) => insert('events', row(fields))),
    ].join('\n'),
  );
  return ['--db', file];
}

// What moves the cursor, colours the terminal or turns the direction of writing.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const EVIL = 'a\u001b[31m\u009b2Jb\u0007\r\n\u202ec\u0000';

describe('sessions list', () => {
  let server;
  const at = () => ['--db', server.db];
  const ids = async (...args) =>
    (await json(['list', ...at(), ...args])).sessions.map(({ id }) => id);

  before(async () => {
    server = await startServer();
    const send = (fields) => new Monitor(server.url).send(fields);
    const old = { source: 'import', client_timestamp: '2026-01-02T00:00:00Z' };
    await send({ session_id: 'ended', agent_type: 'codex', ...old });
    await send({ session_id: 'one', agent_type: 'claude_code', project: 'p', branch: 'main' });
    await send({ session_id: 'one', agent_type: 'claude_code', tokens_in: 7, cost_usd: 1.5 });
    await send({ session_id: 'two', agent_type: 'codex', project: 'q' });
  });
  after(() => server?.stop());

  test('is a table, each column as wide as its widest cell', async () => {
    const lines = (await done(['list', ...at()])).trimEnd().split('\n');
    assert.match(lines[0], /^Status +Session +Agent +Project +Branch +Last event +Events /);
    assert.match(lines[0], / +Tokens in +Tokens out +Cost$/);
    assert.equal(lines.length, 4);
    const one = lines.find((line) => / one /.test(line));
    assert.match(one, /^active +one +claude_code +p +main +[\d-]+ [\d:]+ +2 +7 +0 +\$1\.50$/);
    assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  });

  test('is what GET /api/sessions returns with --json', async () => {
    const { sessions, total } = await json(['list', ...at()]);
    assert.equal(total, 3);
    assert.deepEqual(sessions, await new Monitor(server.url).sessions());
  });

  test('has the live ones first and the filters that --help names', async () => {
    const all = await ids();
    assert.deepEqual(all.slice(2), ['ended']);
    assert.deepEqual(await ids('--limit', '1'), all.slice(0, 1));
    assert.deepEqual(await ids('--limit', '2', '--offset', '1'), all.slice(1));
    assert.deepEqual(await ids('--limit', '0'), all);
    assert.deepEqual(await ids('--limit', '-1'), all);
    assert.deepEqual(await ids('--status', 'ended'), ['ended']);
    assert.deepEqual((await ids('--status', 'active')).sort(), ['one', 'two']);
    assert.deepEqual(await ids('--agent', 'claude'), ['one']);
    assert.deepEqual(await ids('--agent', 'claude_code'), ['one']);
    assert.deepEqual((await ids('--agent', 'codex')).sort(), ['ended', 'two']);
    assert.deepEqual(await ids('--project', 'q'), ['two']);
    assert.deepEqual(await ids('--since', '2999-01-01'), []);
    assert.equal((await ids('--since', '2020-01-01')).length, 3);
    assert.equal(await done(['list', ...at(), '--agent', 'none']), 'No sessions.\n');
  });

  test('refuses what is no status, no date, no order and no offset', async () => {
    const says = async (args, text) =>
      assert.ok((await failed(2, ['list', ...at(), ...args])).includes(text));
    await says(['--status', 'gone'], '--status: "gone" must be one of active|idle|ended');
    await says(['--since', 'yesterdayish'], '--since: "yesterdayish" must be a date');
    await says(['--sort', 'name'], '--sort: "name" must be one of');
    await says(['--offset', '-1'], '--offset: "-1" must be at least 0');
  });

  test('moves on what has been silent for long, though no server runs', async () => {
    const last_event_at = '2026-01-01 00:00:00';
    const db = original([], [{ id: 's', status: 'active', last_event_at }]);
    assert.equal((await json(['list', ...db])).sessions[0].status, 'ended');
  });

  test('leaves that to a server that runs, which has a time-out of its own', async () => {
    const own = await startServer({ env: { AGENTMONITOR_SESSION_TIMEOUT: '99999999' } });
    await new Monitor(own.url).send({ session_id: 's' });
    sqlite(own.db, "UPDATE sessions SET last_event_at = '2026-01-01 00:00:00'");
    assert.equal((await json(['list', '--db', own.db])).sessions[0].status, 'active');
    await own.stop();
    assert.equal((await json(['list', '--db', own.db])).sessions[0].status, 'ended');
  });
});

describe('sessions show', () => {
  let server;
  const at = () => ['--db', server.db];

  before(async () => {
    server = await startServer();
    const long = Array.from({ length: 2100 }, (_, i) =>
      event({ session_id: 'long', agent_type: 'a', metadata: { command: `step ${i}` } }),
    );
    const monitor = new Monitor(server.url);
    for (let i = 0; i < long.length; i += 300) await monitor.sendBatch(long.slice(i, i + 300));
    await monitor.send({ session_id: 'short', project: 'p', branch: 'main', tokens_in: 3 });
  });
  after(() => server?.stop());

  test('has a head and a line for each event with its detail', async () => {
    const lines = (await done(['show', 'short', ...at()])).trimEnd().split('\n');
    assert.match(lines[0], /^short {2}active {2}p main$/);
    assert.equal(lines[1], '1 events, 3 + 0 tokens, $0.0000, 0 files, +0 -0');
    assert.match(lines[2], /^[\d-]+[ T][\d:.]+Z? {2}tool$/);
  });

  test('shows the newest 50, or as many as --limit says', async () => {
    const steps = async (...args) =>
      [...(await done(['show', 'long', ...at(), ...args])).matchAll(/step (\d+)/g)].map(([, i]) =>
        Number(i),
      );
    const newest = (count) => Array.from({ length: count }, (_, i) => 2100 - count + i);
    assert.deepEqual(await steps(), newest(50));
    assert.deepEqual(await steps('--limit', '1'), [2099]);
    assert.deepEqual(await steps('--limit', '1500'), newest(1500));
    assert.deepEqual(await steps('--limit', '0'), newest(2100));
    assert.deepEqual(await steps('--limit', '9999'), newest(2100));
  });

  test('has all events in JSON, or as many as --limit says', async () => {
    const { session, entries } = await json(['show', 'long', ...at()]);
    assert.equal(session.event_count, 2100);
    assert.deepEqual(entries, await new Monitor(server.url).transcript('long'));
    const part = await json(['show', 'long', ...at(), '--limit', '7']);
    assert.deepEqual(part.entries, entries.slice(-7));
  });

  test('of a session that is not there is told in one line', async () => {
    assert.equal(await failed(1, ['show', 'none', ...at()]), 'sightline: no session none');
    assert.doesNotMatch(await failed(1, ['show', EVIL.replace('\0', ''), ...at()]), CONTROLS);
    assert.match(await failed(2, ['show', ...at()]), /ID/);
  });
});

describe('what agents wrote', () => {
  test('never reaches the terminal as control characters', async () => {
    const server = await startServer();
    const session_id = `s${EVIL}`;
    await new Monitor(server.url).sendBatch([
      {
        ...event({ session_id, agent_type: `t${EVIL}`, project: `p${EVIL}`, branch: `b${EVIL}` }),
        tool_name: `tool${EVIL}`,
        model: `m${EVIL}`,
        tokens_in: 1,
        metadata: { command: `c${EVIL}` },
      },
      { ...event({ session_id }), metadata: { query: { nested: EVIL } } },
    ]);
    const [{ id }] = (await json(['list', '--db', server.db])).sessions;
    for (const args of [['list'], ['search', 'tool'], ['show', id.replaceAll('\0', '')]]) {
      const { stdout, stderr } = await run(['sessions', ...args, '--db', server.db]);
      assert.doesNotMatch(stdout + stderr, CONTROLS, args[0]);
    }
    for (const kind of ['session', 'model', 'project', 'daily']) {
      const { stdout } = await run(['usage', kind, '--breakdown', '--db', server.db]);
      assert.match(stdout, /31m/, kind);
      assert.doesNotMatch(stdout, CONTROLS, kind);
    }
    await server.stop();
  });

  test('of a database that another program wrote neither', async () => {
    const sessions = [{ id: `s`, status: `odd${EVIL}`.replace('\0', ''), project: 'p' }];
    const metadata = '{"query":[1,2]}';
    const events = [{ session_id: 's', client_timestamp: '\u001b[2J', metadata }];
    const db = original(events, sessions);
    assert.doesNotMatch(await done(['list', ...db]), CONTROLS);
    const text = await done(['show', 's', ...db]);
    assert.doesNotMatch(text, CONTROLS);
    assert.match(text, /^ {4}\[1,2\]$/m, 'a detail that is no text');
  });

  test('may be no UTF-8', async () => {
    const db = original([{ session_id: 's' }], [{ id: 's', project: 'p' }]);
    sqlite(db[1], "UPDATE sessions SET project = CAST(x'70ff1b' AS TEXT)");
    sqlite(db[1], "UPDATE events SET tool_name = CAST(x'70ff1b' AS TEXT), model = tool_name");
    assert.match(await done(['list', ...db]), / s /);
    assert.doesNotMatch(await done(['show', 's', ...db]), CONTROLS);
    assert.equal((await json(['list', ...db])).total, 1);
  });

  test('may be wide or long', async () => {
    const long = 'x'.repeat(300);
    const sessions = [
      { id: 'wide', project: '名前のあるもの', branch: '🙂e\u0301' },
      { id: 'narrow', project: 'short', branch: 'main' },
      { id: long, project: long, branch: long },
    ];
    const db = original([], sessions);
    const lines = (await done(['list', ...db])).trimEnd().split('\n');
    const width = (c) => (/[\u3000-\u9fff🙂]/u.test(c) ? 2 : c === '\u0301' ? 0 : 1);
    const columns = (text) => [...text].reduce((sum, c) => sum + width(c), 0);
    assert.equal(new Set(lines.map(columns)).size, 1, lines.join('\n'));
    assert.ok(columns(lines[0]) < 300);
    assert.match(lines.at(-1) + lines.join(), /x…/);
  });
});

describe('a database', () => {
  for (const [name, schema] of Object.entries({ ORIGINAL, WITHOUT_LATER_COLUMNS })) {
    test(`of the original program (${name}) is brought up to date`, async () => {
      const events = [
        { session_id: 's', tool_name: 'Bash', tokens_in: 5, metadata: '{"command":"ls"}' },
        { session_id: 's', tokens_out: 6 },
      ];
      for (const args of [['list'], ['show', 's'], ['messages', 's'], ['search', 'ls']]) {
        const db = original(events, [{ id: 's', project: 'p' }], schema);
        const { stdout, stderr, code } = await run(['sessions', ...args, ...db, '--json']);
        assert.deepEqual([stderr, code], ['', 0]);
        const { session, sessions, entries } = JSON.parse(stdout);
        const row = session ?? sessions?.[0];
        if (row) assert.deepEqual([row.event_count, row.tokens_in, row.tokens_out], [2, 5, 6]);
        if (entries) assert.deepEqual([entries.length, entries[0].detail], [2, 'ls']);
      }
    });
  }

  test('that is not there is told with what to do, and is not made', async () => {
    const file = join(temporaryDirectory(), 'none.db');
    for (const args of [['list'], ['show', 'x'], ['messages', 'x'], ['search', 'x']]) {
      const line = await failed(1, [...args, '--db', file]);
      assert.ok(line.includes(`no database ${file}; make one with: sightline serve`), line);
    }
    assert.ok(!existsSync(file));
  });
});
