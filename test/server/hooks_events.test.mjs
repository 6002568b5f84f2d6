// What the hooks of Claude Code tell the server: the same from the bash scripts, with jq and
// without, from the Python scripts and from the program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommand, runHook, variants } from '../support/hooks.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

let server, monitor, checkout;

before(async () => {
  server = await startServer({ env: { AGENTMONITOR_MAX_PAYLOAD_KB: '1000' } });
  monitor = new Monitor(server.url);
  checkout = join(temporaryDirectory(), 'my "project"');
  mkdirSync(checkout);
  const git = (...args) => {
    const { status, stderr } = spawnSync('git', ['-C', checkout, ...args], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  git('init', '-q', '-b', 'work/é"x');
  writeFileSync(join(checkout, 'file'), '');
  git('add', 'file');
  git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'm');
});
after(() => server?.stop());

// Runs a hook that must tell one event, which comes back as its row, metadata parsed.
async function told(variant, hook, input, options) {
  const session = unique('session');
  const full = { session_id: session, cwd: checkout, ...input };
  const { code, stdout, stderr } = await runHook(variant, hook, full, server.url, options);
  assert.equal(code, 0, stderr);
  assert.equal(stdout + stderr, '');
  const row = await until(async () => (await monitor.rows({ session_id: session }))[0], 'an event');
  assert.equal(row.source, 'hook');
  assert.equal(row.agent_type, 'claude_code');
  assert.equal(row.project, 'my "project"');
  assert.equal(row.branch, variants[variant].knowsBranch ? 'work/é"x' : null);
  assert.equal(row.payload_truncated, 0);
  return { ...row, metadata: JSON.parse(row.metadata) };
}

const HOSTILE = {
  quotes: `a "quoted" 'word' \\ and \\" and \\\\`,
  newlines: 'one\ntwo\r\nthree\ttab\n\n',
  unicode: 'é € 😀 \u2028 \u0001\u001b[31m',
  shell: '$(touch pwned) `touch pwned` ${HOME} ; rm -rf x & | > < * ? ! # %s %n %b \\x41 \\u0041',
  json: '{"session_id":"other","tool_name":"Other"},"command":"no"',
  path: '../../etc/passwd\\',
};

for (const [variant, { countsLines, isPartial }] of Object.entries(variants)) {
  describe(`the hooks in ${variant}`, () => {
    test('tell the start of a session', async () => {
      const row = await told(variant, 'session-start', { model: 'opus', source: 'resume' });
      assert.equal(row.event_type, 'session_start');
      assert.equal(row.model, 'opus');
      assert.deepEqual(row.metadata, { hook_source: 'resume' });
    });

    test('tell that a session tells its instructions', async () => {
      const env = { AGENTMONITOR_INSTRUCTION_LOAD_INSTRUMENTED: '1' };
      const row = await told(variant, 'session-start', {}, { env });
      assert.deepEqual(row.metadata, { instruction_load_instrumented: true });
    });

    test('tell the end of an answer', async () => {
      const row = await told(variant, 'session-end', {});
      assert.equal(row.event_type, 'session_end');
      assert.deepEqual(row.metadata, {});
    });

    test('tell the use of a tool', async () => {
      const row = await told(variant, 'post-tool-use', {
        tool_name: 'WebFetch',
        tool_input: { url: 'http://x/', query: 'q', pattern: 'p', other: 'o', command: 7 },
        tool_response: { command: 'not this', tool_use_id: 'nor this', a: [[{ url: 'x' }]] },
        tool_use_id: 't1',
      });
      assert.equal(row.event_type, 'tool_use');
      assert.equal(row.tool_name, 'WebFetch');
      assert.deepEqual(row.metadata, {
        tool_use_id: 't1',
        pattern: 'p',
        query: 'q',
        url: 'http://x/',
      });
    });

    const edits = {
      Edit: [{ file_path: '/f', old_string: 'a\nb\n', new_string: 'c' }, 0, 2],
      MultiEdit: [
        { edits: [{ old_string: '', new_string: '\n\n' }, { old_string: '\n', new_string: '\n' }] },
        3,
        1,
      ],
      Write: [{ file_path: '/f', content: 'a\nb' }, 1, undefined],
    };
    for (const [tool, [tool_input, added, removed]] of Object.entries(edits)) {
      test(`tell what ${tool} changed`, async () => {
        const row = await told(variant, 'post-tool-use', { tool_name: tool, tool_input });
        assert.equal(row.metadata.file_path, tool_input.file_path);
        assert.equal(row.metadata.lines_added, countsLines ? added : undefined);
        assert.equal(row.metadata.lines_removed, countsLines ? removed : undefined);
      });
    }

    for (const [kind, text] of Object.entries(HOSTILE)) {
      test(`pass on hostile text as it is: ${kind}`, async () => {
        const row = await told(variant, 'post-tool-use', {
          tool_name: 'Bash',
          tool_input: { command: text, pattern: text },
          tool_use_id: text,
        });
        assert.equal(row.metadata.command, text);
        assert.equal(row.metadata.pattern, text);
        assert.equal(row.metadata.tool_use_id, text);
        assert.equal(row.tool_name, 'Bash');
      });
    }

    test('cut a very long text between characters', async () => {
      for (const unit of ['€', '\\', '\n"', 'x\u0001']) {
        const text = unit.repeat(400_000);
        const row = await told(variant, 'post-tool-use', { tool_input: { command: text } });
        const { command } = row.metadata;
        assert.ok(text.startsWith(command), 'something else than its beginning');
        assert.ok(command.length >= 5000 && command.length <= 32768, `${command.length}`);
      }
    });

    test('find their fields in JSON written in another way', async () => {
      const session = unique('session');
      const text = `\n{ "tool_response" : { "session_id":"no" }, "x":[1,{"cwd":"no"}],
        "session_id"\t:\n "${session}" , "tool_name":"A\\/B", "cwd":"\\/tmp\\/proj\\/", "y":null}\n`;
      const { code } = await runHook(variant, 'post-tool-use', text, server.url);
      assert.equal(code, 0);
      const row = await until(
        async () => (await monitor.rows({ session_id: session }))[0],
        'an event',
      );
      assert.equal(row.tool_name, 'A/B');
      assert.equal(row.project, 'proj');
    });

    test('end with 0 and tell nothing of what is no input', async () => {
      const before = (await monitor.stats()).total_events;
      const inputs = ['', '{', '[]', 'null', '"x"', '{}', '{"session_id":7}', '\0\0', '{"session_id":" "}'];
      const hooks = ['session-start', 'session-end', 'post-tool-use', 'pre-tool-use'];
      for (const [i, input] of inputs.entries()) {
        const { code, stdout } = await runHook(variant, hooks[i % 4], input, server.url);
        assert.equal(code, 0, input);
        assert.equal(stdout, '');
      }
      // What is told now comes behind anything that they would have told.
      await told(variant, 'session-end', {});
      assert.equal((await monitor.stats()).total_events, before + 1);
    });

    test('end with 0 when nobody listens, or at what is no URL', async () => {
      for (const url of ['http://127.0.0.1:1', 'http://[::1]:1/', 'nonsense', 'ftp://x', '--help']) {
        const { code, stdout } = await runHook(variant, 'session-end', { session_id: 's' }, url);
        assert.equal(code, 0, url);
        assert.equal(stdout, '');
      }
    });

    if (isPartial) return;

    test('tell prompts, but not empty ones', async () => {
      for (const prompt of ['', undefined, null]) {
        const session_id = unique('session');
        await runHook(variant, 'user-prompt-submit', { session_id, prompt }, server.url);
        assert.deepEqual(await monitor.rows({ session_id }), []);
      }
      for (const text of [...Object.values(HOSTILE), '\n', '-n']) {
        const row = await told(variant, 'user-prompt-submit', { prompt: text });
        assert.equal(row.event_type, 'user_prompt');
        assert.deepEqual(row.metadata, { message: text });
      }
    });

    test('tell notifications', async () => {
      const about = { notification_type: 'idle_prompt', message: 'Claude waits' };
      const row = await told(variant, 'notification', about);
      assert.equal(row.event_type, 'response');
      assert.deepEqual(row.metadata, about);
    });

    test('tell which instructions were loaded', async () => {
      const about = {
        file_path: '/p/CLAUDE.md',
        memory_type: 'Project',
        load_reason: 'path_glob_match',
        globs: ['*.c', 'a "b"'],
        trigger_file_path: '/p/x.c',
        parent_file_path: '/p/y',
      };
      const row = await told(variant, 'instructions-loaded', about);
      assert.equal(row.event_type, 'instruction_load');
      assert.deepEqual(row.metadata, about);
      const one = await told(variant, 'instructions-loaded', { globs: '*.md' });
      assert.deepEqual(one.metadata, { globs: '*.md' });
    });
  });
}

describe('a hook with a token', () => {
  for (const variant of Object.keys(variants)) {
    test(`in ${variant} reaches a server that asks for it`, async () => {
      const token = 'a"b\\c';
      const env = { SIGHTLINE_TOKEN: variant.startsWith('bash') ? 'plain' : token };
      const guarded = await startServer({ env });
      const headers = { authorization: `Bearer ${env.SIGHTLINE_TOKEN}` };
      await runHook(variant, 'session-end', { session_id: 's' }, `${guarded.url}/`, { env });
      await until(
        async () =>
          (await new Monitor(guarded.url).get('/api/events', headers)).json.total === 1,
        'the event',
      );
      await guarded.stop();
    });
  }
});

describe('sightline hook', () => {
  const hook = (input, ...args) =>
    runCommand([variants.program.command('')[0], 'hook', ...args], {
      input,
      env: { AGENTMONITOR_URL: server.url },
    });
  const rowOf = (session_id) =>
    until(async () => (await monitor.rows({ session_id }))[0], 'an event');

  test('goes by the name that the host gives', async () => {
    const expected = {
      SessionStart: 'session_start',
      SessionEnd: 'session_end',
      Stop: 'session_end',
      SubagentStop: 'response',
      PostToolUse: 'tool_use',
      UserPromptSubmit: 'user_prompt',
      Notification: 'response',
      InstructionsLoaded: 'instruction_load',
    };
    for (const [hook_event_name, type] of Object.entries(expected)) {
      const session_id = unique('session');
      const { code } = await hook({ session_id, hook_event_name, prompt: 'p' });
      assert.equal(code, 0);
      assert.equal((await rowOf(session_id)).event_type, type);
    }
  });

  test('tells the same use of a tool once', async () => {
    const session_id = unique('session');
    const input = { session_id, hook_event_name: 'PostToolUse', tool_use_id: 't' };
    for (let i = 0; i < 3; ++i) await hook(input);
    const rows = await monitor.rows({ session_id });
    assert.equal(rows.length, 1);
    assert.equal(rows[0].event_id, `hook-${session_id}-t-post`);
    assert.match(rows[0].client_timestamp, /^\d{4}-.*Z$/);
  });

  test('ends with 0 whatever its arguments are', async () => {
    const wrong = [['bogus'], ['--url'], ['--url='], ['--agent', 'x'], ['-x', '--y'], ['stop', 'stop']];
    for (const args of wrong) {
      const { code, stdout } = await hook({ session_id: 's' }, ...args);
      assert.equal(code, 0, args.join(' '));
      assert.equal(stdout, '');
    }
  });

  test('does not wait for ever for the end of its input', async () => {
    const { code, ms } = await hook(null);
    assert.equal(code, 0);
    assert.ok(ms < 5000, `${ms} ms`);
  });

  test('ends with 0 without any standard input or output', async () => {
    const { code } = await runCommand([
      'sh', '-c', `exec ${variants.program.command('')[0]} hook stop <&- >&- 2>&-`,
    ]);
    assert.equal(code, 0);
  });

  test('reads more than it can use, and ends with 0', async () => {
    const { code } = await hook(`{"session_id":"s","prompt":"${'x'.repeat(10 << 20)}"}`);
    assert.equal(code, 0);
  });

  test('says how it is used', async () => {
    const { code, stdout } = await hook('', '--help');
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: sightline hook /m);
  });
});
