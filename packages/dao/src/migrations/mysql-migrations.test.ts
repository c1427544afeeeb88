import { mysqlForTests } from '@midgard/test-services';
import { afterAll, describe, expect, test } from 'vitest';
import { id, int, int64, json, text } from '../column.ts';
import { defineEntity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { samples } from '../testing/sample.ts';
import { mysqlCatalogue } from '../dialects/mysql/catalogue.ts';
import { Migrator } from './migrator.ts';
import { event, thing } from './test/entities.ts';
import { mysqlAccess } from './test/mysql-access.ts';
import { connected, rowsOf } from './test/mysql-rows.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

const clock = { now: () => 1000 };
const base = thing({ name: text(10) });

async function fresh(): Promise<string> {
  return 'url' in mysql ? mysql.freshDatabase() : '';
}

function migratorOf(url: string): Migrator {
  return new Migrator(mysqlAccess(url), clock);
}

describe.skipIf(missing !== '')(`migrations of a MySQL server${missing}`, { timeout: 60_000 }, () => {
  test('every kind of column is as the database itself shows it, so that nothing is left to do', async () => {
    const migrator = migratorOf(await fresh());
    await migrator.migrate(samples);
    expect(await migrator.plan(samples)).toEqual([]);
  });

  test('of two instances that start at once one migrates, and the other waits and finds it done', async () => {
    const url = await fresh();
    let waited = 0;
    const catalogue = {
      ...mysqlCatalogue,
      async tryLock(connection: Parameters<typeof mysqlCatalogue.tryLock>[0]) {
        waited += 1;
        return mysqlCatalogue.tryLock(connection);
      },
    };
    const wide = samples.concat(base, event);
    await Promise.all(Array.from({ length: 4 }, () => new Migrator(mysqlAccess(url, { catalogue }), clock).migrate(wide)));
    expect(waited).toBeGreaterThanOrEqual(4);
    const connection = await connected(url);
    const created = await rowsOf(connection, `select entity from midgard_migration where statements like '%create table%'`);
    expect(created).toHaveLength(wide.length);
  });

  test('the lock of an instance that died is free, and one that is held for too long is told', async () => {
    const url = await fresh();
    const dead = await connected(url);
    await dead.query(`select get_lock(concat('midgard:', sha1(database())), 0)`);
    const impatient = new Migrator(mysqlAccess(url, { maxLockTries: 1 }), clock);
    await expect(impatient.migrate([base])).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
    const waiting = migratorOf(url).migrate([base]);
    dead.destroy();
    await waiting;
  });

  test('a migration that was cut between two steps goes on where it ended', async () => {
    const url = await fresh();
    await migratorOf(url).migrate([thing({ a: text(5), b: text(5) })]);
    const wanted = thing({ a: text(9), b: text(9), c: int().nullable() }, [{ on: ['a'] }]);
    const plan = await migratorOf(url).plan([wanted]);
    expect(plan).toHaveLength(4);
    let isCut = true;
    const cutting = mysqlAccess(url, {
      toDaoError: (cause) => new DaoError('ERR_DAO_UNAVAILABLE', 'lost', { cause }),
      catalogue: {
        ...mysqlCatalogue,
        async ddl(connection) {
          const ddl = await mysqlCatalogue.ddl(connection);
          const command = connection.command.bind(connection);
          Object.assign(connection, {
            command(statement: string) {
              if (isCut && statement === plan[1]) throw new Error('cut');
              return command(statement);
            },
          });
          return ddl;
        },
      },
    });
    await expect(new Migrator(cutting, clock).migrate([wanted])).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
    expect(await migratorOf(url).plan([wanted])).toEqual(plan.slice(1));
    isCut = false;
    await new Migrator(cutting, clock).migrate([wanted]);
    expect(await migratorOf(url).plan([wanted])).toEqual([]);
    const recorded = await rowsOf(await connected(url), 'select statements from midgard_migration order by id');
    expect(recorded.slice(1).map(({ statements }) => String(statements))).toEqual(plan.map((statement) => JSON.stringify([statement])));
  });

  test.each([
    ['a new required column', thing({ name: text(10), level: int() })],
    ['a column that became nullable', thing({ name: text(10).nullable() })],
    ['a shorter text', thing({ name: text(9) })],
    ['another type', thing({ name: int() })],
    ['another kind', thing({ name: json() })],
    ['a required column that is gone', thing({})],
    ['another key', defineEntity('thing', { columns: { id: id(), name: text(10) }, key: ['name'] })],
    ['partitions', defineEntity('thing', { columns: { id: id(), name: text(10) }, key: ['id'], partition: { by: 'id', every: 'year' } })],
  ])('%s is refused before anything is done', async (_title, to) => {
    const migrator = migratorOf(await fresh());
    await migrator.migrate([base]);
    await expect(migrator.plan([event, to])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', entity: 'thing' });
    await expect(migrator.migrate([event, to])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', entity: 'thing' });
    expect(await migrator.plan([event])).toHaveLength(2);
  });

  test('a column widens, with the indexes on it, however wide it becomes', async () => {
    const migrator = migratorOf(await fresh());
    const indexes = [{ on: ['name', 'count'] }, { on: ['name'], unique: true }];
    await migrator.migrate([thing({ name: text(10), count: int() }, indexes)]);
    const wide = thing({ name: text(4000), count: int64() }, indexes);
    await migrator.migrate([wide]);
    expect(await migrator.plan([wide])).toEqual([]);
  });

  test('a unique index sees the whole of a long text, and spaces at its end', async () => {
    const url = await fresh();
    await migratorOf(url).migrate([thing({ name: text(4000) }, [{ on: ['name'], unique: true }])]);
    const connection = await connected(url);
    const start = 'ä'.repeat(1900);
    for (const [rowId, name] of [start, `${start}b`, `${start}B`, `${start}b `].entries()) {
      await connection.query('insert into thing values (?, ?)', [rowId, name]);
    }
    await expect(connection.query('insert into thing values (9, ?)', [`${start}B`])).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
  });

  test('a unique index over equal values is refused, and the rest of the migration stays', async () => {
    const url = await fresh();
    await migratorOf(url).migrate([base]);
    await (await connected(url)).query(`insert into thing values (1, 'a'), (2, 'a')`);
    const wanted = thing({ name: text(10), more: int().nullable() }, [{ on: ['name'], unique: true }]);
    await expect(migratorOf(url).migrate([wanted])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', entity: 'thing' });
    expect(await migratorOf(url).plan([wanted])).toEqual([expect.stringMatching(/^create unique index/)]);
  });

  test('a key that is too wide for the server is refused by name', async () => {
    const wide = defineEntity('wide', { columns: { name: text(800) }, key: ['name'] });
    await expect(migratorOf(await fresh()).plan([wide])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', entity: 'wide' });
  });
});
