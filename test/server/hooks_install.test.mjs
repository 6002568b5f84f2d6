// Putting the hooks into the settings of Claude Code and Codex, and taking them out again.
import assert from 'node:assert/strict';
import {
  existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { codexScripts, pathWithJq, pathWithoutJq, program, python, runCommand, scripts }
  from '../support/hooks.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const FOREIGN = {
  model: 'opus',
  hooks: {
    Stop: [{ hooks: [{ type: 'command', command: 'say "done" \\ é' }] }],
    PreCompact: [{ matcher: 'x', hooks: [] }],
  },
  env: { B: '1', A: '2', 10: 'x' },
};

const INSTALLERS = {
  'install.sh': (...args) => [join(scripts, 'install.sh'), ...args],
  'sightline hooks install claude': (...args) => [program, 'hooks', 'install', 'claude', ...args],
};

// A configuration folder of Claude Code, with these settings.
class Claude {
  folder = join(temporaryDirectory(), 'claude');
  file = join(this.folder, 'settings.json');

  constructor(settings) {
    if (settings === undefined) return;
    mkdirSync(this.folder);
    writeFileSync(this.file, typeof settings === 'string' ? settings : JSON.stringify(settings));
  }
  run(command, env = {}) {
    return runCommand(command, { env: { PATH: pathWithJq, CLAUDE_CONFIG_DIR: this.folder, ...env } });
  }
  get text() {
    return readFileSync(this.file, 'utf8');
  }
  get settings() {
    return JSON.parse(this.text);
  }
  get backups() {
    return readdirSync(this.folder).filter((name) => /^settings\.json\.bak\.\d{14}$/.test(name));
  }
  get leftovers() {
    return readdirSync(this.folder).filter((name) => !/^settings\.json(\.bak\.\d{14})?$/.test(name));
  }
}

