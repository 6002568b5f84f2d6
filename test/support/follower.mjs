// A client of the live stream that comes back with the last id it has seen.
import { Monitor, query } from './monitor.mjs';
import { within } from './until.mjs';

const retryDelay = () => new Promise((resolve) => setTimeout(resolve, 20));

export class Follower {
  seen = []; // ids of all events, in the order in which they came
  gaps = []; // payloads of gap messages

  #filter;
  #how;
  #lastId;
  #stream = null;
  #taken = 0; // of the frames of `stream`
  #following = null;
  #leaving = false;

  /// `t`       the test, which it does not outlive
  /// `filter`  query parameters of the stream
  /// `how`     'header' or 'query': where it says what it has seen
  /// `after`   the id to begin behind; the first connection begins with what comes then
  constructor(t, { filter = {}, how = 'header', after } = {}) {
    t.after(() => this.leave());
    this.#filter = filter;
    this.#how = how;
    this.#lastId = after;
  }

  get lastId() {
    return this.#lastId;
  }

  /// Opens the stream, which must be accepted, behind the last event seen.
  async connect(url) {
    const resume = this.#lastId === undefined ? {} : this.#resumption();
    const path = query('/api/stream', { ...this.#filter, ...resume.parameters });
    this.#stream = await new Monitor(url).stream(path, resume.headers);
    this.#taken = 0;
    await this.#stream.nextMessage('connected');
  }

  /// Takes what has come by now, and hangs up.
  disconnect() {
    this.#take();
    this.#stream?.close();
    this.#stream = null;
  }

  /// Waits until so many more events have come, or the stream has ended.
  async readMore(count, { withinMs = 10_000 } = {}) {
    const enough = this.seen.length + count;
    const read = async () => {
      for (this.#take(); this.seen.length < enough && !this.#stream.ended; this.#take()) {
        await retryDelay();
      }
    };
    await within(read(), withinMs, () => `${enough} events, only ${this.seen.length}`);
  }

  /// Stays connected, and connects again whenever the stream ends, until `leave`.
  follow(url) {
    this.#following = this.#follow(url);
  }

  async leave() {
    this.#leaving = true;
    await this.#following;
    this.disconnect();
  }

  /// Waits until event `id`, which the filter lets through, has come.
  async seesUpTo(id, { withinMs = 15_000 } = {}) {
    const read = async () => {
      for (this.#take(); (this.#lastId ?? 0) < id; this.#take()) await retryDelay();
    };
    await within(read(), withinMs, () => `event ${id}, only up to ${this.#lastId}`);
  }

  async #follow(url) {
    while (!this.#leaving) {
      await this.connect(url).catch(() => {});
      while (!this.#leaving && this.#stream && !this.#stream.ended) await retryDelay();
      if (this.#leaving) return;
      this.disconnect();
      await retryDelay();
    }
  }

  #resumption() {
    return this.#how === 'header'
      ? { headers: { 'last-event-id': this.#lastId } }
      : { parameters: { last_event_id: this.#lastId } };
  }

  #take() {
    const frames = this.#stream?.frames ?? [];
    for (; this.#taken < frames.length; this.#taken += 1) {
      const { message, id } = frames[this.#taken];
      if (message?.type === 'gap') this.gaps.push(message.payload);
      if (message?.type !== 'event') continue;
      this.#lastId = Number(id);
      this.seen.push(message.payload.id);
    }
  }
}
