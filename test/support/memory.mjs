// The memory of a program, as the kernel counts it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

// A build with sanitizers, which ./x sanitize announces, needs memory for itself.
const isCounted = !process.env.SIGHTLINE_SLOW;

/// `resident` bytes now, and `peak`, the most there ever were.
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)[1]) * 1024;
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/// Fails when `bytes` are more than `limit`, with what they are.
export function assertAtMost(bytes, limit, what) {
  if (!isCounted) return;
  const kib = (value) => `${Math.round(value / 1024)} KiB`;
  assert.ok(bytes <= limit, `${what}: ${kib(bytes)}, more than ${kib(limit)}`);
}
