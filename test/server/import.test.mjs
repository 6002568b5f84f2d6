// The import command: its output, which scripts may read, and its rules.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { insert, sqlite } from '../support/sqlite.mjs';
import { ORIGINAL } from '../support/original_schema.mjs';
import { assertTotalsAreRecounts } from '../support/recount.mjs';

const ROLLOUT = 'rollout-2026-02-20T09-00-00-019c7373-39f7-7000-8000-0123456789ab';

// One log of each agent: 3 events of 4 lines, and 3 events (start, usage, end) of 2 lines.
function smallHome() {
  const home = new AgentsHome();
  home.claudePath = home.claudeLog('5e55', [
    { type: 'user', timestamp: '2026-02-20T08:00:00Z', content: 'hi', cwd: '/home/dev/shop' },
    { type: 'assistant', timestamp: '2026-02-20T08:00:05Z', model: 'claude-sonnet-4-5', usage: { input_tokens: 900, output_tokens: 100 } },
    '{"type":"assi',
    { type: 'error', timestamp: '2026-02-20T08:00:09Z', error: 'no' },
  ]);
  home.codexPath = home.codexLog(ROLLOUT, [
    { timestamp: '2026-02-20T09:00:00Z', type: 'session_meta', payload: { id: 'c0de', cwd: '/home/dev/site' } },
    { timestamp: '2026-02-20T09:00:07Z', type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: { input_tokens: 1000, cached_input_tokens: 400, output_tokens: 200 } } } },
  ]);
  return home;
}

const results = (files, skipped, found, imported, duplicates, title = 'Results:') => [
  '',
  title,
  `  Files scanned:    ${files}`,
  `  Files skipped:    ${skipped}`,
  `  Events found:     ${found}`,
  `  Events imported:  ${imported}`,
  `  Duplicates:       ${duplicates}`,
  '',
];

