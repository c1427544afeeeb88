/** What the library costs over node:sqlite used by hand, and what a shared commit saves. Ratios; times are of the machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { defineEntity, id, int, openDatabase, text, version } from './index.ts';

const player = defineEntity('player', { columns: { id: id(), name: text(64), level: int(), version: version() }, key: ['id'] });
const rows = 10_000;
const folder = mkdtempSync(path.join(tmpdir(), 'midgard-dao-bench-'));
const file = path.join(folder, 'bench.db');

/** @returns calls per second, the best of five rounds */
async function perSecond(calls: number, round: () => Promise<void> | void): Promise<number> {
  let best = 0;
  for (let index = 0; index < 5; index += 1) {
    const startedAt = performance.now();
    await round();
    best = Math.max(best, (calls / (performance.now() - startedAt)) * 1000);
  }
  return Math.round(best);
}

const database = await openDatabase(`sqlite:${file}`);
await database.migrate([player]);
await database.transaction((session) =>
  session.dao(player).insertMany(Array.from({ length: rows }, (_, index) => ({ id: BigInt(index), name: `player ${index}`, level: index % 60 }))),
);

const raw = new DatabaseSync(file);
const prepared = raw.prepare('select id, name, level, version from player where id = ?');
prepared.setReadBigInts(true);
const calls = 20_000;
const idOf = (index: number): bigint => BigInt((index * 7919) % rows);

const rawGets = await perSecond(calls, () => {
  // In one transaction, as a read of the library is: it spares taking the lock for each.
  raw.exec('begin');
  for (let index = 0; index < calls; index += 1) prepared.get(idOf(index));
  raw.exec('commit');
});
const preparedAnew = await perSecond(2000, () => {
  for (let index = 0; index < 2000; index += 1) raw.prepare('select id, name, level, version from player where id = ?').get(idOf(index));
});
const getsInOneRead = await perSecond(calls, () =>
  database.read(async (session) => {
    const players = session.dao(player);
    for (let index = 0; index < calls; index += 1) await players.get(idOf(index));
  }),
);
const readsOfOneGet = await perSecond(calls, async () => {
  for (let index = 0; index < calls; index += 1) await database.read((session) => session.dao(player).get(idOf(index)));
});
const rawTransactionGets = await perSecond(calls, () => {
  const [begin, commit] = [raw.prepare('begin'), raw.prepare('commit')];
  for (let index = 0; index < calls; index += 1) {
    begin.run();
    prepared.get(idOf(index));
    commit.run();
  }
});
const manyPerSecond = await perSecond(100 * 200, () =>
  database.read(async (session) => {
    for (let index = 0; index < 200; index += 1) await session.dao(player).getMany(Array.from({ length: 100 }, (_, offset) => idOf(index + offset)));
  }),
);

const raise = (index: number): Promise<unknown> => database.transaction((session) => session.dao(player).increment(idOf(index), { level: 1 }));
const single = await perSecond(200, async () => {
  for (let index = 0; index < 200; index += 1) await raise(index);
});
const grouped = await perSecond(2000, async () => {
  await Promise.all(Array.from({ length: 2000 }, (_, index) => raise(index)));
});

await database.close();
raw.close();
rmSync(folder, { recursive: true });

const ratio = (a: number, b: number): number => Math.round((a / b) * 100) / 100;
const result = {
  rawGets,
  preparedAnew,
  getsInOneRead,
  rawTransactionGets,
  readsOfOneGet,
  manyPerSecond,
  single,
  grouped,
  ratios: {
    getToRaw: ratio(getsInOneRead, rawGets),
    readToRawTransaction: ratio(readsOfOneGet, rawTransactionGets),
    cachedToPreparedAnew: ratio(rawGets, preparedAnew),
    getManyToGet: ratio(manyPerSecond, getsInOneRead),
    groupedToSingle: ratio(grouped, single),
  },
};
console.log(JSON.stringify(result, null, 2));
const target = process.argv[2];
if (target !== undefined) writeFileSync(target, JSON.stringify(result));
