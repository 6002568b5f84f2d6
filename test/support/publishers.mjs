// Clients that post events as fast as the server takes them, and know what it has promised them.
import assert from 'node:assert/strict';
import http from 'node:http';
import { HttpClient } from './http.mjs';

const retryDelay = () => new Promise((resolve) => setTimeout(resolve, 20));

/// A number of connections, each with one request in flight: single events, or batches.
///
/// A request without an answer is sent again, as it was, before anything new: so each event that is
/// in `sent` and not in `acknowledged` may be stored or not.
export class Publishers {
  sent = new Map(); // event_id -> event
  acknowledged = new Map(); // event_id -> row id; null where it was there already
  refused = []; // replies with another status than 200 and 201

  #make;
  #batchOf;
  #retries;
  #unanswered = []; // lists of events
  #running = [];
  #stopping = false;

  /// `t`        the test, which they do not outlive
  /// `make`     returns the next event; it must have an event_id of its own
  /// `batchOf`  returns the size of the next request: 1 is a single event, more a batch
  /// `retries`  whether to go on when the server is away; else a connection ends with its server
  constructor(t, make, { batchOf = () => 1, retries = false } = {}) {
    t.after(() => this.stop());
    this.#make = make;
    this.#batchOf = batchOf;
    this.#retries = retries;
  }

  /// Begins to post to `url` over so many connections.
  start(url, connections) {
    this.#stopping = false;
    this.#running = Array.from({ length: connections }, () => this.#publish(url));
  }

  /// Returns when every connection has ended, because its server has.
  async ended() {
    await Promise.all(this.#running);
  }

  /// Ends the connections once their requests are answered.
  async stop() {
    this.#stopping = true;
    await this.ended();
  }

  /// The events that may or may not be stored.
  get inDoubt() {
    return this.#unanswered.flat();
  }

  async #publish(url) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const client = new HttpClient(url, { agent });
    while (!this.#stopping) {
      const events = this.#unanswered.pop() ?? this.#next();
      const reply = await this.#post(client, events).catch(() => null);
      if (reply?.status === 200 || reply?.status === 201) {
        this.#acknowledge(events, reply.json);
        continue;
      }
      this.#unanswered.push(events);
      if (reply) this.refused.push(reply);
      if (!this.#retries) break;
      await retryDelay();
    }
    agent.destroy();
  }

  #next() {
    const events = Array.from({ length: this.#batchOf() }, () => this.#make());
    for (const each of events) this.sent.set(each.event_id, each);
    return events;
  }

  #post(client, events) {
    return events.length === 1
      ? client.post('/api/events', events[0])
      : client.post('/api/events/batch', { events });
  }

  #acknowledge(events, { received, ids, duplicates, rejected = [] }) {
    assert.deepEqual(rejected, []);
    assert.equal(received + duplicates, events.length);
    events.forEach(({ event_id }, i) =>
      this.acknowledged.set(event_id, duplicates ? null : ids[i]),
    );
  }
}
