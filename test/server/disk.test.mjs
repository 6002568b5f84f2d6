// A disk that is full, or cannot be written any more: what is acknowledged stays, reads and streams
// go on, writers are told to come again, and nothing needs a restart.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FragileDisk, memoryDisk, noMemoryDisk } from '../support/disks.mjs';
import { Follower } from '../support/follower.mjs';
import { Monitor, event } from '../support/monitor.mjs';
import { Publishers } from '../support/publishers.mjs';
import { assertStatisticsAreSql, assertTotalsAreRecounts } from '../support/recount.mjs';
import { refusal, startServer } from '../support/server.mjs';
import { sqlite } from '../support/sqlite.mjs';
import { until } from '../support/until.mjs';

const env = { AGENTMONITOR_STATS_INTERVAL: '250' };

// Clients that post events of some size, and try again what is refused.
function publishersOf(t) {
  let made = 0;
  const make = () => {
    made += 1;
    return event({
      event_id: `event-${made}`,
      session_id: `session-${made % 7}`,
      agent_type: 'a',
      metadata: { text: 'x'.repeat(4000) },
    });
  };
  return new Publishers(t, make, { batchOf: () => (made % 3 ? 1 : 4), retries: true });
}

function assertSaysComeAgain({ status, headers, json }) {
  assert.equal(status, 503);
  assert.ok(Number(headers['retry-after']) >= 1, `Retry-After: ${headers['retry-after']}`);
  assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  assert.ok(json.error.length > 0);
}

// Reads, and streams that were open before and that are opened now, work.
async function assertReadsGoOn(monitor, openStream, stored) {
  assert.ok((await monitor.stats()).total_events >= stored);
  assert.ok((await monitor.feed({ limit: 5 })).events.length === 5);
  assert.equal((await monitor.get('/api/health')).status, 200);
  await openStream.nextMessage('stats');
  const newStream = await monitor.stream('/api/stream?last_event_id=0');
  await newStream.nextMessage('event');
  await newStream.nextMessage('stats');
  newStream.close();
}

// Every acknowledged event is in `db` once, and no other than those that were sent.
function assertNothingIsLost(db, { acknowledged, sent }) {
  const stored = sqlite(db, 'SELECT event_id FROM events NOT INDEXED;').map((row) => row.event_id);
  assert.equal(new Set(stored).size, stored.length);
  for (const event_id of stored) assert.ok(sent.has(event_id), event_id);
  for (const event_id of acknowledged.keys()) assert.ok(stored.includes(event_id), event_id);
}

describe('a full disk', { skip: noMemoryDisk() }, () => {
  test('stops writes alone; with room again, all goes on as if nothing had been', async (t) => {
    const disk = memoryDisk('24m');
    let server = await startServer({ dir: disk.dir, env });
    const monitor = new Monitor(server.url);
    const all = publishersOf(t);
    const follower = new Follower(t, { after: 0 });
    follower.follow(server.url);
    const stream = await monitor.stream();
    all.start(server.url, 6);
    const isAcknowledged = (count) => () => all.acknowledged.size >= count;
    await until(isAcknowledged(100), 'events are taken');

    for (let round = 1; round <= 3; ++round) {
      const free = disk.fill();
      const refusedBefore = all.refused.length;
      const isRefused = () => all.refused.length > refusedBefore + 20;
      await until(isRefused, 'writes are refused', { withinMs: 10_000 });
      await assertReadsGoOn(monitor, stream, all.acknowledged.size);
      const stoppedAt = all.acknowledged.size;
      free();
      await until(isAcknowledged(stoppedAt + 100), 'writes go on without a restart');
    }
    await all.stop();
    for (const reply of all.refused) assertSaysComeAgain(reply);
    const last = await monitor.send({ event_id: 'last' });
    all.sent.set('last', {});
    await follower.seesUpTo(last);
    const ids = sqlite(server.db, 'SELECT id FROM events ORDER BY id;').map(({ id }) => id);
    assert.deepEqual(follower.seen, ids, 'what the stream has sent');
    await follower.leave();

    assertNothingIsLost(server.db, all);
    assertTotalsAreRecounts(server.db);
    await assertStatisticsAreSql(monitor, server.db);
    assert.equal(await server.stop(), 0, server.output());
    server = await startServer({ dir: disk.dir });
    assertNothingIsLost(server.db, all);
    await assertStatisticsAreSql(new Monitor(server.url), server.db);
    assert.equal(await server.stop(), 0, server.output());
    assert.deepEqual(sqlite(server.db, 'PRAGMA integrity_check;'), [{ integrity_check: 'ok' }]);
    disk.unmount();
  });

  test('loses nothing that was acknowledged when the server is killed on it', async (t) => {
    const disk = memoryDisk('16m');
    let server = await startServer({ dir: disk.dir, env });
    const all = publishersOf(t);
    all.start(server.url, 6);
    await until(() => all.acknowledged.size >= 50, 'events are taken');
    const free = disk.fill();
    await until(() => all.refused.length > 20, 'writes are refused', { withinMs: 10_000 });
    await server.kill();
    free();
    server = await startServer({ dir: disk.dir, port: server.port });
    const before = all.acknowledged.size;
    await until(() => all.acknowledged.size >= before + 50, 'writes go on');
    await all.stop();
    assertNothingIsLost(server.db, all);
    assertTotalsAreRecounts(server.db);
    assert.equal(await server.stop(), 0, server.output());
    disk.unmount();
  });

  test('has no room for a start, which is refused in one line', async () => {
    const disk = memoryDisk('1m');
    disk.fill();
    const { code, line } = await refusal(['--port', '0', '--db', join(disk.dir, 'monitor.db')]);
    assert.equal(code, 1);
    assert.ok(line.includes(disk.dir), line);
    disk.unmount();
  });
});

