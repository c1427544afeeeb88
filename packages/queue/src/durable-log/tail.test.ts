import { expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';
import { recordHeaderBytes } from './record.ts';
import { segmentHeaderBytes } from './segment.ts';
import { ForgetfulDisk } from './test/forgetful-disk.ts';

const directory = '/log';
const file = '/log/0000000000000001.log';
const payloads = ['first', '', 'the third one', 'x'.repeat(40), 'last'];

/** Where each record begins, and the end of the last. */
const edges = payloads.reduce((all, text) => [...all, all.at(-1)! + recordHeaderBytes + text.length], [segmentHeaderBytes]);

async function written(): Promise<{ disk: ForgetfulDisk; whole: Buffer }> {
  const disk = new ForgetfulDisk();
  await using log = await DurableLog.open({ directory, files: disk });
  for (const text of payloads) await log.append(Buffer.from(text));
  return { disk, whole: Buffer.from(disk.contents(file)) };
}

async function reopened(disk: ForgetfulDisk): Promise<{ texts: string[]; cut: DurableLog['cut']; next: number }> {
  await using log = await DurableLog.open({ directory, files: disk });
  const texts: string[] = [];
  for await (const { payload } of log.read()) texts.push(payload.toString());
  return { texts, cut: log.cut, next: await log.append(Buffer.from('next')) };
}

/** How many records stand wholly before an offset. */
const wholeBefore = (offset: number): number => edges.filter((edge) => edge <= offset).length - 1;

test('cut short at any byte, the log ends at the last whole record and says what it cut', async () => {
  const { disk, whole } = await written();
  expect(whole.length).toBe(edges.at(-1));
  for (let length = segmentHeaderBytes; length < whole.length; length += 1) {
    disk.overwrite(file, whole.subarray(0, length));
    const records = wholeBefore(length);
    const { texts, cut, next } = await reopened(disk);
    expect({ length, texts, next }).toEqual({ length, texts: payloads.slice(0, records), next: records + 1 });
    const edge = edges[records]!;
    expect(cut).toEqual(length === edge ? undefined : { file: '0000000000000001.log', at: edge, bytes: length - edge, fault: 'truncated', savedAs: undefined });
  }
});

test('with any bit flipped, the log ends before the record that holds it, and the bytes are kept aside', async () => {
  const { disk, whole } = await written();
  for (let at = segmentHeaderBytes; at < whole.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << bit;
      disk.overwrite(file, damaged);
      const records = wholeBefore(at);
      const { texts, cut, next } = await reopened(disk);
      expect({ at, bit, texts, next }).toEqual({ at, bit, texts: payloads.slice(0, records), next: records + 1 });
      expect(cut).toMatchObject({ at: edges[records], bytes: whole.length - edges[records]! });
      // A length that grew beyond the file looks like a record that ended too soon: nothing of it can be told from a torn one.
      if (cut?.savedAs !== undefined) expect(disk.contents(`/log/${cut.savedAs}`).equals(damaged.subarray(edges[records]))).toBe(true);
      else expect(cut?.fault).toBe('truncated');
    }
  }
});

test('zeros behind the last record, as a crash of some file systems leaves them, are cut', async () => {
  const { disk, whole } = await written();
  disk.overwrite(file, Buffer.concat([whole, Buffer.alloc(4096)]));
  expect(await reopened(disk)).toMatchObject({ texts: payloads, cut: { fault: 'corrupt', bytes: 4096 }, next: 6 });
});

test('a record of an older life behind the last one is not taken for the next', async () => {
  const { disk, whole } = await written();
  disk.overwrite(file, Buffer.concat([whole, whole.subarray(edges[0], edges[1])]));
  expect(await reopened(disk)).toMatchObject({ texts: payloads, cut: { fault: 'corrupt' }, next: 6 });
});

