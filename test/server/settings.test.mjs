// Settings from the environment, each on a server of its own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Monitor, event, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

// Runs `body` with a monitor whose server has these settings; the server must stop well.
async function withSettings(env, body) {
  const server = await startServer({ env });
  try {
    await body(new Monitor(server.url));
  } catch (failure) {
    await server.kill();
    throw failure;
  }
  assert.equal(await server.stop(), 0, server.output());
}

function testWith(env, name, body) {
  test(name, () => withSettings(env, body));
}

const bytesOf = (value) => Buffer.byteLength(JSON.stringify(value));

// {"blob":"xxx"} of exactly this many bytes.
const blobOf = (bytes) => ({ blob: 'x'.repeat(bytes - bytesOf({ blob: '' })) });

async function metadataOf(monitor, metadata) {
  const row = await monitor.stored({ metadata });
  return [row.metadata, row.payload_truncated];
}

describe('AGENTMONITOR_MAX_PAYLOAD_KB', () => {
  testWith({ AGENTMONITOR_MAX_PAYLOAD_KB: '1' }, '1 keeps 1024 bytes', async (monitor) => {
    const fits = blobOf(1024);
    assert.deepEqual(await metadataOf(monitor, fits), [JSON.stringify(fits), 0]);
    const [text, truncated] = await metadataOf(monitor, blobOf(1025));
    assert.deepEqual([text, truncated], ['{"_truncated":true,"_original_bytes":1025}', 1]);
  });

  testWith({ AGENTMONITOR_MAX_PAYLOAD_KB: '1' }, '1 summarises what is larger', async (monitor) => {
    const metadata = { command: 'ls', blob: 'x'.repeat(2000) };
    const summary = '{"_truncated":true,"_original_bytes":2026,"command":"ls"}';
    assert.deepEqual(await metadataOf(monitor, metadata), [summary, 1]);
  });

  testWith({ AGENTMONITOR_MAX_PAYLOAD_KB: '1' }, '1 never cuts a character', async (monitor) => {
    for (const start of ['', 'x', 'xx', 'xxx']) {
      const metadata = { message: start + '😀'.repeat(252) };
      const bytes = bytesOf(metadata); // 1022 to 1025
      const expected =
        bytes <= 1024
          ? [JSON.stringify(metadata), 0]
          : [`{"_truncated":true,"_original_bytes":${bytes}}`, 1];
      assert.deepEqual(await metadataOf(monitor, metadata), expected);
    }
  });

  testWith({ AGENTMONITOR_MAX_PAYLOAD_KB: '0' }, '0 keeps nothing', async (monitor) => {
    for (const metadata of [{}, { a: 1 }, null, 7, 'text', blobOf(5000)]) {
      assert.deepEqual(await metadataOf(monitor, metadata), ['{}', 1]);
    }
  });

  testWith({ AGENTMONITOR_MAX_PAYLOAD_KB: '2junk' }, '2junk is 2', async (monitor) => {
    assert.deepEqual((await metadataOf(monitor, blobOf(2048)))[1], 0);
    assert.deepEqual((await metadataOf(monitor, blobOf(2049)))[1], 1);
  });

  for (const value of ['', 'junk', '-1']) {
    testWith({ AGENTMONITOR_MAX_PAYLOAD_KB: value }, `"${value}" is 10`, async (monitor) => {
      assert.deepEqual((await metadataOf(monitor, blobOf(10_240)))[1], 0);
      assert.deepEqual((await metadataOf(monitor, blobOf(10_241)))[1], 1);
    });
  }
});

describe('AGENTMONITOR_MAX_SSE_CLIENTS', () => {
  testWith({ AGENTMONITOR_MAX_SSE_CLIENTS: '2' }, '2 refuses a third client', async (monitor) => {
    const streams = [await monitor.stream(), await monitor.stream('/api/stream?agent_type=x')];
    const third = await monitor.get('/api/stream');
    assert.equal(third.status, 503);
    assert.equal(third.headers['content-type'], 'application/json; charset=utf-8');
    assert.deepEqual(third.json, { error: 'SSE client limit reached', max_clients: 2 });
    assert.equal((await monitor.get('/api/health')).json.sse_clients, 2);

    // The two have not noticed, and the refusal took no slot.
    await monitor.send();
    await streams[0].nextMessage('event');
    streams.forEach((stream) => stream.close());
  });

  testWith(
    { AGENTMONITOR_MAX_SSE_CLIENTS: '1' },
    '1 gives the slot of a client that has left to the next',
    async (monitor) => {
      for (let client = 0; client < 5; ++client) {
        const stream = await until(
          () => monitor.stream().catch(() => null),
          'the slot of the client before is free',
        );
        await stream.nextMessage('connected');
        stream.close();
      }
    },
  );

  for (const value of ['0', '-3', 'junk', '']) {
    testWith(
      { AGENTMONITOR_MAX_SSE_CLIENTS: value },
      `"${value}" is the default`,
      async (monitor) => {
        const streams = [];
        for (let client = 0; client < 5; ++client) streams.push(await monitor.stream());
        streams.forEach((stream) => stream.close());
      },
    );
  }
});

