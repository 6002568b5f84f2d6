// What the backend does not take: told, kept, and sent again when that is asked for.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backend, Collected } from '../support/collector.mjs';
import { run } from '../support/server.mjs';

const NOBODY = 'http://127.0.0.1:9'; // the port of the discard service: nobody listens
const BACKFILL = ['backfill', 'run', '-a', 'claude'];

// A command of the collector in this home.
const collect = (home, args) =>
  run(['collect', ...args, '--config', home.config], { env: home.env });

describe('a back-fill that the backend does not take', () => {
  test('says how much waits, and why, and fails', async () => {
    const home = new Collected(NOBODY);
    home.say('a', 0, 4);
    const { code, stdout, stderr } = await collect(home, BACKFILL);
    const waiting = home.waiting().length;
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`✓ Backfill completed\n[^]*\nEvents processed: ${waiting}\n`));
    assert.match(
      stderr,
      new RegExp(`^Error: ${waiting} events wait to be sent: request failed: .*refused`, 'm'),
    );
    const again = JSON.parse((await collect(home, [...BACKFILL, '--json'])).stdout);
    assert.deepEqual([again.processed, again.unsent, again.parked], [0, waiting, 0]);
  });

  test('is the same when it refuses them all for its configuration', async () => {
    const backend = await new Backend().start();
    backend.answer = 401;
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const { code, stderr } = await collect(home, BACKFILL);
    assert.equal(code, 1);
    assert.match(stderr, /^Error: \d events wait to be sent: unexpected status 401: /m);
    await backend.stop();
  });

  test('says how many it refused one by one', async () => {
    const backend = await new Backend().start();
    backend.answer = 400;
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const { code, stderr } = await collect(home, BACKFILL);
    assert.equal(code, 1);
    assert.deepEqual(home.waiting(), []);
    assert.match(stderr, /^Error: \d events were refused and set aside: unexpected status 400: /m);
    await backend.stop();
  });

  test('is well when all of it was taken', async () => {
    const backend = await new Backend().start();
    const home = new Collected(backend.url);
    home.say('a', 0, 4);
    const { code, stderr } = await collect(home, BACKFILL);
    assert.deepEqual([code, /^Error/m.test(stderr)], [0, false], stderr);
    await backend.stop();
  });
});
