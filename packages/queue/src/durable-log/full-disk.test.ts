import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';

const bytes = 1024 * 1024;

/** A file system of one mebibyte; undefined where this user may not mount one. */
function smallFileSystem(): (Disposable & { readonly folder: string }) | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  const dispose = (): void => {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  };
  return { folder, [Symbol.dispose]: dispose };
}

test('on a disk that is full every append is either in the log or an error, and space that comes free is used', async ({ skip }) => {
  using fileSystem = smallFileSystem();
  if (fileSystem === undefined) {
    skip('only root may mount the small tmpfs that this fills');
    return;
  }
  const directory = path.join(fileSystem.folder, 'log');
  const acknowledged = new Map<number, string>();
  const codes = new Set<unknown>();
  const fill = async (log: DurableLog, from: number): Promise<void> => {
    for (let n = from; n < from + 40; n += 1) {
      const burst = Array.from({ length: 10 }, (_, at) => `${n}-${at}-${'x'.repeat(5000)}`);
      for (const [at, result] of (await Promise.allSettled(burst.map((text) => log.append(Buffer.from(text))))).entries()) {
        if (result.status === 'fulfilled') acknowledged.set(result.value, burst[at]!);
        else codes.add(result.reason.code);
      }
    }
  };
  const log = await DurableLog.open({ directory, segmentBytes: 128 * 1024, maxRecordBytes: 8192 });
  await fill(log, 0);
  expect(codes).toEqual(new Set(['ERR_QUEUE_LOG_FULL']));
  expect((await statfs(fileSystem.folder)).bavail).toBeLessThan(30);
  const before = acknowledged.size;
  expect(before).toBeGreaterThan(100);
  await log.close();

  const again = await DurableLog.open({ directory, segmentBytes: 128 * 1024, maxRecordBytes: 8192 });
  const found = new Map<number, string>();
  for await (const { sequence, payload } of again.read()) found.set(sequence, payload.toString());
  expect(found).toEqual(acknowledged);
  // A full disk must not keep the consumer from making room on it.
  await again.consume(before);
  await fill(again, 100);
  expect(acknowledged.size).toBeGreaterThan(before + 50);
  await again.close();
});
