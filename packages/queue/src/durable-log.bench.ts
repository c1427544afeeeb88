/**
 * Durable appends of 200 bytes: the log beside what one would write by hand, each on the same disk in the same run.
 *
 * A hand loop, since what is measured is the disk: medians of several runs, and ratios above 1 where the log is faster.
 */
import { fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { type BenchResult, machineLine, print, record } from '@midgard/bench';
import { DurableLog } from './index.ts';

const payload = Buffer.alloc(200, 'x');
const rounds = 5;
const roundMs = 400;
const folder = mkdtempSync(path.join(tmpdir(), 'midgard-log-bench-'));

/** Appends a second, with so many writers that each wait for their own record. */
async function perSecond(writers: number, append: () => Promise<unknown> | void): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let done = 0;
    const begin = performance.now();
    const writer = async (): Promise<void> => {
      while (performance.now() - begin < roundMs) {
        await append();
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: writers }, writer));
    rates.push((done * 1000) / (performance.now() - begin));
  }
  return rates.toSorted((one, other) => one - other)[rounds >> 1] ?? 0;
}

const results: BenchResult[] = [];
process.stdout.write(`${machineLine()}\n`);
try {
  const log = await DurableLog.open({ directory: path.join(folder, 'log') });
  const ours = new Map<number, number>();
  for (const writers of [1, 16, 256, 2000]) ours.set(writers, await perSecond(writers, () => log.append(payload)));

  const byHand = openSync(path.join(folder, 'by-hand'), 'a');
  const handRate = await perSecond(1, () => {
    writeSync(byHand, payload);
    fdatasyncSync(byHand);
  });
  await using shared = await open(path.join(folder, 'shared'), 'a');
  const sharedRate = await perSecond(256, async () => {
    await shared.write(payload);
    await shared.datasync();
  });
  const database = new DatabaseSync(path.join(folder, 'database'));
  database.exec('pragma journal_mode = wal; pragma synchronous = full; create table log (sequence integer primary key, payload blob)');
  const insert = database.prepare('insert into log (payload) values (?)');
  const sqliteRate = await perSecond(1, () => void insert.run(payload));

  for (const [what, writers, peer] of [
    ['write and fdatasync by hand', 1, handRate],
    ['an SQLite commit a record (WAL, synchronous = FULL)', 1, sqliteRate],
    ['256 writers that write and fdatasync each for themselves', 256, sharedRate],
  ] as const) {
    const rate = ours.get(writers) ?? 0;
    results.push({ what: `DurableLog, ${writers} writers`, value: rate, unit: 'appends/s', peer: { what, value: peer }, ratio: rate / peer });
  }
  const alone = ours.get(1) ?? 1;
  for (const [writers, value] of ours) {
    results.push({ what: `DurableLog, ${writers} writers`, value, unit: 'appends/s', peer: { what: 'one writer', value: alone }, ratio: value / alone });
  }

  const begin = performance.now();
  let records = 0;
  for await (const { sequence } of log.read(0)) records = sequence;
  const seconds = (performance.now() - begin) / 1000;
  results.push({ what: 'replay', value: records / seconds, unit: 'records/s' }, { what: 'replay', value: (records * 216) / seconds / 2 ** 20, unit: 'MiB/s' });
  print(results);
  record('durable-log', results);
  await log.close();
  database.close();
} finally {
  rmSync(folder, { recursive: true });
}