describe('AGENTMONITOR_SSE_HEARTBEAT_MS', () => {
  testWith(
    { AGENTMONITOR_SSE_HEARTBEAT_MS: '1000' },
    '1000 sends a comment a second, to filtered clients too',
    async (monitor) => {
      const streams = [
        await monitor.stream(),
        await monitor.stream('/api/stream?event_type=error'),
      ];
      for (const stream of streams) {
        for (let beat = 0; beat < 2; ++beat) {
          const frame = await stream.next(({ comment }) => comment !== null, { withinMs: 5000 });
          assert.equal(frame.raw, ': heartbeat');
        }
        stream.close();
      }
    },
  );

  testWith(
    { AGENTMONITOR_SSE_HEARTBEAT_MS: '1000', AGENTMONITOR_STATS_INTERVAL: '250' },
    '1000 sends it between other messages too',
    async (monitor) => {
      const stream = await monitor.stream();
      await stream.next(({ comment }) => comment === 'heartbeat', { withinMs: 5000 });
      const types = stream.frames.map(({ message }) => message?.type);
      assert.ok(types.filter((type) => type === 'stats').length >= 2, `${types}`);
      stream.close();
    },
  );
});

describe('AGENTMONITOR_STATS_INTERVAL', () => {
  testWith(
    { AGENTMONITOR_STATS_INTERVAL: '250' },
    '250 sends the statistics four times a second',
    async (monitor) => {
      const agent_type = unique('agent');
      await monitor.send({ agent_type, tool_name: 'Bash', tokens_in: 7, cost_usd: 0.25 });
      const stream = await monitor.stream();
      const began = performance.now();
      for (let message = 0; message < 4; ++message) await stream.nextMessage('stats');
      assert.ok(performance.now() - began >= 700, 'sooner than three intervals');

      const { payload } = await stream.nextMessage('stats');
      const { usage_monitor, ...stats } = payload;
      assert.deepEqual(usage_monitor, []);
      assert.deepEqual(stats, await monitor.stats());
      stream.close();
    },
  );

  testWith(
    { AGENTMONITOR_STATS_INTERVAL: '250' },
    '250 shows an event in the statistics that follow it',
    async (monitor) => {
      const stream = await monitor.stream();
      await stream.nextMessage('stats');
      await monitor.sendBatch([event(), event()]);
      const counts = ({ message }) => message?.payload?.total_events === 2;
      await stream.next(counts);
      stream.close();
    },
  );
});

