import { mysqlForTests } from '@midgard/test-services';
import type { Connection } from 'mysql2/promise';
import { afterAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { firstIdAt } from '../id-generator.ts';
import { Migrator } from './migrator.ts';
import { maintainPartitions } from './partitions.ts';
import { event, thing } from './test/entities.ts';
import { mysqlAccess } from './test/mysql-access.ts';
import { connected, rowsOf } from './test/mysql-rows.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

async function fresh(): Promise<string> {
  return 'url' in mysql ? mysql.freshDatabase() : '';
}

function migratorOf(url: string): Migrator {
  return new Migrator(mysqlAccess(url), { now: () => 1000 });
}

async function eventTable(): Promise<{ readonly url: string; readonly connection: Connection }> {
  const url = await fresh();
  await migratorOf(url).migrate([event]);
  return { url, connection: await connected(url) };
}

async function insert(connection: Connection, ...momentsMs: readonly number[]): Promise<void> {
  for (const momentMs of momentsMs) await connection.query(`insert into event values (?, 'kind', now(3))`, [String(firstIdAt(momentMs))]);
}

async function rowsByPartition(connection: Connection): Promise<Readonly<Record<string, number>>> {
  const names = await rowsOf(
    connection,
    `select partition_name as name from information_schema.partitions where table_schema = database() and table_name = 'event' order by partition_ordinal_position`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of names) {
    const [row] = await rowsOf(connection, `select count(*) as n from event partition (${String(name)})`);
    counts[String(name)] = Number(row?.['n']);
  }
  return counts;
}

describe.skipIf(missing !== '')(`yearly partitions on a MySQL server${missing}`, { timeout: 60_000 }, () => {
  const nowMs = Date.UTC(2026, 10, 21);

  test('each year, in UTC, has its own, and the years to come are taken out of the last one with their rows', async () => {
    const { url, connection } = await eventTable();
    await insert(connection, Date.UTC(2025, 11, 31, 23, 59, 59, 999), Date.UTC(2026, 0, 1), Date.UTC(2026, 11, 31, 23, 59, 59, 999), Date.UTC(2027, 0, 1));
    await insert(connection, Date.UTC(2031, 5, 1));
    expect(await rowsByPartition(connection)).toEqual({ pmax: 5 });
    await maintainPartitions(mysqlAccess(url), [event, thing({})], { nowMs });
    expect(await rowsByPartition(connection)).toEqual({ p2024: 0, p2025: 1, p2026: 2, p2027: 1, pmax: 1 });
    expect(await maintainPartitions(mysqlAccess(url), [event], { nowMs })).toEqual([]);
    await maintainPartitions(mysqlAccess(url), [event], { nowMs: Date.UTC(2029, 0, 1), yearsAhead: 2 });
    expect(await rowsByPartition(connection)).toEqual({ p2024: 0, p2025: 1, p2026: 2, p2027: 1, p2028: 0, p2029: 0, p2030: 0, p2031: 1, pmax: 0 });
    expect(await migratorOf(url).plan([event])).toEqual([]);
  });

  test('an open database maintains them by its own clock', async () => {
    await using database = await openDatabase(await fresh(), { clock: { now: () => nowMs } });
    await database.migrate([event]);
    const planned = await database.maintainPartitions([event], { isDryRun: true });
    expect(planned.join(' ')).toContain('p2027');
    expect(await database.maintainPartitions([event])).toEqual(planned);
    expect(await database.maintainPartitions([event])).toEqual([]);
  });

  test('a row is looked for in the partition of its id only', async () => {
    const { url, connection } = await eventTable();
    await maintainPartitions(mysqlAccess(url), [event], { nowMs });
    await insert(connection, Date.UTC(2025, 3, 1), Date.UTC(2026, 3, 1));
    const explained = async (where: string): Promise<unknown> =>
      (await rowsOf(connection, `explain partitions select * from event where ${where}`))[0]?.['partitions'];
    expect(await explained(`id = ${firstIdAt(Date.UTC(2026, 3, 1))}`)).toBe('p2026');
    expect(await explained(`id >= ${firstIdAt(Date.UTC(2025, 0, 1))} and id < ${firstIdAt(Date.UTC(2026, 0, 1))}`)).toBe('p2025');
  });

  test('old years go only when told, with all of their rows', async () => {
    const { url, connection } = await eventTable();
    await maintainPartitions(mysqlAccess(url), [event], { nowMs });
    await insert(connection, Date.UTC(2024, 3, 1), Date.UTC(2025, 3, 1), Date.UTC(2026, 3, 1));
    await maintainPartitions(mysqlAccess(url), [event], { nowMs });
    const planned = await maintainPartitions(mysqlAccess(url), [event], { nowMs, keepYears: 1, isDryRun: true });
    expect(planned).toEqual(['alter table `event` drop partition p2024']);
    expect(await rowsByPartition(connection)).toMatchObject({ p2024: 1, p2025: 1, p2026: 1 });
    expect(await maintainPartitions(mysqlAccess(url), [event], { nowMs, keepYears: 1 })).toEqual(planned);
    expect(await rowsByPartition(connection)).toEqual({ p2025: 1, p2026: 1, p2027: 0, pmax: 0 });
  });

  test('an id stays unique over all years', async () => {
    const { url, connection } = await eventTable();
    await maintainPartitions(mysqlAccess(url), [event], { nowMs });
    await insert(connection, nowMs);
    await expect(insert(connection, nowMs)).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
  });

  test('a table that is not there, and a number of years that makes no sense, are refused', async () => {
    const access = mysqlAccess(await fresh());
    await expect(maintainPartitions(access, [event], { nowMs })).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
    await expect(maintainPartitions(access, [event], { nowMs, keepYears: -1 })).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
  });
});
