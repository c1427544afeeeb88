import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DurableLog, type DurableLogOptions } from './durable-log.ts';
import { ForgetfulDisk } from './test/forgetful-disk.ts';

const directory = '/log';
const open = (disk: ForgetfulDisk, options: Partial<DurableLogOptions> = {}): Promise<DurableLog> => DurableLog.open({ directory, files: disk, ...options });
const bytes = (text: string): Buffer => Buffer.from(text);

async function texts(log: DurableLog, after?: number): Promise<[number, string][]> {
  const all: [number, string][] = [];
  for await (const { sequence, payload } of log.read(after)) all.push([sequence, payload.toString()]);
  return all;
}

/** A failure of the disk as Node tells it. */
const failure = (code: string): Error => Object.assign(new Error(code), { code });

test('records are read in the order of their appends, numbered from 1', async () => {
  await using log = await open(new ForgetfulDisk());
  expect(await Promise.all(['a', '', 'c'].map((text) => log.append(bytes(text))))).toEqual([1, 2, 3]);
  expect(await log.append(bytes('d'))).toBe(4);
  expect(await texts(log)).toEqual([
    [1, 'a'],
    [2, ''],
    [3, 'c'],
    [4, 'd'],
  ]);
  expect(await texts(log, 2)).toEqual([
    [3, 'c'],
    [4, 'd'],
  ]);
});

test('all who append in one tick share one sync, and so do all who append while the disk is busy', async () => {
  const disk = new ForgetfulDisk();
  await using log = await open(disk);
  const before = disk.syncs;
  const first = Promise.all(Array.from({ length: 100 }, (_, at) => log.append(bytes(`first ${at}`))));
  await Promise.resolve();
  await Promise.resolve();
  const second = Promise.all(Array.from({ length: 100 }, (_, at) => log.append(bytes(`second ${at}`))));
  await first;
  expect(disk.syncs).toBe(before + 1);
  await second;
  expect(disk.syncs).toBe(before + 2);
});

test('an append is not acknowledged before its sync has come back', async () => {
  const disk = new ForgetfulDisk();
  const held = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const openFile = disk.open.bind(disk);
  disk.open = async (file) => {
    const opened = await openFile(file);
    const sync = async (): Promise<void> => {
      reached.resolve();
      await held.promise;
      await opened.sync();
    };
    return { ...opened, sync };
  };
  await using log = await open(disk);
  let isDone = false;
  const appended = log.append(bytes('a')).then(() => (isDone = true));
  await reached.promise;
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  expect(isDone).toBe(false);
  expect(log.figures()).toMatchObject({ durable: 0, pending: 1 });
  held.resolve();
  await appended;
  expect(log.figures()).toMatchObject({ durable: 1, pending: 0 });
});

test('a payload may be changed as soon as it was handed over', async () => {
  await using log = await open(new ForgetfulDisk());
  const payload = bytes('before');
  const appended = log.append(payload);
  payload.write('after!');
  await appended;
  expect(await texts(log)).toEqual([[1, 'before']]);
});

test('an opened log goes on where it ended, and replays what was not consumed', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk);
  await Promise.all(['a', 'b', 'c'].map((text) => log.append(bytes(text))));
  await log.consume(2);
  await log.close();
  await using again = await open(disk);
  expect(again.cut).toBeUndefined();
  expect(again.figures()).toMatchObject({ durable: 3, consumed: 2 });
  expect(await texts(again)).toEqual([[3, 'c']]);
  expect(await again.append(bytes('d'))).toBe(4);
});

test('a full segment is followed by a new one, and consumed ones are deleted', async () => {
  const disk = new ForgetfulDisk();
  await using log = await open(disk, { segmentBytes: 200 });
  for (let n = 1; n <= 30; n += 1) await log.append(bytes(`record ${n}`));
  const { segments, diskBytes } = log.figures();
  expect(segments).toBeGreaterThan(3);
  expect((await texts(log)).map(([sequence]) => sequence)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
  await log.consume(15);
  expect(log.figures().segments).toBeLessThan(segments);
  expect(log.figures().diskBytes).toBeLessThan(diskBytes);
  expect((await texts(log)).map(([sequence]) => sequence)).toEqual(Array.from({ length: 15 }, (_, at) => at + 16));
  await log.consume(30);
  expect(log.figures().segments).toBe(1);
  expect((await disk.list(directory)).filter((name) => name.endsWith('.log'))).toHaveLength(1);
});

test('a batch larger than a segment gets one for itself', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk, { segmentBytes: 100 });
  await log.append(bytes('small'));
  await Promise.all(Array.from({ length: 20 }, () => log.append(bytes('much of it'))));
  await log.append(bytes('last'));
  expect(log.figures().segments).toBe(3);
  await log.close();
  await using again = await open(disk);
  expect(await texts(again)).toHaveLength(22);
});

