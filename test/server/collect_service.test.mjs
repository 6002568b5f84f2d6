// The collector alone: from the logs through its buffer to a backend, and its own server.
import assert from 'node:assert/strict';
import { existsSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { Backend, Collected, promptsOf, sessionId } from '../support/collector.mjs';
import { run, startServer } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { until, within } from '../support/until.mjs';

const NOBODY = 'http://127.0.0.1:9'; // the port of the discard service: nobody listens

const event = (id, more = {}) => ({
  id,
  timestamp: '2025-12-01T00:00:00Z',
  eventType: 'test-event',
  agentId: 'tester',
  agentVersion: '1.0.0',
  sessionId: '7d1d6c0e-3a55-4f6e-8f0b-2b8f5c1f9e77',
  projectId: 12,
  context: {},
  data: { note: 'hello' },
  ...more,
});
const repeated = (ids) => ids.filter((id, i) => ids.indexOf(id) !== i);

async function post(url, body, headers = { 'content-type': 'application/json' }) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(`${url}/events`, { method: 'POST', headers, body: text });
  return { status: reply.status, json: await reply.json() };
}

describe('collect start', () => {
  test('D-06, vector 20: two runs over the same logs deliver each event once', async () => {
    const backend = await new Backend().start();
    const home = new Collected(backend.url);
    const texts = home.say('a', 0, 250);
    const first = await home.start();
    await until(() => promptsOf(backend.events)[sessionId('a')]?.length === 250, 'all prompts');
    assert.equal(await first.stop(), 0, first.output());
    const delivered = backend.ids().length;

    const second = await home.start();
    await until(() => second.output().includes('sync complete'), 'the end of the history');
    assert.equal(await second.stop(), 0);
    assert.match(second.output(), /Shutting down gracefully\.\.\.[^]*Collector stopped/);
    assert.equal(backend.ids().length, delivered);
    assert.deepEqual(repeated(backend.ids()), []);
    assert.deepEqual(promptsOf(backend.events)[sessionId('a')], texts);
    await backend.stop();
  });

  test('vector 21: appending, cutting short and replacing a log deliver what is new', async () => {
    const backend = await new Backend().start();
    const home = new Collected(backend.url);
    const prompts = () => promptsOf(backend.events)[sessionId('a')] ?? [];
    home.say('a', 0, 5);
    const collector = await home.start();
    await until(() => prompts().length === 5, 'history');
    home.say('a', 5, 5);
    await until(() => prompts().length === 10, 'what was appended');
    truncateSync(home.log('a'), 0);
    home.say('a', 10, 2);
    await until(() => prompts().length === 12, 'what was written after the cut');
    home.say('next', 0, 1, (path, text) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, home.log('a'));
    });
    await until(() => promptsOf(backend.events)[sessionId('next')], 'what took its place');
    assert.equal(await collector.stop(), 0, collector.output());
    assert.deepEqual(repeated(backend.ids()), []);
    await backend.stop();
  });

  test('vector 22: what a backend was away for comes once, in the order of each session', async () => {
    const home = new Collected(NOBODY, {});
    const texts = Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((name) => [sessionId(name), home.say(name, 0, 2500)]),
    );
    const away = await home.start();
    await until(() => home.waiting().length >= 8000, 'a full buffer', { withinMs: 20_000 });
    assert.equal(await away.stop(), 0, away.output());

    const backend = await new Backend().start();
    const again = new Collected(backend.url, { buffer: { dbPath: home.db } });
    again.env = home.env;
    const collector = await again.start();
    await until(() => backend.events.length >= 10_000, 'all events', { withinMs: 30_000 });
    assert.equal(await collector.stop(), 0, collector.output());
    assert.deepEqual(repeated(backend.ids()), []);
    assert.deepEqual(promptsOf(backend.events), texts);
    await backend.stop();
  });

  test('a second one on the same buffer is refused with the pid of the first', async () => {
    const home = new Collected(NOBODY);
    const first = await home.start();
    const { code, stderr } = await run(['collect', 'start', '--config', home.config], {
      env: home.env,
    });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`in use by process ${first.process.pid}\\b`));
    assert.equal(await first.stop('SIGINT'), 0);
  });

  test('D-30: SIGTERM while the history is read pauses it and ends well', async () => {
    const home = new Collected(NOBODY, { buffer: { dbPath: undefined, maxSize: 100 } });
    home.db = `${home.dir}/data/sightline/collector.db`;
    home.say('a', 0, 20_000); // far more than the buffer holds
    const collector = await home.start();
    await until(() => existsSync(home.db) && home.waiting().length >= 100, 'a full buffer');
    assert.equal(await collector.stop(), 0, collector.output());
    assert.deepEqual(home.states(), ['paused']);
  });

  test('--no-history sends only what happens from now on', async () => {
    const backend = await new Backend().start();
    const home = new Collected(backend.url);
    home.say('a', 0, 3);
    const collector = await home.start('--no-history');
    const now = home.say('late', 4_000_000, 2); // of the moment when it is read, or later
    await until(() => promptsOf(backend.events)[sessionId('late')]?.length === 2, 'new prompts');
    assert.equal(await collector.stop(), 0);
    assert.deepEqual(promptsOf(backend.events), { [sessionId('late')]: now });
    await backend.stop();
  });
});

