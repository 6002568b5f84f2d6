// A home directory with agents' logs in it, and the program run for it.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeAgentLogs } from './agent_logs.mjs';
import { temporaryDirectory } from './leftovers.mjs';
import { run, start, startServer } from './server.mjs';
import { sqlite } from './sqlite.mjs';

const IMPORT_LIMIT_MS = 60_000;

export class AgentsHome {
  dir = temporaryDirectory();
  claude = join(this.dir, '.claude', 'projects');
  codex = join(this.dir, '.codex');

  /// `logs`, a home whose logs are this one's too: for several databases of the same logs.
  constructor({ logs } = {}) {
    this.logs = logs?.dir ?? this.dir;
    this.data = join(this.dir, 'server');
    mkdirSync(this.data);
    this.db = join(this.data, 'monitor.db');
    this.env = {
      HOME: this.logs,
      XDG_DATA_HOME: join(this.dir, 'data'),
      XDG_CONFIG_HOME: join(this.dir, 'config'),
    };
  }

  /// Writes logs as `writeAgentLogs` does; returns its summary.
  generate(options) {
    return writeAgentLogs(this.dir, options);
  }
  /// Writes a log of Claude Code: each line an object, or text as it is. Returns its path.
  claudeLog(name, lines) {
    return writeLines(join(this.claude, '-home-dev-shop', `${name}.jsonl`), lines);
  }
  codexLog(name, lines) {
    return writeLines(join(this.codex, 'sessions', '2026', '02', '20', `${name}.jsonl`), lines);
  }
  /// Appends to a log.
  append(path, lines) {
    appendFileSync(path, textOf(lines));
  }
  file(name, text) {
    mkdirSync(dirname(join(this.dir, name)), { recursive: true });
    writeFileSync(join(this.dir, name), text);
    return join(this.dir, name);
  }

  /// Runs `sightline NAME... --db THIS`, where the first words of `args` name the command.
  run(args, { env = {}, ...options } = {}) {
    const own = { withinMs: IMPORT_LIMIT_MS, dir: this.dir, ...options };
    return run([...args, '--db', this.db], { ...own, env: { ...this.env, ...env } });
  }
  start(args, { env = {} } = {}) {
    return start([...args, '--db', this.db], { dir: this.dir, env: { ...this.env, ...env } });
  }
  /// Runs it; it must end with 0 and write nothing but its output, which is returned.
  async ok(args, options) {
    const { code, stdout, stderr } = await this.run(args, options);
    assert.equal(stderr, '', args.join(' '));
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}`);
    return stdout;
  }
  async json(args, options) {
    return JSON.parse(await this.ok([...args, '--json'], options));
  }
  /// The result of an import.
  import(...args) {
    return this.json(['import', ...args]);
  }
  /// A server on the same database.
  serve({ env = {}, ...options } = {}) {
    return startServer({ dir: this.data, env: { ...this.env, ...env }, ...options });
  }

  has() {
    return existsSync(this.db);
  }
  sql(text) {
    return sqlite(this.db, text);
  }
  /// The stored events without what depends on when, and in which order, they came.
  events(where = 'true') {
    return this.sql(`SELECT event_id, session_id, agent_type, event_type, tool_name, status,
      tokens_in, tokens_out, branch, project, duration_ms, client_timestamp, metadata,
      payload_truncated, model, round(cost_usd, 10) AS cost_usd, cache_read_tokens,
      cache_write_tokens, source FROM events WHERE ${where} ORDER BY event_id, id;`);
  }
}

function textOf(lines) {
  if (typeof lines === 'string' || Buffer.isBuffer(lines)) return lines;
  return lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\n').join('');
}

function writeLines(path, lines) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, textOf(lines));
  return path;
}
