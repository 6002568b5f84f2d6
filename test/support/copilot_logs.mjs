// Logs as GitHub Copilot writes them: chats of VS Code, as documents and as logs of changes to one,
// and sessions of the command line program.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { MadeLogs, iso } from './made_logs.mjs';

const MODELS = ['copilot/gpt-5', 'copilot/claude-sonnet-4.5'];
const COMPLETE = 1;
const CANCELLED = 2;
const PENDING = 0;
const TOOLS = ['copilot_readFile', 'copilot_findTextInFiles', 'run_in_terminal', 'copilot_replaceString'];

/// Writes `home`/.config/Code and `home`/.copilot. Returns what is to be told of it.
export function writeCopilotLogs(home, options) {
  const logs = new CopilotLogs(home, options);
  for (const folder of logs.chatFolders()) {
    for (let i = 0; i < Math.ceil(logs.options.sessions / 2); ++i) logs.document(folder);
    for (let i = 0; i < Math.ceil(logs.options.sessions / 2); ++i) logs.changes(folder);
  }
  for (let i = 0; i < logs.options.sessions; ++i) logs.commandLine();
  return logs.told;
}

class CopilotLogs extends MadeLogs {
  chatFolders() {
    const user = join(this.config, 'Code', 'User');
    const storage = join(user, 'workspaceStorage', this.hex(32));
    this.write(join(storage, 'workspace.json'), { folder: 'file:///home/dev/shop%20two' });
    this.told.files -= 1; // it is no log
    return [join(storage, 'chatSessions'), join(user, 'globalStorage', 'emptyWindowChatSessions')];
  }

  // ---- chats of VS Code

  document(folder) {
    const session = this.#session(this.about(4));
    const id = this.#count(session);
    this.write(join(folder, `${id}.json`), session);
  }

  /// The session grows as VS Code lets it: a request is appended, its answer comes in parts.
  changes(folder) {
    const session = this.#session(this.random.below(3));
    const log = new ChangeLog(session);
    for (let turns = this.about(3); turns > 0; --turns) this.#grow(log);
    if (!this.options.inPlace && this.chance(4)) log.remove(['requests', 0]);
    if (this.chance(4)) log.begin(); // VS Code writes the log anew now and then
    const id = this.#count(session);
    const path = this.write(join(folder, `${id}.jsonl`), log.lines);
    // The document that it was before is there still.
    if (this.chance(3)) {
      this.write(join(folder, `${id}.json`), this.#session(2));
      this.told.files -= 1;
    }
    if (this.chance(3)) appendFileSync(path, '{"kind":1,"k":["inputState"],"v":{"inputText":"an');
  }

  #grow(log) {
    const whole = this.#request();
    if (this.options.inPlace && whole.modelState.value === CANCELLED) whole.modelState.value = COMPLETE;
    const at = log.session.requests.length;
    const { response, result, modelState, ...begun } = whole;
    log.push(['requests'], [{ ...begun, response: [], modelState: { value: PENDING } }]);
    for (const part of response) {
      log.push(['requests', at, 'response'], [part]);
      // A text is replaced by a longer one.
      if (part.kind !== undefined || !this.chance(3)) continue;
      const length = log.session.requests[at].response.length;
      log.push(['requests', at, 'response'], [{ value: `${part.value}${this.text(80)}` }], length - 1);
    }
    log.set(['inputState'], { inputText: this.text(20), attachments: [] });
    if (result) log.set(['requests', at, 'result'], result);
    log.set(['requests', at, 'modelState'], modelState);
    log.set(['requests', at, 'followups'], []);
  }

  #session(requests) {
    return {
      version: 3,
      responderUsername: 'GitHub Copilot',
      requesterUsername: 'ana',
      initialLocation: 'panel',
      sessionId: this.uuid(),
      creationDate: this.begin(),
      customTitle: this.text(20),
      requests: Array.from({ length: requests }, () => this.#request()),
    };
  }

  #request() {
    const text = this.said();
    const state = this.random.below(10);
    return {
      requestId: `request_${this.uuid()}`,
      responseId: `response_${this.uuid()}`,
      timestamp: this.begin(),
      modelId: this.random.oneOf(MODELS),
      agent: { id: 'github.copilot.editsAgent', name: 'agent', slashCommands: [], locations: ['panel'] },
      message: { text, parts: [{ range: { start: 0, endExclusive: text.length }, text, kind: 'text' }] },
      variableData: { variables: this.#variables() },
      response: this.#parts(),
      result: this.chance(4) ? undefined : this.#result(),
      modelState: { value: state === 0 ? CANCELLED : state === 1 ? PENDING : COMPLETE },
      isCanceled: this.chance(20),
      contentReferences: [],
      codeCitations: [],
    };
  }

