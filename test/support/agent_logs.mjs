// Logs as Claude Code and Codex write them: whole sessions with tool calls, sub-agents, forks,
// answers in several lines, broken lines. The same seed gives the same bytes.
//
//   node test/support/agent_logs.mjs FOLDER MEGABYTES [SEED]
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Random } from './random.mjs';

const CLAUDE_MODELS = ['claude-opus-4-5-20251101', 'claude-sonnet-4-5-20250929'];
const CODEX_MODELS = ['gpt-5-codex', 'gpt-5.1-codex'];
const CLAUDE_TOOLS = {
  Read: 'file_read',
  Write: 'file_write',
  Edit: 'file_modify',
  Bash: 'command_execution',
};
const WORDS =
  'the test fails because parser returns empty list when input has trailing comma so we change ' +
  'loop and add case für größe naïve 試験 "quoted" path\\to C:\\temp done; return std::move(x);\n';
const PROJECTS = ['shop', 'engine', 'site', 'api-server'];
const DAY_MS = 86_400_000;

// A long text to cut pieces from: making words one by one would take longer than writing them.
const TEXT = JSON.stringify(WORDS.repeat(4000)).slice(1, -1);

/// What is written; each can be set.
export const defaults = {
  seed: 1,
  bytes: 1_000_000, // about
  claude: true,
  codex: true,
  start: Date.UTC(2026, 8, 1, 6), // of the first session
  days: 30,
  brokenLines: true,
  forks: true,
  subagents: true,
  growing: false, // the lines of one answer count more and more output tokens
  hourCache: false, // a part of the cache writes is kept for an hour
  codexForks: false, // a session that begins with a copy of another's
};

/// Writes `home`/.claude and `home`/.codex. Returns how many files, lines, bytes and events' worth
/// of answers there are, and what is to be told of each agent: sessions, and events by type as a
/// collector names them.
export function writeAgentLogs(home, options = {}) {
  const writer = new LogWriter(home, { ...defaults, ...options });
  writer.write();
  return writer.summary;
}

class LogWriter {
  summary = {
    files: 0,
    bytes: 0,
    lines: 0,
    broken: 0,
    answers: 0,
    told: { claude: { sessions: 0, events: {} }, codex: { sessions: 0, events: {} } },
  };
  #random;
  #buffer = [];
  #buffered = 0;
  #file;

  constructor(home, options) {
    this.home = home;
    this.options = options;
    this.#random = new Random(options.seed);
  }

  write() {
    const { claude, codex, bytes } = this.options;
    const share = claude && codex ? 0.75 : 1;
    if (claude) while (this.summary.bytes < bytes * share) this.#claudeSession();
    if (codex) while (this.summary.bytes < bytes) this.#codexSession();
  }