for (const [name, command] of Object.entries(INSTALLERS)) {
  describe(name, () => {
    async function done(claude, ...args) {
      const { code, stderr } = await claude.run(command(...args));
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      assert.deepEqual(claude.leftovers, []);
    }

    test('makes settings where there are none', async () => {
      const claude = new Claude();
      await done(claude);
      const { hooks } = claude.settings;
      const expected = {
        SessionStart: ['', true],
        Stop: [undefined, true],
        PostToolUse: ['', true],
        UserPromptSubmit: ['', true],
        InstructionsLoaded: ['', true],
        PreToolUse: ['Bash', false],
      };
      assert.deepEqual(Object.keys(hooks).sort(), Object.keys(expected).sort());
      for (const [hook, [matcher, isAsync]] of Object.entries(expected)) {
        assert.equal(hooks[hook].length, 1);
        assert.equal(hooks[hook][0].matcher, matcher);
        const [entry] = hooks[hook][0].hooks;
        assert.equal(entry.type, 'command');
        assert.equal(entry.async, isAsync);
        assert.equal(entry.timeout, 10);
        assert.match(entry.command, /http:\/\/127\.0\.0\.1:3141/);
      }
      const [guard] = hooks.PreToolUse[0].hooks;
      assert.equal(guard.statusMessage, 'AgentMonitor: checking safety...');
      assert.deepEqual(claude.backups, []);
    });

    test('keeps what others have put there, with a backup', async () => {
      const claude = new Claude(FOREIGN);
      const before = claude.text;
      await done(claude);
      const { hooks, ...rest } = claude.settings;
      const { hooks: foreign, ...others } = FOREIGN;
      assert.deepEqual(rest, others);
      assert.deepEqual(Object.keys(claude.settings), ['model', 'hooks', 'env']);
      assert.deepEqual(hooks.Stop[0], foreign.Stop[0]);
      assert.deepEqual(hooks.PreCompact, foreign.PreCompact);
      assert.equal(hooks.Stop.length, 2);
      assert.equal(claude.backups.length, 1);
      assert.equal(readFileSync(join(claude.folder, claude.backups[0]), 'utf8'), before);
    });

    test('changes nothing the second time', async () => {
      const claude = new Claude({ ...FOREIGN, hooks: { ...FOREIGN.hooks, PostToolUse: [] } });
      await done(claude);
      const once = claude.text;
      await done(claude);
      assert.equal(claude.text, once);
      assert.equal(claude.backups.length, 1);
    });

    test('takes the place of its entries for another server', async () => {
      const claude = new Claude();
      await done(claude, '--url', 'http://127.0.0.1:1111');
      await done(claude, '--url', 'http://127.0.0.1:2222');
      assert.ok(!claude.text.includes('1111'));
      assert.equal(claude.text.match(/2222/g).length, 6);
    });

    test('takes the place of the other way to install, which would count twice', async () => {
      const claude = new Claude();
      for (const other of Object.values(INSTALLERS)) {
        const { code } = await claude.run(other());
        assert.equal(code, 0);
      }
      await done(claude);
      for (const groups of Object.values(claude.settings.hooks)) assert.equal(groups.length, 1);
    });

    test('--uninstall removes its own and nothing else', async () => {
      const claude = new Claude(FOREIGN);
      await done(claude);
      await done(claude, '--uninstall');
      assert.deepEqual(claude.settings, FOREIGN);
      const empty = new Claude();
      await done(empty);
      await done(empty, '--uninstall');
      assert.deepEqual(empty.settings, {});
    });

    test('refuses what is no settings file in one line, and leaves it as it is', async () => {
      for (const text of ['{ "a": ', '[]', '{} {}', '{"hooks":[]}', '{"hooks":{"Stop":{}}}']) {
        const claude = new Claude(text);
        const { code, stderr } = await claude.run(command());
        assert.notEqual(code, 0);
        assert.match(stderr, /^[^\n]*settings\.json[^\n]*\n$/);
        assert.equal(claude.text, text);
        assert.deepEqual([...claude.backups, ...claude.leftovers], []);
      }
    });

    test('takes an empty file for none', async () => {
      const claude = new Claude(' \n');
      await done(claude);
      assert.equal(Object.keys(claude.settings.hooks).length, 6);
    });

    test('keeps a link a link, and the rights of the file', async () => {
      const claude = new Claude('{}');
      const linked = new Claude();
      mkdirSync(linked.folder);
      symlinkSync(claude.file, linked.file);
      const { mode } = statSync(claude.file);
      await done(linked);
      assert.ok(lstatSync(linked.file).isSymbolicLink());
      assert.ok(claude.settings.hooks);
      assert.equal(statSync(claude.file).mode, mode);
    });

    test('uses ~/.claude unless told otherwise', async () => {
      const home = temporaryDirectory();
      const { code, stderr } = await runCommand(command(), { env: { PATH: pathWithJq, HOME: home } });
      assert.equal(code, 0, stderr);
      assert.ok(existsSync(join(home, '.claude', 'settings.json')));
    });

    test('refuses wrong usage with 2', async () => {
      for (const args of [['--bogus'], ['--url'], ['--url', 'nonsense']]) {
        const claude = new Claude();
        const { code, stderr } = await claude.run(command(...args));
        assert.equal(code, 2, args.join(' '));
        assert.notEqual(stderr, '');
        assert.ok(!existsSync(claude.file));
      }
    });

    test('tells how it is used', async () => {
      for (const flag of ['-h', '--help']) {
        const { code, stdout } = await new Claude().run(command(flag));
        assert.equal(code, 0);
        for (const option of ['--url', '--python', '--uninstall']) assert.ok(stdout.includes(option));
      }
    });

    test('installs commands that a shell can run', async () => {
      const server = await startServer();
      const claude = new Claude();
      await done(claude, '--url', server.url);
      const session_id = unique('session');
      for (const [hook_event_name, groups] of Object.entries(claude.settings.hooks)) {
        const input = { session_id, hook_event_name, prompt: 'p', tool_name: 'Bash',
          tool_input: { command: 'rm -rf /' }, source: 'startup' };
        const { code } = await runCommand(['sh', '-c', groups[0].hooks[0].command], {
          input,
          env: { PATH: pathWithJq },
        });
        assert.equal(code, hook_event_name === 'PreToolUse' ? 2 : 0);
      }
      const monitor = new Monitor(server.url);
      const rows = () => monitor.rows({ session_id });
      await until(async () => (await rows()).length === 6, 'six events');
      const start = (await rows()).find((row) => row.event_type === 'session_start');
      assert.deepEqual(JSON.parse(start.metadata), {
        hook_source: 'startup',
        instruction_load_instrumented: true,
      });
      await server.stop();
    });
  });
}

describe('install.sh', () => {
  test('needs jq', async () => {
    const claude = new Claude('{}');
    const { code, stderr } = await claude.run(INSTALLERS['install.sh'](), { PATH: pathWithoutJq });
    assert.equal(code, 1);
    assert.match(stderr, /jq/);
    assert.equal(claude.text, '{}');
  });

  test('--python installs the Python scripts', async () => {
    const claude = new Claude();
    await claude.run(INSTALLERS['install.sh']('--python'));
    const { hooks } = claude.settings;
    assert.deepEqual(Object.keys(hooks).sort(), ['PostToolUse', 'PreToolUse', 'SessionStart', 'Stop']);
    for (const [group] of Object.values(hooks)) assert.match(group.hooks[0].command, /\.py$/);
  });

  test('takes the place of the hooks of AgentMonitor', async () => {
    const old = 'AGENTMONITOR_URL=http://127.0.0.1:3141 /x/agentmonitor/hooks/claude-code/session_end.sh';
    const claude = new Claude({ hooks: { Stop: [{ hooks: [{ type: 'command', command: old }] }] } });
    await claude.run(INSTALLERS['install.sh']());
    assert.equal(claude.settings.hooks.Stop.length, 1);
    assert.ok(!claude.text.includes('/x/agentmonitor'));
  });
});

