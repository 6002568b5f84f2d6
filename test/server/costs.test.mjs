// `sightline verify`, `cost` and `usage`: what they say of the events that are stored.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { Monitor } from '../support/monitor.mjs';
import { assertTotalsAreRecounts } from '../support/recount.mjs';

// An answer of Claude Code at a time, with tokens that cost a round sum: $3 a million.
const answer = (timestamp, millions, model = 'claude-sonnet-4-5', session = 's') => ({
  type: 'assistant',
  sessionId: session,
  cwd: `/home/dev/${session}-project`,
  timestamp,
  model,
  usage: { input_tokens: millions * 1e6, output_tokens: 0 },
});

async function homeOf(...answers) {
  const home = new AgentsHome();
  home.claudeLog('s', answers);
  await home.import();
  return home;
}

async function failure(home, args, exit = 1) {
  const { code, stdout, stderr } = await home.run(args);
  assert.equal(stdout, '');
  assert.match(stderr, /^sightline: [^\n]+\n$/);
  assert.equal(code, exit);
  return stderr.trim();
}

describe('verify', () => {
  async function verified(home) {
    const { code, stdout } = await home.run(['verify']);
    return { code, lines: stdout.trimEnd().split('\n') };
  }

  test('ends with 0 when all that the logs say is stored', async () => {
    const home = new AgentsHome();
    home.generate({ bytes: 1e6, growing: true, codexForks: true });
    const { totalEventsImported } = await home.import();
    const { code, lines } = await verified(home);
    assert.equal(code, 0);
    assert.match(lines[0], new RegExp(`^\\d+ files, ${totalEventsImported} events: 0 missing, 0 changed, 0 extra`));
    assert.equal((await home.json(['verify'])).equal, true);
  });

  test('ends with 1 and names what is missing, changed and extra', async () => {
    const home = await homeOf(answer('2026-02-20T08:00:00Z', 1), answer('2026-02-20T09:00:00Z', 2));
    const [first, second] = home.events().map((row) => row.event_id);
    home.sql(`DELETE FROM events WHERE event_id = '${first}';
      UPDATE events SET tokens_in = 7 WHERE event_id = '${second}';
      INSERT INTO events(event_id, session_id, agent_type, event_type, source)
        VALUES ('import-cc-mine', 's', 'claude_code', 'response', 'import');`);
    const { code, lines } = await verified(home);
    assert.equal(code, 1);
    assert.deepEqual(lines.map((line) => line.split(' ')[0]).slice(0, 3).sort(), ['changed', 'extra', 'missing']);
    assert.match(lines.find((line) => line.startsWith('changed')), new RegExp(`${second} tokens .*s\\.jsonl$`));
    assert.match(lines[3], /^1 files, 2 events: 1 missing, 1 changed, 1 extra$/);
    const { code: jsonCode, stdout } = await home.run(['verify', '--json']);
    assert.equal(jsonCode, 1);
    assert.equal(JSON.parse(stdout).differences.length, 3);
    await home.import('--force');
    assert.equal(JSON.parse((await home.run(['verify', '--json'])).stdout).missing, 0);
  });

  test('says what to do where there is no database', async () => {
    assert.match(await failure(new AgentsHome(), ['verify']), /no database .*sightline import/);
  });
});

