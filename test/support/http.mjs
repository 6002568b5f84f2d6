// HTTP as a test needs it: nothing is followed, decoded, cached or retried, and every wait has a
// limit.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { within } from './until.mjs';

const REPLY_LIMIT_MS = 10_000;
const FRAME_LIMIT_MS = 3000;

// A test that leaves a connection open, because it failed, must not hang the test process.
function doNotWaitFor(request) {
  request.once('socket', (socket) => socket.unref());
}

/// A complete reply. `headers` has lower-case names; `json` fails the test when the body is not
/// JSON.
class Reply {
  constructor(status, headers, bytes) {
    this.status = status;
    this.headers = headers;
    this.bytes = bytes;
  }

  get text() {
    return this.bytes.toString('utf8');
  }

  get json() {
    try {
      return JSON.parse(this.text);
    } catch {
      assert.fail(`not JSON, with status ${this.status}: ${this.text.slice(0, 500)}`);
    }
  }
}

/// Requests to one server, each on a connection of its own unless there is an `agent`.
export class HttpClient {
  /// `base` is an origin such as http://127.0.0.1:3141; `agent` keeps connections, as http.Agent.
  constructor(base, { agent = false } = {}) {
    this.base = base.replace(/\/+$/, '');
    this.agent = agent;
  }

  /// Sends `body` (text, bytes or nothing) as it is. With `chunked` its length is not announced.
  async request(method, path, { headers = {}, body, chunked = false } = {}) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const length = bytes && !chunked ? { 'content-length': bytes.length } : {};
    const reply = new Promise((resolve, reject) => {
      const request = http.request(this.base + path, {
        method,
        headers: { ...length, ...headers },
        agent: false,
      });
      doNotWaitFor(request);
      // A server may answer, and close, before it has read a body that it refuses: the answer
      // counts.
      request.on('error', reject).on('response', (response) => {
        request.off('error', reject).on('error', () => {});
        const parts = [];
        response.on('error', reject).on('data', (part) => parts.push(part));
        response.on('end', () =>
          resolve(new Reply(response.statusCode, response.headers, Buffer.concat(parts))),
        );
      });
      if (bytes && chunked) request.write(bytes);
      request.end(chunked ? undefined : bytes);
    });
    return within(reply, REPLY_LIMIT_MS, `reply to ${method} ${path}`);
  }

  get(path, headers = {}) {
    return this.request('GET', path, { headers });
  }

  /// POSTs `value` as JSON.
  post(path, value, headers = {}) {
    return this.postText(path, JSON.stringify(value), headers);
  }

  /// POSTs `text` (or bytes) as it is, called JSON unless `headers` say something else.
  postText(path, text, headers = {}) {
    return this.request('POST', path, {
      headers: { 'content-type': 'application/json', ...headers },
      body: text,
    });
  }

  /// Opens an event stream that must be accepted.
  stream(path = '/api/stream', headers = {}) {
    return SseReader.open(this.base + path, headers);
  }

  /// Opens a bare connection, for requests that an HTTP library would not send.
  async connect() {
    const { hostname, port } = new URL(this.base);
    const socket = net.connect({ host: hostname, port: Number(port) });
    socket.unref();
    await within(
      new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject)),
      REPLY_LIMIT_MS,
      `connection to ${this.base}`,
    );
    return new RawConnection(socket);
  }

  /// Sends the bytes of one request on a connection of its own; returns {status, headers, body}.
  async raw(request) {
    const connection = await this.connect();
    try {
      return await connection.exchange(request);
    } finally {
      connection.close();
    }
  }
}

/// One TCP connection that carries hand-written requests.
///
/// `received` is what has come and has not been returned as a reply; `ended` tells that nothing
/// more will.
class RawConnection {
  constructor(socket) {
    this.socket = socket;
    this.received = Buffer.alloc(0);
    this.ended = false;
    this.wake = () => {};
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    const end = () => {
      this.ended = true;
      this.wake();
    };
    socket.on('close', end).on('error', end);
  }

  /// Writes `request` and returns the next reply, headers by lower-case name, `body` as bytes.
  exchange(request) {
    this.send(request);
    return this.reply({ bodyless: /^HEAD /.test(request.toString('latin1')) });
  }

  /// Writes `bytes` and returns at once.
  send(bytes) {
    if (!this.ended) this.socket.write(bytes);
  }

  /// The next reply to what has been sent. `bodyless` says that the request was a HEAD.
  reply({ bodyless = false, withinMs = REPLY_LIMIT_MS } = {}) {
    const reply = this.#nextReply(bodyless);
    return within(reply, withinMs, () => `reply on the wire; got ${this.received}`);
  }

