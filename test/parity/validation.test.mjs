// Which events are refused, with which words, in which order.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

const ONE_OF_THE_EVENT_TYPES =
  'must be one of: tool_use, session_start, session_end, error, llm_request, llm_response, ' +
  'response, file_change, git_commit, plan_step, user_prompt';
const ONE_OF_THE_STATUSES = 'must be one of: success, error, timeout';
const STRING = 'must be a string';
const NON_EMPTY = 'must be a non-empty string';
const OPTIONAL_STRING = 'must be a string when provided';
const COUNT = 'must be a non-negative integer when provided';
const COST = 'must be a non-negative number when provided';
const TIMESTAMP_STRING = 'must be an ISO timestamp string when provided';
const TIMESTAMP = 'must be a valid timestamp';

// Sends an event in which `field` is written as `json`; returns the messages about that field,
// which must be the only messages.
async function messagesAbout(field, json) {
  const { [field]: _, ...rest } = event();
  const body = `${JSON.stringify(rest).slice(0, -1)},${JSON.stringify(field)}:${json}}`;
  const reply = await monitor.postText('/api/events', body);
  assert.equal(reply.status, 400, `${field}: ${json} was taken`);
  assert.equal(reply.json.error, 'Invalid event payload');
  for (const detail of reply.json.details) assert.equal(detail.field, field);
  return reply.json.details.map((detail) => detail.message);
}

async function without(field) {
  const { [field]: _, ...rest } = event();
  return monitor.refused(rest);
}

describe('a body that is not an object', () => {
  for (const body of [null, true, 7, 'text', [], [event()]]) {
    test(`but ${JSON.stringify(body).slice(0, 20)} is refused with that one detail`, async () => {
      assert.deepEqual(await monitor.refused(body), [
        { field: 'body', message: 'must be a JSON object' },
      ]);
    });
  }
});

describe('a required field', () => {
  for (const field of ['session_id', 'agent_type']) {
    test(`${field} must be there`, async () => {
      assert.deepEqual(await without(field), [{ field, message: STRING }]);
    });

    for (const json of ['null', '7', 'true', '{}', '["x"]']) {
      test(`${field} must not be ${json}`, async () => {
        assert.deepEqual(await messagesAbout(field, json), [STRING]);
      });
    }

    for (const json of ['""', '"  "', '"\\t\\n"']) {
      test(`${field} must not be blank as ${json}`, async () => {
        assert.deepEqual(await messagesAbout(field, json), [NON_EMPTY]);
      });
    }
  }

  test('event_type that is missing has two entries', async () => {
    assert.deepEqual(await without('event_type'), [
      { field: 'event_type', message: STRING },
      { field: 'event_type', message: ONE_OF_THE_EVENT_TYPES },
    ]);
  });

  test('event_type that is null has the same two', async () => {
    assert.deepEqual(await messagesAbout('event_type', 'null'), [STRING, ONE_OF_THE_EVENT_TYPES]);
  });

  test('event_type that is a number is told to be a string first', async () => {
    assert.equal((await messagesAbout('event_type', '7'))[0], STRING);
  });

  test('event_type that is blank has two entries', async () => {
    const expected = [NON_EMPTY, ONE_OF_THE_EVENT_TYPES];
    assert.deepEqual(await messagesAbout('event_type', '" "'), expected);
  });

  for (const json of ['"toolUse"', '"TOOL_USE"', '"tool use"', '"tool_use,error"']) {
    test(`event_type must not be ${json}`, async () => {
      assert.deepEqual(await messagesAbout('event_type', json), [ONE_OF_THE_EVENT_TYPES]);
    });
  }
});

describe('status', () => {
  for (const json of ['7', 'true', '{}', '[]']) {
    test(`must not be ${json}`, async () => {
      assert.deepEqual(await messagesAbout('status', json), [OPTIONAL_STRING]);
    });
  }
  for (const json of ['"failed"', '"Success"', '""', '" error "']) {
    test(`must not be ${json}`, async () => {
      assert.deepEqual(await messagesAbout('status', json), [ONE_OF_THE_STATUSES]);
    });
  }
});

