// A sender that encodes its JSON twice is understood, up to three rounds.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const NOT_AN_OBJECT = {
  error: 'Invalid event payload',
  details: [{ field: 'body', message: 'must be a JSON object' }],
};

const asString = (text) => JSON.stringify(text);
const inQuotes = (text) => `"${text}"`;

async function accepts(encode) {
  const sent = event({ metadata: { quote: 'say "hi"' } });
  const reply = await monitor.postText('/api/events', encode(JSON.stringify(sent)));
  assert.equal(reply.status, 201, reply.text);
  const row = await monitor.row(reply.json.ids[0], sent.session_id);
  assert.deepEqual(JSON.parse(row.metadata), sent.metadata);
}

async function refuses(body) {
  const reply = await monitor.postText('/api/events', body);
  assert.equal(reply.status, 400);
  assert.deepEqual(reply.json, NOT_AN_OBJECT);
}

describe('an event', () => {
  test('with white space around it is accepted', () => accepts((text) => ` \n\t${text}\r\n `));

  test('sent as a JSON string is accepted', () => accepts(asString));

  test('sent as a JSON string with white space inside and outside is accepted', () =>
    accepts((text) => ` ${asString(` ${text}\n`)} `));

  test('in quotes that are not escaped is accepted', () => accepts(inQuotes));

  test('in two pairs of quotes that are not escaped is accepted', () =>
    accepts((text) => inQuotes(inQuotes(text))));

  test('sent as a JSON string in quotes that are not escaped is accepted', () =>
    accepts((text) => inQuotes(asString(text))));

  test('in three pairs of quotes is given up', () =>
    refuses(inQuotes(inQuotes(inQuotes(JSON.stringify(event()))))));

  test('encoded as a string of a string is a string, not an event', () =>
    refuses(asString(asString(JSON.stringify(event())))));
});

describe('a string', () => {
  test('of plain words is not an event', () => refuses('"just a string"'));

  test('of plain words in two pairs of quotes is not an event', () => refuses('""just a string""'));

  test('that only looks like an object is not an event', () => refuses('"{broken"'));

  test('of an array is not an event', () => refuses(asString(JSON.stringify([event()]))));

  test('that is one quote is not an event', () => refuses('"'));
});

describe('a batch', () => {
  test('sent as a JSON string is accepted', async () => {
    const batch = JSON.stringify({ events: [event(), event()] });
    const reply = await monitor.postText('/api/events/batch', asString(batch));
    assert.equal(reply.status, 201);
    assert.equal(reply.json.received, 2);
  });

  test('in quotes that are not escaped is accepted', async () => {
    const batch = JSON.stringify({ events: [event()] });
    const reply = await monitor.postText('/api/events/batch', inQuotes(batch));
    assert.equal(reply.json.received, 1);
  });

  test('does not recover a string among its items', async () => {
    const reply = await monitor.sendBatch([JSON.stringify(event()), event()]);
    assert.equal(reply.received, 1);
    assert.deepEqual(reply.rejected, [{ index: 0, errors: ['body: must be a JSON object'] }]);
  });

  test('that is a plain string is refused', async () => {
    const reply = await monitor.postText('/api/events/batch', '""just a string""');
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.json, { error: 'Expected { events: [...] }' });
  });
});
