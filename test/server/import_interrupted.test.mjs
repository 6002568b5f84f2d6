// However an import is interrupted, and whoever else writes: the rows are those of one that went
// through undisturbed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { event, Monitor } from '../support/monitor.mjs';
import { Random, seed } from '../support/random.mjs';
import { assertTotalsAreRecounts } from '../support/recount.mjs';
import { within } from '../support/until.mjs';

const RUN = seed();
const KILLS = 20;

// What follows from the events, without when it came.
const SUMS = {
  sessions: 'SELECT id, agent_id, agent_type, project, branch, status, metadata FROM sessions',
  session_totals: `SELECT session_id, events, tokens_in, tokens_out, round(cost_usd + 1.7e-11, 8), files_edited,
    lines_added, lines_removed FROM sightline_session_totals`,
  usage_totals: `SELECT slot, agent_type, model, events, tokens_in, tokens_out, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, round(cost_usd + 1.7e-11, 8), unpriced
    FROM sightline_usage_totals`,
  messages: `SELECT key, tokens_in, tokens_out, cache_read_tokens, cache_write_tokens,
    round(cost_usd + 1.7e-11, 8) FROM sightline_messages`,
  import_state: 'SELECT file_path, file_hash, file_size, source FROM import_state',
};

function stateOf(home) {
  const state = { events: home.events("source = 'import'") };
  for (const [name, sql] of Object.entries(SUMS)) {
    state[name] = home.sql(`${sql} ORDER BY 1, 2, 3;`).map((row) => JSON.stringify(row));
  }
  return state;
}
function assertSame(home, undisturbed) {
  assertTotalsAreRecounts(home.db);
  const state = stateOf(home);
  for (const name of Object.keys(undisturbed)) {
    assert.deepEqual(state[name], undisturbed[name], name);
  }
}

// The signal that ended it, if any.
async function endOf(child) {
  child.stdout.resume();
  child.stderr.resume();
  const [, signal] = await within(once(child, 'exit'), 60_000, 'end of the import');
  return signal;
}

describe(`an import (SIGHTLINE_SEED=${RUN})`, () => {
  const logs = new AgentsHome();
  let undisturbed;
  let tookMs;

  before(async () => {
    logs.generate({ bytes: 12e6, seed: RUN, growing: true, codexForks: true });
    const begin = performance.now();
    await logs.import();
    tookMs = performance.now() - begin;
    undisturbed = stateOf(logs);
    assert.ok(undisturbed.events.length > 500);
    assertTotalsAreRecounts(logs.db);
  });

  test(`that is killed ${KILLS} times and goes on makes the same rows`, async () => {
    const random = new Random(RUN);
    const home = new AgentsHome({ logs });
    let killed = 0;
    for (let i = 0; i < KILLS; ++i) {
      const child = home.start(['import', '--json']);
      const timer = setTimeout(() => child.kill('SIGKILL'), random.below(Math.ceil(tookMs)));
      const signal = await endOf(child);
      clearTimeout(timer);
      killed += signal === 'SIGKILL';
    }
    assert.ok(killed > 0, 'none was killed');
    await home.import();
    assertSame(home, undisturbed);
  });

  test('that is asked to stop ends soon and goes on the next time', async () => {
    const home = new AgentsHome({ logs });
    const child = home.start(['import', '--json']);
    setTimeout(() => child.kill('SIGINT'), tookMs / 3);
    await endOf(child);
    await home.import();
    assertSame(home, undisturbed);
  });

  test('beside a server that takes events loses none of either', async () => {
    const home = new AgentsHome({ logs });
    const server = await home.serve({ env: { SIGHTLINE_COLLECT: 'false' } });
    const monitor = new Monitor(server.url);
    let running = true;
    const importing = home.import().finally(() => (running = false));
    const sent = [];
    while (running) {
      sent.push(event({ session_id: `live-${sent.length % 7}` }));
      await monitor.send(sent.at(-1));
    }
    const result = await importing;
    assert.equal(result.totalEventsImported, undisturbed.events.length);
    assert.equal((await monitor.stats()).total_events, undisturbed.events.length + sent.length);
    assert.equal(await server.stop(), 0, server.output());
    assert.deepEqual(home.events("source = 'import'"), undisturbed.events);
    assert.equal(home.events("source <> 'import'").length, sent.length);
    assertTotalsAreRecounts(home.db);
  });

  test('beside another import of the same logs stores each event once', async () => {
    const home = new AgentsHome({ logs });
    const results = await Promise.all([home.import(), home.import()]);
    const imported = results.reduce((sum, result) => sum + result.totalEventsImported, 0);
    assert.equal(imported, undisturbed.events.length);
    assert.deepEqual(home.events().map((row) => row.event_id), undisturbed.events.map((row) => row.event_id));
    assertTotalsAreRecounts(home.db);
  });
});
