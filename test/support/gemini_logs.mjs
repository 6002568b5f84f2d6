// Logs as Gemini CLI writes them: chats as lines, of which later ones replace earlier ones, and the
// documents of older versions.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MadeLogs, iso } from './made_logs.mjs';

const PROJECT = '/home/dev/site';
const TOOLS = [
  ['read_file', 'file_read'],
  ['write_file', 'file_write'],
  ['replace', 'file_modify'],
  ['run_shell_command', 'command_execution'],
  ['google_web_search', 'tool_use'],
];

/// Writes `home`/.gemini. Returns what is to be told of it.
export function writeGeminiLogs(home, options) {
  const logs = new GeminiLogs(home, options);
  for (let i = 0; i < logs.options.sessions; ++i) logs.chat();
  for (let i = 0; i < Math.ceil(logs.options.sessions / 2); ++i) logs.document();
  return logs.told;
}

class GeminiLogs extends MadeLogs {
  constructor(home, options) {
    super(home, options);
    this.gemini = join(this.home, '.gemini');
    this.write(join(this.gemini, 'projects.json'), { projects: { [PROJECT]: 'site' } });
    this.told.files -= 1; // it is no log
  }

  chat(parent) {
    const head = this.#head(parent ? 'subagent' : 'main');
    const messages = this.#messages(Date.parse(head.startTime));
    const lines = [head];
    for (const message of messages) {
      // What the model says is written as soon as it begins, and again when it is whole.
      if (message.type === 'gemini') lines.push({ ...message, tokens: undefined, toolCalls: undefined, content: '' });
      lines.push(message);
      if (this.chance(6)) lines.push({ $set: { lastUpdated: message.timestamp, summary: this.text(30) } });
    }
    if (!this.options.inPlace && messages.length > 2 && this.chance(3)) {
      const to = this.random.between(1, messages.length);
      lines.push({ $rewindTo: messages[to].id });
      messages.length = to;
    }
    this.#count(messages);
    const chats = join(this.gemini, 'tmp', 'site', 'chats');
    const name = `session-${head.startTime.slice(0, 16).replace(':', '-')}-${head.sessionId.slice(0, 8)}`;
    this.write(parent ? join(chats, parent, `${head.sessionId}.jsonl`) : join(chats, `${name}.jsonl`), lines);
    if (!parent && this.chance(4)) this.chat(head.sessionId);
  }

  document() {
    const { kind, ...head } = this.#head();
    const messages = this.#messages(Date.parse(head.startTime));
    this.#count(messages);
    const folder = createHash('sha256').update(PROJECT).digest('hex');
    const name = `session-2025-08-01T10-00-${head.sessionId.slice(0, 8)}.json`;
    this.write(join(this.gemini, 'tmp', folder, 'chats', name), { ...head, messages });
  }

  #head(kind) {
    const at = iso(this.begin());
    return { sessionId: this.uuid(), projectHash: this.hex(64), startTime: at, lastUpdated: at, kind, directories: [PROJECT] };
  }

  #messages(at) {
    const messages = [];
    const add = (type, more) => {
      at += this.random.between(100, 9000);
      messages.push({ id: this.uuid(), timestamp: iso(at), type, ...more });
    };
    for (let turns = this.about(3); turns > 0; --turns) {
      add('user', { content: this.chance(2) ? this.said() : [{ text: this.said() }, { text: this.text(30) }] });
      if (this.chance(6)) add('info', { content: 'Update available' });
      for (let steps = this.about(2); steps > 0; --steps) add('gemini', this.#answer(steps > 1));
      if (this.chance(6)) add('error', { content: 'quota exceeded' });
    }
    return messages;
  }

  #answer(hasTools) {
    const tokens = {
      input: this.random.between(900, 60_000),
      output: this.random.between(5, 900),
      cached: this.random.below(800),
      thoughts: this.random.below(500),
      tool: this.random.below(50),
    };
    return {
      content: hasTools && this.chance(2) ? '' : this.said(),
      thoughts: [{ subject: this.text(20), description: this.said(), timestamp: iso(0) }],
      tokens: { ...tokens, total: tokens.input + tokens.output + tokens.thoughts + tokens.tool },
      model: 'gemini-2.5-pro',
      toolCalls: hasTools ? Array.from({ length: this.about(2) }, () => this.#call()) : undefined,
    };
  }

  #call() {
    const [name] = this.random.oneOf(TOOLS);
    const id = `${name}-${this.hex(12)}`;
    const response = { id, name, response: { output: this.output() } };
    return {
      id,
      name,
      args: { file_path: '/home/dev/site/a.ts', content: this.output() },
      result: [{ functionResponse: response }],
      status: this.random.oneOf(['success', 'success', 'success', 'error', 'cancelled', 'executing']),
      timestamp: iso(this.begin()),
      resultDisplay: this.text(50),
    };
  }

  #count(messages) {
    this.told.sessions += 1;
    this.tell('session_start');
    for (const { type, tokens, toolCalls = [] } of messages) {
      if (type === 'user') this.tell('llm_request');
      if (type === 'error') this.tell('error_encountered');
      if (type !== 'gemini') continue;
      this.tell('llm_response');
      this.use({
        input: tokens.input + tokens.tool,
        output: tokens.output + tokens.thoughts,
        cacheRead: tokens.cached,
        reasoning: tokens.thoughts,
      });
      for (const { name, status } of toolCalls) {
        if (status !== 'executing') this.tell(TOOLS.find(([tool]) => tool === name)[1]);
      }
    }
  }
}
