// A start that cannot be is refused in one line that says what is wrong and what to do.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor } from '../support/monitor.mjs';
import { refusal, startServer } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';

const on = (db, ...more) => ['--port', '0', '--db', db, ...more];

describe('a database', () => {
  test('that another process has open is refused with the pid of its owner', async () => {
    const server = await startServer();
    const { code, line } = await refusal(on(server.db));
    assert.equal(code, 1);
    assert.match(line, new RegExp(`in use by process ${server.pid}\\b`));
    await new Monitor(server.url).send();
    assert.equal(await server.stop(), 0, 'its owner goes on');
    const again = await startServer({ dir: server.dir });
    assert.equal(await again.stop(), 0, 'and when it has ended the database is free');
  });

  test('whose owner was killed is free', async () => {
    const server = await startServer();
    await server.kill();
    const again = await startServer({ dir: server.dir });
    assert.equal(await again.stop(), 0, again.output());
  });

  test('that AgentMonitor has open is refused with its pid', async () => {
    const dir = temporaryDirectory();
    const db = join(dir, 'monitor.db');
    const mark = { pid: process.pid, startedAt: new Date().toISOString(), token: 't', dbPath: db };
    writeFileSync(`${db}.runtime.lock`, JSON.stringify(mark));
    const { code, line } = await refusal(on(db));
    assert.equal(code, 1);
    assert.match(line, new RegExp(`in use by process ${process.pid}\\b`));
    assert.deepEqual(JSON.parse(readFileSync(`${db}.runtime.lock`)), mark, 'its mark is as it was');
  });

  test('that an AgentMonitor which is no more had open is free', async () => {
    const dir = temporaryDirectory();
    const mark = { pid: 2 ** 22 + 1, startedAt: '2026-02-18T00:00:00.000Z', token: 't' };
    writeFileSync(join(dir, 'monitor.db.runtime.lock'), JSON.stringify(mark));
    const server = await startServer({ dir });
    assert.equal(await server.stop(), 0, server.output());
    assert.ok(!existsSync(join(dir, 'monitor.db.runtime.lock')));
  });

  // A database file of the program with `rows` events, and what is in it.
  async function soundDatabase(rows) {
    const server = await startServer();
    const monitor = new Monitor(server.url);
    for (let i = 0; i < rows; ++i) await monitor.send({ metadata: { text: 'x'.repeat(2000) } });
    assert.equal(await server.stop(), 0);
    return readFileSync(server.db);
  }

  const damaged = {
    'of garbage': async () => randomBytes(40_000),
    'of a few bytes': async () => Buffer.from('not a database\n'),
    'that begins like one and goes on as garbage': async () =>
      Buffer.concat([Buffer.from('SQLite format 3\0'), randomBytes(40_000)]),
    'whose pages behind the first are garbage': async () => {
      const sound = await soundDatabase(50);
      return Buffer.concat([sound.subarray(0, 4096), randomBytes(sound.length - 4096)]);
    },
    'that was cut short': async () => {
      const sound = await soundDatabase(50);
      return sound.subarray(0, 4096 * 3);
    },
  };
  for (const [name, make] of Object.entries(damaged)) {
    test(`${name} is refused by its name, and left as it is`, async () => {
      const bytes = await make();
      const dir = temporaryDirectory();
      const db = join(dir, 'monitor.db');
      writeFileSync(db, bytes);
      const { code, line } = await refusal(on(db));
      assert.equal(code, 1);
      assert.ok(line.includes(db), line);
      assert.ok(readFileSync(db).equals(bytes), 'the file has changed');
      assert.deepEqual(readdirSync(dir), ['monitor.db'], 'files are left behind');
    });
  }

  test('that is empty becomes a new one', async () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, 'monitor.db'), '');
    const server = await startServer({ dir });
    await new Monitor(server.url).send();
    assert.equal(await server.stop(), 0, server.output());
  });

  test('that a newer version has written is refused, and left as it is', async () => {
    const server = await startServer();
    assert.equal(await server.stop(), 0);
    sqlite(server.db, 'UPDATE sightline_schema SET step = 1000;');
    const { code, line } = await refusal(on(server.db));
    assert.equal(code, 1);
    assert.match(line, /newer version/);
    const steps = sqlite(server.db, 'SELECT DISTINCT step FROM sightline_schema;');
    assert.deepEqual(steps, [{ step: 1000 }]);
  });

  test('that is a folder is refused by its name', async () => {
    const db = join(temporaryDirectory(), 'folder');
    mkdirSync(db);
    const { code, line } = await refusal(on(db));
    assert.equal(code, 1);
    assert.ok(line.includes(db), line);
  });

  test('below a file is refused by its name', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const { code, line } = await refusal(on(join(file, 'monitor.db')));
    assert.equal(code, 1);
    assert.ok(line.includes(file), line);
  });

  test('in a folder that is not there is made, for its owner alone', async () => {
    const data = temporaryDirectory();
    const { code } = await refusal(['--port', '0', '--host', '192.0.2.1', '--insecure'], {
      env: { XDG_DATA_HOME: join(data, 'new') },
    });
    assert.equal(code, 1);
    const modeOf = (...path) => (statSync(join(data, ...path)).mode & 0o777).toString(8);
    assert.equal(modeOf('new'), '700');
    assert.equal(modeOf('new', 'sightline'), '700');
    assert.equal(modeOf('new', 'sightline', 'monitor.db'), '600');
  });
});

describe('an address', () => {
  const newDatabase = () => join(temporaryDirectory(), 'monitor.db');

  test('that is taken is refused with its port', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address();
    const { code, line } = await refusal(['--port', `${port}`, '--db', newDatabase()]);
    assert.equal(code, 1);
    assert.match(line, new RegExp(`127\\.0\\.0\\.1:${port}\\b.*--port`));
    taken.close();
  });

  test('that this machine does not have is refused', async () => {
    const { code, line } = await refusal(on(newDatabase(), '--host', '192.0.2.1', '--insecure'));
    assert.equal(code, 1);
    assert.match(line, /192\.0\.2\.1/);
  });

  test('that is no address is refused as wrong usage', async () => {
    const { code, line } = await refusal(on(newDatabase(), '--host', 'example.com', '--insecure'));
    assert.equal(code, 2);
    assert.match(line, /"example\.com".*127\.0\.0\.1/);
  });
});
