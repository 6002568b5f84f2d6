// The server follows the logs of this machine's agents: what is there, what is appended, and
// whatever else happens to files; each line has its effect once.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { Follower } from '../support/follower.mjs';
import { HttpClient } from '../support/http.mjs';
import { Random } from '../support/random.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { until } from '../support/until.mjs';

async function serve(t, home, options) {
  const server = await home.serve(options);
  t.after(() => server.process.exitCode === null && server.process.signalCode === null && server.stop());
  return server;
}
const collector = async (server) => (await new HttpClient(server.url).get('/api/collector')).json;
const caughtUp = (server) =>
  until(
    async () => {
      const { files_waiting: waiting, lag_bytes: lag, history } = await collector(server);
      return history.is_done && waiting === 0 && lag === 0;
    },
    'all logs are taken',
    { withinMs: 30_000 },
  );
const now = () => new Date().toISOString();
const answer = (id, fields = {}) => ({
  type: 'assistant',
  sessionId: 's-1',
  timestamp: now(),
  cwd: '/home/dev/shop',
  message: {
    id: `msg_${id}`,
    role: 'assistant',
    model: 'claude-sonnet-4-5-20250929',
    content: [{ type: 'text', text: `answer ${id}` }],
    usage: { input_tokens: 10, output_tokens: 5 },
  },
  requestId: `req_${id}`,
  uuid: `uuid-${id}`,
  ...fields,
});
const SUMS =
  'SELECT agent_type, event_type, count(*) AS events, sum(tokens_in) AS tokens_in, ' +
  'sum(tokens_out) AS tokens_out, round(sum(cost_usd), 8) AS cost FROM events ' +
  "WHERE NOT (agent_type = 'codex' AND event_type = 'session_end') GROUP BY 1, 2 ORDER BY 1, 2";

describe('a server', () => {
  test('takes what the logs hold, and counts it as an import does', async (t) => {
    const home = new AgentsHome();
    home.generate({ bytes: 3_000_000, seed: 5 });
    const server = await serve(t, home);
    await caughtUp(server);
    const imported = new AgentsHome({ logs: home });
    await imported.ok(['import']);
    assert.deepEqual(sqlite(home.db, SUMS), sqlite(imported.db, SUMS));
    // What is imported after it has been followed is there already.
    const again = await home.import();
    const ends = sqlite(imported.db, "SELECT 1 FROM events WHERE event_type = 'session_end'");
    const importedNow = again.files.reduce((sum, file) => sum + file.eventsImported, 0);
    assert.equal(importedNow, ends.length);
  });

  test('shows a new line on the live stream', async (t) => {
    const home = new AgentsHome();
    const log = home.claudeLog('s-1', [answer('a')]);
    const server = await serve(t, home);
    await caughtUp(server);
    const client = new Follower(t);
    await client.connect(server.url);
    home.append(log, [answer('b')]);
    await client.readMore(1);
    const events = sqlite(home.db, 'SELECT source, tokens_out FROM events ORDER BY id');
    assert.deepEqual(events, [
      { source: 'log', tokens_out: 5 },
      { source: 'log', tokens_out: 5 },
    ]);
  });

  test('waits for the rest of a line', async (t) => {
    const home = new AgentsHome();
    const log = home.claudeLog('s-1', [answer('a')]);
    const server = await serve(t, home);
    await caughtUp(server);
    const line = `${JSON.stringify(answer('b'))}\n`;
    appendFileSync(log, line.slice(0, 40));
    await until(async () => (await collector(server)).lag_bytes === 40, 'the half line waits');
    appendFileSync(log, line.slice(40));
    await until(() => sqlite(home.db, 'SELECT 1 FROM events').length === 2, 'the whole line');
    assert.equal((await collector(server)).agents[0].broken, 0);
  });

  test('finds logs in new folders, and agents that come later', async (t) => {
    const home = new AgentsHome();
    home.claudeLog('s-1', [answer('a')]);
    const server = await serve(t, home);
    await caughtUp(server);
    home.file(
      '.claude/projects/-home-dev-other/s-2/subagents/agent-7.jsonl',
      `${JSON.stringify({ ...answer('c'), isSidechain: true, sessionId: 's-2' })}\n`,
    );
    await until(() => sqlite(home.db, 'SELECT 1 FROM events').length === 2, 'the new log');
  });

  test('takes only what is new when a log is replaced', async (t) => {
    const home = new AgentsHome();
    const log = home.claudeLog('s-1', [answer('a'), answer('b')]);
    const server = await serve(t, home);
    await caughtUp(server);
    const lines = [answer('a'), answer('b'), answer('c')].map((line) => JSON.stringify(line));
    writeFileSync(`${log}.new`, `${lines.join('\n')}\n`);
    renameSync(`${log}.new`, log);
    await until(() => sqlite(home.db, 'SELECT 1 FROM events').length === 3, 'the new line');
    await caughtUp(server);
    assert.equal(sqlite(home.db, 'SELECT 1 FROM events').length, 3);
  });

  test('goes on where it was, after a stop', async (t) => {
    const home = new AgentsHome();
    const log = home.claudeLog('s-1', [answer('a')]);
    const first = await serve(t, home);
    await caughtUp(first);
    assert.equal(await first.stop(), 0);
    home.append(log, [answer('b')]);
    const second = await serve(t, home);
    await caughtUp(second);
    assert.equal((await collector(second)).agents[0].events, 1);
    assert.equal(sqlite(home.db, 'SELECT 1 FROM events').length, 2);
  });

  test('follows nothing when it is told not to', async (t) => {
    const home = new AgentsHome();
    home.claudeLog('s-1', [answer('a')]);
    const server = await serve(t, home, { env: { SIGHTLINE_COLLECT: 'false' } });
    const reply = await new HttpClient(server.url).get('/api/collector');
    assert.equal(reply.status, 404);
  });
});