test('damage that no crash explains is an error that names the place, and nothing is cut', async () => {
  const disk = new ForgetfulDisk();
  const log = await DurableLog.open({ directory, files: disk, segmentBytes: 100 });
  for (let n = 1; n <= 12; n += 1) await log.append(Buffer.from(`record ${n}`));
  await log.close();
  const first = Buffer.from(disk.contents(file));
  const flipped = Buffer.from(first);
  flipped[30]! ^= 1;
  for (const damaged of [flipped, first.subarray(0, first.length - 1), Buffer.alloc(first.length), first.subarray(0, 10)]) {
    disk.overwrite(file, damaged);
    await expect(DurableLog.open({ directory, files: disk })).rejects.toMatchObject({
      code: 'ERR_QUEUE_LOG_CORRUPT',
      message: expect.stringContaining('0000000000000001.log'),
    });
    expect(disk.contents(file).equals(damaged)).toBe(true);
  }
  disk.overwrite(file, first);
  await using again = await DurableLog.open({ directory, files: disk });
  expect(again.figures().durable).toBe(12);
});

test('a log whose only segment does not begin as one is not opened over it', async () => {
  const { disk, whole } = await written();
  for (let at = 0; at < segmentHeaderBytes; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1;
    disk.overwrite(file, damaged);
    await expect(DurableLog.open({ directory, files: disk })).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_CORRUPT' });
  }
});

test('a segment that is gone is an error unless it was consumed', async () => {
  const disk = new ForgetfulDisk();
  const log = await DurableLog.open({ directory, files: disk, segmentBytes: 100 });
  for (let n = 1; n <= 12; n += 1) await log.append(Buffer.from(`record ${n}`));
  await log.consume(1);
  await log.close();
  const [, second = ''] = (await disk.list(directory)).filter((name) => name.endsWith('.log')).toSorted();
  const kept = Buffer.from(disk.contents(`/log/${second}`));
  for (const name of ['0000000000000001.log', second]) {
    const contents = Buffer.from(disk.contents(`/log/${name}`));
    await disk.remove(`/log/${name}`);
    await expect(DurableLog.open({ directory, files: disk })).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_CORRUPT' });
    disk.overwrite(`/log/${name}`, contents);
  }
  expect(disk.contents(`/log/${second}`).equals(kept)).toBe(true);
});

test.each(['gone', 'damaged'])('with its note %s, a log replays all that is left', async (how) => {
  const disk = new ForgetfulDisk();
  const log = await DurableLog.open({ directory, files: disk, segmentBytes: 100 });
  for (let n = 1; n <= 12; n += 1) await log.append(Buffer.from(`record ${n}`));
  await log.consume(8);
  await log.close();
  if (how === 'gone') await disk.remove('/log/checkpoint');
  else disk.overwrite('/log/checkpoint', Buffer.alloc(20, 7));
  await using again = await DurableLog.open({ directory, files: disk });
  const left: number[] = [];
  for await (const { sequence } of again.read()) left.push(sequence);
  expect(left[0]).toBeLessThanOrEqual(9);
  expect(left).toEqual(Array.from({ length: left.length }, (_, at) => 13 - left.length + at));
  expect(again.figures()).toMatchObject({ durable: 12, consumed: left[0]! - 1 });
});

test('a log keeps its name for all its life, and is not opened under another one', async () => {
  const { disk } = await written();
  const name = Buffer.from(disk.contents('/log/id'));
  await using log = await DurableLog.open({ directory, files: disk });
  expect(log.id).toBe(name.toString());
  expect(log.id).toMatch(/^[0-9a-f]{32}$/);
  await log.close();
  disk.overwrite('/log/id', Buffer.alloc(32));
  await expect(DurableLog.open({ directory, files: disk })).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_CORRUPT' });
  await disk.remove('/log/id');
  await expect(DurableLog.open({ directory, files: disk })).rejects.toMatchObject({ code: 'ERR_QUEUE_LOG_CORRUPT' });
});

test('numbers of records that were consumed and then cut off are not given again', async () => {
  const { disk, whole } = await written();
  const log = await DurableLog.open({ directory, files: disk });
  await log.consume(5);
  await log.close();
  disk.overwrite(file, whole.subarray(0, whole.length - 1));
  expect(await reopened(disk)).toMatchObject({ texts: [], next: 6 });
  expect(await disk.list(directory)).toEqual(['id', 'checkpoint', '0000000000000006.log']);
  await using again = await DurableLog.open({ directory, files: disk });
  expect(again.figures()).toMatchObject({ durable: 6, consumed: 5, segments: 1 });
});