  #tell(agent, type) {
    const { events } = this.summary.told[agent];
    events[type] = (events[type] ?? 0) + 1;
  }
  #begin(agent) {
    this.summary.told[agent].sessions += 1;
    this.#tell(agent, 'session_start');
  }

  // ---- values

  #hex(length) {
    let text = '';
    while (text.length < length) text += this.#random.below(0x10000000).toString(16).padStart(7, '0');
    return text.slice(0, length);
  }
  #uuid() {
    const h = this.#hex(32);
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
  }
  // Already escaped for JSON; never ends inside an escape.
  #text(length) {
    const at = this.#random.below(TEXT.length - length - 8);
    let text = TEXT.slice(at, at + length);
    while (/^(n|"|\\|u[0-9a-f])/.test(text)) text = text.slice(1);
    return text.replace(/\\+$/, '').replace(/\\+/g, (run) => (run.length % 2 ? run + '\\' : run))
      .replace(/(^|[^\\])((?:\\\\)*)"/g, '$1$2\\"');
  }
  #length() {
    // Mostly small, some large, as the outputs of tools are.
    const r = this.#random.below(100);
    if (r < 60) return this.#random.between(40, 1200);
    if (r < 95) return this.#random.between(1200, 9000);
    return this.#random.between(9000, 60_000);
  }
  #sessionStart() {
    const day = this.#random.below(this.options.days);
    return this.options.start + day * DAY_MS + this.#random.below(14 * 3_600_000);
  }

  // ---- files

  #open(path) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'w');
    this.summary.files += 1;
  }
  #line(text) {
    this.#buffer.push(text, '\n');
    this.#buffered += text.length;
    this.summary.lines += 1;
    if (this.#buffered > 1 << 20) this.#flush();
  }
  #flush() {
    const bytes = Buffer.from(this.#buffer.join(''));
    writeSync(this.#file, bytes);
    this.summary.bytes += bytes.length;
    this.#buffer = [];
    this.#buffered = 0;
  }
  #close() {
    this.#flush();
    closeSync(this.#file);
  }

  // ---- Claude Code

  #claudeSession() {
    const project = this.#random.oneOf(PROJECTS);
    const session = {
      id: this.#uuid(),
      cwd: `/home/dev/${project}`,
      folder: join(this.home, '.claude', 'projects', `-home-dev-${project}`),
      at: this.#sessionStart(),
      model: this.#random.oneOf(CLAUDE_MODELS),
      context: this.#random.between(12_000, 30_000),
      agents: [],
    };
    const kept = [];
    this.#open(join(session.folder, `${session.id}.jsonl`));
    this.#begin('claude');
    this.#claudeTurns(session, this.#random.between(3, 25), kept);
    this.#close();
    for (const agent of session.agents) this.#claudeSubagent(session, agent);
    if (this.options.forks && this.#random.below(6) === 0) this.#claudeFork(session, kept);
  }

  #claudeTurns(session, turns, kept) {
    for (let turn = 0; turn < turns; ++turn) {
      this.#record(session, kept, 'user', `"message":{"role":"user","content":"${this.#text(this.#random.between(20, 400))}"},"promptSource":"typed"`);
      this.#tell('claude', 'llm_request');
      const calls = this.#random.between(1, 8);
      for (let call = 0; call < calls; ++call) this.#claudeAnswer(session, kept, call + 1 < calls);
      if (this.#random.below(4) === 0)
        this.#line(`{"type":"file-history-snapshot","messageId":"${this.#uuid()}","snapshot":{"trackedFileBackups":{}},"isSnapshotUpdate":false}`);
      if (this.options.brokenLines && this.#random.below(30) === 0) this.#broken();
    }
    if (this.#random.below(3) === 0)
      this.#line(`{"type":"summary","summary":"${this.#text(60)}","leafUuid":"${this.#uuid()}"}`);
  }

  // One answer of the provider is written as one record a block, each with the usage of the whole.
  #claudeAnswer(session, kept, withTool) {
    this.summary.answers += 1;
    this.#tell('claude', 'llm_response');
    const id = `msg_01${this.#hex(22)}`;
    const request = `req_011${this.#hex(21)}`;
    const blocks = [];
    if (this.#random.below(2)) blocks.push(`{"type":"thinking","thinking":"${this.#text(this.#random.between(100, 1500))}","signature":"${this.#hex(300)}"}`);
    blocks.push(`{"type":"text","text":"${this.#text(this.#random.between(20, 1500))}"}`);
    const tool = this.#random.below(20) === 0 && this.options.subagents ? 'Task' : this.#random.oneOf(['Bash', 'Read', 'Edit', 'Grep', 'Write']);
    const toolId = `toolu_01${this.#hex(22)}`;
    if (withTool) this.#tell('claude', CLAUDE_TOOLS[tool] ?? 'tool_use');
    if (withTool) blocks.push(`{"type":"tool_use","id":"${toolId}","name":"${tool}","input":${this.#toolInput(tool)}}`);

    const cached = session.context;
    const written = this.#random.between(50, 3000);
    const output = this.#random.between(20, 1800);
    session.context = Math.min(session.context + written, 160_000);
    blocks.forEach((block, i) => {
      const soFar = this.options.growing ? Math.max(1, Math.floor((output * (i + 1)) / blocks.length)) : output;
      const hour = this.options.hourCache ? Math.floor(written / 3) : 0;
      const usage = `{"input_tokens":${this.#random.below(12) + 2},"cache_creation_input_tokens":${written},"cache_read_input_tokens":${cached},"cache_creation":{"ephemeral_5m_input_tokens":${written - hour},"ephemeral_1h_input_tokens":${hour}},"output_tokens":${soFar},"service_tier":"standard"}`;
      if (i === 0) session.usage = usage;
      const same = this.options.growing ? usage : session.usage;
      this.#record(session, kept, 'assistant', `"message":{"model":"${session.model}","id":"${id}","type":"message","role":"assistant","content":[${block}],"stop_reason":null,"usage":${same}},"requestId":"${request}"`);
    });
    if (!withTool) return;
    if (tool === 'Task') session.agents.push({ id: this.#hex(8), at: session.at });
    const result = this.#text(this.#length());
    this.#record(session, kept, 'user', `"message":{"role":"user","content":[{"tool_use_id":"${toolId}","type":"tool_result","content":"${result}","is_error":${this.#random.below(15) === 0}}]},"toolUseResult":{"stdout":"${result}","stderr":"","interrupted":false,"isImage":false}`);
  }

  #toolInput(tool) {
    const path = `/home/dev/shop/src/${this.#hex(4)}.cc`;
    switch (tool) {
      case 'Bash':
        return `{"command":"make ${this.#hex(6)} && ctest","description":"${this.#text(40)}"}`;
      case 'Read':
        return `{"file_path":"${path}"}`;
      case 'Grep':
        return `{"pattern":"${this.#hex(5)}.*","path":"src"}`;
      case 'Edit':
        return `{"file_path":"${path}","old_string":"${this.#text(this.#random.between(20, 600))}","new_string":"${this.#text(this.#random.between(20, 900))}"}`;
      case 'Write':
        return `{"file_path":"${path}","content":"${this.#text(this.#length())}"}`;
      default:
        return `{"description":"look","prompt":"${this.#text(300)}","subagent_type":"general-purpose"}`;
    }
  }

  // The fields that every record has, around `rest`.
  #record(session, kept, type, rest) {
    session.at += this.#random.between(200, 9000);
    const line = (id, uuid) =>
      `{"parentUuid":${session.parent ? `"${session.parent}"` : 'null'},"isSidechain":${Boolean(session.sidechain)},"userType":"external","cwd":"${session.cwd}","sessionId":"${id}","version":"2.0.61","gitBranch":"main","type":"${type}",${rest},"uuid":"${uuid}","timestamp":"${new Date(session.at).toISOString()}"}`;
    const uuid = this.#uuid();
    this.#line(line(session.id, uuid));
    if (kept && kept.length < 40) kept.push(line('\u0000', uuid));
    session.parent = uuid;
  }

  #claudeSubagent(session, agent) {
    const own = {
      ...session,
      at: agent.at,
      parent: undefined,
      sidechain: true,
      context: this.#random.between(4000, 9000),
      agents: [],
    };
    this.#open(join(session.folder, session.id, 'subagents', `agent-${agent.id}.jsonl`));
    this.#begin('claude');
    this.#claudeTurns(own, 1 + this.#random.below(3), null);
    this.#close();
  }

  // A session that goes on from another's begins with the other's records, under its own id.
  #claudeFork(session, kept) {
    const fork = { ...session, id: this.#uuid(), agents: [] };
    this.#open(join(session.folder, `${fork.id}.jsonl`));
    this.#begin('claude');
    for (const line of kept) this.#line(line.replace('\u0000', fork.id));
    this.#claudeTurns(fork, this.#random.between(1, 6), null);
    this.#close();
  }

  #broken() {
    this.summary.broken += 1;
    this.#line(this.#random.oneOf(['{"type":"assistant","message":{"usage":{"input_tok', 'not json', '{"type":"user","x":"\\uZZZZ"}']));
    this.#buffer.push('\n');
  }

  // ---- Codex

  #codexSession(parent) {
    const session = parent ? { ...parent, id: this.#uuid(), at: parent.at + 60_000, total: { ...parent.keptTotal } } : {
      id: this.#uuid(),
      cwd: `/home/dev/${this.#random.oneOf(PROJECTS)}`,
      at: this.#sessionStart(),
      model: this.#random.oneOf(CODEX_MODELS),
      total: { in: 0, cached: 0, out: 0, reasoning: 0 },
      kept: [],
    };
    const day = new Date(session.at).toISOString();
    const name = `rollout-${day.slice(0, 19).replaceAll(':', '-')}-${session.id}.jsonl`;
    this.#open(join(this.home, '.codex', 'sessions', day.slice(0, 4), day.slice(5, 7), day.slice(8, 10), name));
    this.#begin('codex');
    const forked = parent ? `"forked_from_id":"${parent.id}",` : '';
    this.#item(session, 'session_meta', `{"id":"${session.id}",${forked}"timestamp":"${day}","cwd":"${session.cwd}","originator":"codex_cli_rs","cli_version":"0.98.0","source":"cli","model_provider":"openai","base_instructions":{"text":"${this.#text(8000)}"},"git":{"commit_hash":"${this.#hex(40)}","branch":"main"}}`);
    if (parent) for (const line of parent.kept) this.#line(line);
    const own = { ...session, kept: parent ? [] : session.kept };
    const turns = this.#random.between(2, 15);
    for (let turn = 0; turn < turns; ++turn) this.#codexTurn(own);
    this.#close();
    if (!parent && this.options.codexForks && this.#random.below(3) === 0) this.#codexSession(own);
  }

  #codexTurn(session) {
    const turn = this.#uuid();
    this.#item(session, 'turn_context', `{"turn_id":"${turn}","cwd":"${session.cwd}","approval_policy":"on-request","model":"${session.model}","effort":"medium"}`);
    const prompt = this.#text(this.#random.between(20, 300));
    this.#item(session, 'response_item', `{"type":"message","role":"user","content":[{"type":"input_text","text":"${prompt}"}]}`);
    this.#item(session, 'event_msg', `{"type":"user_message","message":"${prompt}"}`);
    this.#tell('codex', 'llm_request');
    const steps = this.#random.between(1, 8);
    for (let step = 0; step < steps; ++step) this.#codexStep(session);
    if (this.options.brokenLines && this.#random.below(30) === 0) this.#broken();
  }

  #codexStep(session) {
    this.summary.answers += 1;
    this.#tell('codex', 'llm_response');
    const call = `call_${this.#hex(24)}`;
    this.#item(session, 'response_item', `{"type":"reasoning","summary":[{"type":"summary_text","text":"${this.#text(120)}"}],"encrypted_content":"${this.#hex(900)}"}`);
    const isPatch = this.#random.below(4) === 0;
    this.#tell('codex', isPatch ? 'file_modify' : 'command_execution');
    if (isPatch) {
      this.#item(session, 'response_item', `{"type":"custom_tool_call","status":"completed","call_id":"${call}","name":"apply_patch","input":"*** Begin Patch\\n*** Update File: src/${this.#hex(4)}.cc\\n@@\\n-old\\n+new\\n+more\\n*** End Patch"}`);
      this.#item(session, 'response_item', `{"type":"custom_tool_call_output","call_id":"${call}","output":"{\\"output\\":\\"Success\\"}"}`);
    } else {
      this.#item(session, 'response_item', `{"type":"function_call","name":"exec_command","arguments":"{\\"cmd\\":\\"rg -n ${this.#hex(5)} src\\"}","call_id":"${call}"}`);
      this.#item(session, 'response_item', `{"type":"function_call_output","call_id":"${call}","output":"${this.#text(this.#length())}"}`);
    }
    const total = session.total;
    const last = { in: this.#random.between(3000, 60_000), out: this.#random.between(20, 1500) };
    last.cached = Math.floor(last.in * 0.8);
    last.reasoning = Math.floor(last.out / 3);
    for (const key of Object.keys(total)) total[key] += last[key];
    const usage = (u) => `{"input_tokens":${u.in},"cached_input_tokens":${u.cached},"output_tokens":${u.out},"reasoning_output_tokens":${u.reasoning},"total_tokens":${u.in + u.out}}`;
    this.#item(session, 'event_msg', `{"type":"token_count","info":{"total_token_usage":${usage(total)},"last_token_usage":${usage(last)},"model_context_window":272000},"rate_limits":null}`);
  }

  #item(session, type, payload) {
    session.at += this.#random.between(50, 4000);
    const line = `{"timestamp":"${new Date(session.at).toISOString()}","type":"${type}","payload":${payload}}`;
    this.#line(line);
    if (session.kept.length >= 40 || type === 'session_meta') return;
    session.kept.push(line);
    session.keptTotal = { ...session.total };
  }
}

if (process.argv[1] === import.meta.filename) {
  const [folder, megabytes, seed] = process.argv.slice(2);
  if (!folder || !(Number(megabytes) > 0)) {
    console.error('usage: node agent_logs.mjs FOLDER MEGABYTES [SEED]');
    process.exit(2);
  }
  console.log(writeAgentLogs(folder, { bytes: Number(megabytes) * 1e6, seed: Number(seed ?? 1) }));
}
