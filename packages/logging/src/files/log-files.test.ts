import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LogFolder } from '../test/log-folder.ts';
import { fileSettings } from './file-options.ts';
import { LogFiles } from './log-files.ts';
import { pruneFiles } from './prune-files.ts';

// The clock of the thread is the machine's: here the thread's part runs in ours, and the machine's clock is moved.
beforeEach(() => void vi.useFakeTimers({ now: new Date(2026, 0, 31, 23, 59), toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const line = (msg: string): string => `{"level":"info","stream":"service","msg":"${msg}"}\n`;

function touch(folder: LogFolder, ...names: readonly string[]): void {
  for (const name of names) writeFileSync(path.join(folder.path, name), line(name));
}

test('a new day has a new file, and what is too old by then is removed', async () => {
  using folder = new LogFolder();
  touch(folder, 'test-0-service.2026-01-23.1.log', 'test-0-service.2026-01-24.1.log', 'test-0-service.2026-01-25.1.log');
  const told: unknown[] = [];
  const listener = {
    written: (lines: number) => void told.push(lines),
    failing: (error: Error) => void told.push(error),
    recovered: () => void told.push('recovered'),
    notPruned: (error: Error) => void told.push(error),
  };
  const files = await LogFiles.open({ settings: fileSettings({ folder: folder.path, prefix: 'test-0' }), retryMs: 1000, listener });
  await vi.waitFor(() => expect(readdirSync(folder.path)).not.toContain('test-0-service.2026-01-23.1.log'));
  files.write(line('old day'));
  await vi.advanceTimersByTimeAsync(60_000);
  files.write(line('new day').slice(0, 20));
  files.write(line('new day').slice(20));
  await vi.advanceTimersByTimeAsync(3_600_000);
  await vi.waitFor(() => expect(readdirSync(folder.path)).not.toContain('test-0-service.2026-01-24.1.log'));
  const { promise, resolve } = Promise.withResolvers<void>();
  files.once('close', resolve).end();
  await promise;
  expect(folder.files('service').map((name) => [name, JSON.parse(folder.text(name)).msg])).toEqual([
    ['test-0-service.2026-01-25.1.log', 'test-0-service.2026-01-25.1.log'],
    ['test-0-service.2026-01-31.1.log', 'old day'],
    ['test-0-service.2026-02-01.1.log', 'new day'],
  ]);
  expect(told).toEqual([1, 1]);
});

test('what is not ours is never removed, however old', async () => {
  using folder = new LogFolder();
  const foreign = [
    'test-01-service.2020-01-01.1.log',
    'test-0-service.2020-01-01.1.log.gz',
    'test-0-other.2020-01-01.1.log',
    'test-0-service.log',
    'x',
    'test-0-service.2020-01-01.log',
  ];
  touch(folder, ...foreign, 'test-0-audit.2020-01-01.1.log', 'test-0-audit.2026-01-30.1.log', 'test-0-audit.2026-01-29.4.log');
  const removed = await pruneFiles({ folder: folder.path, prefix: 'test-0', keepDays: 1 }, new Date());
  expect(removed.toSorted()).toEqual(['test-0-audit.2020-01-01.1.log', 'test-0-audit.2026-01-29.4.log']);
  expect(readdirSync(folder.path).toSorted()).toEqual([...foreign, 'test-0-audit.2026-01-30.1.log'].toSorted());
});
