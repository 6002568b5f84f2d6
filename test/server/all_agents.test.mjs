// The logs of all agents in one home: each thing that stands in them is delivered once, and stored
// once, no more and no less, whoever reads them and however often.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { Backend, Collected } from '../support/collector.mjs';
import { writeCopilotLogs } from '../support/copilot_logs.mjs';
import { writeCursorLogs } from '../support/cursor_logs.mjs';
import { writeGeminiLogs } from '../support/gemini_logs.mjs';
import { HttpClient } from '../support/http.mjs';
import { sum } from '../support/made_logs.mjs';
import { writeOpencodeLogs } from '../support/opencode_logs.mjs';
import { seed } from '../support/random.mjs';
import { run } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { until } from '../support/until.mjs';

const WRITERS = {
  'github-copilot': writeCopilotLogs,
  cursor: writeCursorLogs,
  gemini: writeGeminiLogs,
  opencode: writeOpencodeLogs,
};
// What the monitor calls what a collector sends.
const STORED_TYPES = {
  llm_request: 'user_prompt',
  file_read: 'tool_use',
  file_write: 'tool_use',
  file_modify: 'tool_use',
  command_execution: 'tool_use',
  error_encountered: 'error',
};
const EVERYONE = ['claude', 'codex', 'copilot', 'cursor', 'gemini', 'opencode'];
const DAY_MS = 86_400_000;

/// Writes the logs of all agents, of the last weeks, and lets them rest. Returns what is to be told
/// of each, by its name as a collector has it.
function writeAll(home) {
  const options = optionsFor(home);
  const told = {};
  for (const [agent, write] of Object.entries(WRITERS)) told[agent] = write(home.dir, options);
  Object.assign(told, home.generate({ ...options, bytes: 4_000_000 }).told);
  rest(home.dir);
  return told;
}

const optionsFor = (home) => ({
  seed: seed(),
  start: Math.floor(Date.now() / DAY_MS) * DAY_MS - 40 * DAY_MS,
  config: join(home.dir, '.config'),
  data: join(home.dir, 'data'),
});

// What was written a moment ago may be in the making.
function rest(folder) {
  const before = new Date(Date.now() - 3_600_000);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), before, before);
  }
}