describe('what import prints', () => {
  test('is a line for each file, then the sums', async () => {
    const home = smallHome();
    const empty = home.claudeLog('empty', []);
    const lines = (await home.ok(['import'])).split('\n');
    assert.deepEqual(lines, [
      'AgentMonitor Historical Import',
      '  Source:   all',
      '',
      `  DONE  ${home.claudePath}: 3 events (1 of 4 lines unreadable)`,
      `  EMPTY ${empty}`,
      `  DONE  ${home.codexPath}: 3 events`,
      ...results(3, 0, 6, 6, 0),
    ]);
  });

  test('says of files that were imported before that they are skipped', async () => {
    const home = smallHome();
    await home.ok(['import']);
    const lines = (await home.ok(['import'])).split('\n');
    assert.deepEqual(lines.slice(3), [
      `  SKIP  ${home.claudePath} (unchanged)`,
      `  SKIP  ${home.codexPath} (unchanged)`,
      ...results(2, 2, 0, 0, 0),
    ]);
  });

  test('says with --force how many events were there before', async () => {
    const home = smallHome();
    await home.ok(['import']);
    const lines = (await home.ok(['import', '--force', '--source', 'codex'])).split('\n');
    assert.deepEqual(lines, [
      'AgentMonitor Historical Import',
      '  Source:   codex',
      '  Force:    re-importing all files',
      '',
      `  DONE  ${home.codexPath}: 3 events, 3 duplicates`,
      ...results(1, 0, 3, 0, 3),
    ]);
  });

  test('says in a dry run what would be imported, without a database', async () => {
    const home = smallHome();
    const args = ['import', '--dry-run', '--source', 'claude-code', '--from', '2026-02-01', '--to', '2026-03-01T12:00:00+01:00'];
    const lines = (await home.ok(args)).split('\n');
    assert.deepEqual(lines, [
      'AgentMonitor Historical Import',
      '  Source:   claude-code',
      '  From:     2026-02-01T00:00:00.000Z',
      '  To:       2026-03-01T11:00:00.000Z',
      '  Mode:     DRY RUN (no database writes)',
      '',
      `  FOUND ${home.claudePath}: 3 events (1 of 4 lines unreadable)`,
      ...results(1, 0, 3, 3, 0, 'Results (dry run):'),
    ]);
    assert.deepEqual(readdirSync(home.data), []);
    assert.ok(!existsSync(home.env.XDG_DATA_HOME));
  });

  test('is the result as one object with --json', async () => {
    const home = smallHome();
    assert.deepEqual(await home.import(), {
      files: [
        { path: home.claudePath, source: 'claude-code', eventsFound: 3, eventsImported: 3, skippedDuplicate: 0, skippedUnchanged: false, lines: 4, brokenLines: 1, tooLongLines: 0, cutLines: 0, error: null },
        { path: home.codexPath, source: 'codex', eventsFound: 3, eventsImported: 3, skippedDuplicate: 0, skippedUnchanged: false, lines: 2, brokenLines: 0, tooLongLines: 0, cutLines: 0, error: null },
      ],
      totalFiles: 2,
      totalEventsFound: 6,
      totalEventsImported: 6,
      totalDuplicates: 0,
      skippedFiles: 0,
    });
  });

  test('is nothing but the frame where there are no logs', async () => {
    const lines = (await new AgentsHome().ok(['import'])).split('\n');
    assert.deepEqual(lines.slice(2), ['', ...results(0, 0, 0, 0, 0).slice(0)]);
  });

  for (const [args, line] of [
    [['--source', 'cursor'], 'Invalid source: cursor. Must be claude-code, codex, or all.'],
    [['--from', 'soon'], 'Invalid --from date: soon'],
    [['--to', '2026-13-01'], 'Invalid --to date: 2026-13-01'],
    [['--verbose'], 'Unknown argument: --verbose. Use --help for usage.'],
    [['extra'], 'Unknown argument: extra. Use --help for usage.'],
  ]) {
    test(`is one line on standard error for ${args.join(' ')}`, async () => {
      const home = smallHome();
      const { code, stdout, stderr } = await home.run(['import', ...args]);
      assert.deepEqual({ code, stdout, stderr }, { code: 1, stdout: '', stderr: `${line}\n` });
      assert.ok(!home.has());
    });
  }

  test('is the usage for --help and -h', async () => {
    for (const flag of ['--help', '-h']) {
      const { code, stdout, stderr } = await new AgentsHome().run(['import', flag]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      for (const option of ['--source', '--from', '--to', '--dry-run', '--force']) {
        assert.ok(stdout.includes(option), option);
      }
    }
  });
});

describe('an import', () => {
  test('with dates takes the lines of Claude Code and the sessions of Codex between them', async () => {
    const home = smallHome();
    const claude = await home.import('--source', 'claude-code', '--from', '2026-02-20T08:00:05Z', '--to', '2026-02-20T08:00:05Z');
    assert.equal(claude.totalEventsImported, 1);
    assert.equal((await home.import('--source', 'codex', '--from', '2026-02-20T09:00:01Z')).totalEventsImported, 0);
    assert.equal((await home.import('--source', 'codex', '--to', '2026-02-20T09:00:00Z')).totalEventsImported, 3);
    assert.deepEqual(home.sql('SELECT * FROM import_state;'), []);
    const rest = await home.import();
    assert.deepEqual([rest.totalEventsFound, rest.totalDuplicates], [6, 4]);
  });

  test('makes the same events as one line by line', async () => {
    const whole = new AgentsHome();
    whole.generate({ bytes: 300_000, seed: 5, codex: false });
    await whole.import();
    const grown = new AgentsHome({ logs: whole });
    const days = whole.sql("SELECT DISTINCT substr(client_timestamp, 1, 10) AS day FROM events WHERE day IS NOT NULL ORDER BY 1;");
    for (const { day } of days.reverse()) await grown.import('--from', day);
    await grown.import();
    // Which line of a message carries its tokens depends on which came first; the sums do not.
    const sums = (home) => home.sql(`SELECT agent_type, model, sum(tokens_in), sum(tokens_out),
      sum(cache_read_tokens), sum(cache_write_tokens), round(total(cost_usd), 8), count(*)
      FROM events GROUP BY 1, 2;`);
    assert.deepEqual(sums(grown), sums(whole));
    assertTotalsAreRecounts(grown.db);
  });

  test('takes a log that grew for what is new in it', async () => {
    const home = smallHome();
    await home.import();
    home.append(home.codexPath, [
      { timestamp: '2026-02-20T09:01:00Z', type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: { input_tokens: 1500, cached_input_tokens: 600, output_tokens: 260 } } } },
    ]);
    const { files } = await home.import();
    assert.deepEqual(files.map((f) => [f.eventsFound, f.eventsImported, f.skippedDuplicate, f.skippedUnchanged]), [
      [0, 0, 0, true],
      [4, 1, 3, false],
    ]);
    assert.equal((await home.run(['verify'])).code, 0);
  });

  test('follows CLAUDE_CONFIG_DIR, CODEX_HOME and the folders that are given', async () => {
    const home = smallHome();
    const other = new AgentsHome();
    const env = { CLAUDE_CONFIG_DIR: `${home.dir}/.claude, ${other.dir}/.claude`, CODEX_HOME: home.codex };
    other.claudeLog('b', [{ type: 'user' }]);
    assert.equal((await other.json(['import'], { env })).totalEventsImported, 7);
    const third = new AgentsHome();
    const result = await third.import('--claude-dir', home.claude, '--codex-dir', home.codex);
    assert.equal(result.totalEventsImported, 6);
  });

  test('prices Codex by the model of the turn, else by that of config.toml', async () => {
    const home = new AgentsHome();
    home.file('.codex/config.toml', 'model = "gpt-5.1"\n');
    const usage = (n) => ({ timestamp: '2026-09-01T09:00:07Z', type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: { input_tokens: 1_000_000 * n, cached_input_tokens: 400_000 * n, output_tokens: 0 } } } });
    home.codexLog('r', [usage(1), { type: 'turn_context', payload: { turn_id: 't', model: 'o3' } }, usage(2)]);
    await home.import();
    const rows = home.sql('SELECT model, round(cost_usd, 6) AS usd FROM events WHERE tokens_in > 0 ORDER BY id;');
    assert.deepEqual(rows, [
      { model: 'gpt-5.1', usd: 0.6 * 1.25 + 0.4 * 0.125 },
      { model: 'o3', usd: 0.6 * 2 + 0.4 * 0.5 },
    ]);
  });

  test('keeps which session a sub-agent works for', async () => {
    const home = new AgentsHome();
    home.claudeLog('s/subagents/agent-7f', [{ type: 'user', sessionId: 's', isSidechain: true, timestamp: '2026-02-20T08:00:00Z' }]);
    home.claudeLog('s', [{ type: 'user', sessionId: 's', timestamp: '2026-02-20T08:00:00Z' }]);
    home.codexLog('fork', [{ timestamp: '2026-02-20T09:00:00Z', type: 'session_meta', payload: { id: 'f', forked_from_id: 'c0de' } }]);
    await home.import();
    const rows = home.sql('SELECT id, metadata FROM sessions ORDER BY id;');
    const parents = Object.fromEntries(rows.map((row) => [row.id, JSON.parse(row.metadata).parent_session_id]));
    assert.deepEqual(parents, { f: 'c0de', s: undefined, 's-agent-7f': 's' });
  });

  test('skips what the original program has imported', async () => {
    const home = smallHome();
    await home.import();
    const state = home.sql('SELECT * FROM import_state;');
    const events = home.sql('SELECT * FROM events;');
    rmSync(home.db);
    sqlite(home.db, `${ORIGINAL} ${state.map((row) => insert('import_state', row)).join('')}`);
    assert.deepEqual((await home.import('--dry-run')).skippedFiles, 2);
    assert.deepEqual((await home.import()).skippedFiles, 2);
    const forced = await home.import('--force');
    assert.equal(forced.totalEventsImported, events.length);
  });

  test('tells of a log that it may not read, and goes on', { skip: process.getuid() === 0 }, async () => {
    const home = smallHome();
    const { chmodSync } = await import('node:fs');
    chmodSync(home.claudePath, 0);
    const out = await home.ok(['import']);
    assert.match(out, /FAIL {2}.*5e55\.jsonl \(.*Permission denied\)/);
    assert.match(out, /Events imported: {2}3/);
  });
});