describe('an optional text', () => {
  for (const field of ['event_id', 'tool_name', 'branch', 'project', 'model', 'source']) {
    for (const json of ['7', 'false', '{}', '["x"]']) {
      test(`${field} must not be ${json}`, async () => {
        assert.deepEqual(await messagesAbout(field, json), [OPTIONAL_STRING]);
      });
    }
  }
});

describe('a count', () => {
  const counts = [
    'duration_ms',
    'tokens_in',
    'tokens_out',
    'cache_read_tokens',
    'cache_write_tokens',
  ];
  for (const field of counts) {
    for (const json of ['-1', '1.5', '"5"', 'true', '{}', '[5]', '""', '1e999', '-1e999']) {
      test(`${field} must not be ${json}`, async () => {
        assert.deepEqual(await messagesAbout(field, json), [COUNT]);
      });
    }
  }
});

describe('cost_usd', () => {
  for (const json of ['-0.01', '"0.5"', 'false', '{}', '[1]', '1e999', '-1e999']) {
    test(`must not be ${json}`, async () => {
      assert.deepEqual(await messagesAbout('cost_usd', json), [COST]);
    });
  }
});

describe('client_timestamp', () => {
  for (const json of ['1771410000000', 'true', '{}', '[]']) {
    test(`must not be ${json}`, async () => {
      assert.deepEqual(await messagesAbout('client_timestamp', json), [TIMESTAMP_STRING]);
    });
  }
  for (const json of ['"yesterday"', '""', '"  "']) {
    test(`must not be ${json}`, async () => {
      assert.deepEqual(await messagesAbout('client_timestamp', json), [TIMESTAMP]);
    });
  }
});

describe('when everything is wrong at once', () => {
  const wrong = {
    // written backwards: the order is that of the contract, not that of the sender
    source: 1,
    client_timestamp: 1,
    cost_usd: -1,
    cache_write_tokens: -1,
    cache_read_tokens: -1,
    tokens_out: -1,
    tokens_in: -1,
    duration_ms: -1,
    model: 1,
    project: 1,
    branch: 1,
    tool_name: 1,
    event_id: 1,
    status: 1,
    agent_type: ' ',
  };
  const details = [
    ['session_id', STRING],
    ['agent_type', NON_EMPTY],
    ['event_type', STRING],
    ['event_type', ONE_OF_THE_EVENT_TYPES],
    ['status', OPTIONAL_STRING],
    ['event_id', OPTIONAL_STRING],
    ['tool_name', OPTIONAL_STRING],
    ['branch', OPTIONAL_STRING],
    ['project', OPTIONAL_STRING],
    ['model', OPTIONAL_STRING],
    ['duration_ms', COUNT],
    ['tokens_in', COUNT],
    ['tokens_out', COUNT],
    ['cache_read_tokens', COUNT],
    ['cache_write_tokens', COUNT],
    ['cost_usd', COST],
    ['client_timestamp', TIMESTAMP_STRING],
    ['source', OPTIONAL_STRING],
  ];

  test('every problem is listed, in the order of the contract', async () => {
    assert.deepEqual(
      await monitor.refused(wrong),
      details.map(([field, message]) => ({ field, message })),
    );
  });

  test('a batch lists the same problems as texts', async () => {
    const reply = await monitor.sendBatch([wrong]);
    const errors = details.map(([field, message]) => `${field}: ${message}`);
    assert.deepEqual(reply.rejected, [{ index: 0, errors }]);
  });

  test('nothing is stored', async () => {
    const valid = event();
    const { total } = await monitor.feed({ session_id: valid.session_id });
    await monitor.refused({ ...wrong, session_id: valid.session_id });
    assert.equal((await monitor.feed({ session_id: valid.session_id })).total, total);
  });
});
