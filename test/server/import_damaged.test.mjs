// Logs as crashes, full disks and other programs leave them, and logs of any size.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AgentsHome } from '../support/agents_home.mjs';
import { assertAtMost, memoryOf } from '../support/memory.mjs';
import { assertTotalsAreRecounts } from '../support/recount.mjs';
import { within } from '../support/until.mjs';

const LIMIT = 64 << 20;
const line = (i, more = '') => `{"type":"user","sessionId":"s","content":"line ${i}"${more}}\n`;

// Imports while it watches the memory; returns the most there ever was.
async function peakOf(home, ...args) {
  const child = home.start(['import', '--json', ...args]);
  let peak = 0;
  const look = () => {
    try {
      peak = Math.max(peak, memoryOf(child.pid).peak);
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, 20);
  child.stdout.resume();
  const [code] = await within(once(child, 'exit'), 110_000, 'end of the import');
  clearInterval(timer);
  assert.equal(code, 0);
  assert.ok(peak > 0, 'it was seen');
  return peak;
}

describe('the memory of an import', () => {
  test('stays below 64 MiB for 300 MB of logs', async () => {
    const home = new AgentsHome();
    const { bytes } = home.generate({ bytes: 300e6, seed: 9 });
    assert.ok(bytes >= 300e6);
    assertAtMost(await peakOf(home), LIMIT, `import of ${bytes} bytes`);
    assertAtMost(await peakOf(home, '--force', '--dry-run'), LIMIT, 'dry run');
  });

  test('stays below 64 MiB for a line of 100 MB, which is read with its texts shortened', async () => {
    const home = new AgentsHome();
    const path = home.claudeLog('s', line(0));
    appendFileSync(path, '{"type":"tool_result","sessionId":"s","duration_ms":7,"output":"');
    for (let i = 0; i < 100; ++i) appendFileSync(path, 'x'.repeat(1e6));
    appendFileSync(path, `","usage":{"output_tokens":5}}\n${line(2)}`);
    assertAtMost(await peakOf(home), LIMIT, 'import');
    const rows = home.sql('SELECT event_type, duration_ms, tokens_out, length(metadata) AS size FROM events ORDER BY id;');
    assert.deepEqual(rows[1], { event_type: 'tool_use', duration_ms: 7, tokens_out: 5, size: 522 });
    assert.equal(rows.length, 3);
    const [file] = (await home.import('--force')).files;
    assert.deepEqual([file.lines, file.cutLines, file.tooLongLines], [3, 1, 0]);
  });

  test('stays below 64 MiB for a line of 100 MB that nothing can be cut from', async () => {
    const home = new AgentsHome();
    const path = home.claudeLog('s', line(0));
    appendFileSync(path, '{"type":"user","x":[');
    for (let i = 0; i < 100; ++i) appendFileSync(path, '1,'.repeat(5e5));
    appendFileSync(path, `1]}\n${line(2)}`);
    assertAtMost(await peakOf(home), LIMIT, 'import');
    const result = await home.import('--force');
    assert.equal(result.totalEventsFound, 2);
    assert.equal(result.files[0].tooLongLines, 1);
  });
});

describe('an import of a damaged log', () => {
  test('keeps the line of a torn character, and loses one with a zero byte', async () => {
    const home = new AgentsHome();
    home.claudeLog('s', Buffer.concat([
      Buffer.from('{"type":"user","content":"a'), Buffer.from([0xe2, 0x82]), Buffer.from('b"}\n'),
      Buffer.from('{"type":"user","content":"a\0b"}\n'),
      Buffer.alloc(4096), Buffer.from('\n'),
      Buffer.from('{"type":"user","content":"\\u0000"}\r\n'),
    ]));
    const { files } = await home.import();
    assert.deepEqual([files[0].lines, files[0].brokenLines], [4, 2]);
    const previews = home.sql('SELECT metadata FROM events ORDER BY id;').map((row) => JSON.parse(row.metadata).content_preview);
    assert.deepEqual(previews, ['a\ufffd\ufffdb', '\0']);
  });

  test('takes the last line once it is complete', async () => {
    const home = new AgentsHome();
    const last = line(2);
    const path = home.claudeLog('s', line(0) + line(1) + last.slice(0, 20));
    assert.equal((await home.import()).totalEventsImported, 2);
    appendFileSync(path, last.slice(20));
    const { files } = await home.import();
    assert.deepEqual([files[0].eventsImported, files[0].skippedDuplicate, files[0].brokenLines], [1, 2, 0]);
    appendFileSync(path, '{"type":"user","content":"no line end"}');
    assert.equal((await home.import()).totalEventsImported, 1);
  });

  test('ends with a log that shrinks or is replaced meanwhile, and takes it anew the next time', async () => {
    for (const change of [(path) => truncateSync(path, line(0).length), (path, other) => renameSync(other, path)]) {
      const home = new AgentsHome();
      const path = home.claudeLog('s', Array.from({ length: 60_000 }, (_, i) => line(i)).join(''));
      const other = home.file('other', line('of another log', ',"status":"error"').replace('"s"', '"t"'));
      const child = home.start(['import', '--json']);
      child.stdout.resume();
      const done = once(child, 'exit');
      const begun = () => home.has() && statSync(`${home.db}-wal`, { throwIfNoEntry: false })?.size > 200_000;
      while (child.exitCode === null && !begun()) await new Promise(setImmediate);
      change(path, other);
      const [code] = await within(done, 60_000, 'end of the import');
      assert.equal(code, 0);
      await home.import();
      assert.equal((await home.import()).skippedFiles, 1);
      const verified = JSON.parse((await home.run(['verify', '--json'])).stdout);
      assert.deepEqual([verified.missing, verified.changed], [0, 0]);
      assertTotalsAreRecounts(home.db);
    }
  });

  test('reads no pipe and no folder of that name', async () => {
    const home = new AgentsHome();
    home.claudeLog('folder.jsonl/inner', line(0));
    const { execFileSync } = await import('node:child_process');
    writeFileSync(`${home.claude}/-home-dev-shop/x`, '');
    execFileSync('mkfifo', [`${home.claude}/-home-dev-shop/pipe.jsonl`]);
    assert.equal((await home.import()).totalFiles, 1);
  });
});
