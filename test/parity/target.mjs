// What the parity suite runs against: any server that speaks the contract.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { Monitor } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';

/// The server named by AGENTMONITOR_BASE_URL, or else a new one of the built program, which is
/// stopped, and must have stopped well, after the last test of the file.
export async function openMonitor() {
  const named = process.env.AGENTMONITOR_BASE_URL;
  if (named) return new Monitor(named);

  const server = await startServer();
  after(async () => assert.equal(await server.stop(), 0, server.output()));
  return new Monitor(server.url);
}
