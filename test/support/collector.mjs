// The collector as a program of its own, and a backend that remembers what it is sent.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from './leftovers.mjs';
import { start } from './server.mjs';
import { sqlite } from './sqlite.mjs';
import { until, within } from './until.mjs';

const STOP_LIMIT_MS = 15_000; // more than the 10 s of its last attempt to send

/// Takes batches; `answer`, if set, is the status instead of 201. What else it is asked for it answers
/// with `replies`, by method and path; with 404 what is not there.
export class Backend {
  events = [];
  replies = {};
  asked = [];
  requests = 0;
  answer = null;
  #server;

  async start(port = 0) {
    this.#server = http.createServer((request, response) => this.#serve(request, response));
    await new Promise((ready) => this.#server.listen(port, '127.0.0.1', ready));
    this.#server.unref();
    this.port = this.#server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }
  async stop() {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
  ids() {
    return this.events.map((event) => event.id);
  }

  #serve(request, response) {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const is_batch = request.method === 'POST' && request.url === '/api/events/batch';
      const name = `${request.method} ${request.url}`;
      const reply = request.url === '/api/health' ? {} : this.replies[name];
      const status = this.answer ?? (is_batch ? 201 : reply ? 200 : 404);
      if (!is_batch) this.asked.push([name, Buffer.concat(parts).toString('utf8')]);
      if (is_batch) this.requests += 1;
      if (is_batch && status === 201) {
        this.events.push(...JSON.parse(Buffer.concat(parts).toString('utf8')));
      }
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply ?? {}));
    });
  }
}

/// A home directory with Claude Code's logs, and the collector that follows them.
export class Collected {
  dir = temporaryDirectory();
  db = join(this.dir, 'buffer', 'buffer.db');
  env = { HOME: this.dir, XDG_DATA_HOME: join(this.dir, 'data') };

  constructor(backendUrl, settings = {}) {
    this.config = join(this.dir, 'collector.json');
    const whole = {
      version: '1.0',
      backendUrl,
      apiKey: 'key',
      projectId: '12',
      collection: { batchInterval: '100ms', retryBackoff: 'fixed', maxRetries: 1 },
      buffer: { dbPath: this.db },
      ...settings,
    };
    writeFileSync(this.config, JSON.stringify(whole));
  }

  log(name) {
    return join(this.dir, '.claude', 'projects', '-home-dev-shop', `${name}.jsonl`);
  }
  /// Appends `count` prompts to a session's log; returns their texts.
  say(session, from, count, write = appendFileSync, cwd = '/home/dev/shop') {
    const path = this.log(session);
    mkdirSync(dirname(path), { recursive: true });
    const texts = Array.from({ length: count }, (_, i) => `${session} says ${from + i}`);
    write(path, texts.map((text, i) => prompt(session, from + i, text, cwd)).join(''));
    return texts;
  }

  /// `sightline collect start`, once it has started.
  async start(...args) {
    const child = start(['collect', 'start', '--config', this.config, ...args], {
      dir: this.dir,
      env: this.env,
    });
    let output = '';
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text) => (output += text));
    }
    const ended = new Promise((end) => child.once('close', end));
    const collector = {
      process: child,
      output: () => output,
      url: () => /taking events on (http:\S+)/.exec(output)?.[1],
      ended: () => within(ended, STOP_LIMIT_MS, () => `end; it wrote ${output}`),
      async stop(signal = 'SIGTERM') {
        child.kill(signal);
        await this.ended();
        return child.exitCode;
      },
    };
    await until(
      () => output.includes('Collector started') || child.exitCode !== null,
      'start of the collector',
    );
    assert.ok(output.includes('Collector started'), output);
    return collector;
  }

  waiting() {
    return sqlite(this.db, 'SELECT event_id FROM events ORDER BY id;').map((row) => row.event_id);
  }
  states() {
    return sqlite(this.db, 'SELECT status FROM backfill_state;').map((row) => row.status);
  }
  lockOwner() {
    return JSON.parse(readFileSync(`${this.db}.runtime.lock`, 'utf8')).pid;
  }
}

/// The prompts among events, by session, in the order of their coming.
export function promptsOf(events) {
  const sessions = {};
  for (const event of events) {
    if (event.eventType !== 'llm_request') continue;
    (sessions[event.sessionId] ??= []).push(event.data.prompt);
  }
  return sessions;
}

export function sessionId(name) {
  return `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0')}`;
}

function prompt(session, number, text, cwd) {
  const at = new Date(Date.now() - 3_600_000 + number).toISOString();
  return `${JSON.stringify({
    type: 'user',
    uuid: `${session}-${number}`,
    parentUuid: null,
    sessionId: sessionId(session),
    timestamp: at,
    version: '2.1.0',
    cwd,
    message: { role: 'user', content: text },
  })}\n`;
}