describe('the logs of other agents', () => {
  test('become sessions too', async (t) => {
    const home = new AgentsHome();
    const session = '7d1d6c0e-3a55-4f6e-8f0b-2b8f5c1f9e77';
    const storage = '.config/Code/User/workspaceStorage/9c0ffee0';
    home.file(`${storage}/workspace.json`, '{"folder":"file:///home/ana/my%20parser"}');
    const chat = home.file(
      `${storage}/chatSessions/${session}.json`,
      JSON.stringify({
        version: 3,
        requesterUsername: 'ana',
        initialLocation: 'panel',
        requests: [
          {
            requestId: 'rq-1',
            responseId: 'rs-1',
            timestamp: Date.now(),
            modelId: 'copilot/gpt-5',
            message: { text: 'sort these lines' },
            response: [{ value: 'done' }],
          },
        ],
      }),
    );
    home.file(
      '.gemini/tmp/slug/chats/session-2026-11-21T10-00-abcdefgh.jsonl',
      [
        { sessionId: 'gem-1', projectHash: 'x', startTime: now(), kind: 'main' },
        { id: 'm1', timestamp: now(), type: 'user', content: 'hello' },
        {
          id: 'm2',
          timestamp: now(),
          type: 'gemini',
          content: 'hi',
          model: 'gemini-2.5-pro',
          tokens: { input: 10, output: 3, cached: 2, thoughts: 1, tool: 0, total: 14 },
        },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    const server = await serve(t, home, { env: { XDG_CONFIG_HOME: join(home.dir, '.config') } });
    await caughtUp(server);
    const rows = sqlite(
      home.db,
      'SELECT agent_type, event_type, session_id, project FROM events ORDER BY agent_type, id',
    );
    assert.deepEqual(
      rows.map((row) => Object.values(row).join(' ')),
      [
        `copilot user_prompt ${session} my parser`,
        `copilot llm_response ${session} my parser`,
        'gemini session_start gem-1 ',
        'gemini user_prompt gem-1 ',
        'gemini llm_response gem-1 ',
      ],
    );
    // The document is written anew with one more request.
    const document = {
      version: 3,
      requesterUsername: 'ana',
      initialLocation: 'panel',
      requests: ['rq-1', 'rq-2'].map((requestId) => ({
        requestId,
        timestamp: Date.now(),
        message: { text: requestId },
        response: [{ value: 'done' }],
      })),
    };
    writeFileSync(`${chat}.tmp`, JSON.stringify(document));
    renameSync(`${chat}.tmp`, chat);
    const count = "SELECT 1 FROM events WHERE agent_type = 'copilot'";
    await until(() => sqlite(home.db, count).length === 4, 'the second request');
  });
});

describe('across crashes', () => {
  // Logs of several sessions grow while the server is killed 20 times.
  test('each line has its effect once', { timeout: 120_000 }, async (t) => {
    const random = new Random(7);
    const home = new AgentsHome();
    const logs = Array.from({ length: 5 }, (_, i) =>
      join(home.dir, '.claude', 'projects', '-home-dev-shop', `session-${i}.jsonl`),
    );
    mkdirSync(dirname(logs[0]), { recursive: true });
    let written = 0;
    const grow = (lines) => {
      for (let i = 0; i < lines; ++i) {
        const which = random.below(logs.length);
        const line = answer(`x${written++}`, { sessionId: `session-${which}` });
        line.message.usage.output_tokens = written;
        appendFileSync(logs[which], `${JSON.stringify(line)}\n`);
      }
    };
    for (let kill = 0; kill < 20; ++kill) {
      grow(30);
      const server = await serve(t, home);
      const growing = setInterval(() => grow(3), 5);
      const enough = kill % 4;
      await until(
        () => sqlite(home.db, 'SELECT count(*) AS n FROM events')[0].n > written - 60 + enough * 10,
        'most is stored',
        { withinMs: 20_000 },
      );
      clearInterval(growing);
      await server.kill();
    }
    const server = await serve(t, home);
    await caughtUp(server);
    // Each answer has one output token more than the one before it.
    const rows = sqlite(home.db, 'SELECT session_id, tokens_out FROM events ORDER BY id');
    const told = rows.map(({ tokens_out: tokens }) => tokens).sort((a, b) => a - b);
    assert.deepEqual(told, Array.from({ length: written }, (_, i) => i + 1));
    const last = new Map();
    for (const { session_id: id, tokens_out: tokens } of rows) {
      assert.ok(tokens > (last.get(id) ?? 0), `${id}: ${tokens} behind ${last.get(id)}`);
      last.set(id, tokens);
    }
  });

  test('a log that is cut short begins anew', async (t) => {
    const home = new AgentsHome();
    const log = home.claudeLog('s-1', [answer('a'), answer('b')]);
    const server = await serve(t, home);
    await caughtUp(server);
    truncateSync(log, 0);
    await until(async () => (await collector(server)).agents[0].bytes === 0, 'it is empty');
    home.append(log, [answer('a'), answer('b'), answer('c')]);
    await until(() => sqlite(home.db, 'SELECT 1 FROM events').length === 3, 'the third line');
    rmSync(log);
    await until(async () => (await collector(server)).files === 0, 'the log is gone');
  });
});