describe('its server', () => {
  test('D-38, vector 19: is there when a port is named, and answers as the contract says', async () => {
    const home = new Collected(NOBODY);
    const silent = await home.start();
    assert.equal(silent.url(), undefined);
    await silent.stop();

    const collector = await home.start('--port', '0');
    const url = collector.url();
    const health = await (await fetch(`${url}/health`)).json();
    assert.equal(health.status, 'ok');
    for (const field of ['pending', 'sent', 'failed_attempts', 'parked', 'files', 'lag_bytes']) {
      assert.equal(typeof health[field], 'number', field);
    }
    assert.deepEqual(await post(url, [event('e1'), event('e2')]), {
      status: 200,
      json: { status: 'success', accepted: 2, failed: 0 },
    });
    assert.deepEqual(home.waiting(), ['e1', 'e2']);
    assert.equal((await post(url, [])).status, 200);
    assert.equal((await post(url, '[{"id":')).status, 400);
    assert.equal((await post(url, [event('e3')], { 'content-type': 'text/plain' })).status, 415);
    const { projectId, ...without } = event('e3');
    const refused = await post(url, [event('e4'), without]);
    assert.equal(refused.status, 422, String(projectId));
    assert.match(refused.json.error, /projectId/);
    assert.equal((await post(url, event('e5'))).status, 422);
    const long = event('e6', { data: { text: 'x'.repeat(2 << 20) } });
    assert.equal((await post(url, [long])).status, 413);
    assert.equal((await fetch(`${url}/events`)).status, 405);
    assert.equal((await fetch(`${url}/other`)).status, 404);
    assert.deepEqual(home.waiting(), ['e1', 'e2']);
    assert.equal(await collector.stop(), 0);
  });

  test('takes events over a WebSocket, and tells which ones it has', async () => {
    const home = new Collected(NOBODY);
    const collector = await home.start('--port', '0');
    const socket = new WebSocket(`${collector.url().replace('http', 'ws')}/ws?ack=1`);
    const heard = [];
    socket.on('message', (text) => heard.push(JSON.parse(text).ack));
    await within(new Promise((open) => socket.once('open', open)), 3000, 'opening');
    socket.send(Buffer.from('bytes'));
    socket.send('no event');
    socket.send(JSON.stringify(event('w1')));
    socket.send(JSON.stringify([event('w2'), { id: 'half' }, event('w3')]));
    await until(() => heard.length === 3, 'three acks');
    assert.deepEqual(heard, ['w1', 'w2', 'w3']);
    assert.deepEqual(home.waiting(), ['w1', 'w2', 'w3']);
    const health = await (await fetch(`${collector.url()}/health`)).json();
    assert.equal(health.ignored, 3);
    const ended = new Promise((closed) => socket.once('close', closed));
    assert.equal(await collector.stop(), 0);
    assert.equal(await within(ended, 3000, 'goodbye'), 1001);
  });

  test('closes a WebSocket whose message is too large', async () => {
    const home = new Collected(NOBODY);
    const collector = await home.start('--port', '0');
    const socket = new WebSocket(`${collector.url().replace('http', 'ws')}/ws`);
    await within(new Promise((open) => socket.once('open', open)), 3000, 'opening');
    const ended = new Promise((closed) => socket.once('close', closed));
    socket.send('x'.repeat((1 << 20) + 1));
    assert.equal(await within(ended, 3000, 'close'), 1009);
    await collector.stop();
  });

  test('asks a silent peer of a WebSocket with pings, and gives up one that is dead', async () => {
    const home = new Collected(NOBODY, { server: { pingInterval: '50ms' } });
    const collector = await home.start('--port', '0');
    const address = `${collector.url().replace('http', 'ws')}/ws?ack=1`;
    const open = async (options) => {
      const socket = new WebSocket(address, options);
      await within(new Promise((ready) => socket.once('open', ready)), 3000, 'opening');
      return socket;
    };
    const alive = await open({});
    let pings = 0;
    alive.on('ping', () => (pings += 1));
    const dead = await open({ autoPong: false });
    let asked = 0;
    dead.on('ping', () => (asked += 1));
    const code = await within(new Promise((end) => dead.once('close', end)), 5000, 'the end');
    assert.deepEqual([code, asked], [1006, 1]); // no goodbye: nobody would hear it

    await until(() => pings >= 3, 'more pings for the one that answers');
    const acked = new Promise((told) => alive.once('message', (text) => told(String(text))));
    alive.send(JSON.stringify(event('p1')));
    assert.equal(await within(acked, 3000, 'an ack'), '{"ack":"p1"}');
    alive.terminate();
    await collector.stop();
  });

  test('opens no WebSocket for the page of another origin', async () => {
    const home = new Collected(NOBODY);
    const collector = await home.start('--port', '0');
    const status = (origin) => {
      const socket = new WebSocket(`${collector.url().replace('http', 'ws')}/ws`, { origin });
      return new Promise((told) => {
        socket.once('open', () => told(101) || socket.terminate());
        socket.once('unexpected-response', (_, response) => told(response.statusCode));
        socket.on('error', () => {});
      });
    };
    assert.equal(await within(status('http://evil.example'), 3000, 'answer'), 403);
    assert.equal(await within(status(collector.url()), 3000, 'answer'), 101);
    await collector.stop();
  });

  test('listens for others only with a key, and then asks for it', async () => {
    const open = new Collected(NOBODY, { apiKey: 'secret', server: { bind: '0.0.0.0' } });
    const collector = await open.start('--port', '0');
    const url = collector.url().replace('0.0.0.0', '127.0.0.1');
    assert.equal((await post(url, [event('e1')])).status, 401);
    const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' };
    assert.equal((await post(url, [event('e1')], headers)).status, 200);
    await collector.stop();
  });
});

