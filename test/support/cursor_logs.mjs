// Logs as Cursor keeps them: chats of the editor in its databases, transcripts of its agent, and
// what is known of chats of its command line program.
import { join } from 'node:path';
import { MadeLogs, iso } from './made_logs.mjs';
import { insert, sqlite } from './sqlite.mjs';

const KEY_VALUE = (table) => `CREATE TABLE ${table}(key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);`;
const TOOLS = [
  ['read_file', 'file_read'],
  ['edit_file', 'file_modify'],
  ['run_terminal_cmd', 'command_execution'],
  ['codebase_search', 'tool_use'],
];

/// Writes `home`/.config/Cursor and `home`/.cursor. Returns what is to be told of it.
export function writeCursorLogs(home, options) {
  const logs = new CursorLogs(home, options);
  logs.editor();
  for (let i = 0; i < logs.options.sessions; ++i) logs.transcript();
  for (let i = 0; i < Math.ceil(logs.options.sessions / 4); ++i) {
    logs.textTranscript();
    logs.commandLineChat();
  }
  return logs.told;
}

class CursorLogs extends MadeLogs {
  // ---- the editor

  editor() {
    const user = join(this.config, 'Cursor', 'User');
    const rows = [];
    const chats = [];
    for (let i = 0; i < this.options.sessions; ++i) chats.push(this.#chat(rows, i));
    this.#database(join(user, 'globalStorage', 'state.vscdb'), 'cursorDiskKV', rows);
    const window = join(user, 'workspaceStorage', this.hex(32));
    this.write(join(window, 'workspace.json'), { folder: 'file:///home/dev/engine' });
    this.told.files -= 1; // it is no log
    this.#database(join(window, 'state.vscdb'), 'ItemTable', [
      ['composer.composerData', { allComposers: chats.map((composerId) => ({ composerId, type: 'head' })) }],
      ['workbench.panel.aichat.view.aichat.chatdata', { tabs: [this.#tab(), this.#tab()] }],
    ]);
  }

  #database(path, table, rows) {
    this.write(path, '');
    const inserts = rows.map(([key, value]) => insert(table, { key, value: JSON.stringify(value) }));
    sqlite(path, `${KEY_VALUE(table)}\nBEGIN;\n${inserts.join('')}COMMIT;\n`);
  }

  /// One of three chats is of an older version, which kept its messages with the chat.
  #chat(rows, number) {
    const id = this.uuid();
    const createdAt = this.begin();
    const isGenerating = this.chance(4);
    const bubbles = this.chance(6) ? [] : this.#bubbles(createdAt);
    const isOlder = number % 3 === 2;
    rows.push([
      `composerData:${id}`,
      {
        composerId: id,
        name: this.text(20),
        createdAt,
        lastUpdatedAt: createdAt + 3_600_000,
        status: isGenerating ? 'generating' : 'completed',
        createdOnBranch: 'main',
        modelConfig: { modelName: 'claude-4.5-sonnet' },
        ...(isOlder
          ? { conversation: bubbles }
          : { fullConversationHeadersOnly: bubbles.map(({ bubbleId, type }) => ({ bubbleId, type })) }),
      },
    ]);
    if (!isOlder) for (const bubble of bubbles) rows.push([`bubbleId:${id}:${bubble.bubbleId}`, bubble]);
    this.#count(bubbles, isGenerating);
    return id;
  }

  #bubbles(createdAt) {
    const bubbles = [];
    for (let turns = this.about(3); turns > 0; --turns) {
      bubbles.push(this.#bubble(1, createdAt, { text: this.said() }));
      for (let tools = this.random.below(4); tools > 0; --tools) {
        bubbles.push(this.#bubble(2, createdAt, { text: '', toolFormerData: this.#tool() }));
      }
      const tokenCount = this.chance(2)
        ? { inputTokens: this.random.between(500, 60_000), outputTokens: this.random.between(3, 2000) }
        : { inputTokens: 0, outputTokens: 0 };
      bubbles.push(this.#bubble(2, createdAt, { text: this.said(), tokenCount }));
    }
    return bubbles;
  }

  #bubble(type, at, more) {
    return {
      _v: 3,
      type,
      bubbleId: this.uuid(),
      createdAt: this.chance(2) ? iso(at + this.random.below(3_000_000)) : undefined,
      attachedCodeChunks: [],
      codebaseContextChunks: [],
      relevantFiles: [],
      suggestedCodeBlocks: [],
      capabilityContexts: [],
      workspaceUris: type === 1 ? ['file:///home/dev/engine'] : undefined,
      ...more,
    };
  }

  #tool() {
    const [name] = this.random.oneOf(TOOLS);
    const status = this.random.oneOf(['completed', 'completed', 'completed', 'error', 'cancelled', 'loading']);
    const input = JSON.stringify({ target_file: '/home/dev/engine/a.cc', contents: this.output() });
    return {
      tool: 5,
      toolCallId: `toolu_${this.hex(22)}`,
      status,
      name,
      ...(this.chance(2) ? { rawArgs: input } : { params: input }),
      result: JSON.stringify({ contents: this.output() }),
    };
  }

