// The task server as a program of its own, its REST interface, and what it streams.
import assert from 'node:assert/strict';
import http from 'node:http';
import { join } from 'node:path';
import { HttpClient } from './http.mjs';
import { temporaryDirectory } from './leftovers.mjs';
import { start } from './server.mjs';
import { within } from './until.mjs';

const LIMIT_MS = 10_000;

/// Starts `sightline tasks start` on a free port; `dir` is that of an earlier server, to start
/// again on its data.
export async function startTasks({ storage = 'memory', env, args = [], dir = temporaryDirectory() } = {}) {
  const all = ['tasks', 'start', '--port', '0', '--storage', storage, ...args];
  if (storage === 'sqlite') all.push('--db-path', join(dir, 'tasks.db'));
  const child = start(all, { env, dir });
  let output = '';
  const ended = new Promise((end) => child.once('close', end));
  const url = await within(
    new Promise((found, fail) => {
      for (const pipe of [child.stdout, child.stderr])
        pipe.setEncoding('utf8').on('data', (text) => {
          output += text;
          const address = /Server started on (http:\S+)\n/.exec(output);
          if (address) found(address[1]);
        });
      ended.then(() => fail(new Error(`it ended: ${output}`)));
    }),
    LIMIT_MS,
    'start of the task server',
  );
  return {
    url,
    dir,
    pid: child.pid,
    tasks: new Tasks(url),
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await within(ended, LIMIT_MS, `end after ${signal}`);
      return child.exitCode;
    },
  };
}

/// The REST interface. Each call returns {status, json, text, headers}.
export class Tasks {
  constructor(url, headers = {}) {
    this.url = url;
    this.client = new HttpClient(url, { agent: new http.Agent({ keepAlive: true }) });
    this.headers = headers;
  }

  call(method, path, body) {
    const headers = { ...this.headers };
    if (body !== undefined) headers['content-type'] = 'application/json';
    return this.client.request(method, path, {
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }
  get(path) {
    return this.call('GET', path);
  }
  post(path, body) {
    return this.call('POST', path, body);
  }
  create(task = {}) {
    return this.post('/tasks', task);
  }
  async running(task = {}) {
    const { id } = (await this.create(task)).json;
    await this.become(id, 'running');
    return id;
  }
  become(id, status, more = {}) {
    return this.call('PATCH', `/tasks/${id}/status`, { status, ...more });
  }
  publish(id, event) {
    return this.post(`/tasks/${id}/events`, event);
  }
  async history(id, query = '') {
    return (await this.get(`/tasks/${id}/events/history${query}`)).json;
  }
  follow(id, query = '') {
    return TaskStream.open(`${this.url}/tasks/${id}/events${query}`, this.headers);
  }
  followAll(query = '') {
    return TaskStream.open(`${this.url}/events${query}`, this.headers);
  }
}

export const event = (data, more = {}) => ({ type: 'x', level: 'info', data, ...more });
export const delta = (text, more = {}) =>
  event({ delta: text }, { type: 'llm.delta', seriesId: 'o', seriesMode: 'accumulate', ...more });

/// An event stream, frame by frame: {event, data, id} or {comment}.
export class TaskStream {
  frames = [];
  ended = false;
  raw = '';
  #wake = () => {};

  static async open(url, headers = {}) {
    const stream = new TaskStream();
    await within(
      new Promise((opened, fail) => {
        stream.request = http.get(url, { headers, agent: false }, (response) => {
          stream.status = response.statusCode;
          stream.headers = response.headers;
          response.setEncoding('utf8').on('data', (text) => stream.#take(text));
          const end = () => {
            stream.ended = true;
            stream.#wake();
          };
          response.on('end', end).on('error', end).on('close', end);
          opened();
        });
        stream.request.on('error', fail);
        stream.request.once('socket', (socket) => socket.unref());
      }),
      LIMIT_MS,
      `head of ${url}`,
    );
    return stream;
  }

  /// The events so far, as they are told.
  get events() {
    return this.frames.filter((frame) => frame.event === 'taskcast.event').map(({ data }) => data);
  }
  get done() {
    return this.frames.find((frame) => frame.event === 'taskcast.done')?.data.reason;
  }

  /// Waits until `is` holds of this stream.
  async until(is, what = 'what the stream should tell') {
    const wait = async () => {
      while (!is(this)) {
        if (this.ended) assert.fail(`the stream ended before ${what}; it told ${this.raw}`);
        await new Promise((resolve) => (this.#wake = resolve));
      }
    };
    await within(wait(), LIMIT_MS, () => `${what}; it told ${this.raw.slice(-2000)}`);
    return this;
  }
  count(n) {
    return this.until(({ events }) => events.length >= n, `${n} events`);
  }
  async end() {
    const wait = async () => {
      while (!this.ended) await new Promise((resolve) => (this.#wake = resolve));
    };
    await within(wait(), LIMIT_MS, () => `end of the stream; it told ${this.raw.slice(-2000)}`);
    return this;
  }
  close() {
    this.request.destroy();
  }

  #take(text) {
    this.raw += text;
    this.rest = (this.rest ?? '') + text;
    for (let end; (end = this.rest.indexOf('\n\n')) >= 0; this.rest = this.rest.slice(end + 2)) {
      const frame = {};
      for (const line of this.rest.slice(0, end).split('\n')) {
        if (line.startsWith(':')) frame.comment = line.slice(1);
        else {
          const [, name, value] = /^(event|data|id): (.*)$/.exec(line) ?? assert.fail(line);
          frame[name] = name === 'data' ? JSON.parse(value) : value;
        }
      }
      this.frames.push(frame);
    }
    this.#wake();
  }
}

/// The text that a reader of an `accumulate` series has put together.
export function textOf(events, seriesId = 'o') {
  let text = '';
  for (const each of events) {
    if (each.seriesId !== seriesId) continue;
    text = each.seriesSnapshot ? each.data.delta : text + each.data.delta;
  }
  return text;
}