test('a reader that another one overtakes with consume ends without an error', async () => {
  await using log = await open(new ForgetfulDisk(), { segmentBytes: 100 });
  for (let n = 1; n <= 12; n += 1) await log.append(bytes(`record ${n}`));
  const reader = log.read();
  expect((await reader.next()).value).toMatchObject({ sequence: 1 });
  await log.consume(12);
  const rest: number[] = [];
  for await (const { sequence } of reader) rest.push(sequence);
  expect(rest).toEqual(rest.toSorted((one, other) => one - other));
  expect(rest.at(-1)).toBe(12);
});

test('a reader that does not find a segment which is just being deleted goes on behind it', async () => {
  const disk = new ForgetfulDisk();
  await using log = await open(disk, { segmentBytes: 100 });
  for (let n = 1; n <= 12; n += 1) await log.append(bytes(`record ${n}`));
  const reader = log.read();
  const removeFile = disk.remove.bind(disk);
  const seen: unknown[] = [];
  disk.remove = async (file) => {
    await removeFile(file);
    if (seen.length === 0) seen.push((await reader.next()).value);
  };
  await log.consume(6);
  expect(seen).toMatchObject([{ sequence: expect.any(Number) }]);
});

test('segments whose deletion a crash prevented are deleted at the next opening', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk, { segmentBytes: 100 });
  for (let n = 1; n <= 12; n += 1) await log.append(bytes(`record ${n}`));
  const { segments } = log.figures();
  disk.remove = () => Promise.reject(failure('EIO'));
  await expect(log.consume(9)).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_WRITE' });
  await log.close();
  Reflect.deleteProperty(disk, 'remove');
  await using again = await open(disk, { segmentBytes: 100 });
  expect(again.figures().segments).toBe(segments - 3);
  expect((await texts(again)).map(([sequence]) => sequence)).toEqual([10, 11, 12]);
});

test('notes of what was consumed share one write, and an older one never replaces a newer one', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk);
  await Promise.all(['a', 'b', 'c'].map((text) => log.append(bytes(text))));
  const before = disk.syncs;
  await Promise.all([log.consume(1), log.consume(3), log.consume(2)]);
  expect(disk.syncs).toBe(before + 1);
  await log.close();
  await using again = await open(disk);
  expect(again.figures().consumed).toBe(3);
});

test('what is not on disk cannot be consumed', async () => {
  await using log = await open(new ForgetfulDisk());
  await log.append(bytes('a'));
  await expect(log.consume(2)).rejects.toMatchObject({ code: 'ERR_QUEUE_OPTIONS' });
  await expect(log.consume(0.5)).rejects.toMatchObject({ code: 'ERR_QUEUE_OPTIONS' });
});

test('close writes what waits, and refuses what comes later', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk);
  const waiting = [log.append(bytes('a')), log.append(bytes('b'))];
  const noted = Promise.all(waiting).then(() => log.consume(2));
  await Promise.all(waiting);
  const last = log.append(bytes('c'));
  const closed = log.close();
  await expect(log.append(bytes('d'))).rejects.toMatchObject({ code: 'ERR_QUEUE_CLOSED' });
  expect(await Promise.all([...waiting, last])).toEqual([1, 2, 3]);
  await Promise.all([closed, log.close(), noted]);
  await using again = await open(disk);
  expect(again.figures()).toMatchObject({ durable: 3, consumed: 2 });
});

