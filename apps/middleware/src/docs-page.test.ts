import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { ServiceProcess } from './testing/service-process.ts';

const executablePath = '/usr/bin/chromium';
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

test.skipIf(!existsSync(executablePath))(
  'the docs page shows the operations in a browser and asks nobody but us for anything (skipped without chromium)',
  { timeout: 120_000 },
  async () => {
    await using service = new ServiceProcess();
    const { baseUrl } = await service.start();
    const browser = await chromium.launch({ executablePath, args: flags });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      const problems: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      await page.goto(`${baseUrl}/docs`);
      await page.getByText('/api/v1/games/realm/players/{id}', { exact: true }).first().waitFor();
      expect(problems).toEqual([]);
      expect(await page.getByText('Warning', { exact: true }).count()).toBe(0);
      expect(asked.filter((url) => !url.startsWith(baseUrl) && !url.startsWith('data:'))).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