  #count(bubbles, isGenerating) {
    if (bubbles.length === 0) return;
    this.told.sessions += 1;
    this.tell('session_start');
    for (const { type, text, tokenCount, toolFormerData: tool } of isGenerating ? bubbles.slice(0, -1) : bubbles) {
      if (type === 1) this.tell('llm_request');
      if (type === 2 && text !== '') this.tell('llm_response');
      if (tokenCount) this.use({ input: tokenCount.inputTokens, output: tokenCount.outputTokens });
      if (tool && tool.status !== 'loading') this.tell(TOOLS.find(([name]) => name === tool.name)[1]);
    }
  }

  #tab() {
    this.told.sessions += 1;
    const bubbles = [];
    for (let turns = this.about(3); turns > 0; --turns) {
      bubbles.push({ type: 'user', id: this.uuid(), text: this.said() });
      bubbles.push({ type: 'ai', id: this.uuid(), rawText: this.said(), modelType: 'gpt-4' });
      this.tell('llm_request');
      this.tell('llm_response');
    }
    return { tabId: this.uuid(), chatTitle: this.text(20), lastSendTime: this.begin(), bubbles };
  }

  // ---- transcripts

  #transcripts() {
    return join(this.home, '.cursor', 'projects', 'home-dev-engine', 'agent-transcripts');
  }

  transcript() {
    const id = this.uuid();
    const lines = [];
    const say = (role, content) => lines.push({ role, message: { content } });
    for (let turns = this.about(3); turns > 0; --turns) {
      const text = `<system_reminder>\nbe brief\n</system_reminder>\n<user_query>\n${this.said()}\n</user_query>`;
      say('user', this.chance(2) ? text : [{ type: 'text', text }]);
      this.tell('llm_request');
      for (let calls = this.random.below(4); calls > 0; --calls) this.#call(say);
      say('assistant', [{ type: 'text', text: this.said() }]);
      this.tell('llm_response');
    }
    this.told.sessions += 1;
    this.write(join(this.#transcripts(), id, `${id}.jsonl`), lines);
  }

  /// Not every call has an id by which its result is found, nor a result.
  #call(say) {
    const [name, type] = this.random.oneOf([['Read', 'file_read'], ['Shell', 'command_execution'], ['Grep', 'tool_use']]);
    const id = this.chance(3) ? undefined : `toolu_${this.hex(22)}`;
    say('assistant', [{ type: 'tool_use', id, name, input: { path: '/home/dev/engine/a.cc', command: 'make' } }]);
    this.tell(type);
    if (id && !this.chance(5)) say('user', [{ type: 'tool_result', tool_use_id: id, content: this.output() }]);
  }

  textTranscript() {
    const lines = [];
    for (let turns = this.about(3); turns > 0; --turns) {
      lines.push('user:', '<user_query>', this.#lineOfText(), '</user_query>', '');
      lines.push('assistant:', '[Thinking] of it', this.#lineOfText(), '[Tool call] Read', '  path: a.cc');
      lines.push('[Tool result] Read', '', 'assistant:', this.#lineOfText(), '');
      this.tell('llm_request');
      this.tell('file_read');
      this.tell('llm_response');
    }
    this.told.sessions += 1;
    this.write(join(this.#transcripts(), `${this.uuid()}.txt`), lines);
  }

  #lineOfText() {
    return this.said().replaceAll('\n', ' ');
  }

  // ---- the command line program

  commandLineChat() {
    const id = this.uuid();
    const path = this.write(join(this.home, '.cursor', 'chats', this.hex(32), id, 'store.db'), '');
    const meta = { agentId: id, name: 'New Agent', mode: 'default', createdAt: this.begin(), lastUsedModel: 'auto' };
    const value = Buffer.from(JSON.stringify(meta)).toString('hex');
    sqlite(
      path,
      `CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT); CREATE TABLE blobs(id TEXT PRIMARY KEY, data BLOB);
       ${insert('meta', { key: '0', value })}`,
    );
    this.told.sessions += 1;
    this.tell('session_start');
  }
}
