// The page at /, in a real browser.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { Monitor } from '../support/monitor.mjs';
import { startServer } from '../support/server.mjs';

const TIMEOUT_MS = process.env.SIGHTLINE_SLOW ? 60_000 : 20_000;

describe('the start page', { timeout: 2 * TIMEOUT_MS }, () => {
  let server, monitor, browser, page, profile;
  const problems = [];

  before(async () => {
    server = await startServer();
    monitor = new Monitor(server.url);
    profile = mkdtempSync(join(tmpdir(), 'sightline-browser-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('dialog', (dialog) => { problems.push('a dialog'); dialog.dismiss(); });
  });
  after(async () => {
    await browser?.close();
    rmSync(profile, { recursive: true, force: true });
    await server?.stop();
  });

  test('tells how to send an event while there is none', async () => {
    await page.goto(server.url);
    await page.getByText('No events yet').waitFor();
    assert.match(await page.locator('#example').innerText(), new RegExp(`curl ${server.url}/api/events`));
    await page.locator('#link.open').waitFor();
    await page.locator('#total_events', { hasText: /^0$/ }).waitFor();
  });

  test('shows an event as soon as it is sent, and counts it', async () => {
    await monitor.send({ agent_type: 'codex', tool_name: 'Bash', metadata: { command: 'make test' } });
    const row = page.locator('tbody tr').first();
    await row.filter({ hasText: 'make test' }).waitFor();
    assert.match(await row.innerText(), /codex/);
    await page.locator('#total_events', { hasText: /^1$/ }).waitFor();
  });

  test('shows what a client sent as text, never as markup', async () => {
    const markup = '<img src=x onerror="alert(1)">';
    await monitor.send({ agent_type: markup, metadata: { message: markup } });
    await page.locator('td.what', { hasText: markup }).waitFor();
    assert.equal(await page.locator('tbody img').count(), 0);
  });

  test('shows stored events after a reload, each once', async () => {
    await page.reload();
    await page.locator('tbody tr').nth(1).waitFor();
    assert.equal(await page.locator('tbody tr').count(), 2);
  });

  test('made no error in the browser', () => assert.deepEqual(problems, []));
});
