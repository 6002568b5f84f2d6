// Logs as OpenCode keeps them: its database, and the files of older versions.
import { join } from 'node:path';
import { MadeLogs } from './made_logs.mjs';
import { insert, sqlite } from './sqlite.mjs';

const TABLES = `
CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, title TEXT,
  directory TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,
  time_updated INTEGER, data TEXT);
CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, time_created INTEGER,
  time_updated INTEGER, data TEXT);`;
const TOOLS = [
  ['read', 'file_read'],
  ['write', 'file_write'],
  ['edit', 'file_modify'],
  ['bash', 'command_execution'],
  ['webfetch', 'tool_use'],
];

/// Writes what is below XDG_DATA_HOME/opencode. Returns what is to be told of it.
export function writeOpencodeLogs(home, options) {
  const logs = new OpencodeLogs(home, options);
  logs.database();
  for (let i = 0; i < Math.ceil(logs.options.sessions / 2); ++i) logs.storage();
  return logs.told;
}

class OpencodeLogs extends MadeLogs {
  #sorted = 0;

  database() {
    const statements = [insert('project', { id: 'pr', worktree: '/home/dev/site', time_created: 0, time_updated: 0 })];
    let parent = null;
    for (let i = 0; i < this.options.sessions; ++i) {
      const { id, created, messages } = this.#session();
      const at = { time_created: created, time_updated: created };
      const directory = this.chance(2) ? '' : '/home/dev/api';
      statements.push(insert('session', { id, project_id: 'pr', parent_id: parent, title: 't', directory, ...at }));
      parent = this.chance(3) ? id : null;
      for (const message of messages) {
        const data = JSON.stringify(message.data);
        statements.push(insert('message', { id: message.id, session_id: id, ...at, data }));
        for (const part of message.parts) {
          const row = { id: part.id, message_id: message.id, session_id: id, ...at };
          statements.push(insert('part', { ...row, data: JSON.stringify(part.data) }));
        }
      }
    }
    const path = this.write(join(this.data, 'opencode', 'opencode.db'), '');
    sqlite(path, `PRAGMA journal_mode=WAL;${TABLES}BEGIN;${statements.join('')}COMMIT;`);
  }

  storage() {
    const { id, created, messages } = this.#session();
    const folder = join(this.data, 'opencode', 'storage');
    const session = { id, projectID: 'pr', directory: '/home/dev/site', title: 't', time: { created, updated: created } };
    const files = this.told.files;
    for (const message of messages) {
      this.write(join(folder, 'message', id, `${message.id}.json`), message.data);
      for (const part of message.parts) {
        this.write(join(folder, 'part', message.id, `${part.id}.json`), part.data);
      }
    }
    this.told.files = files; // a session is one log
    this.write(join(folder, 'session', 'pr', `${id}.json`), session);
  }

  #session() {
    const created = this.begin();
    const messages = [];
    for (let turns = this.about(3); turns > 0; --turns) {
      messages.push(this.#question(created));
      for (let steps = this.about(2); steps > 0; --steps) messages.push(this.#answer(created));
    }
    this.told.sessions += 1;
    this.tell('session_start');
    return { id: this.#id('ses'), created, messages };
  }

  #question(created) {
    this.tell('llm_request');
    const parts = [{ type: 'text', text: this.said() }];
    if (this.chance(3)) parts.push({ type: 'text', text: 'Called the Read tool', synthetic: true });
    if (this.chance(5)) parts.push({ type: 'file', mime: 'text/plain', filename: 'a.ts', url: 'file:///a.ts' });
    const model = { providerID: 'anthropic', modelID: 'claude-sonnet-4-5' };
    return this.#message({ role: 'user', time: { created }, agent: 'build', model }, parts);
  }

  #answer(created) {
    const tokens = {
      input: this.random.between(3, 9000),
      output: this.random.between(3, 2000),
      reasoning: this.random.below(300),
      cache: { read: this.random.below(50_000), write: this.random.below(3000) },
    };
    const parts = [{ type: 'step-start' }, { type: 'reasoning', text: this.said(), time: { start: created } }];
    for (let calls = this.random.below(4); calls > 0; --calls) parts.push(this.#call(created));
    if (!this.chance(4)) parts.push({ type: 'text', text: this.said() });
    parts.push({ type: 'step-finish', reason: 'stop', tokens, cost: 0.01 });
    const isWhole = !this.chance(8);
    const hasFailed = this.chance(8);
    const time = isWhole ? { created, completed: created + 5000 } : { created };
    if (isWhole) {
      this.tell('llm_response');
      this.use({
        input: tokens.input,
        output: tokens.output + tokens.reasoning,
        reasoning: tokens.reasoning,
        cacheRead: tokens.cache.read,
        cacheWrite: tokens.cache.write,
      });
      this.told.cost += 0.25;
    }
    if (hasFailed) this.tell('error_encountered');
    const error = hasFailed ? { name: 'APIError', data: { message: 'no quota' } } : undefined;
    const path = { cwd: '/home/dev/site', root: '/home/dev/site' };
    const data = { role: 'assistant', modelID: 'claude-sonnet-4-5', providerID: 'anthropic', path, time, tokens, cost: 0.25, error };
    return this.#message(data, parts);
  }

  #call(created) {
    const [tool, type] = this.random.oneOf(TOOLS);
    const status = this.random.oneOf(['completed', 'completed', 'completed', 'error', 'running', 'pending']);
    if (status === 'completed' || status === 'error') this.tell(type);
    const outcome = status === 'error' ? { error: 'no such file' } : { output: this.output() };
    return {
      type: 'tool',
      callID: `toolu_${this.hex(22)}`,
      tool,
      state: {
        status,
        input: { filePath: '/home/dev/site/a.ts', content: this.output() },
        ...(status === 'running' || status === 'pending' ? {} : outcome),
        title: 'a.ts',
        metadata: {},
        time: { start: created + 100, end: created + 400 },
      },
    };
  }

  #message(data, parts) {
    const id = this.#id('msg');
    return { id, data, parts: parts.map((part) => ({ id: this.#id('prt'), data: part })) };
  }

  /// Ids in the order of their making, as OpenCode has them.
  #id(prefix) {
    this.#sorted += 1;
    return `${prefix}_${this.#sorted.toString(16).padStart(12, '0')}${this.hex(14)}`;
  }
}
