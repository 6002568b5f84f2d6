// What the hook before a tool refuses, in each variant.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runHook, variants } from '../support/hooks.mjs';
import { Monitor, unique } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const BLOCKED = [
  'rm -rf /', 'rm -rf ~', 'rm -f $HOME', 'rm /', 'echo x; rm -fr / ', 'rm --force -rfv /',
  'sudo rm\t-rf\n/', 'rm -rf /\n', 'true && rm ~ && true', '/bin/rm -rf $HOME\n\n',
  'echo "é" \\ \'x\'; rm -rf / # $(x) %s',
];
const ALLOWED = [
  'rm -rf /tmp/x', 'rm -rf ./build', 'rm -r /', 'rm -rf /*', 'ls /', 'rm -r -f /', 'rm -rf $HOME/x',
  'rm -rf /;', 'rm -rf', 'rm x /', 'rmdir /', 'rm -rf2 /', '',
];
const SENSITIVE = ['/p/.env', 'key.pem', '/a b/id.key', 'x.credentials', 'y.secret'];

let server, monitor;
before(async () => {
  server = await startServer();
  monitor = new Monitor(server.url);
});
after(() => server?.stop());

for (const variant of Object.keys(variants)) {
  describe(`the hook before a tool in ${variant}`, () => {
    const run = (input, env = {}, url = server.url) =>
      runHook(variant, 'pre-tool-use', { session_id: 's', ...input }, url, { env });
    const bash = (command, ...more) =>
      run({ session_id: unique('session'), tool_name: 'Bash', tool_input: { command } }, ...more);

    test('refuses what would delete everything, and tells so', async () => {
      for (const command of BLOCKED) {
        const session_id = unique('session');
        const { code, stdout, stderr } = await run({
          session_id,
          tool_name: 'Bash',
          tool_input: { command },
          tool_use_id: 't',
        });
        assert.equal(code, 2, command);
        assert.equal(stdout, '');
        assert.equal(stderr, `AgentMonitor: Blocked destructive command: ${command}\n`);
        const row = await until(async () => (await monitor.rows({ session_id }))[0], 'an event');
        assert.equal(row.event_type, 'error');
        assert.equal(row.status, 'error');
        assert.equal(row.tool_name, 'Bash');
        assert.deepEqual(JSON.parse(row.metadata), {
          blocked: true,
          reason: 'destructive_command',
          command,
        });
      }
    });

    test('refuses it also when nobody listens', async () => {
      assert.equal((await bash('rm -rf /', {}, 'http://127.0.0.1:1')).code, 2);
      assert.equal((await bash('rm -rf /', {}, 'nonsense')).code, 2);
    });

    test('refuses it behind any length of other words', async () => {
      for (const filler of ['echo ', '-frm ', 'x'.repeat(1000) + ' rm\n']) {
        const command = `${filler.repeat(60_000 / filler.length)}; rm -rf /`;
        assert.equal((await bash(command)).code, 2, filler.slice(0, 20));
      }
    });

    test('lets everything else pass without a word', async () => {
      for (const command of ALLOWED) {
        const { code, stdout, stderr } = await bash(command);
        assert.equal(code, 0, command);
        assert.equal(stdout + stderr, '');
      }
      const other = { tool_name: 'Task', tool_input: { command: 'rm -rf /' } };
      assert.equal((await run(other)).code, 0);
    });

    test('tells of files with secrets, and lets them pass', async () => {
      for (const file_path of SENSITIVE) {
        const session_id = unique('session');
        const { code } = await run({ session_id, tool_name: 'Read', tool_input: { file_path } });
        assert.equal(code, 0);
        const row = await until(async () => (await monitor.rows({ session_id }))[0], 'an event');
        assert.equal(row.event_type, 'tool_use');
        assert.equal(row.status, 'success');
        assert.deepEqual(JSON.parse(row.metadata), {
          security_warning: true,
          reason: 'sensitive_file_access',
          file_path,
        });
      }
    });

    test('looks at nothing when safety is off', async () => {
      const before = (await monitor.stats()).total_events;
      for (const AGENTMONITOR_SAFETY of ['0', 'off', 'true']) {
        assert.equal((await bash('rm -rf /', { AGENTMONITOR_SAFETY })).code, 0);
        const file = { tool_name: 'Read', tool_input: { file_path: '.env' } };
        assert.equal((await run(file, { AGENTMONITOR_SAFETY })).code, 0);
      }
      for (const AGENTMONITOR_SAFETY of ['1', '']) {
        assert.equal((await bash('rm -rf /', { AGENTMONITOR_SAFETY })).code, 2);
      }
      const counted = async () => (await monitor.stats()).total_events === before + 2;
      await until(counted, 'the two refusals, and nothing else');
    });
  });
}
