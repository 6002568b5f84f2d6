// The sums of `sightline usage` against ccusage, which many people know their figures from: equal
// where both count alike, and different in what docs/usage.md tells.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';

const modules = join(import.meta.dirname, '..', 'node_modules');
const CENT = 0.005;

// What another program reports of the logs in `home`, by day.
function reportOf(program, home, timezone) {
  const args = ['daily', '--offline', '--json', '--timezone', timezone];
  const env = {
    PATH: process.env.PATH,
    HOME: home.dir,
    XDG_CONFIG_HOME: join(home.dir, 'config'),
    CLAUDE_CONFIG_DIR: join(home.dir, '.claude'),
    CODEX_HOME: home.codex,
  };
  const script = join(modules, program, 'dist', 'index.js');
  return JSON.parse(
    execFileSync(process.execPath, [script, ...args], { env, encoding: 'utf8', maxBuffer: 64 << 20 }),
  ).daily;
}

// {`day model`: {input, output, cacheWrite, cacheRead, cost}}
function claudeByCcusage(home, timezone = 'UTC') {
  const lines = {};
  for (const { date, modelBreakdowns } of reportOf('ccusage', home, timezone)) {
    for (const m of modelBreakdowns) {
      lines[`${date} ${m.modelName}`] = {
        input: m.inputTokens,
        output: m.outputTokens,
        cacheWrite: m.cacheCreationTokens,
        cacheRead: m.cacheReadTokens,
        cost: m.cost,
      };
    }
  }
  return lines;
}

// Its costs are by day only.
function codexByCcusage(home, timezone = 'UTC') {
  const lines = {};
  const costs = {};
  for (const { date, models, costUSD } of reportOf('@ccusage/codex', home, timezone)) {
    const day = new Date(`${date} 12:00 UTC`).toISOString().slice(0, 10);
    costs[day] = costUSD;
    for (const [model, m] of Object.entries(models)) {
      lines[`${day} ${model}`] = {
        input: m.inputTokens,
        output: m.outputTokens,
        cacheRead: m.cachedInputTokens,
        reasoning: m.reasoningOutputTokens,
        total: m.totalTokens,
      };
    }
  }
  return { lines, costs };
}

async function ours(home, agent, timezone = 'UTC') {
  return home.json(['usage', 'daily', '--timezone', timezone, '--agent', agent]);
}

async function claudeByUs(home, timezone) {
  const lines = {};
  for (const { date, modelBreakdowns } of (await ours(home, 'claude', timezone)).daily) {
    for (const m of modelBreakdowns) {
      lines[`${date} ${m.modelName}`] = {
        input: m.inputTokens,
        output: m.outputTokens,
        cacheWrite: m.cacheCreationTokens,
        cacheRead: m.cacheReadTokens,
        cost: m.totalCost,
      };
    }
  }
  return lines;
}

async function codexByUs(home, timezone) {
  const lines = {};
  const costs = {};
  for (const { date, totalCost, modelBreakdowns } of (await ours(home, 'codex', timezone)).daily) {
    costs[date] = totalCost;
    for (const m of modelBreakdowns) {
      lines[`${date} ${m.modelName}`] = {
        input: m.inputTokens,
        output: m.outputTokens,
        cacheRead: m.cacheReadTokens,
        reasoning: m.reasoningTokens,
        total: m.totalTokens,
      };
    }
  }
  return { lines, costs };
}

function assertSameCosts(actual, expected) {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort());
  for (const [key, cost] of Object.entries(expected)) {
    assert.ok(Math.abs(actual[key] - cost) < CENT, `${key}: $${actual[key]}, not $${cost}`);
  }
}

// Splits the costs off, which are doubles that were added in another order.
function split(lines) {
  const tokens = {};
  const costs = {};
  for (const [key, { cost, ...rest }] of Object.entries(lines)) {
    tokens[key] = rest;
    costs[key] = cost;
  }
  return { tokens, costs };
}

const total = (lines, field) => Object.values(lines).reduce((sum, line) => sum + line[field], 0);

async function imported(options) {
  const home = new AgentsHome();
  home.generate({ bytes: 3e6, ...options });
  await home.import();
  return home;
}

describe('usage daily equals ccusage', () => {
  for (const seed of [1, 2, 3]) {
    for (const timezone of ['UTC', 'Asia/Kolkata', 'America/Los_Angeles']) {
      test(`for the logs of seed ${seed} in ${timezone}`, async () => {
        const home = await imported({ seed });
        const claude = split(await claudeByUs(home, timezone));
        const expected = split(claudeByCcusage(home, timezone));
        assert.ok(total(expected.tokens, 'output') > 10_000, 'the logs say something');
        assert.deepEqual(claude.tokens, expected.tokens);
        assertSameCosts(claude.costs, expected.costs);

        const codex = await codexByUs(home, timezone);
        const codexExpected = codexByCcusage(home, timezone);
        assert.deepEqual(codex.lines, codexExpected.lines);
        assertSameCosts(codex.costs, codexExpected.costs);
      });
    }
  }
});

