// The command line: what it prints, where it says what is wrong, and its exit codes.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { commandsOf } from '../support/commands.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { Monitor, event } from '../support/monitor.mjs';
import { linkedAs, run, startServer } from '../support/server.mjs';

// Runs a command that must do what it is for; returns what it prints.
async function done(args, options) {
  const { code, stdout, stderr } = await run(args, options);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout;
}

// Runs a command that must fail with `code`; returns the one line in which it says why.
async function failed(code, args, options) {
  const result = await run(args, options);
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /^sightline: [^\n]+\n$/);
  return result.stderr.trimEnd();
}

// The value and the origin of each key.
async function configOf(args = [], options) {
  return JSON.parse(await done(['config', 'show', '--json', ...args], options));
}

// A home directory with this configuration file.
function homeWith(text) {
  const config = join(temporaryDirectory(), 'config');
  mkdirSync(join(config, 'sightline'), { recursive: true });
  const file = join(config, 'sightline', 'config.yaml');
  writeFileSync(file, text);
  return { env: { XDG_CONFIG_HOME: config }, file };
}

describe('--help', () => {
  const COMMANDS = [
    [], ['serve'], ['status'], ['version'], ['config'], ['config', 'show'],
    ['hook'], ['hooks'], ['hooks', 'install'], ['hooks', 'install', 'claude'],
    ['hooks', 'print-codex-config'],
  ];

  for (const command of COMMANDS) {
    test(`of sightline ${command.join(' ')} says what it is for and how to use it`, async () => {
      const text = await done([...command, '--help']);
      assert.match(text, new RegExp(`^Usage: ${['sightline', ...command].join(' ')} `, 'm'));
      assert.match(text, /^ +-h,--help /m);
      assert.equal(await done([...command, '-h']), text);
    });
  }

  // These take what they are given: the first two have rules of the original, the others are not
  // there yet.
  const takesAnything = ({ words, help }) =>
    ['import', 'hook'].includes(words.join(' ')) || help.startsWith('not available');

  for (const name of ['sightline', 'amon']) {
    test(`of every command of ${name} names its options; any other exits 2`, async () => {
      const as = linkedAs(name);
      const commands = await commandsOf(as);
      assert.ok(commands.length > 20, `${commands.length} commands`);
      for (const command of commands) {
        const { words, help, isGroup } = command;
        const path = [name, ...words].join(' ');
        assert.match(help, new RegExp(`^Usage: ${path}( |$)`, 'm'), path);
        assert.match(help, /^ +-h,--help +\S/m, path);
        if (isGroup || takesAnything(command)) continue;
        const { code, stdout, stderr } = await run([...words, '--no-such-option'], { as });
        assert.deepEqual([code, stdout], [2, ''], `${path}: ${stderr}`);
        assert.match(stderr, new RegExp(`^${name}: [^\\n]+; see ${name} --help\\n$`), path);
      }
    });
  }

  test('lists all commands', async () => {
    const text = await done(['--help']);
    for (const name of ['serve', 'status', 'version', 'config', 'hook', 'hooks']) {
      assert.match(text, new RegExp(`^ +${name} +\\S`, 'm'));
    }
  });

  test('of serve tells each key with its variable', async () => {
    const text = await done(['serve', '--help']);
    for (const [name, { variable }] of Object.entries(await configOf())) {
      assert.match(text, new RegExp(`--${name}\\b[^]*${variable}\\b`), name);
    }
  });
});

describe('version', () => {
  test('is one line, the same from the command and the flag', async () => {
    const text = await done(['version']);
    assert.match(text, /^sightline \d+\.\d+\.\d+\n$/);
    assert.equal(await done(['--version']), text);
  });

  test('is JSON with --json', async () => {
    const { version } = JSON.parse(await done(['version', '--json']));
    assert.equal(`sightline ${version}\n`, await done(['version']));
  });
});

describe('wrong usage', () => {
  const wrong = {
    'without a command': [[], /command/],
    'of a command that is none': [['bogus'], /unknown command "bogus"/],
    'of a command that is nearly one': [['statsu'], /"statsu"; did you mean "status"/],
    'of a part of config that is none': [['config', 'shwo'], /"shwo"; did you mean "show"/],
    'of config alone': [['config'], /command/],
    'of a flag that is none': [['serve', '--bogus'], /--bogus/],
    'of an argument too many': [['status', 'now'], /now/],
    'of a flag without its value': [['serve', '--port'], /--port/],
    'of a flag given twice': [['serve', '--port', '1', '--port', '2'], /--port/],
  };
  for (const [name, [args, said]] of Object.entries(wrong)) {
    test(`${name} is told in one line, with exit code 2`, async () => {
      assert.match(await failed(2, args), said);
    });
  }
});