describe('a read-only file system', { skip: noMemoryDisk() }, () => {
  test('is no place for a new database: the start is refused in one line', async () => {
    const disk = memoryDisk('1m');
    disk.remount('ro');
    const { code, line } = await refusal(['--port', '0', '--db', join(disk.dir, 'monitor.db')]);
    assert.equal(code, 1);
    assert.match(line, /[Rr]ead-only/);
    assert.ok(line.includes(disk.dir), line);
    disk.unmount();
  });

  test('is no place for a database that is there either', async () => {
    const disk = memoryDisk('8m');
    let server = await startServer({ dir: disk.dir });
    const id = await new Monitor(server.url).send();
    assert.equal(await server.stop(), 0);
    disk.remount('ro');
    const { code, line } = await refusal(['--port', '0', '--db', server.db]);
    assert.equal(code, 1);
    assert.match(line, /[Rr]ead-only/);
    disk.remount('rw');
    server = await startServer({ dir: disk.dir });
    assert.equal((await new Monitor(server.url).rows({}))[0].id, id);
    assert.equal(await server.stop(), 0, server.output());
    disk.unmount();
  });
});

describe('a file system that becomes read-only', { skip: FragileDisk.missing() }, () => {
  test('under the server stops writes alone, and keeps all that was acknowledged', async (t) => {
    const disk = FragileDisk.make();
    let server = await startServer({ dir: disk.dir, env });
    const monitor = new Monitor(server.url);
    const stream = await monitor.stream();
    const all = publishersOf(t);
    all.start(server.url, 6);
    await until(() => all.acknowledged.size >= 100, 'events are taken');
    // ext4 may say that it has synchronised what it is about to lose when it breaks meanwhile.
    await all.stop();
    disk.break();
    const taken = all.acknowledged.size;
    all.start(server.url, 6);
    await until(() => all.refused.length > 20, 'writes are refused', { withinMs: 10_000 });
    assert.equal(all.acknowledged.size, taken, 'nothing is acknowledged');
    await assertReadsGoOn(monitor, stream, all.acknowledged.size);
    for (const reply of all.refused) assertSaysComeAgain(reply);
    assert.equal(await server.stop(), 0, server.output());
    disk.unmount();

    disk.mount();
    server = await startServer({ dir: disk.dir, port: server.port });
    const before = all.acknowledged.size;
    await until(() => all.acknowledged.size >= before + 50, 'writes go on');
    await all.stop();
    assertNothingIsLost(server.db, all);
    assertTotalsAreRecounts(server.db);
    assert.equal(await server.stop(), 0, server.output());
    disk.unmount();
  });
});
