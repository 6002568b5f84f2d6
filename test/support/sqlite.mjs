// Databases as another program sees them: through the sqlite3 command line program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const LIMIT_MS = 10_000;

/// Runs `sql` on the database file, which is made if it is not there; returns the rows of its last
/// query.
export function sqlite(file, sql) {
  const run = spawnSync('sqlite3', ['-bail', '-cmd', '.timeout 5000', '-json', file], {
    input: sql,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: 64 << 20,
  });
  assert.ifError(run.error);
  assert.equal(run.status, 0, `sqlite3: ${run.stderr}\nin: ${sql}`);
  return run.stdout.trim() ? JSON.parse(run.stdout) : [];
}

/// `value` as an SQL literal.
export function literal(value) {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  return `'${value.replaceAll("'", "''")}'`;
}

/// An INSERT of one row, given as {column: value}.
export function insert(table, row) {
  const columns = Object.keys(row).join(', ');
  const values = Object.values(row).map(literal).join(', ');
  return `INSERT INTO ${table}(${columns}) VALUES (${values});\n`;
}
