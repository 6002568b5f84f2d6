// metadata: the text that is stored, and what remains of it beyond the limit of 10 KB.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const LIMIT = 10_240; // UTF-8 bytes of compact JSON
const SUMMARY_KEYS = [
  'command',
  'file_path',
  'query',
  'pattern',
  'error',
  'message',
  'tool_name',
  'path',
  'type',
];

const bytesOf = (value) => Buffer.byteLength(JSON.stringify(value));

// {"blob":"..."} of exactly `bytes`, as far as possible of `character`.
function blobOf(bytes, character = 'x') {
  const room = bytes - bytesOf({ blob: '' });
  const width = Buffer.byteLength(character);
  return { blob: 'x'.repeat(room % width) + character.repeat(Math.floor(room / width)) };
}

async function keeps(metadata) {
  const row = await monitor.stored({ metadata });
  assert.equal(row.metadata, JSON.stringify(metadata));
  assert.equal(row.payload_truncated, 0);
}

async function shortens(metadata, summary) {
  const row = await monitor.stored({ metadata });
  assert.equal(row.metadata, JSON.stringify(summary));
  assert.equal(row.payload_truncated, 1);
}

const marked = (metadata) => ({ _truncated: true, _original_bytes: bytesOf(metadata) });

// Stores metadata that is written as `json`; returns the stored text.
async function storedFrom(json) {
  const sent = event({ metadata: 'METADATA' });
  const body = JSON.stringify(sent).replace('"METADATA"', () => json);
  const reply = await monitor.postText('/api/events', body);
  assert.equal(reply.status, 201, reply.text);
  return (await monitor.row(reply.json.ids[0], sent.session_id)).metadata;
}

describe('the stored text', () => {
  for (const absent of [null, undefined]) {
    test(`of ${absent} is {}`, async () => {
      assert.equal((await monitor.stored({ metadata: absent })).metadata, '{}');
    });
  }

  for (const value of [{}, [], false, true, 0, 7, '', 'text', [null], { a: null }, [[{}]]]) {
    test(`of ${JSON.stringify(value)} is its JSON`, () => keeps(value));
  }

  test('of a string has quotes and escapes', async () => {
    const row = await monitor.stored({ metadata: 'say "hi"\n' });
    assert.equal(row.metadata, '"say \\"hi\\"\\n"');
  });

  test('of characters of every kind is UTF-8', () =>
    keeps({ ключ: 'é 漢字 😀 \u2028', control: '\u0001\b\f\n\r\t', slash: '/"\\' }));

  test('has no white space but that of its strings', async () => {
    assert.equal(
      await storedFrom('{ "a" : [ 1 ,\n\t2 ] ,\r\n"b c" : " d " }'),
      '{"a":[1,2],"b c":" d "}',
    );
  });

  test('has no escapes that it does not need', async () => {
    assert.equal(await storedFrom('{"\\u0061":"\\u00e9\\/\\ud83d\\ude00"}'), '{"a":"é/😀"}');
  });
});

describe('a number', () => {
  const written = {
    '1.0': '1',
    '1e3': '1000',
    '0.10': '0.1',
    '1E-2': '0.01',
    '-2.50': '-2.5',
    '-0': '0',
    100000000000000000000: '100000000000000000000',
    '1e21': '1e+21',
    '1e-7': '1e-7',
    12345678901234567890: '12345678901234567000',
    '0.1000000000000000055': '0.1',
  };
  for (const [sent, stored] of Object.entries(written)) {
    test(`${sent} is stored as ${stored}`, async () => {
      assert.equal(await storedFrom(`{"n":[${sent}]}`), `{"n":[${stored}]}`);
    });
  }
});

describe('the keys of an object', () => {
  test('keep their order', () => keeps({ zeta: 1, alpha: 2, Mid: 3, _x: 4 }));

  test('that are integers come first, ascending', async () => {
    const stored = await storedFrom('{"b":1,"10":2,"a":3,"2":4,"0":5}');
    assert.equal(stored, '{"0":5,"2":4,"10":2,"b":1,"a":3}');
  });

  test('that are integers come first at every depth', async () => {
    const stored = await storedFrom('[{"x":{"b":1,"1":2}}]');
    assert.equal(stored, '[{"x":{"1":2,"b":1}}]');
  });

  test('that are repeated have the last value in the first place', async () => {
    assert.equal(await storedFrom('{"a":1,"b":2,"a":3}'), '{"a":3,"b":2}');
  });

  test('may be named like what every object has', async () => {
    const json = '{"__proto__":{"a":1},"constructor":2,"toString":3}';
    assert.equal(await storedFrom(json), json);
  });

  test('that only resemble integers stay where they are', async () => {
    const json = '{"b":1,"01":2,"-1":3,"1.5":4,"4294967295":5,"1e1":6}';
    assert.equal(await storedFrom(json), json);
  });
});