  /// Waits until the server has closed; returns the bytes that came and are no part of a reply.
  async end({ withinMs = REPLY_LIMIT_MS } = {}) {
    const ended = async () => {
      while (!this.ended) await new Promise((resolve) => (this.wake = resolve));
    };
    await within(ended(), withinMs, () => `end of the connection; got ${this.received}`);
    return this.received;
  }

  close() {
    this.socket.destroy();
  }

  async #nextReply(bodyless) {
    for (;;) {
      const reply = this.#takeReply(bodyless);
      if (reply) return reply;
      if (this.ended) assert.fail(`connection closed after ${JSON.stringify(`${this.received}`)}`);
      await new Promise((resolve) => (this.wake = resolve));
    }
  }

  #takeReply(bodyless) {
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return null;
    const [statusLine, ...lines] = this.received.toString('latin1', 0, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(statusLine.split(' ')[1]);
    const rest = this.received.subarray(headEnd + 4);
    const taken = this.#bodyIn(rest, headers, bodyless || status === 204 || status === 304);
    if (!taken) return null;
    this.received = rest.subarray(taken.consumed);
    return { status, headers, body: taken.body };
  }

  // The body at the start of `bytes`, or null while it is incomplete.
  #bodyIn(bytes, headers, bodyless) {
    if (bodyless) return { body: Buffer.alloc(0), consumed: 0 };
    if (headers['transfer-encoding'] === 'chunked') return chunkedBody(bytes);
    if (headers['content-length'] !== undefined) {
      const length = Number(headers['content-length']);
      return bytes.length < length ? null : { body: bytes.subarray(0, length), consumed: length };
    }
    return this.ended ? { body: bytes, consumed: bytes.length } : null;
  }
}

function chunkedBody(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return { body: Buffer.concat(parts), consumed: next };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}

/// Reads a server-sent-event stream frame by frame, as it is on the wire.
///
/// A frame is what stands between two empty lines:
///   raw      its text                       lines    the same by line
///   comment  text after a leading colon     id       value of its `id:` line
///   message  its data, parsed as JSON       (null where the frame has no such line)
export class SseReader {
  text = ''; // everything received
  frames = []; // every complete frame received
  ended = false; // the server closed the stream

  #partial = ''; // the start of the frame that is arriving
  #read = 0; // how many of `frames` next() has been past
  #wake = () => {};
  #response;

  static async open(url, headers = {}) {
    const request = http.get(url, {
      agent: false,
      headers: { accept: 'text/event-stream', ...headers },
    });
    doNotWaitFor(request);
    const opened = new Promise((resolve, reject) =>
      request.once('response', resolve).once('error', reject),
    );
    const response = await within(opened, REPLY_LIMIT_MS, `head of ${url}`);
    assert.equal(response.statusCode, 200, `the stream ${url} was refused`);
    return new SseReader(request, response);
  }

  constructor(request, response) {
    this.headers = response.headers;
    this.request = request;
    this.#response = response;
    request.on('error', () => {}); // a stream cut by the server ends it, which `ended` tells
    response.setEncoding('utf8').on('data', (text) => this.#receive(text));
    const end = () => {
      this.ended = true;
      this.#wake();
    };
    response.on('error', end).on('close', end);
  }

  get ids() {
    return this.frames.map((frame) => frame.id).filter((id) => id !== null);
  }

  get comments() {
    return this.frames.map((frame) => frame.comment).filter((comment) => comment !== null);
  }

  /// The next frame not yet returned or passed over for which `predicate` holds.
  async next(predicate = () => true, { withinMs = FRAME_LIMIT_MS } = {}) {
    return within(this.#find(predicate), withinMs, () => `such frame, only:\n${this.text}`);
  }

  /// The next message of this `type`, parsed.
  async nextMessage(type, limit) {
    const frame = await this.next((candidate) => candidate.message?.type === type, limit);
    return frame.message;
  }

  /// Leaves the stream, as a browser that is closed does.
  close() {
    this.request.destroy();
  }

  /// Reads nothing until `resume`, as a browser that hangs does.
  pause() {
    this.#response.pause();
  }

  resume() {
    this.#response.resume();
  }

  async #find(predicate) {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++];
        if (predicate(frame)) return frame;
      }
      if (this.ended) assert.fail(`the stream ended after:\n${this.text}`);
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  #receive(text) {
    this.text += text;
    const frames = (this.#partial + text).split('\n\n');
    this.#partial = frames.pop();
    this.frames.push(...frames.map(parseFrame));
    this.#wake();
  }
}

function parseFrame(raw) {
  const lines = raw.split('\n');
  const value = (name) => {
    const values = lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
    return values.length ? values.join('\n') : null;
  };
  const data = value('data');
  return { raw, lines, comment: value(''), id: value('id'), message: data && JSON.parse(data) };
}