describe('the usage monitor', () => {
  // The `usage_monitor` of the next statistics on the stream of a monitor with these limits.
  async function usage(env, events) {
    let seen;
    await withSettings({ AGENTMONITOR_STATS_INTERVAL: '250', ...env }, async (monitor) => {
      await monitor.sendBatch(events);
      const stream = await monitor.stream();
      seen = (await stream.nextMessage('stats')).payload.usage_monitor;
      stream.close();
    });
    return seen;
  }

  const claude = (fields) => event({ agent_type: 'claude_code', ...fields });
  const codex = (fields) => event({ agent_type: 'codex', ...fields });

  test('has the default limits of claude_code and codex', async () => {
    const events = [
      codex({ cost_usd: 0.25, tokens_in: 999 }),
      claude({ tokens_in: 100, tokens_out: 20, cache_read_tokens: 5000, cost_usd: 9 }),
      claude({ tokens_in: 3 }),
      codex({ cost_usd: 0.5 }),
      event({ tokens_in: 7 }),
    ];
    assert.deepEqual(await usage({}, events), [
      {
        agent_type: 'claude_code',
        limitType: 'tokens',
        session: { used: 123, limit: 44_000, windowHours: 5 },
        extended: null,
        weekly: { used: 123, limit: 293_000, windowHours: 168 },
      },
      {
        agent_type: 'codex',
        limitType: 'cost',
        session: { used: 0.75, limit: 500, windowHours: 5 },
        extended: { used: 0.75, limit: 1500, windowHours: 168 },
        weekly: null,
      },
    ]);
  });

  test('lists an agent type only if it has events', async () => {
    assert.deepEqual(
      (await usage({}, [codex()])).map((each) => each.agent_type),
      ['codex'],
    );
    assert.deepEqual(await usage({}, [event()]), []);
  });

  test('has the limits and windows of claude_code from the environment', async () => {
    const env = {
      AGENTMONITOR_SESSION_TOKEN_LIMIT_CLAUDE_CODE: '1000',
      AGENTMONITOR_SESSION_WINDOW_HOURS_CLAUDE_CODE: '2',
      AGENTMONITOR_EXTENDED_TOKEN_LIMIT_CLAUDE_CODE: '2000',
      AGENTMONITOR_EXTENDED_WINDOW_HOURS_CLAUDE_CODE: '12',
      AGENTMONITOR_WEEKLY_TOKEN_LIMIT_CLAUDE_CODE: '3000',
      AGENTMONITOR_WEEKLY_WINDOW_HOURS_CLAUDE_CODE: '100',
    };
    assert.deepEqual(await usage(env, [claude({ tokens_in: 5 })]), [
      {
        agent_type: 'claude_code',
        limitType: 'tokens',
        session: { used: 5, limit: 1000, windowHours: 2 },
        extended: { used: 5, limit: 2000, windowHours: 12 },
        weekly: { used: 5, limit: 3000, windowHours: 100 },
      },
    ]);
  });

  test('has the limits of codex from the environment, in fractions of a dollar', async () => {
    const env = {
      AGENTMONITOR_SESSION_COST_LIMIT_CODEX: '12.5',
      AGENTMONITOR_SESSION_WINDOW_HOURS_CODEX: '3',
      AGENTMONITOR_EXTENDED_COST_LIMIT_CODEX: '0.75',
      AGENTMONITOR_EXTENDED_WINDOW_HOURS_CODEX: '48',
    };
    assert.deepEqual(await usage(env, [codex({ cost_usd: 0.5 })]), [
      {
        agent_type: 'codex',
        limitType: 'cost',
        session: { used: 0.5, limit: 12.5, windowHours: 3 },
        extended: { used: 0.5, limit: 0.75, windowHours: 48 },
        weekly: null,
      },
    ]);
  });

  test('takes the window of both from the common one, unless they have their own', async () => {
    const env = {
      AGENTMONITOR_SESSION_WINDOW_HOURS: '8',
      AGENTMONITOR_SESSION_WINDOW_HOURS_CODEX: '3',
    };
    const [ofClaude, ofCodex] = await usage(env, [claude(), codex()]);
    assert.equal(ofClaude.session.windowHours, 8);
    assert.equal(ofCodex.session.windowHours, 3);
  });

  test('has no extended and weekly window where the limit is 0', async () => {
    const env = {
      AGENTMONITOR_WEEKLY_TOKEN_LIMIT_CLAUDE_CODE: '0',
      AGENTMONITOR_EXTENDED_COST_LIMIT_CODEX: '0',
    };
    const [ofClaude, ofCodex] = await usage(env, [claude(), codex()]);
    assert.equal(ofClaude.weekly, null);
    assert.equal(ofCodex.extended, null);
  });

  test('has the session window even where its limit is 0', async () => {
    const env = { AGENTMONITOR_SESSION_TOKEN_LIMIT_CLAUDE_CODE: '0' };
    const [ofClaude] = await usage(env, [claude({ tokens_in: 5 })]);
    assert.deepEqual(ofClaude.session, { used: 5, limit: 0, windowHours: 5 });
  });

  test('does not list an agent type without any limit', async () => {
    const env = {
      AGENTMONITOR_SESSION_COST_LIMIT_CODEX: '0',
      AGENTMONITOR_EXTENDED_COST_LIMIT_CODEX: '0',
    };
    const listed = await usage(env, [claude(), codex()]);
    assert.deepEqual(
      listed.map((each) => each.agent_type),
      ['claude_code'],
    );
  });

  test('has its defaults where a setting cannot be read or is below its minimum', async () => {
    const env = {
      AGENTMONITOR_SESSION_WINDOW_HOURS: '0',
      AGENTMONITOR_SESSION_TOKEN_LIMIT_CLAUDE_CODE: '-1',
      AGENTMONITOR_WEEKLY_TOKEN_LIMIT_CLAUDE_CODE: 'many',
      AGENTMONITOR_WEEKLY_WINDOW_HOURS_CLAUDE_CODE: '',
      AGENTMONITOR_SESSION_COST_LIMIT_CODEX: 'much',
      AGENTMONITOR_EXTENDED_COST_LIMIT_CODEX: '-0.5',
    };
    const [ofClaude, ofCodex] = await usage(env, [claude(), codex()]);
    assert.deepEqual(ofClaude.session, { used: 0, limit: 44_000, windowHours: 5 });
    assert.deepEqual(ofClaude.weekly, { used: 0, limit: 293_000, windowHours: 168 });
    assert.deepEqual(ofCodex.session, { used: 0, limit: 500, windowHours: 5 });
    assert.deepEqual(ofCodex.extended, { used: 0, limit: 1500, windowHours: 168 });
  });
});