  #variables() {
    const uri = () => ({ $mid: 1, path: `/home/dev/shop two/${this.hex(4)}.cc`, scheme: 'file' });
    const shapes = [
      () => uri(),
      () => ({ uri: uri(), range: { startLineNumber: 1, endLineNumber: 9 } }),
      () => [uri(), uri()],
      () => 'file:///home/dev/shop%20two/a.cc',
      () => 'what was selected, two\nlines of it',
      () => undefined,
    ];
    return Array.from({ length: this.random.below(4) }, () => ({
      id: `vscode.file.${this.hex(6)}`,
      name: 'file:a.cc',
      kind: 'file',
      automaticallyAdded: this.chance(2),
      value: this.random.oneOf(shapes)(),
    }));
  }

  #parts() {
    const uri = { $mid: 1, path: `/home/dev/shop two/${this.hex(4)}.cc`, scheme: 'file' };
    const shapes = [
      () => ({ value: this.said(), supportThemeIcons: false }),
      () => ({ value: [this.text(40), null, this.text(40)] }),
      () => ({ kind: 'thinking', value: this.said(), id: this.hex(400) }),
      () => this.#tool(),
      () => this.#tool(),
      () => ({ kind: 'codeblockUri', uri, isEdit: true }),
      () => ({ kind: 'textEditGroup', uri, done: true, edits: [[{ text: this.output(), range: {} }], []] }),
      () => ({ kind: 'inlineReference', inlineReference: uri }),
      () => ({ kind: 'undoStop', id: this.uuid() }),
      () => ({ kind: 'prepareToolInvocation', toolName: 'copilot_readFile' }),
    ];
    return Array.from({ length: this.about(6) }, () => this.random.oneOf(shapes)());
  }

  #tool() {
    const toolId = this.random.oneOf(TOOLS);
    return {
      kind: 'toolInvocationSerialized',
      toolId,
      toolCallId: this.uuid(),
      invocationMessage: this.chance(2) ? 'Reading' : { value: 'Reading [](file:///a.cc)', uris: {} },
      pastTenseMessage: { value: this.text(30) },
      isConfirmed: true,
      isComplete: true,
      source: { type: 'internal', label: 'Built-In' },
      toolSpecificData:
        toolId === 'run_in_terminal'
          ? { kind: 'terminal', commandLine: { original: `make ${this.hex(4)}` }, language: 'sh' }
          : undefined,
      resultDetails: this.chance(2) ? { input: '{"filePath":"/a.cc"}', output: [{ value: this.output() }] } : undefined,
    };
  }

  #result() {
    const metadata = {
      codeBlocks: [],
      renderedUserMessage: [{ type: 1, text: this.output() }],
      toolCallRounds: [{ response: this.text(200), toolCalls: [], id: this.uuid() }],
      modelMessageId: this.uuid(),
    };
    if (!this.chance(4)) {
      metadata.promptTokens = this.random.between(1000, 90_000);
      metadata.outputTokens = this.random.between(5, 3000);
      metadata.resolvedModel = 'gpt-5-2025-08-07';
    }
    return { timings: { firstProgress: 900, totalElapsed: 9000 }, metadata };
  }

  /// Counts the session as it is now; returns its id.
  #count(session) {
    const before = JSON.stringify(this.told.events);
    for (const request of session.requests) if (request !== null) this.#countRequest(request);
    if (JSON.stringify(this.told.events) !== before) this.told.sessions += 1;
    return session.sessionId;
  }

  #countRequest({ isCanceled, modelState, variableData, response, result }) {
    if (isCanceled || modelState.value === CANCELLED) return;
    this.tell('llm_request');
    for (const { value } of variableData.variables) {
      for (const each of Array.isArray(value) ? value : [value]) this.tell('file_read', hasPath(each));
    }
    if (modelState.value === PENDING) return;
    let answer = '';
    for (const part of response) {
      if (part.kind === undefined) answer += [part.value].flat().join('\n');
      if (part.kind === 'toolInvocationSerialized') this.tell('tool_use');
      if (part.kind === 'codeblockUri') this.tell('file_read');
      if (part.kind === 'textEditGroup') this.tell('file_modify');
    }
    this.tell('llm_response');
    const { promptTokens, outputTokens } = result?.metadata ?? {};
    if (promptTokens) this.use({ input: promptTokens, output: outputTokens });
    else this.estimate(answer);
  }

  // ---- the command line program

  commandLine() {
    const id = this.uuid();
    const session = { id, at: this.begin(), lines: [], used: {} };
    this.#line(session, 'session.start', {
      sessionId: id,
      version: 1,
      producer: 'copilot-agent',
      copilotVersion: '0.0.400',
      startTime: iso(session.at),
      selectedModel: 'gpt-5',
      context: { cwd: '/home/dev/engine', branch: 'main', repository: 'dev/engine' },
    });
    this.tell('session_start');
    this.told.sessions += 1;
    session.model = 'gpt-5';
    for (let turns = this.about(3); turns > 0; --turns) this.#turn(session);
    // What the totals say more than the messages did comes at the end; a session that is taken up
    // again has totals that go on.
    for (let ends = this.random.below(3); ends > 0; --ends) this.#shutDown(session, ends > 1);
    const place = join(this.home, '.copilot', 'session-state');
    this.write(join(place, this.chance(2) ? `${id}.jsonl` : join(id, 'events.jsonl')), session.lines);
  }

  #turn(session) {
    this.#line(session, 'user.message', { content: this.said(), attachments: [] });
    this.tell('llm_request');
    if (this.chance(4)) {
      session.model = session.model === 'gpt-5' ? 'claude-sonnet-4.5' : 'gpt-5';
      this.#line(session, 'session.model_change', { newModel: session.model });
    }
    this.#line(session, 'assistant.turn_start', { turnId: '0' });
    for (let calls = this.random.below(4); calls > 0; --calls) this.#call(session);
    const outputTokens = this.random.between(5, 900);
    this.#line(session, 'assistant.message', {
      messageId: this.uuid(),
      content: this.said(),
      toolRequests: [],
      outputTokens,
    });
    this.tell('llm_response');
    this.use({ output: outputTokens });
    session.used[session.model] = (session.used[session.model] ?? 0) + outputTokens;
    this.#line(session, 'assistant.turn_end', { turnId: '0' });
    if (!this.chance(6)) return;
    this.#line(session, 'session.error', { errorType: 'rate_limit', message: 'try again later' });
    this.tell('error_encountered');
  }

  #call(session) {
    const [toolName, type] = this.random.oneOf([
      ['view', 'file_read'],
      ['create', 'file_write'],
      ['edit', 'file_modify'],
      ['bash', 'command_execution'],
      ['grep', 'tool_use'],
    ]);
    const toolCallId = `call_${this.hex(24)}`;
    const input = { path: '/home/dev/engine/a.cc', command: 'make', file_text: this.output() };
    this.#line(session, 'tool.execution_start', { toolCallId, toolName, arguments: input });
    this.tell(type);
    const success = !this.chance(8);
    const outcome = success ? { result: { content: this.output() } } : { error: { message: 'no' } };
    this.#line(session, 'tool.execution_complete', { toolCallId, success, ...outcome });
  }

  #shutDown(session, isTakenUpAgain) {
    session.totals ??= {};
    const modelMetrics = {};
    for (const [model, output] of Object.entries(session.used)) {
      const usage = {
        inputTokens: (session.totals[model] ?? 0) + this.random.between(1000, 50_000),
        outputTokens: output,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
      };
      modelMetrics[model] = { requests: { count: 1, cost: 1 }, usage };
      this.tell('llm_response');
      this.use({ input: usage.inputTokens - (session.totals[model] ?? 0) });
      session.totals[model] = usage.inputTokens;
    }
    this.#line(session, 'session.shutdown', { shutdownType: 'routine', modelMetrics });
    this.tell('session_end');
    if (!isTakenUpAgain) return;
    this.#line(session, 'session.resume', { eventCount: session.lines.length });
    this.#turn(session);
  }

  #line(session, type, data) {
    session.at += this.random.between(50, 9000);
    const parentId = session.lines.at(-1)?.id ?? null;
    session.lines.push({ type, data, id: this.uuid(), timestamp: iso(session.at), parentId });
  }
}

/// A session, and the changes that led to it.
class ChangeLog {
  lines = [];

  constructor(session) {
    this.session = session;
    this.begin();
  }
  begin() {
    this.lines = [JSON.stringify({ kind: 0, v: this.session })];
  }
  set(path, value) {
    this.#parent(path)[path.at(-1)] = value;
    this.lines.push(JSON.stringify({ kind: 1, k: path, v: value }));
  }
  push(path, values, length) {
    const array = this.#parent(path)[path.at(-1)];
    if (length !== undefined) array.length = length;
    array.push(...values);
    this.lines.push(JSON.stringify({ kind: 2, k: path, v: values, i: length }));
  }
  remove(path) {
    this.#parent(path)[path.at(-1)] = null;
    this.lines.push(JSON.stringify({ kind: 3, k: path }));
  }
  #parent(path) {
    return path.slice(0, -1).reduce((value, step) => value[step], this.session);
  }
}

function hasPath(value) {
  if (typeof value === 'string') return value.startsWith('file://') ? 1 : 0;
  return value?.path !== undefined || value?.uri !== undefined ? 1 : 0;
}