describe('cost recalculate', () => {
  const changed = async () => {
    const home = await homeOf(answer('2026-02-20T08:00:00Z', 1), answer('2026-02-20T09:00:00Z', 2), answer('2026-02-20T10:00:00Z', 1, 'nobody-knows'));
    home.sql('UPDATE events SET cost_usd = 1 WHERE tokens_in = 2000000; UPDATE events SET cost_usd = 0.5 WHERE model = \'nobody-knows\';');
    return home;
  };
  const costs = (home) => home.sql('SELECT cost_usd FROM events ORDER BY id;').map((row) => row.cost_usd);

  test('says what it would change, and changes nothing', async () => {
    const home = await changed();
    const lines = (await home.ok(['cost', 'recalculate'])).split('\n');
    assert.deepEqual(lines, [
      'Dry run: nothing was written',
      '  Candidates:     3',
      '  Would update:   1',
      '  Unchanged:      1',
      '  Unknown model:  1',
      '  Sum:            $4.5000 -> $9.5000',
      'Write them with: sightline cost recalculate --apply',
      '',
    ]);
    assert.deepEqual(costs(home), [3, 1, 0.5]);
  });

  test('writes with --apply, and the sums are right at once', async () => {
    const home = await changed();
    const server = await home.serve();
    assert.deepEqual(await home.json(['cost', 'recalculate', '--apply']), {
      dryRun: false, candidates: 3, updated: 1, unchanged: 1, unknownModel: 1, usdBefore: 4.5, usdAfter: 9.5,
    });
    assert.deepEqual(costs(home), [3, 6, 0.5]);
    assertTotalsAreRecounts(home.db);
    assert.equal((await new Monitor(server.url).stats()).total_cost_usd, 9.5);
    assert.equal((await home.json(['usage', 'daily'])).totals.totalCost, 9.5);
    assert.equal((await home.json(['cost', 'recalculate', '--apply'])).updated, 0);
    assert.equal(await server.stop(), 0, server.output());
  });

  test('takes --dry-run for what it is, the default', async () => {
    const home = await changed();
    assert.equal((await home.json(['cost', 'recalculate', '--dry-run'])).dryRun, true);
    assert.equal((await home.json(['cost', 'recalculate', '--apply', '--dry-run'])).dryRun, true);
    assert.deepEqual(costs(home), [3, 1, 0.5]);
  });
});

describe('cost explain', () => {
  test('shows the price of each kind of token, by id and by event_id', async () => {
    const home = await homeOf({ ...answer('2026-02-20T08:00:00Z', 1), usage: { input_tokens: 1e6, output_tokens: 1e5, cache_read_input_tokens: 2e6, cache_creation_input_tokens: 3e5, cache_creation: { ephemeral_1h_input_tokens: 1e5 } } });
    const [{ event_id, cost_usd }] = home.events();
    assert.equal(cost_usd, 6.45);
    const byId = await home.json(['cost', 'explain', '1']);
    assert.equal(byId.stored_usd.toFixed(10), '6.4500000000');
    assert.equal(byId.price.model, 'claude-sonnet-4-5-20250929');
    assert.equal(byId.price.from, '1970-01-01');
    const usd = Object.fromEntries(byId.price.lines.map((line) => [line.what, Math.round(line.usd * 1e6) / 1e6]));
    assert.deepEqual(Object.values(usd).sort(), [0.6, 0.6, 0.75, 1.5, 3]);
    assert.deepEqual(await home.json(['cost', 'explain', event_id]), byId);
    const text = await home.ok(['cost', 'explain', event_id]);
    assert.match(text, /priced as claude-sonnet-4-5-20250929 from 1970-01-01/);
    assert.match(text, /stored: \$6\.4500000000\n$/);
  });

  test('says why there is no price', async () => {
    const home = await homeOf(answer('2026-02-20T08:00:00Z', 1, 'nobody-knows'), { type: 'user' });
    assert.match(await home.ok(['cost', 'explain', '1']), /model nobody-knows has no price: unpriced\nstored: no cost/);
    assert.match(await home.ok(['cost', 'explain', '2']), /no model: unpriced/);
    assert.match(await failure(home, ['cost', 'explain', '99']), /no event 99/);
  });
});

