// Another program that writes to the database, and takes its time.
import { spawn } from 'node:child_process';
import { endWithTests } from './leftovers.mjs';
import { within } from './until.mjs';

/// Holds the write lock of `file` until the returned function is called.
export async function lockDatabase(file) {
  const child = spawn('sqlite3', ['-bail', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  endWithTests(child);
  child.stdin.write(".timeout 5000\nBEGIN IMMEDIATE;\nSELECT 'locked';\n");
  await within(
    new Promise((resolve) => child.stdout.once('data', resolve)),
    5000,
    `lock on ${file}`,
  );
  return async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin.end('ROLLBACK;\n');
    await within(ended, 5000, 'end of sqlite3');
  };
}
