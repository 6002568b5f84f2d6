// The import that a server does by itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { event, Monitor } from '../support/monitor.mjs';
import { until } from '../support/until.mjs';

const FIRST_LIMIT_MS = 20_000; // it comes 5 s after the start
const NEXT_LIMIT_MS = 90_000; // and then every minute
const line = (type, second) => ({ type, sessionId: 's', timestamp: `2026-02-20T08:00:0${second}Z` });

function imports(stream) {
  return stream.frames.map((frame) => frame.message).filter((m) => m?.payload?.type === 'auto_import');
}
const nextImport = (stream, withinMs) =>
  stream.next((frame) => frame.message?.payload?.type === 'auto_import', { withinMs });

describe('a server', () => {
  test('imports at its start and every so often, and tells how much', async () => {
    const home = new AgentsHome();
    const path = home.claudeLog('s', [line('user', 1), line('assistant', 2)]);
    home.codexLog('c', [{ timestamp: '2026-02-20T09:00:00Z', type: 'session_meta', payload: { id: 'c' } }]);
    const server = await home.serve({ env: { SIGHTLINE_COLLECT: 'false', AGENTMONITOR_AUTO_IMPORT_MINUTES: '1' } });
    await until(() => /Auto-import: every 1m/.test(server.output()), 'it says so');
    const monitor = new Monitor(server.url);
    const stream = await monitor.stream();
    const filtered = await monitor.stream('/api/stream?agent_type=claude_code');

    const { message } = await nextImport(stream, FIRST_LIMIT_MS);
    assert.deepEqual(message, { type: 'session_update', payload: { type: 'auto_import', imported: 4 } });
    assert.equal((await monitor.stats()).total_events, 4);
    await until(() => /Auto-import: 4 events from 2 files/.test(server.output()), 'its line in the log');

    // Of all of this only what a client sends is news.
    const sent = event();
    await monitor.send(sent);
    const first = await stream.next((frame) => frame.message?.type === 'event');
    assert.equal(first.message.payload.session_id, sent.session_id);

    home.append(path, [line('user', 3)]);
    const next = await nextImport(stream, NEXT_LIMIT_MS);
    assert.equal(next.message.payload.imported, 1);
    assert.equal(imports(stream).length, 2);
    assert.equal(imports(filtered).length, 0, 'a filter lets no notice through');
    assert.equal(stream.frames.filter((frame) => frame.message?.type === 'event').length, 1);
    stream.close();
    filtered.close();
    assert.equal(await server.stop(), 0, server.output());
  });

  test('that is told to stop while it imports ends soon, and the rest comes later', async () => {
    const home = new AgentsHome();
    home.generate({ bytes: 40e6 });
    const server = await home.serve({ env: { SIGHTLINE_COLLECT: 'false', AGENTMONITOR_AUTO_IMPORT_MINUTES: '1' } });
    const monitor = new Monitor(server.url);
    await until(async () => (await monitor.stats()).total_events > 0, 'the import has begun', { withinMs: FIRST_LIMIT_MS });
    assert.equal(await server.stop(), 0, server.output());
    const { totalEventsFound, totalDuplicates } = await home.import('--force');
    assert.ok(totalDuplicates > 0, 'it stored some');
    assert.equal(home.events().length, totalEventsFound);
  });

  test('imports nothing when it may not', async () => {
    const home = new AgentsHome();
    home.claudeLog('s', [line('user', 1)]);
    const server = await home.serve({ env: { SIGHTLINE_COLLECT: 'false', AGENTMONITOR_AUTO_IMPORT_MINUTES: '0' } });
    assert.doesNotMatch(server.output(), /Auto-import/);
    assert.equal(await server.stop(), 0, server.output());
  });
});
