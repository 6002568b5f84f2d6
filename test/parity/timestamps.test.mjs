// client_timestamp: what is read as a date, and the one form in which it is stored.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const MINUTE = 60_000;

async function stored(client_timestamp) {
  return (await monitor.stored({ client_timestamp })).client_timestamp;
}

function storedAs(table) {
  for (const [input, expected] of Object.entries(table)) {
    test(`"${input}" is stored as ${expected}`, async () => {
      assert.equal(await stored(input), expected);
    });
  }
}

describe('a date with a zone', () => {
  storedAs({
    '2026-02-18T10:20:30Z': '2026-02-18T10:20:30.000Z',
    '2026-02-18T10:20:30+05:30': '2026-02-18T04:50:30.000Z',
    '2026-02-18T10:20:30-08:00': '2026-02-18T18:20:30.000Z',
    '2026-12-31T23:30:00-01:00': '2027-01-01T00:30:00.000Z',
    '2026-01-01T00:30:00+01:00': '2025-12-31T23:30:00.000Z',
    '2024-02-29T12:00:00+00:00': '2024-02-29T12:00:00.000Z',
    '2026-02-18T10:20Z': '2026-02-18T10:20:00.000Z',
  });
});

describe('a fraction of a second', () => {
  storedAs({
    '2026-02-18T10:20:30.5Z': '2026-02-18T10:20:30.500Z',
    '2026-02-18T10:20:30.05Z': '2026-02-18T10:20:30.050Z',
    '2026-02-18T10:20:30.123Z': '2026-02-18T10:20:30.123Z',
    '2026-02-18T10:20:30.123456Z': '2026-02-18T10:20:30.123Z',
    '2026-02-18T10:20:30.999999999Z': '2026-02-18T10:20:30.999Z',
    '2026-02-18T10:20:30.1239+05:30': '2026-02-18T04:50:30.123Z',
  });
});

describe('a date alone', () => {
  storedAs({
    '2026-02-18': '2026-02-18T00:00:00.000Z',
    2026: '2026-01-01T00:00:00.000Z',
  });
});

describe('a date without a zone', () => {
  // Which zone the server is in is not known here; every zone is whole quarters of an hour from
  // UTC.
  const isLocal = (text) => {
    const offset = Date.parse(text) - Date.parse('2026-02-18T10:20:30Z');
    assert.ok(Math.abs(offset) <= 14 * 60 * MINUTE && offset % (15 * MINUTE) === 0, text);
  };

  test('is a local time of the server', async () => {
    isLocal(await stored('2026-02-18T10:20:30'));
  });

  test('may have a space before the time', async () => {
    assert.equal(await stored('2026-02-18 10:20:30'), await stored('2026-02-18T10:20:30'));
  });

  test('may have a fraction', async () => {
    const [plain, fraction] = [
      await stored('2026-02-18T10:20:30'),
      await stored('2026-02-18T10:20:30.25'),
    ];
    assert.equal(Date.parse(fraction) - Date.parse(plain), 250);
  });
});

describe('a date of another form or beyond its month', () => {
  storedAs({
    'Wed, 18 Feb 2026 10:00:00 GMT': '2026-02-18T10:00:00.000Z',
    '2026-02-30T00:00:00Z': '2026-03-02T00:00:00.000Z',
    '2026-02-30': '2026-03-02T00:00:00.000Z',
    '2026-02-18T24:00:00Z': '2026-02-19T00:00:00.000Z',
  });
});

describe('no date', () => {
  const texts = [
    '',
    '2026-13-01',
    '20260218',
    '2026-W08',
    '1771410000000',
    'yesterday',
    'not a date',
    '2026-02-18T25:00:00Z',
    '2026-02-18T10:60:00Z',
    '2026-02-18Tnoon',
    '2026-02-32',
  ];
  for (const client_timestamp of texts) {
    test(`is "${client_timestamp}"`, async () => {
      assert.deepEqual(await monitor.refused(event({ client_timestamp })), [
        { field: 'client_timestamp', message: 'must be a valid timestamp' },
      ]);
    });
  }
});