test('20 times killed, with a server that comes and goes, each event arrives once', async () => {
  const receiver = await startServer({ args: ['--collect=false'] });
  const home = new Collected(receiver.url);
  const sessions = ['a', 'b', 'c'];
  const texts = Object.fromEntries(sessions.map((name) => [name, []]));
  const stored = () => sqlite(receiver.db, 'SELECT count(*) AS n FROM events;')[0].n;
  let server = receiver;
  for (let round = 0; round < 20; ++round) {
    const before = stored();
    if (round % 5 === 2) await server.stop();
    if (round % 5 === 4) {
      server = await startServer({
        dir: receiver.dir,
        port: receiver.port,
        args: ['--collect=false'],
      });
    }
    const collector = await home.start();
    for (const name of sessions) {
      texts[name].push(...home.say(name, texts[name].length, 40));
    }
    const is_away = round % 5 === 2 || round % 5 === 3;
    await until(
      () =>
        is_away
          ? home.waiting().length > 0
          : stored() > before,
      `some of round ${round} on its way`,
      { withinMs: 10_000 },
    );
    collector.process.kill('SIGKILL');
    await collector.ended();
  }
  const collector = await home.start();
  const rows = () =>
    sqlite(
      receiver.db,
      `SELECT event_id, session_id, metadata FROM events ORDER BY id;`,
    );
  const total = sessions.length * 20 * 40;
  await until(() => rows().filter((row) => /says \d/.test(row.metadata)).length >= total, 'all', {
    withinMs: 20_000,
  });
  assert.equal(await collector.stop(), 0, collector.output());
  assert.deepEqual(repeated(rows().map((row) => row.event_id)), []);
  for (const name of sessions) {
    const said = rows()
      .map((row) => new RegExp(`${name} says \\d+`).exec(row.metadata)?.[0])
      .filter((text) => text);
    assert.deepEqual(said, texts[name]);
  }
  await server.stop();
});