test('bounds are errors to the caller, and what came before them stays', async () => {
  await using log = await open(new ForgetfulDisk(), { maxRecordBytes: 10, maxPendingBytes: 60, segmentBytes: 100, maxDiskBytes: 100 });
  await expect(log.append(bytes('eleven bytes'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_RECORD' });
  const [one, two, three] = [log.append(bytes('0123456789')), log.append(bytes('0123456789')), log.append(bytes('0123456789'))];
  await expect(three).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
  expect(await Promise.all([one, two])).toEqual([1, 2]);
  expect(await log.append(bytes(''))).toBe(3);
  await expect(log.append(bytes('0'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FULL' });
  expect(await texts(log)).toHaveLength(3);
});

test.each([
  { segmentBytes: 1 },
  { maxRecordBytes: 0 },
  { maxRecordBytes: 2 ** 31 },
  { maxPendingBytes: 100, maxRecordBytes: 100 },
  { maxDiskBytes: 1024 },
  { maxDiskBytes: Number.NaN },
])('%o is refused', async (options) => {
  await expect(open(new ForgetfulDisk(), options)).rejects.toMatchObject({ code: 'ERR_QUEUE_OPTIONS' });
});

test('a full disk refuses what waits, takes back the part that was written, and the log goes on when there is space', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk);
  await log.append(bytes('before'));
  const refused: Promise<number>[] = [];
  disk.fault = (step) => {
    if (step !== 'write') return undefined;
    refused.push(log.append(bytes('behind them')));
    return { error: failure('ENOSPC'), doneBytes: 20 };
  };
  refused.push(log.append(bytes('a')), log.append(bytes('b')));
  await expect(refused[0]).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FULL' });
  expect(refused).toHaveLength(3);
  for (const each of refused) await expect(each).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FULL' });
  disk.fault = () => undefined;
  expect(await log.append(bytes('after'))).toBe(2);
  await log.close();
  await using again = await open(disk);
  expect(again.cut).toBeUndefined();
  expect(await texts(again)).toEqual([
    [1, 'before'],
    [2, 'after'],
  ]);
});

test('what was refused by the disk no longer counts as waiting', async () => {
  const disk = new ForgetfulDisk();
  await using log = await open(disk, { maxRecordBytes: 10, maxPendingBytes: 26 });
  disk.fault = (step) => (step === 'write' ? { error: failure('ENOSPC') } : undefined);
  for (let n = 0; n < 3; n += 1) await expect(log.append(bytes('0123456789'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FULL' });
  expect(log.figures()).toMatchObject({ pending: 0 });
});

test('after a sync that failed nothing is acknowledged that was not synced again from the start', async () => {
  const disk = new ForgetfulDisk();
  const errors: string[] = [];
  await using log = await open(disk, { listener: { failed: ({ code }) => errors.push(code) } });
  let failures = 1;
  disk.fault = (step) => (step === 'sync' && failures-- > 0 ? { error: failure('EIO') } : undefined);
  await expect(log.append(bytes('a'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_WRITE' });
  expect(await log.append(bytes('b'))).toBe(1);
  expect(await texts(log)).toEqual([[1, 'b']]);
  expect(errors).toEqual(['ERR_QUEUE_LOG_WRITE']);
});

test('a log that cannot take back a failed write takes nothing more, until it is opened anew', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk);
  await log.append(bytes('good'));
  disk.fault = (step) => (step === 'sync' || step === 'truncate' ? { error: failure('EIO') } : undefined);
  await expect(log.append(bytes('unknown'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FAILED' });
  disk.fault = () => undefined;
  await expect(log.append(bytes('later'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FAILED' });
  await log.close();
  await using again = await open(disk);
  expect((await texts(again))[0]).toEqual([1, 'good']);
});

test('a segment that could not be made is made again, and nothing is lost or out of order', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk, { segmentBytes: 100 });
  for (let n = 1; n <= 4; n += 1) await log.append(bytes(`record ${n}`));
  let refusals = 1;
  const openFile = disk.open.bind(disk);
  // The new file has its name already: only opening it fails.
  disk.open = (file) => (refusals-- > 0 ? Promise.reject(failure('EMFILE')) : openFile(file));
  await expect(log.append(bytes('a record too long for the rest of the segment'))).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_WRITE' });
  expect(await log.append(bytes('x'))).toBe(5);
  await log.close();
  await using again = await open(disk);
  expect((await texts(again)).map(([sequence]) => sequence)).toEqual([1, 2, 3, 4, 5]);
});

test('a note that could not be written is an error, and the records are replayed', async () => {
  const disk = new ForgetfulDisk();
  const log = await open(disk);
  await log.append(bytes('a'));
  disk.fault = (step) => (step === 'write' ? { error: failure('ENOSPC') } : undefined);
  await expect(log.consume(1)).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_FULL' });
  disk.fault = () => undefined;
  await log.close();
  await using again = await open(disk);
  expect(await texts(again)).toEqual([[1, 'a']]);
});

test('two logs never have one folder open, and a closed one lets it go', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'midgard-log-'));
  try {
    const place = { directory: path.join(folder, 'deep', 'log') };
    const log = await DurableLog.open(place);
    await expect(DurableLog.open(place)).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_LOCKED' });
    await log.append(bytes('a'));
    await log.close();
    await using again = await DurableLog.open(place);
    expect(await texts(again)).toEqual([[1, 'a']]);
    expect(await readdir(place.directory)).toEqual(['0000000000000001.log', 'id', 'lock']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