describe('prices of one\'s own', () => {
  const head = 'provider,model,aliases,from,above_tokens,input,output,cache_read,cache_write,cache_write_1h,reasoning,deprecated\n';

  test('take the place of those that are built in, model by model', async () => {
    const home = new AgentsHome();
    home.file('config/sightline/prices.csv', `${head}me,claude-sonnet-4-5-20250929,claude-sonnet-4-5,1970-01-01,,7,1,1,1,,,\nme,nobody-knows,,1970-01-01,,2,1,1,1,,,\n`);
    home.claudeLog('s', [answer('2026-02-20T08:00:00Z', 1), answer('2026-02-20T08:00:00Z', 1, 'nobody-knows'), answer('2026-02-20T08:00:00Z', 1, 'claude-opus-4-5')]);
    await home.import();
    const costs = home.sql('SELECT cost_usd FROM events ORDER BY id;').map((row) => row.cost_usd);
    assert.deepEqual(costs, [7, 2, 5]);
  });

  for (const [what, text, problem] of [
    ['a rate that is none', `${head}me,m,,1970-01-01,,cheap,1,1,1,,,\n`, /line 2/],
    ['too few columns', `${head}\nme,m\n`, /line [23]/],
    ['another head', 'model,price\n', /line 1/],
  ]) {
    test(`that are broken are told with their line: ${what}`, async () => {
      const home = await homeOf(answer('2026-02-20T08:00:00Z', 1));
      home.file('config/sightline/prices.csv', text);
      for (const args of [['import'], ['cost', 'recalculate'], ['cost', 'explain', '1']]) {
        const told = await failure(home, [...args, '--json'], 2);
        assert.match(told, /^sightline: prices [^\n]*prices\.csv: /);
        assert.match(told, problem);
      }
    });
  }
});