describe('a wrong value', () => {
  const values = {
    port: ['abc', '-1', '70000', '3141x', '31-41', '3.5', '0x10', ' '],
    'max-connections': ['0', 'many', '10-20'],
    'io-threads': ['0', '-2', '1e3'],
    'sse-heartbeat': ['999', '1000ms'],
    'session-cost-limit-codex': ['-0.5', '5x', 'much', 'nan', 'inf'],
    durability: ['fast', 'FULL', 'full|process', '|'],
    'log-level': ['loud', 'info,debug'],
  };
  const mustBe = {
    durability: /must be one of full\|process/,
    'log-level': /must be one of debug\|info\|warn\|error\|off/,
    'session-cost-limit-codex': /must be a number of at least 0/,
  };

  for (const [key, wrong] of Object.entries(values)) {
    const says = mustBe[key] ?? /must be a (whole number of at least \d+|port of at most 65535)/;

    test(`of --${key} is refused by its name, with what it must be`, async () => {
      for (const value of wrong) {
        const line = await failed(2, ['config', 'show', `--${key}`, value]);
        assert.ok(line.includes(`--${key}: "${value}"`), line);
        assert.match(line, says);
      }
    });

    test(`of ${key} in the configuration file is refused with the file's name`, async () => {
      for (const value of wrong) {
        const { env, file } = homeWith(`${key}: ${JSON.stringify(value)}\n`);
        const line = await failed(2, ['config', 'show'], { env });
        assert.ok(line.includes(`${file}: ${key}: "${value}"`), line);
        assert.match(line, says);
      }
    });
  }

  test('of a variable of its own is refused by its name', async () => {
    for (const [variable, value] of [
      ['SIGHTLINE_MAX_CONNECTIONS', 'many'],
      ['SIGHTLINE_DURABILITY', 'fast'],
      ['SIGHTLINE_INSECURE', 'yes'],
    ]) {
      const line = await failed(2, ['serve'], { env: { [variable]: value } });
      assert.ok(line.includes(`${variable}: "${value}" must be`), line);
    }
  });

  test('of a variable of AgentMonitor is as if it were not set', async () => {
    const env = { AGENTMONITOR_PORT: 'abc', AGENTMONITOR_SSE_HEARTBEAT_MS: '1' };
    const config = await configOf([], { env });
    assert.deepEqual([config.port.value, config.port.origin], ['3141', 'default']);
    assert.equal(config['sse-heartbeat'].origin, 'default');
  });
});

describe('the configuration file', () => {
  test('with an unknown key is refused with the nearest known one', async () => {
    for (const [key, meant] of [
      ['prot', 'port'],
      ['alow-host', 'allow-host'],
      ['max_connections', 'max-connections'],
      ['loglevel', 'log-level'],
      ['Token', 'token'],
    ]) {
      const { env, file } = homeWith(`${key}: 1\n`);
      const line = await failed(2, ['config', 'show'], { env });
      assert.ok(line.includes(file), line);
      assert.ok(line.includes(`unknown key "${key}"; did you mean "${meant}"?`), line);
    }
  });

  test('with an unknown key that is near none is refused without a guess', async () => {
    const { env } = homeWith('wholly-different-thing: 1\n');
    const line = await failed(2, ['config', 'show'], { env });
    assert.match(line, /unknown key "wholly-different-thing"$/);
  });

  test('that is no YAML, or no list of keys, is refused by its name', async () => {
    for (const text of ['{{{\n', 'a: b: c\n', '- port\n', 'port\n', 'port: {number: 1}\n']) {
      const { env, file } = homeWith(text);
      const line = await failed(2, ['config', 'show'], { env });
      assert.ok(line.includes(file), `${text}: ${line}`);
    }
  });

  test('may be empty, and may name a key without a value', async () => {
    for (const text of ['', '# nothing yet\n', 'port:\ntoken:\nallow-host: []\n']) {
      const config = await configOf([], homeWith(text));
      assert.equal(config.port.value, '3141');
      assert.equal(config.token.value, '');
      assert.equal(config['allow-host'].value, '');
    }
  });

  test('is another one with --config, which must be there', async () => {
    const { file } = homeWith('port: 4000\n');
    assert.equal((await configOf(['--config', file])).port.value, '4000');
    const missing = join(temporaryDirectory(), 'missing.yaml');
    assert.ok((await failed(2, ['config', 'show', '--config', missing])).includes(missing));
  });

  test('may give a list as a list', async () => {
    const home = homeWith('allow-host: [box.lan, other.lan]\n');
    assert.equal((await configOf([], home))['allow-host'].value, 'box.lan,other.lan');
  });
});