describe('sightline hooks install claude', () => {
  const command = INSTALLERS['sightline hooks install claude'];

  test('--dry-run prints the settings and writes nothing', async () => {
    const claude = new Claude(FOREIGN);
    const before = claude.text;
    const { code, stdout } = await claude.run(command('--dry-run'));
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).hooks.Stop.length, 2);
    assert.equal(claude.text, before);
    assert.deepEqual(claude.backups, []);
  });

  test('--force writes, with a backup, what is there already', async () => {
    const claude = new Claude();
    await claude.run(command());
    await claude.run(command('--force'));
    assert.equal(claude.backups.length, 1);
  });

  test('--python says who installs the scripts', async () => {
    const claude = new Claude();
    const { code, stderr } = await claude.run(command('--python'));
    assert.equal(code, 2);
    assert.match(stderr, /^sightline: [^\n]*hooks\/claude-code\/install\.sh[^\n]*\n$/);
    assert.ok(!existsSync(claude.file));
  });
});

describe('Codex', () => {
  const notification = (fields) => ({
    type: 'agent-turn-complete',
    'thread-id': unique('thread'),
    'turn-id': 'turn1',
    cwd: '/home/dev/proj',
    'input-messages': ['do "it"', '$(x)'],
    'last-assistant-message': "it's\ndone é",
    ...fields,
  });
  const notifiers = {
    'notify.py': (json) => [python, join(codexScripts, 'notify.py'), json],
    'sightline hook --agent codex': (json) => [program, 'hook', '--agent', 'codex', json],
  };
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());

  for (const [name, command] of Object.entries(notifiers)) {
    const notify = (value) =>
      runCommand(command(typeof value === 'string' ? value : JSON.stringify(value)), {
        env: { AGENTMONITOR_URL: server.url },
      });

    test(`tells the end of a turn with ${name}, once`, async () => {
      const monitor = new Monitor(server.url);
      const said = notification();
      for (let i = 0; i < 2; ++i) assert.equal((await notify(said)).code, 0);
      const rows = await monitor.rows({ session_id: said['thread-id'] });
      assert.equal(rows.length, 1);
      const [row] = rows;
      assert.equal(row.agent_type, 'codex');
      assert.equal(row.event_type, 'response');
      assert.equal(row.project, 'proj');
      assert.deepEqual(JSON.parse(row.metadata), {
        notification_type: 'agent-turn-complete',
        turn_id: 'turn1',
        message: said['last-assistant-message'],
        input_messages: said['input-messages'],
      });
    });

    test(`is not disturbed by ${name}, whatever it says`, async () => {
      const monitor = new Monitor(server.url);
      const before = (await monitor.stats()).total_events;
      for (const said of ['', '{', '[]', '{}', { type: 'other' }, { type: 'agent-turn-complete' }]) {
        const { code, stdout } = await notify(said);
        assert.equal(code, 0);
        assert.equal(stdout, '');
      }
      assert.equal((await monitor.stats()).total_events, before);
    });
  }

  const printers = {
    'print-config.sh': (url) => [join(codexScripts, 'print-config.sh'), url],
    'sightline hooks print-codex-config': (url) => [program, 'hooks', 'print-codex-config', '--url', url],
  };
  for (const [name, command] of Object.entries(printers)) {
    test(`gets its configuration from ${name}`, async () => {
      const { code, stdout } = await runCommand(command('http://127.0.0.1:4000/'));
      assert.equal(code, 0);
      const parse = 'import sys,json,tomllib; print(json.dumps(tomllib.loads(sys.stdin.read())))';
      const parsed = await runCommand([python, '-c', parse], { input: stdout });
      assert.equal(parsed.code, 0, parsed.stderr);
      const { notify, otel } = JSON.parse(parsed.stdout);
      assert.ok(notify.join(' ').includes('http://127.0.0.1:4000'));
      const json = (path) => ({
        'otlp-http': { endpoint: `http://127.0.0.1:4000/api/otel/v1/${path}`, protocol: 'json' },
      });
      assert.deepEqual(otel, {
        log_user_prompt: true,
        exporter: json('logs'),
        metrics_exporter: json('metrics'),
      });
      for (const url of ['nonsense', 'http://x"y', 'http://x\n[y]']) {
        assert.equal((await runCommand(command(url))).code, 2, url);
      }
    });
  }
});