describe('AGENTMONITOR_AUTO_IMPORT_MINUTES and AGENTMONITOR_SESSION_TIMEOUT', () => {
  const minutesAgo = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

  // Whether an event imported now, that happened so many minutes ago, leaves its session active.
  async function isRecent(monitor, minutes) {
    const imported = { source: 'import', client_timestamp: minutesAgo(minutes) };
    const moved = await monitor.countersMovedBy(() => monitor.send(imported));
    return moved.active_sessions === 1;
  }

  testWith(
    { AGENTMONITOR_AUTO_IMPORT_MINUTES: '20' },
    'an import interval of 20 minutes makes an hour recent',
    async (monitor) => {
      assert.equal(await isRecent(monitor, 59), true);
      assert.equal(await isRecent(monitor, 61), false);
    },
  );

  testWith(
    { AGENTMONITOR_SESSION_TIMEOUT: '20' },
    'a timeout of 20 minutes, without automatic import, makes two hours recent',
    async (monitor) => {
      assert.equal(await isRecent(monitor, 119), true);
      assert.equal(await isRecent(monitor, 121), false);
    },
  );

  testWith(
    { AGENTMONITOR_SESSION_TIMEOUT: '1' },
    'half an hour is recent at least',
    async (monitor) => {
      assert.equal(await isRecent(monitor, 29), true);
      assert.equal(await isRecent(monitor, 31), false);
    },
  );
});

describe('the time zone of the server', () => {
  const stored = async (monitor, client_timestamp) =>
    (await monitor.stored({ client_timestamp })).client_timestamp;

  testWith({ TZ: '<+0530>-05:30' }, 'is that of a date without one', async (monitor) => {
    assert.equal(await stored(monitor, '2026-02-18T10:20:30'), '2026-02-18T04:50:30.000Z');
    assert.equal(await stored(monitor, '2026-02-18 10:20:30'), '2026-02-18T04:50:30.000Z');
    assert.equal(await stored(monitor, '2026-02-18T10:20:30.5'), '2026-02-18T04:50:30.500Z');
  });

  testWith({ TZ: '<+0530>-05:30' }, 'is not that of a date alone', async (monitor) => {
    assert.equal(await stored(monitor, '2026-02-18'), '2026-02-18T00:00:00.000Z');
    assert.equal(await stored(monitor, '2026-02-18T10:20:30Z'), '2026-02-18T10:20:30.000Z');
  });

  const centralEurope = { TZ: 'CET-1CEST,M3.5.0,M10.5.0/3' };
  testWith(centralEurope, 'has summer time in summer', async (monitor) => {
    assert.equal(await stored(monitor, '2026-01-15T12:00:00'), '2026-01-15T11:00:00.000Z');
    assert.equal(await stored(monitor, '2026-07-15T12:00:00'), '2026-07-15T10:00:00.000Z');
  });

  testWith(centralEurope, 'is not used for what the server writes', async (monitor) => {
    const { created_at } = await monitor.stored();
    const age = Date.now() - Date.parse(`${created_at.replace(' ', 'T')}Z`);
    assert.ok(age >= 0 && age < 60_000, created_at);
  });
});
