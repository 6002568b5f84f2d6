// The language of the monitor tests: make an event, send it, look at what became of it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { HttpClient } from './http.mjs';

const run = randomBytes(4).toString('hex');
let made = 0;

/// A name that nothing else in the database has.
export function unique(stem) {
  made += 1;
  return `${stem}-${run}-${made}`;
}

/// The smallest valid event, in a session and of an agent type of its own, plus `fields`.
export function event(fields = {}) {
  return {
    session_id: unique('session'),
    agent_type: unique('agent'),
    event_type: 'tool_use',
    ...fields,
  };
}

/// The path of a query: `query('/api/events', {limit: 1})`. A list repeats its parameter.
export function query(path, parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) search.append(name, each);
  }
  return `${path}?${search}`;
}

/// A monitor server, seen through its HTTP interface alone.
export class Monitor extends HttpClient {
  /// Sends one event, which must be stored.
  async send(fields) {
    const reply = await this.post('/api/events', event(fields));
    assert.equal(reply.status, 201, reply.text);
    return reply.json.ids[0];
  }

  /// Sends one event, which must be stored, and returns its row.
  async stored(fields) {
    const sent = event(fields);
    return this.row(await this.send(sent), sent.session_id);
  }

  /// Sends one event that must be refused; returns the details, in order.
  async refused(fields) {
    const reply = await this.post('/api/events', fields);
    assert.equal(reply.status, 400, reply.text);
    assert.equal(reply.json.error, 'Invalid event payload');
    assert.deepEqual(Object.keys(reply.json).sort(), ['details', 'error']);
    return reply.json.details;
  }

  /// Sends a batch, which must be taken; returns the reply.
  async sendBatch(events) {
    const reply = await this.post('/api/events/batch', { events });
    assert.equal(reply.status, 201, reply.text);
    return reply.json;
  }

  /// The rows that GET /api/events returns for these parameters.
  async rows(parameters) {
    return (await this.feed(parameters)).events;
  }

  /// The whole reply of GET /api/events for these parameters.
  async feed(parameters) {
    const reply = await this.get(query('/api/events', parameters));
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }

  /// The row with this id, looked up in its session.
  async row(id, sessionId) {
    const rows = await this.rows({ session_id: sessionId.trim(), limit: -1 });
    const found = rows.find((row) => row.id === id);
    assert.ok(found, `event ${id} is not among the events of session ${sessionId}`);
    return found;
  }

  /// The reply of a GET that must succeed.
  async read(path, parameters = {}) {
    const reply = await this.get(query(path, parameters));
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }

  /// The rows that GET /api/sessions returns for these parameters.
  async sessions(parameters = {}) {
    const { sessions, total } = await this.read('/api/sessions', { limit: 0, ...parameters });
    assert.equal(total, sessions.length);
    return sessions;
  }

  /// The row of GET /api/sessions/ID.
  async session(id) {
    return (await this.read(`/api/sessions/${encodeURIComponent(id)}`)).session;
  }

  /// The entries of GET /api/sessions/ID/transcript.
  async transcript(id) {
    const path = `/api/sessions/${encodeURIComponent(id)}/transcript`;
    const { session_id, entries } = await this.read(path);
    assert.equal(session_id, id);
    return entries;
  }

  /// The reply of GET /api/stats for these parameters.
  async stats(parameters = {}) {
    const reply = await this.get(query('/api/stats', parameters));
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }

  /// How the session counters of GET /api/stats change while `action` runs.
  async countersMovedBy(action) {
    const names = ['active_sessions', 'total_sessions', 'live_sessions', 'active_agents'];
    const before = await this.stats();
    await action();
    const after = await this.stats();
    return Object.fromEntries(names.map((name) => [name, after[name] - before[name]]));
  }
}