/// {agent: {type: how many}}, in the order of names.
function counted(rows) {
  const counts = {};
  for (const [agent, type, count] of rows) {
    counts[agent] ??= {};
    counts[agent][type] = (counts[agent][type] ?? 0) + count;
  }
  return sorted(counts);
}
function sorted(value) {
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

const rowsOf = (told, named = (type) => type) =>
  Object.entries(told).flatMap(([agent, { events }]) =>
    Object.entries(events).map(([type, count]) => [agent, named(type), count]),
  );

describe('a server in the home of all agents', () => {
  test('stores what the logs hold, once', { timeout: 120_000 }, async (t) => {
    const home = new AgentsHome();
    const told = writeAll(home);
    const env = { XDG_CONFIG_HOME: join(home.dir, '.config'), XDG_DATA_HOME: join(home.dir, 'data') };
    const follow = async () => {
      const server = await home.serve({ env });
      t.after(() => server.process.exitCode ?? server.process.signalCode ?? server.stop());
      const status = async () => (await new HttpClient(server.url).get('/api/collector')).json;
      const isTaken = ({ history, files_waiting: waiting, lag_bytes: lag }) =>
        // The begin of a line at the end of a log of changes counts as taken: it is a document.
        history.is_done && waiting === 0 && lag === 0;
      await until(async () => isTaken(await status()), 'all logs are taken', { withinMs: 60_000 });
      return { server, agents: (await status()).agents };
    };

    const first = await follow();
    const check = () => {
      const { claude, codex, ...others } = told;
      const rows = sqlite(
        home.db,
        `SELECT agent_type, event_type, count(*) AS n FROM events
         WHERE agent_type NOT IN ('claude_code', 'codex') GROUP BY 1, 2`,
      ).map((row) => Object.values(row));
      const stored = rowsOf(others, (type) => STORED_TYPES[type] ?? type);
      assert.deepEqual(
        counted(rows),
        counted(stored.map(([agent, ...rest]) => [agent.replace('github-', ''), ...rest])),
      );
      for (const [agent, { sessions, usage, estimated, cost }] of Object.entries(others)) {
        const [sums] = sqlite(
          home.db,
          `SELECT count(DISTINCT session_id) AS sessions, sum(tokens_in) AS tokens_in,
             sum(tokens_out) AS tokens_out, sum(cache_read_tokens) AS cached, sum(cost_usd) AS cost
           FROM events WHERE agent_type = '${agent.replace('github-', '')}'`,
        );
        assert.equal(sums.sessions, sessions, agent);
        assert.equal(sums.tokens_in, usage.input, agent);
        assert.equal(sums.tokens_out, usage.output + estimated, agent);
        assert.equal(sums.cached, usage.cacheRead, agent);
        if (cost > 0) assert.equal(sums.cost, cost, agent);
      }
      const answers = sqlite(
        home.db,
        "SELECT count(*) AS n FROM events WHERE agent_type = 'codex' AND event_type = 'llm_response'",
      );
      assert.equal(answers[0].n, codex.events.llm_response);
      const sessions = sqlite(
        home.db,
        `SELECT agent_type, count(DISTINCT session_id) AS n FROM events
         WHERE agent_type IN ('claude_code', 'codex') GROUP BY 1 ORDER BY 1`,
      );
      assert.deepEqual(sessions.map(({ n }) => n), [claude.sessions, codex.sessions]);
    };
    check();
    for (const { agent, broken, failures } of first.agents) {
      if (agent in WRITERS || agent === 'copilot') assert.deepEqual([broken, failures], [0, 0], agent);
    }
    // What some of these agents write meanwhile, piece by piece, also into folders that were not
    // there.
    const stored = () => sqlite(home.db, 'SELECT count(*) AS n FROM events')[0].n;
    let enough = stored();
    for (const agent of ['github-copilot', 'gemini']) {
      const more = WRITERS[agent](home.dir, { ...optionsFor(home), seed: seed() + 1, inPlace: true });
      for (const count of Object.values(more.events)) enough += count;
      told[agent] = sum([told[agent], more]);
    }
    await until(() => stored() >= enough, 'the new logs', { withinMs: 30_000 });
    check();
    const before = home.events();
    assert.equal(await first.server.stop(), 0);

    // Documents and databases that seem to be new are read again, and say nothing new.
    rest(join(home.dir, '.config'));
    rest(join(home.dir, 'data', 'opencode'));
    const second = await follow();
    check();
    assert.deepEqual(second.agents.map(({ events }) => events), second.agents.map(() => 0));
    assert.equal(await second.server.stop(), 0);
    assert.deepEqual(home.events(), before);
  });
});

describe('a collector in the home of all agents', () => {
  const prepare = async () => {
    const backend = await new Backend().start();
    const agents = Object.fromEntries(EVERYONE.map((agent) => [agent, { enabled: true, logPath: 'auto' }]));
    const home = new Collected(backend.url, { agents, buffer: undefined });
    const logs = new AgentsHome();
    home.env = {
      HOME: logs.dir,
      XDG_CONFIG_HOME: join(logs.dir, '.config'),
      XDG_DATA_HOME: join(logs.dir, 'data'),
    };
    mkdirSync(join(home.dir, 'buffer'));
    return { backend, home, told: writeAll(logs) };
  };
  const delivered = (backend) =>
    counted(backend.events.map(({ agentId, eventType }) => [agentId, eventType, 1]));
  const check = (backend, told) => {
    assert.deepEqual(delivered(backend), counted(rowsOf(told)));
    const ids = backend.ids();
    assert.equal(new Set(ids).size, ids.length);
    for (const [agent, { sessions }] of Object.entries(told)) {
      const seen = backend.events.filter(({ agentId }) => agentId === agent);
      assert.equal(new Set(seen.map(({ sessionId }) => sessionId)).size, sessions, agent);
    }
  };

  test('delivers what the logs hold, once', { timeout: 120_000 }, async () => {
    const { backend, home, told } = await prepare();
    const expected = counted(rowsOf(told));
    const total = rowsOf(told).reduce((sum, [, , count]) => sum + count, 0);
    const first = await home.start();
    await until(() => backend.events.length >= total, `${total} events`, { withinMs: 60_000 }).catch(
      () => assert.deepEqual(delivered(backend), expected),
    );
    assert.equal(await first.stop(), 0, first.output());
    check(backend, told);

    const second = await home.start();
    await until(() => second.output().includes('sync complete'), 'the end of the history');
    assert.equal(await second.stop(), 0, second.output());
    check(backend, told);
    await backend.stop();
  });

  test('fills in the same, and nothing a second time', { timeout: 120_000 }, async () => {
    const { backend, home, told } = await prepare();
    for (let pass = 0; pass < 2; ++pass) {
      for (const agent of EVERYONE) {
        const { code, stdout, stderr } = await run(
          ['collect', 'backfill', 'run', '--config', home.config, '-a', agent, '--all-workspaces'],
          { env: home.env, dir: home.dir, withinMs: 60_000 },
        );
        assert.equal(code, 0, stdout + stderr);
      }
      check(backend, told);
    }
    await backend.stop();
  });
});