describe('at the limit', () => {
  const characters = { one: 'x', two: 'é', three: '漢', four: '😀' };
  for (const [width, character] of Object.entries(characters)) {
    test(`10240 bytes in characters of ${width} are kept`, () => keeps(blobOf(LIMIT, character)));

    test(`10241 bytes in characters of ${width} are not`, async () => {
      const metadata = blobOf(LIMIT + 1, character);
      await shortens(metadata, marked(metadata));
    });
  }

  test('white space that was sent does not count', async () => {
    const metadata = blobOf(LIMIT);
    const stored = await storedFrom(JSON.stringify(metadata, null, 8));
    assert.equal(stored, JSON.stringify(metadata));
  });

  test('an escape counts as what is stored of it', async () => {
    const fits = { blob: '\n'.repeat((LIMIT - bytesOf({ blob: '' })) / 2) };
    assert.ok(bytesOf(fits) > LIMIT - 2);
    await keeps(fits);
  });

  for (const [which, value] of Object.entries({
    'a string': 'x'.repeat(LIMIT - 2),
    'an array': ['x'.repeat(LIMIT - 4)],
  })) {
    test(`${which} of 10240 bytes is kept`, () => keeps(value));
  }
});

describe('an object over the limit', () => {
  test('is summarised by the nine keys that tell most', async () => {
    const told = Object.fromEntries(SUMMARY_KEYS.map((key) => [key, `the ${key}`]));
    const metadata = { ...blobOf(LIMIT), ...told };
    await shortens(metadata, { ...marked(metadata), ...told });
  });

  test('is summarised in the order of the contract, not its own', async () => {
    const metadata = { type: 't', path: 'p', command: 'c', ...blobOf(LIMIT), query: 'q' };
    await shortens(metadata, {
      ...marked(metadata),
      command: 'c',
      query: 'q',
      path: 'p',
      type: 't',
    });
  });

  test('keeps the values of these keys whole, whatever they are', async () => {
    const told = { command: null, file_path: 0, error: { message: 'm', stack: [1, { a: '漢' }] } };
    const metadata = { ...told, ...blobOf(LIMIT) };
    await shortens(metadata, { ...marked(metadata), ...told });
  });

  test('loses these keys where they are deeper inside', async () => {
    const metadata = { inner: { command: 'ls' }, ...blobOf(LIMIT) };
    await shortens(metadata, marked(metadata));
  });

  test('counts its bytes, not its characters', async () => {
    const metadata = { command: 'ls', ...blobOf(2 * LIMIT, '漢') };
    assert.ok(JSON.stringify(metadata).length < LIMIT);
    await shortens(metadata, { ...marked(metadata), command: 'ls' });
  });

  test('keeps a summary of exactly 10240 bytes', async () => {
    const metadata = withSummaryOf(LIMIT);
    await shortens(metadata, { ...marked(metadata), command: metadata.command });
  });

  test('does not keep a summary of 10241 bytes', async () => {
    const metadata = withSummaryOf(LIMIT + 1);
    await shortens(metadata, marked(metadata));
  });

  test('does not keep a part of a summary that is too long', async () => {
    const metadata = { command: 'x'.repeat(LIMIT), path: '/short' };
    await shortens(metadata, marked(metadata));
  });

  // The size of the whole has five digits in every case here.
  function withSummaryOf(bytes) {
    const frame = { _truncated: true, _original_bytes: 20_000, command: '' };
    return { command: 'x'.repeat(bytes - bytesOf(frame)), blob: 'y'.repeat(5000) };
  }
});

describe('over the limit', () => {
  for (const [which, metadata] of Object.entries({
    'an array': Array.from({ length: 3000 }, (_, index) => index),
    'an array of objects': [{ command: 'ls', blob: 'x'.repeat(LIMIT) }],
    'a string': 'x'.repeat(LIMIT - 1),
    'a string of wide characters': '漢'.repeat(LIMIT / 2),
  })) {
    test(`${which} is replaced by its size`, () => shortens(metadata, marked(metadata)));
  }
});
