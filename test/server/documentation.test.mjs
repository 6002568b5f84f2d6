// The documentation says what the program does: its keys and its routes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { commandsOf } from '../support/commands.mjs';
import { Monitor } from '../support/monitor.mjs';
import { linkedAs, run, startServer } from '../support/server.mjs';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const read = (name) => readFileSync(join(docs, name), 'utf8');

// The text of the section under `heading`, up to the next one of the same level.
function section(text, heading) {
  const begin = text.indexOf(`\n${heading}\n`);
  assert.ok(begin >= 0, `there is a heading "${heading}"`);
  const level = heading.match(/^#+ /)[0];
  const rest = text.slice(begin + heading.length + 2);
  const end = rest.indexOf(`\n${level}`);
  return end < 0 ? rest : rest.slice(0, end);
}

// The rows of the first table in `text`: trimmed cells, without head and rule.
function tableRows(text) {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = [];
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(line.split('|').slice(1, -1).map((cell) => cell.trim()));
  }
  return rows;
}

const code = (cell) => cell.match(/^`([^`]*)`$/)?.[1];

describe('docs/configuration.md', () => {
  const rows = tableRows(section(read('configuration.md'), '## Keys'));
  const keys = rows.map(([key]) => code(key));

  // An empty variable is as good as none: nothing is set that the harness sets for other tests.
  const env = { AGENTMONITOR_AUTO_IMPORT_MINUTES: '' };

  async function shown() {
    const { code: exit, stdout, stderr } = await run(['config', 'show', '--json'], { env });
    assert.equal(exit, 0, stderr);
    return JSON.parse(stdout);
  }

  test('lists the keys of the program, all of them and in its order', async () => {
    assert.deepEqual(keys, Object.keys(await shown()));
  });

  test('gives each key its variable', async () => {
    const program = await shown();
    for (const [key, variable] of rows) {
      assert.equal(code(variable), program[code(key)].variable, key);
    }
  });

  test('gives each key its default', async () => {
    const program = await shown();
    for (const [key, , value] of rows) {
      const { value: actual, origin } = program[code(key)];
      assert.equal(origin, 'default', key);
      // What is not set as code is described: it depends on the machine or is empty.
      if (code(value) !== undefined) assert.equal(actual, code(value), key);
      if (value === 'none') assert.equal(actual, '', key);
    }
  });

  test('names no key as a flag that the program does not have', async () => {
    const { stdout } = await run(['serve', '--help']);
    for (const [, flag] of read('configuration.md').matchAll(/`?--([a-z][a-z-]+)/g)) {
      if (flag === 'json') continue; // of config show
      assert.match(stdout, new RegExp(`--${flag}\\b`));
    }
  });
});

