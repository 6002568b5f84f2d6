// `usage --logs` against an import of the same logs.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { writeAgentLogs } from '../support/agent_logs.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { seed } from '../support/random.mjs';
import { run } from '../support/server.mjs';

const near = (a, b, where) => assert.ok(Math.abs(a - b) < 1e-6, `${where}: ${a}, ${b}`);

const at = (home) => ({ HOME: home, XDG_DATA_HOME: join(home, 'data') });

async function usage(home, args) {
  const { code, stdout, stderr } = await run(['usage', ...args, '--json', '--timezone', 'UTC'], {
    env: at(home),
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

// Costs are sums of reals, which differ in their last digits with the order of adding.
function expectEqual(a, b, where = 'report') {
  if (typeof a === 'number') return near(a, b, where);
  if (a === null || typeof a !== 'object') return assert.equal(a, b, where);
  assert.deepEqual(Object.keys(a), Object.keys(b), where);
  for (const key of Object.keys(a)) expectEqual(a[key], b[key], `${where}.${key}`);
}

describe('usage from the logs', () => {
  const kinds = {
    'ordinary logs': {},
    'answers that grow and hour-long cache writes': { growing: true, hourCache: true },
    'forks of Codex sessions': { codexForks: true },
  };
  for (const [name, options] of Object.entries(kinds)) {
    test(`equals that of an import: ${name}`, async (t) => {
      const home = temporaryDirectory();
      const from = seed();
      t.diagnostic(`seed ${from}`);
      writeAgentLogs(home, { seed: from, bytes: 3_000_000, ...options });
      const imported = await run(['import'], { env: at(home) });
      assert.equal(imported.code, 0, imported.stderr);
      for (const by of ['daily', 'monthly', 'model']) {
        const stored = await usage(home, [by]);
        assert.ok(stored[by].length > 0);
        expectEqual(await usage(home, [by, '--logs']), stored);
      }
      const limits = ['--since', '2026-09-10', '--until', '2026-09-12', '--agent', 'claude'];
      expectEqual(
        await usage(home, ['daily', '--logs', ...limits]),
        await usage(home, ['daily', ...limits]),
      );
    });
  }

  test('needs no database and makes none', async () => {
    const home = temporaryDirectory();
    const empty = await usage(home, ['daily', '--logs']);
    assert.deepEqual(empty.daily, []);
    const { code, stderr } = await run(['usage', 'daily'], { env: at(home) });
    assert.equal(code, 1);
    assert.match(stderr, /^sightline: no database [^\n]+\n$/);
  });

  test('is not by session or project, and names prices that cannot be read', async () => {
    const home = temporaryDirectory();
    for (const args of [['session'], ['project'], ['daily', '--project', 'shop']]) {
      const { code, stderr } = await run(['usage', ...args, '--logs'], { env: at(home) });
      assert.equal(code, 2);
      assert.match(stderr, /^sightline: --logs: not by session or project; import [^\n]+\n$/);
    }
    writeFileSync(join(home, 'prices.csv'), 'provider\n');
    const env = { ...at(home), SIGHTLINE_PRICES: join(home, 'prices.csv') };
    const prices = await run(['usage', 'daily', '--logs'], { env });
    assert.equal(prices.code, 2);
    assert.match(prices.stderr, /^sightline: prices [^\n]+: line 1: not 'provider,[^\n]+\n$/);
  });
});