describe('usage', () => {
  const keys = (report, name, key) => report[name].map((row) => [row[key], row.totalCost]);

  test('daily and monthly go by the zone that is given', async () => {
    const home = await homeOf(
      answer('2026-02-28T18:29:59Z', 1), // 23:59:59 in Kolkata
      answer('2026-02-28T18:30:00Z', 2), // March 1 there
      answer('2026-02-28T23:59:59.999Z', 4),
      answer('2026-03-01T00:00:00+00:00', 8),
    );
    const daily = async (zone) => keys(await home.json(['usage', 'daily', '--timezone', zone]), 'daily', 'date');
    const monthly = async (zone) => keys(await home.json(['usage', 'monthly', '--timezone', zone]), 'monthly', 'month');
    assert.deepEqual(await daily('UTC'), [['2026-02-28', 21], ['2026-03-01', 24]]);
    assert.deepEqual(await daily('Asia/Kolkata'), [['2026-02-28', 3], ['2026-03-01', 42]]);
    assert.deepEqual(await daily('America/New_York'), [['2026-02-28', 45]]);
    assert.deepEqual(await monthly('Asia/Kolkata'), [['2026-02', 3], ['2026-03', 42]]);
  });

  test('a day on which the clocks change has 23 or 25 hours', async () => {
    const home = await homeOf(
      answer('2026-03-28T22:59:59Z', 1), // March 28 in Berlin
      answer('2026-03-28T23:00:00Z', 2), // 29, +01:00
      answer('2026-03-29T21:59:59Z', 4), // 29, +02:00
      answer('2026-03-29T22:00:00Z', 8), // 30
      answer('2026-10-24T22:00:00Z', 16), // October 25, +02:00
      answer('2026-10-25T22:59:59Z', 32), // 25, +01:00
      answer('2026-10-25T23:00:00Z', 64), // 26
    );
    const usage = async (...args) => keys(await home.json(['usage', 'daily', '--timezone', 'Europe/Berlin', ...args]), 'daily', 'date');
    assert.deepEqual(await usage('--until', '2026-04-01'), [['2026-03-28', 3], ['2026-03-29', 18], ['2026-03-30', 24]]);
    assert.deepEqual(await usage('--since', '2026-03-29', '--until', '2026-03-29'), [['2026-03-29', 18]]);
    assert.deepEqual((await usage('--since', '20261025', '--until', '20261025'))[0][0], '2026-10-25');
    assert.equal((await usage('--since', '20261025', '--until', '20261025')).length, 1);
  });

  test('--since, --until and --agent limit it, for each kind of report', async () => {
    const home = new AgentsHome();
    home.claudeLog('s', [answer('2026-02-20T08:00:00Z', 1), answer('2026-02-21T08:00:00Z', 2), answer('2026-02-22T08:00:00Z', 4)]);
    home.codexLog('c', [
      { timestamp: '2026-02-21T09:00:00Z', type: 'session_meta', payload: { id: 'c', cwd: '/home/dev/site' } },
      { type: 'turn_context', payload: { turn_id: 't', model: 'o3' } },
      { timestamp: '2026-02-21T09:00:07Z', type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: { input_tokens: 1e6, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 } } } },
    ]);
    await home.import();
    for (const kind of ['daily', 'monthly', 'session', 'model']) {
      const sum = async (...args) => (await home.json(['usage', kind, '--timezone', 'UTC', ...args])).totals.totalCost;
      assert.equal(await sum(), 23, kind);
      assert.equal(await sum('--since', '2026-02-21'), 20, kind);
      assert.equal(await sum('--until', '2026-02-21'), 11, kind);
      assert.equal(await sum('--since', '20260221', '--until', '20260221'), 8, kind);
      assert.equal(await sum('--agent', 'claude'), 21, kind);
      assert.equal(await sum('--agent', 'codex'), 2, kind);
      assert.equal(await sum('--agent', 'nobody'), 0, kind);
    }
  });

  test('session has a row for each, with its project and last activity', async () => {
    const home = await homeOf(answer('2026-02-20T08:00:00Z', 1, 'claude-sonnet-4-5', 'a'), answer('2026-02-20T09:00:00Z', 1, 'claude-opus-4-5', 'a'), answer('2026-02-20T07:00:00Z', 2, 'claude-sonnet-4-5', 'b'), { type: 'user', sessionId: 'silent' });
    const { session } = await home.json(['usage', 'session']);
    assert.deepEqual(
      session.map((row) => [row.sessionId, row.project, row.lastActivity, row.totalCost, row.modelBreakdowns.map((m) => m.modelName)]),
      [
        ['a', 'a-project', '2026-02-20T09:00:00Z', 8, ['claude-opus-4-5', 'claude-sonnet-4-5']],
        ['b', 'b-project', '2026-02-20T07:00:00Z', 6, ['claude-sonnet-4-5']],
      ],
    );
  });

  test('tells of what has no price', async () => {
    const home = await homeOf(answer('2026-02-20T08:00:00Z', 1), answer('2026-02-20T08:00:00Z', 1, 'nobody-knows'), answer('2026-02-20T09:00:00Z', 1, 'nobody-knows'));
    const report = await home.json(['usage', 'model']);
    assert.deepEqual(keys(report, 'model', 'model'), [['claude-sonnet-4-5', 3], ['nobody-knows', 0]]);
    assert.deepEqual(report.unpricedModels, ['nobody-knows']);
    assert.equal(report.totals.unpricedEvents, 2);
    assert.match(await home.ok(['usage', 'daily']), /\n2 events have no price and no part in the cost: nobody-knows\n$/);
    assert.deepEqual((await home.json(['usage', 'session'])).unpricedModels, ['nobody-knows']);
  });

  test('is a table without --json', async () => {
    const home = await homeOf({ ...answer('2026-02-20T08:00:00Z', 1), usage: { input_tokens: 1234567, output_tokens: 89, cache_read_input_tokens: 1000 } });
    assert.deepEqual((await home.ok(['usage', 'daily', '--timezone', 'UTC', '--breakdown'])).split('\n'), [
      'Date                 Agent            Input  Output  Cache write  Cache read      Total   Cost',
      '2026-02-20           claude_code  1,234,567      89            0       1,000  1,235,656  $3.71',
      '  claude-sonnet-4-5               1,234,567      89            0       1,000  1,235,656  $3.71',
      '----------------------------------------------------------------------------------------------',
      'Total                             1,234,567      89            0       1,000  1,235,656  $3.71',
      '',
    ]);
    assert.match(await new AgentsHome().ok(['import']).then(() => homeOf()).then((none) => none.ok(['usage', 'daily'])), /^No usage\. /);
  });

  for (const args of [['--since', 'soon'], ['--until', '2026-02-30'], ['--since', '2026022'], ['--timezone', 'Mars/Olympus'], ['--timezone', '../etc/passwd'], ['--timezone', '/etc/localtime']]) {
    test(`refuses ${args.join(' ')}`, async () => {
      const home = await homeOf(answer('2026-02-20T08:00:00Z', 1));
      assert.ok((await failure(home, ['usage', 'daily', ...args], 2)).includes(args[0]));
    });
  }
});
