import { truncateSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LogFolder } from '../test/log-folder.ts';
import { WriterProcess } from '../test/writer-process.ts';

/**
 * The system refuses to let a file grow beyond it (EFBIG), through the real thread and for any user: as a full disk does. Twice what may wait
 * in memory, so that all of that finds room when there is some.
 */
const fileBlocks = 256;

test('where the disk takes no more the process goes on, lines are dropped and counted, and it is told once, at both ends', async () => {
  using folder = new LogFolder();
  await using writer = new WriterProcess(folder.path, 'full', fileBlocks);
  const dropped = (): number => Number(writer.in('alive').at(-1)?.['dropped'] ?? 0);
  await expect.poll(dropped).toBeGreaterThanOrEqual(200);
  const alive = writer.in('alive').length;
  await expect.poll(() => writer.in('alive').length).toBeGreaterThan(alive + 20);
  expect(writer.in('failing')).toMatchObject([{ reason: 'disk' }]);
  const [name = ''] = folder.files('service');
  const before = folder.text(name);
  // As a disk does, it took a part of the last line.
  expect(before).toMatch(/^(?:\{[^\n]*\}\n)+\{[^\n]*$/);

  // Room again, as when somebody has removed what filled the disk.
  truncateSync(path.join(folder.path, name), 0);
  await expect.poll(() => writer.in('recovered').length).toBe(1);
  await writer.end();
  const kept = `${before}${folder.text(name)}`.trimEnd().split('\n');
  const lines = kept.map((line): { n?: number; msg: string; dropped?: number } => JSON.parse(line));
  const numbers = lines.flatMap(({ n }) => n ?? []);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  expect(lines.filter(({ msg }) => msg === 'recovered')[0]).toMatchObject({ dropped: writer.in('recovered')[0]?.['dropped'] });
  // Every line is in the file or among the dropped.
  expect(writer.in('ended')).toEqual([{ state: 'ended', logged: numbers.length + Number(writer.in('ended')[0]?.['dropped']), dropped: expect.any(Number) }]);
});
