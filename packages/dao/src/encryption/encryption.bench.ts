/** What an encrypted column costs beside a plain one, and one value by itself. Ratios; times are of the machine. */
import { randomBytes } from 'node:crypto';
import { defineEntity, id, localKeyWrapper, openDatabase, text, version } from '../index.ts';

const columns = { id: id(), email: text(64), note: text(200), version: version() };
const plain = defineEntity('plain', { columns, key: ['id'], indexes: [{ on: ['email'] }] });
const secret = defineEntity('secret', {
  columns: { ...columns, email: columns.email.encrypted({ searchable: true }), note: columns.note.encrypted() },
  key: ['id'],
  indexes: [{ on: ['email'] }],
});
const rows = Array.from({ length: 5000 }, (_, index) => ({ id: BigInt(index), email: `player-${index}@example.org`, note: 'n'.repeat(100) }));

/** @returns calls per second, the best of five rounds */
async function perSecond(calls: number, round: () => Promise<unknown>): Promise<number> {
  let best = 0;
  for (let index = 0; index < 5; index += 1) {
    const startedAt = performance.now();
    await round();
    best = Math.max(best, (calls / (performance.now() - startedAt)) * 1000);
  }
  return Math.round(best);
}

await using database = await openDatabase('sqlite::memory:', { encryption: { keyWrapper: localKeyWrapper(randomBytes(32)) } });
await database.migrate([plain, secret]);

async function figures(entity: typeof plain | typeof secret): Promise<Record<string, number>> {
  const write = await perSecond(rows.length, async () =>
    database.transaction(async (session) => {
      const dao = session.dao(entity);
      for (const row of rows) await dao.upsert(row);
    }),
  );
  const get = await perSecond(rows.length, async () =>
    database.read(async (session) => {
      const dao = session.dao(entity);
      for (const row of rows) await dao.get(row.id);
    }),
  );
  const find = await perSecond(rows.length, async () =>
    database.read(async (session) => {
      const dao = session.dao(entity);
      for (const { email } of rows) await dao.find({ where: { email } });
    }),
  );
  const list = await perSecond(rows.length, async () => database.read((session) => session.dao(entity).find()));
  return { write, get, find, list };
}

const [ofPlain, ofSecret] = [await figures(plain), await figures(secret)];
const ratios = Object.fromEntries(Object.entries(ofPlain).map(([name, value]) => [name, Math.round(((ofSecret[name] ?? 0) / value) * 100) / 100]));
process.stdout.write(`${JSON.stringify({ plain: ofPlain, encrypted: ofSecret, ratios }, null, 2)}\n`);