describe('config show', () => {
  const { env, file } = homeWith('port: 4001\nsession-timeout: 7\nlog-level: warn\n');
  const everywhere = {
    env: { ...env, AGENTMONITOR_PORT: '4002', AGENTMONITOR_SESSION_TIMEOUT: '8' },
  };

  test('has flags over environment over file over defaults, and says which it was', async () => {
    const config = await configOf(['--port', '4003'], everywhere);
    const of = (key) => [config[key].value, config[key].origin];
    assert.deepEqual(of('port'), ['4003', 'flag --port']);
    assert.deepEqual(of('session-timeout'), ['8', 'environment AGENTMONITOR_SESSION_TIMEOUT']);
    assert.deepEqual(of('log-level'), ['warn', `file ${file}`]);
    assert.deepEqual(of('host'), ['127.0.0.1', 'default']);
  });

  test('prints the same as a table', async () => {
    const config = await configOf(['--port', '4003'], everywhere);
    const lines = (await done(['config', 'show', '--port', '4003'], everywhere)).trim().split('\n');
    assert.equal(lines.length, Object.keys(config).length);
    for (const [i, [key, { value, origin }]] of Object.entries(config).entries()) {
      if (key === 'projects-dir' || key === 'db') continue; // each run has a home of its own
      assert.match(lines[i], /^[a-z-]+ /);
      assert.ok(lines[i].startsWith(`${key} `), lines[i]);
      assert.ok(lines[i].includes(` ${value} `), lines[i]);
      assert.ok(lines[i].endsWith(` ${origin}`), lines[i]);
    }
  });

  test('never prints a secret, whichever way it is given', async () => {
    const SECRET = 'correct-horse';
    const ways = [
      [['--token', SECRET], {}],
      [[], { env: { SIGHTLINE_TOKEN: SECRET } }],
      [[], homeWith(`token: ${SECRET}\n`)],
    ];
    for (const [args, options] of ways) {
      for (const form of [[], ['--json']]) {
        const text = await done(['config', 'show', ...form, ...args], options);
        assert.ok(!text.includes(SECRET), text);
        assert.match(text, /\btoken\b.*\*{8}/);
      }
    }
    assert.equal((await configOf()).token.value, '', 'and shows that there is none');
  });

  test('keeps empty variables from counting', async () => {
    const config = await configOf([], { env: { AGENTMONITOR_HOST: '', SIGHTLINE_TOKEN: '' } });
    assert.equal(config.host.origin, 'default');
    assert.equal(config.token.origin, 'default');
  });
});

describe('status', () => {
  test('without a server fails with 1 and says how to start one', async () => {
    const server = await startServer();
    await server.stop(); // so that nobody is at its port
    for (const form of [[], ['--json']]) {
      const line = await failed(1, ['status', '--port', `${server.port}`, ...form]);
      assert.ok(line.includes(`127.0.0.1:${server.port}`), line);
      assert.match(line, /sightline serve/);
    }
  });

  // Runs `body` with a server that has three events in two sessions, and a client of its stream.
  async function withServer(options, headers, body) {
    const server = await startServer(options);
    const monitor = new Monitor(server.url);
    const [one, two] = [event(), event()];
    await monitor.post('/api/events/batch', { events: [one, one, two] }, headers);
    const stream = await monitor.stream('/api/stream', headers);
    await stream.nextMessage('connected');
    await body(['status', '--port', `${server.port}`]);
    stream.close();
    assert.equal(await server.stop(), 0, server.output());
  }

  test('tells how the server is', () =>
    withServer({}, {}, async (status) => {
      const text = await done(status);
      assert.match(text, /^running +http:\/\/127\.0\.0\.1:\d+ +up \d+ s$/m);
      assert.match(text, /^events +3$/m);
      assert.match(text, /^sessions +2, 2 live$/m);
      assert.match(text, /^stream +1 clients?$/m);
      assert.match(text, /^database +[\d.]+ k?B$/m);
    }));

  test('tells it as JSON with --json', () =>
    withServer({}, {}, async (status) => {
      const { url, health, stats } = JSON.parse(await done([...status, '--json']));
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.equal(health.status, 'ok');
      assert.equal(health.sse_clients, 1);
      assert.equal(stats.total_events, 3);
    }));

  test('of a server with a token needs it', () => {
    const env = { SIGHTLINE_TOKEN: 'secret' };
    return withServer({ env }, { authorization: 'Bearer secret' }, async (status) => {
      assert.match(await failed(1, status), /\b401\b/);
      assert.match(await done(status, { env }), /^events +3$/m);
    });
  });

  test('of something that is no Sightline fails with 1', async () => {
    const { createServer } = await import('node:http');
    const other = createServer((_, reply) => reply.end('<html>')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    await failed(1, ['status', '--port', `${other.address().port}`]);
    other.close();
    other.closeAllConnections();
  });
});
