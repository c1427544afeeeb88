/** Moments that a time zone, of the process or of the session, would move; written and read by processes that live in different ones. */
import { sql } from 'drizzle-orm';
import type { openDatabase } from '../database.ts';
import { id, timestamp } from '../column.ts';
import { defineEntity } from '../entity.ts';

/** Where processes of their own live: each has its daylight-saving time or its fraction of an hour. */
export const timeZones: Readonly<Record<string, { readonly offsetIn1970: number }>> = {
  'America/New_York': { offsetIn1970: 300 },
  'Asia/Kolkata': { offsetIn1970: -330 },
  UTC: { offsetIn1970: 0 },
};

/** What each process writes. */
export const moments: readonly string[] = [
  '1000-01-01T00:00:00.000Z',
  '1883-11-18T17:00:00.000Z', // New York's clocks go back by four minutes
  '1942-05-14T18:29:59.999Z', // Kolkata's wartime
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.001Z',
  '2026-03-08T02:30:00.000Z', // as a local time of New York it would not exist
  '2026-03-08T06:59:59.999Z',
  '2026-03-08T07:00:00.000Z', // New York's clocks go forward
  '2026-11-01T05:30:00.000Z',
  '2026-11-01T06:30:00.000Z', // New York's clocks have shown this hour already
  '9999-12-31T23:59:59.999Z',
];

const moment = defineEntity('moment', {
  columns: { id: id(), at: timestamp(), maybeAt: timestamp().nullable() },
  key: ['id'],
  indexes: [{ on: ['at'] }],
});

/** What a process saw. */
export interface TimeZoneReport {
  readonly offsetIn1970: number;
  /** Of all rows in the order of their moments. */
  readonly rows: readonly string[];
  /** How many rows each of the moments finds: by a condition, by a range, and by hand. */
  readonly found: readonly (readonly [equal: number, range: number, byHand: number])[];
}

type Open = typeof openDatabase;

/** @param from number of the first row to write; none are written where it is undefined */
async function report(open: Open, url: string, from: number | undefined): Promise<TimeZoneReport> {
  await using database = await open(url);
  if (from !== undefined) {
    await database.migrate([moment]);
    const rows = moments.map((at, index) => ({ id: BigInt(from + index), at: new Date(at), maybeAt: new Date(at) }));
    await database.transaction((session) => session.dao(moment).insertMany(rows));
  }
  return database.read(async (session) => {
    const rows = await session.dao(moment).find({ orderBy: ['at', 'maybeAt'] });
    const found: (readonly [number, number, number])[] = [];
    for (const text of moments) {
      const at = new Date(text);
      const byHand = await session.execute(sql`select ${sql.identifier('id')} from ${sql.identifier('moment')} where ${sql.identifier('at')} = ${at}`);
      found.push([await session.dao(moment).count({ at }), await session.dao(moment).count({ maybeAt: { gte: at, lte: at } }), byHand.length]);
    }
    return { offsetIn1970: new Date(0).getTimezoneOffset(), rows: rows.map(({ at }) => at.toISOString()), found };
  });
}

if (import.meta.main) {
  const [opener = '', url = '', from = ''] = process.argv.slice(2);
  const module: { readonly openDatabase: Open } = await import(opener);
  console.log(JSON.stringify(await report(module.openDatabase, url, from === '' ? undefined : Number(from))));
}