// ---- where they count otherwise, as docs/usage.md tells

// Every record of the logs of one agent.
function records(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
    .flatMap((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8').split('\n'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

// {message: [usage of each line]}
function messages(home) {
  const found = new Map();
  for (const { message, requestId } of records(home.claude)) {
    if (!message?.usage) continue;
    const key = `${message.id}:${requestId}`;
    found.set(key, [...(found.get(key) ?? []), { ...message.usage, model: message.model }]);
  }
  return [...found.values()];
}

const sum = (values) => values.reduce((a, b) => a + b, 0);
const near = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) < CENT, `$${actual}, not $${expected}`);

describe('usage daily differs from ccusage', () => {
  test('in lines of one message whose counts grow: the largest counts, not the first', async () => {
    const home = await imported({ seed: 4, growing: true, codex: false });
    const us = await claudeByUs(home);
    const they = claudeByCcusage(home);
    for (const [name, field] of [['output', 'output_tokens'], ['input', 'input_tokens']]) {
      assert.equal(total(us, name), sum(messages(home).map((lines) => Math.max(...lines.map((u) => u[field])))));
      assert.equal(total(they, name), sum(messages(home).map((lines) => lines[0][field])));
    }
    assert.equal(total(us, 'cacheRead'), total(they, 'cacheRead'));
    assert.ok(total(us, 'cost') > total(they, 'cost'));
  });

  test('in cache writes that are kept for an hour, which cost more', async () => {
    const home = await imported({ seed: 5, hourCache: true, codex: false });
    const us = split(await claudeByUs(home));
    const they = split(claudeByCcusage(home));
    assert.deepEqual(us.tokens, they.tokens);
    const more = { 'claude-opus-4-5-20251101': 10 - 6.25, 'claude-sonnet-4-5-20250929': 6 - 3.75 };
    const expected = messages(home).map(([u]) => (u.cache_creation.ephemeral_1h_input_tokens * more[u.model]) / 1e6);
    assert.ok(sum(expected) > 0.1);
    near(sum(Object.values(us.costs)) - sum(Object.values(they.costs)), sum(expected));
  });

  test('in forks of Codex sessions: what is copied from the parent counts once', async () => {
    const home = await imported({ seed: 6, codexForks: true, claude: false });
    const counts = records(home.codex).filter((r) => r.payload?.type === 'token_count');
    const last = (r) => r.payload.info.last_token_usage.input_tokens;
    const unique = new Map(counts.map((r) => [r.timestamp + JSON.stringify(r.payload), r]));
    assert.ok(unique.size < counts.length, 'something was copied');
    const us = await codexByUs(home);
    assert.equal(total(us.lines, 'input'), sum([...unique.values()].map(last)));
    assert.equal(total(codexByCcusage(home).lines, 'input'), sum(counts.map(last)));
  });

  test('in token counts of Codex that are written again', async () => {
    const usage = { input_tokens: 1000, cached_input_tokens: 0, output_tokens: 10, reasoning_output_tokens: 0, total_tokens: 1010 };
    const count = { timestamp: '2026-09-01T09:00:07Z', type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: usage, last_token_usage: usage } } };
    const home = new AgentsHome();
    home.codexLog('r', [{ type: 'turn_context', payload: { turn_id: 't', model: 'gpt-5-codex' } }, count, count]);
    await home.import();
    assert.equal(total((await codexByUs(home)).lines, 'input'), 1000);
    assert.equal(total(codexByCcusage(home).lines, 'input'), 2000);
  });

  const answer = (fields, usage, model = 'claude-sonnet-4-5-20250929') => ({
    type: 'assistant',
    sessionId: 's',
    timestamp: '2026-02-20T08:00:00Z',
    version: '2.0.61',
    requestId: 'r',
    message: { id: 'm', model, usage: { input_tokens: 0, output_tokens: 0, ...usage } },
    ...fields,
  });
  const costs = async (...lines) => {
    const home = new AgentsHome();
    home.claudeLog('s', lines);
    await home.import();
    return [total(await claudeByUs(home), 'cost'), total(claudeByCcusage(home), 'cost')];
  };

  test('in prices that have changed: the day counts', async () => {
    const [us, they] = await costs(answer({}, { input_tokens: 100_000 }, 'claude-opus-4-6'));
    near(us, 1.5);
    near(they, 0.5);
  });

  test('in prompts above 200,000 tokens', async () => {
    const [us, they] = await costs(answer({}, { input_tokens: 300_000 }));
    near(us, 0.9);
    near(they, 0.6 + 0.6);
  });

  test('in answers without an id or a request, which ccusage cannot tell apart', async () => {
    const line = answer({ requestId: undefined }, { output_tokens: 100_000 });
    const [us, they] = await costs(line, line);
    near(us, 1.5);
    near(they, 3);
  });
});
