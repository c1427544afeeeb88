import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HeapSnapshots } from './heap-snapshots.ts';

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'midgard-heap-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test('the newest are kept, and files of others are left alone', async () => {
  const target = folder();
  writeFileSync(path.join(target, 'notes.txt'), '');
  let now = 0;
  const snapshots = new HeapSnapshots({ folder: target, keep: 2, clock: { now: () => (now += 1000) }, write: (file) => writeFileSync(file, 'x') });
  const taken = [await snapshots.take(), await snapshots.take(), await snapshots.take()];
  expect(taken.map(({ bytes }) => bytes)).toEqual([1, 1, 1]);
  expect(readdirSync(target)).toEqual([taken[1]?.file, taken[2]?.file, 'notes.txt']);
});

test('one at a time, and the next once it has ended, also badly', async () => {
  let isFull = true;
  const write = (file: string): void => {
    if (isFull) throw new Error('ENOSPC');
    writeFileSync(file, 'x');
  };
  const snapshots = new HeapSnapshots({ folder: folder(), write });
  const first = snapshots.take();
  await expect(snapshots.take()).rejects.toMatchObject({ code: 1005 });
  await expect(first).rejects.toThrow('ENOSPC');
  isFull = false;
  expect((await snapshots.take()).bytes).toBe(1);
});
