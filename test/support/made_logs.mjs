// What the generators of agents' logs have in common: where they write, what they make up, and the
// count of what is to be told of it. The same options give the same bytes.
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Random } from './random.mjs';

const WORDS =
  'the test fails because parser returns empty list when input has trailing comma so we change ' +
  'loop and add case für größe naïve 試験 "quoted" path\\to C:\\temp done; return std::move(x);\n';
const TEXT = WORDS.repeat(800);
const DAY_MS = 86_400_000;
const PIECE_BYTES = 1000; // of a file that is written in place

/// What can be set for each generator.
export const defaults = {
  seed: 1,
  sessions: 8, // about, of each form that a log has
  start: Date.UTC(2026, 8, 1, 6), // of the first session
  days: 30,
  // As agents write: a file is there, and grows; else it appears whole. Nothing is taken back then:
  // what a log takes back was told if it was read before, and a writer may be slow.
  inPlace: false,
};

/// Writes one agent's logs below `home`, and counts. `config` and `data` are what XDG_CONFIG_HOME
/// and XDG_DATA_HOME name, if that is not the usual.
export class MadeLogs {
  /// What there is to tell: sessions, events by type as a collector names them, tokens as the logs
  /// count them, and those of answers that are estimated because no one did.
  told = {
    files: 0,
    sessions: 0,
    events: {},
    usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
    estimated: 0,
    cost: 0,
    broken: 0,
  };

  constructor(home, options = {}) {
    this.options = { ...defaults, ...options };
    this.home = home;
    this.config = options.config ?? join(home, '.config');
    this.data = options.data ?? join(home, '.local', 'share');
    this.random = new Random(this.options.seed);
  }

  // ---- files

  /// Writes a text, or a value as JSON, or lines of them. Returns the path.
  write(path, content) {
    mkdirSync(dirname(path), { recursive: true });
    if (this.options.inPlace) {
      writeInPlace(path, Buffer.from(textOf(content)));
    } else {
      writeFileSync(`${path}.part`, textOf(content));
      renameSync(`${path}.part`, path);
    }
    this.told.files += 1;
    return path;
  }

  // ---- counting

  tell(type, count = 1) {
    if (count > 0) this.told.events[type] = (this.told.events[type] ?? 0) + count;
  }
  use(usage) {
    for (const [kind, tokens] of Object.entries(usage)) this.told.usage[kind] += tokens;
  }
  /// 1.3 tokens a word, rounded down.
  estimate(text) {
    const words = text.trim().split(/\s+/u).filter((word) => word !== '').length;
    this.told.estimated += Math.floor((words * 13) / 10);
  }

  // ---- values

  hex(length) {
    let text = '';
    while (text.length < length) text += this.random.below(0x10000000).toString(16).padStart(7, '0');
    return text.slice(0, length);
  }
  uuid() {
    const h = this.hex(32);
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
  }
  /// Words; never blank.
  text(length) {
    const at = this.random.below(TEXT.length - length);
    return `so ${TEXT.slice(at, at + length)}.`;
  }
  /// As long as what people and models say: mostly little.
  said() {
    return this.text(this.random.between(10, this.chance(8) ? 6000 : 700));
  }
  /// As long as the output of a tool: mostly little, now and then a whole file.
  output() {
    return this.text(this.random.between(10, this.chance(15) ? 40_000 : 2500));
  }
  chance(oneIn) {
    return this.random.below(oneIn) === 0;
  }
  /// `count` or one or two less or more, but one at least.
  about(count) {
    return Math.max(1, count + this.random.between(-2, 3));
  }
  /// Milliseconds since 1970 at which a session begins.
  begin() {
    return this.options.start + this.random.below(this.options.days) * DAY_MS + this.random.below(DAY_MS / 2);
  }
}

export const iso = (ms) => new Date(ms).toISOString();

/// The counts of several generators in one.
export function sum(all) {
  const total = new MadeLogs('').told;
  for (const told of all) {
    for (const name of ['files', 'sessions', 'estimated', 'cost', 'broken']) total[name] += told[name];
    for (const part of ['events', 'usage']) {
      for (const [name, count] of Object.entries(told[part])) {
        total[part][name] = (total[part][name] ?? 0) + count;
      }
    }
  }
  return total;
}

function writeInPlace(path, bytes) {
  const file = openSync(path, 'w');
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    writeSync(file, bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
  }
  closeSync(file);
}

function textOf(content) {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return JSON.stringify(content);
  return content.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
}