describe('docs/commands.md', () => {
  const text = read('commands.md');

  test('has a section for each command of sightline', async () => {
    const commands = (await commandsOf(linkedAs('sightline'))).filter(({ isGroup }) => !isGroup);
    const described = [...text.matchAll(/^### `sightline (.*)`$/gm)].map(([, words]) => words);
    assert.deepEqual(described.sort(), commands.map(({ words }) => words.join(' ')).sort());
  });

  test('names no option that the command does not have', async () => {
    for (const { words, help } of await commandsOf(linkedAs('sightline'))) {
      const heading = `### \`sightline ${words.join(' ')}\``;
      if (!text.includes(`\n${heading}\n`)) continue;
      const [prose] = section(text, heading).split('```');
      for (const [flag] of prose.matchAll(/--[a-z][a-z-]+/g)) {
        assert.match(help, new RegExp(`${flag}\\b`), `${heading}: ${flag}`);
      }
    }
  });

  test('has every command of amon in its table, and no other', async () => {
    const rows = section(text, '## amon, agentmonitor').match(/^\| `amon .*$/gm);
    const described = rows.flatMap((row) =>
      row.split(' | ')[0].match(/`[^`]+`/g).map((words) => code(words).replace('amon ', '')),
    );
    const commands = (await commandsOf(linkedAs('amon'))).filter(({ isGroup }) => !isGroup);
    assert.deepEqual(described.sort(), commands.map(({ words }) => words.join(' ')).sort());
  });
});

describe('docs/api.md', () => {
  const text = read('api.md');
  const routes = [...text.matchAll(/^### `([A-Z]+) (\/\S*)`$/gm)].map(([, ...route]) => route);
  const listed = [...text.matchAll(/^\| \[`([A-Z]+) (\/\S*)`\]/gm)].map(([, ...route]) => route);
  const missing = [...section(text, '## Not here yet').matchAll(/`([A-Z]+) (\/[^`\s]*)`/g)].map(
    ([, ...route]) => route,
  );
  let server;

  before(async () => {
    server = await startServer();
    // The session that the paths of the document name.
    const named = { session_id: 'ID', agent_type: 'a', event_type: 'tool_use' };
    await new Monitor(server.url).send(named);
    const post = (path, body) =>
      fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers });
    const headers = { 'content-type': 'application/json' };
    await post('/api/machines', { machineId: 'ID', hostname: 'h' });
    await post('/api/projects/resolve', { repoUrl: 'https://example.org/a/b' });
    await post('/api/workspaces', { projectId: 1, machineId: 1, workspaceId: 'ID' });
  });
  after(() => server?.stop());

  // The status alone: a stream never ends.
  async function status(method, path) {
    const stop = new AbortController();
    const body = method === 'POST' ? '{}' : undefined;
    const headers = body ? { 'content-type': 'application/json' } : {};
    try {
      const signal = stop.signal;
      return (await fetch(server.url + path, { method, body, headers, signal })).status;
    } finally {
      stop.abort();
    }
  }

  test('lists at its top the routes that it describes', () => {
    assert.ok(routes.length > 0);
    assert.deepEqual(listed, routes);
  });

  test('describes no route that the program does not have', async () => {
    for (const [method, path] of routes) {
      assert.notEqual(await status(method, path), 404, `${method} ${path}`);
    }
  });

  test('says "not yet" of no route that the program has', async () => {
    assert.ok(missing.length > 0);
    for (const [method, path] of missing) {
      assert.equal(await status(method, path), 404, `${method} ${path}`);
    }
  });

  test('describes every method of its paths', async () => {
    for (const path of new Set(routes.map(([, path]) => path))) {
      const response = await fetch(server.url + path, { method: 'OPTIONS' });
      const allowed = (response.headers.get('allow') ?? 'GET').split(', ');
      const described = routes.filter(([, other]) => other === path).map(([method]) => method);
      const expected = allowed.filter((method) => method !== 'HEAD');
      assert.deepEqual(described.sort(), expected.sort(), path);
    }
  });

  test('lists the routes of the task server with their scopes, all that it describes', async () => {
    const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
    const program = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { description }]) => {
        const scope = description.match(/Needs the scope (.*)\.$/)[1];
        return `${method.toUpperCase()} ${path.replace('{taskId}', 'ID').replace('{clientId}', 'CLIENT')} ${scope}`;
      }),
    );
    const rows = tableRows(section(text, '## Tasks'));
    const described = rows.filter(([, scope]) => scope);
    assert.deepEqual(
      described.map(([route, scope]) => `${code(route)} ${code(scope)}`).sort(),
      program.sort(),
    );
    for (const [route] of rows.filter(([, scope]) => !scope)) {
      const [method, path] = code(route).split(' ');
      const response = await fetch(server.url + path, { method: 'OPTIONS' });
      assert.equal(response.status, 200, path);
      assert.ok(response.headers.get('allow').split(', ').includes(method), path);
    }
  });

  test('names the metrics of the program, all of them', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const program = [...metrics.matchAll(/^# TYPE (\S+ \S+)$/gm)].map(([, series]) => series);
    const described = tableRows(section(text, '### `GET /metrics`')).map(
      ([name, type]) => `${code(name).replace(/\{.*/, '')} ${type}`,
    );
    assert.deepEqual(described.sort(), program.sort());
  });
});
