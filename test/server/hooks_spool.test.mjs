// What `sightline hook` could not tell a server: it waits on disk, and comes once.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runHook } from '../support/hooks.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const SLOW = process.env.SIGHTLINE_SLOW ? 10 : 1;

// A data folder shared by hooks and servers.
class Home {
  data = temporaryDirectory();
  env = { XDG_DATA_HOME: this.data };

  hook(url, fields = {}) {
    const input = { session_id: unique('session'), tool_name: 'Read', ...fields };
    return runHook('program', 'post-tool-use', input, url, { env: this.env });
  }
  spool(port) {
    return join(this.data, 'sightline', 'spool', `127.0.0.1:${port}`);
  }
  files(port) {
    return existsSync(this.spool(port)) ? readdirSync(this.spool(port)) : [];
  }
  start(options = {}) {
    return startServer({ env: this.env, ...options });
  }
}

// The port and database of a server that has been stopped.
async function absent(home) {
  const server = await home.start();
  assert.equal(await server.stop(), 0);
  return server;
}

async function metric(url, name) {
  const { text } = await new Monitor(url).get('/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

describe('an event for a server that is down', () => {
  test('is delivered once when it starts, with the time at which it happened', async () => {
    const home = new Home();
    const { port, dir, url } = await absent(home);
    const began = Date.now();
    for (const tool_use_id of ['a', 'b', undefined]) {
      const { code, stdout, stderr } = await home.hook(`${url}/`, { tool_use_id });
      assert.equal(code, 0);
      assert.equal(stdout + stderr, '');
    }
    const ended = Date.now();
    assert.equal(home.files(port).length, 3);

    for (let start = 0; start < 2; ++start) {
      const server = await home.start({ port, dir });
      const monitor = new Monitor(server.url);
      await until(() => home.files(port).length === 0, 'an empty spool');
      const rows = await monitor.rows({});
      assert.equal(rows.length, 3);
      for (const row of rows) {
        const at = Date.parse(row.client_timestamp);
        assert.ok(at >= began && at <= ended, row.client_timestamp);
        assert.ok(row.event_id);
      }
      const delivered = await metric(server.url, 'sightline_spool_delivered_total');
      assert.equal(delivered, start === 0 ? 3 : 0);
      assert.equal(await server.stop(), 0, server.output());
    }
  });

  test('lies where only its owner can read it', async () => {
    const home = new Home();
    const { port, url } = await absent(home);
    await home.hook(url);
    const mode = (path) => (statSync(path).mode & 0o777).toString(8);
    assert.equal(mode(join(home.data, 'sightline', 'spool')), '700');
    assert.equal(mode(home.spool(port)), '700');
    assert.equal(mode(join(home.spool(port), home.files(port)[0])), '600');
  });

  test('does not go to another server of the same machine', async () => {
    const home = new Home();
    const { port, dir, url } = await absent(home);
    const other = await home.start();
    await home.hook(url, { tool_use_id: 'first' });
    await home.hook(other.url, { tool_use_id: 'other' });
    // Something of its own makes the other server look, and deliver.
    mkdirSync(home.spool(other.port), { recursive: true });
    const event = { session_id: 's', agent_type: 'a', event_type: 'error' };
    writeFileSync(join(home.spool(other.port), 'x-1.json'), JSON.stringify(event));
    const monitor = new Monitor(other.url);
    await until(async () => (await monitor.rows({})).length === 2, 'its own two events');
    assert.equal(home.files(port).length, 1);
    await other.stop();
    const server = await home.start({ port, dir });
    await until(async () => (await new Monitor(server.url).rows({})).length === 1, 'the first one');
    await server.stop();
  });

  test('is dropped, with exit code 0, where nothing can be written', async () => {
    const home = new Home();
    writeFileSync(join(home.data, 'sightline'), 'a file');
    const { code, stderr } = await home.hook('http://127.0.0.1:1');
    assert.equal(code, 0);
    assert.match(stderr, /^sightline hook: [^\n]+\n$/);
  });
});

describe('a running server', () => {
  test('takes in what was spooled while it did not answer', async () => {
    const home = new Home();
    const server = await home.start();
    server.process.kill('SIGSTOP');
    const { code, ms } = await home.hook(server.url, { tool_use_id: 't' });
    server.process.kill('SIGCONT');
    assert.equal(code, 0);
    assert.ok(ms < 1000 * SLOW, `${ms} ms`);
    assert.ok(home.files(server.port).length <= 1);
    const monitor = new Monitor(server.url);
    await until(async () => home.files(server.port).length === 0, 'an empty spool');
    await until(async () => (await monitor.rows({})).length === 1, 'the event');
    // It may have had the request all the while: then the spooled one is a duplicate.
    assert.equal((await monitor.rows({})).length, 1);
    assert.equal(await server.stop(), 0, server.output());
  });

  test('sets aside what is no event, and delivers the others', async () => {
    const home = new Home();
    const { port, dir, url } = await absent(home);
    await home.hook(url);
    await home.hook(url);
    const broken = {
      '0-1.json': '{"session_id"',
      '1-0.json': '',
      'y-1.json': '{"session_id":"s","agent_type":"a","event_type":"nonsense"}',
      'z-1.json': Buffer.alloc(2 << 20, 'x'),
    };
    for (const [name, text] of Object.entries(broken)) writeFileSync(join(home.spool(port), name), text);
    mkdirSync(join(home.spool(port), '2-1.json'));
    const server = await home.start({ port, dir });
    await until(async () => (await new Monitor(server.url).rows({})).length === 2, 'the two events');
    const rejected = [...Object.keys(broken), '2-1.json'].map((name) => `${name}.rejected`).sort();
    await until(() => home.files(port).length === 5, 'only what was set aside');
    assert.deepEqual(home.files(port).sort(), rejected);
    assert.equal(await metric(server.url, 'sightline_spool_rejected_total'), 5);
    for (const name of Object.keys(broken)) assert.ok(server.output().includes(name), name);
    assert.equal(await server.stop(), 0, server.output());
  });

  test('gets all events of fifty hooks at once, each one time', async () => {
    const home = new Home();
    const { port, dir, url } = await absent(home);
    const session_id = unique('session');
    const hooks = (from) =>
      Array.from({ length: 25 }, (_, i) => home.hook(url, { session_id, tool_use_id: `t${from + i}` }));
    const first = hooks(0);
    const server = await home.start({ port, dir }); // in the midst of them
    const results = await Promise.all([...first, ...hooks(25)]);
    assert.ok(results.every(({ code }) => code === 0));
    const monitor = new Monitor(server.url);
    const all = () => monitor.rows({ session_id, limit: 100 });
    await until(async () => (await all()).length === 50, 'fifty events');
    await until(() => home.files(port).length === 0, 'an empty spool');
    assert.equal((await all()).length, 50);
    assert.equal(await server.stop(), 0, server.output());
  });
});

describe('a server that accepts and never answers', () => {
  for (const [name, talk] of Object.entries({
    'a word': () => {},
    'more than the beginning': (socket) => socket.write('HTTP/1.1 201 Cre'),
    'with what is stored': (socket) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'),
  })) {
    test(`${name} does not hold the agent up, and loses nothing`, async () => {
      const home = new Home();
      const stalled = createServer((socket) => {
        socket.on('error', () => {});
        talk(socket);
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => stalled.once('listening', resolve));
      const { port } = stalled.address();
      const { code, ms } = await home.hook(`http://127.0.0.1:${port}`);
      assert.equal(code, 0);
      assert.ok(ms < 500 * SLOW, `${ms} ms`);
      assert.equal(home.files(port).length, 1);
      stalled.close();
    });
  }
});
