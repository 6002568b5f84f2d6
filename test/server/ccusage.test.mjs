// The sums of `sightline usage` against ccusage, which many people know their figures from: equal
// where both count alike, and different in what docs/usage.md tells.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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
