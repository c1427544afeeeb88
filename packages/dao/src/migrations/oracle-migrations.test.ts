import { findOracleDouble, startOracleDouble } from '@midgard/oracle-double';
import driver from '@midgard/oracle-double/driver';
import { afterAll, describe, expect, test } from 'vitest';
import { int, int64, json, text } from '../column.ts';
import { oracleCatalogue } from '../dialects/oracle/catalogue.ts';
import { OracleConnection } from '../dialects/oracle/connection.ts';
import { understand } from '../dialects/oracle/errors.ts';
import { parseTarget } from '../dialects/oracle/target.ts';
import { faultError } from '../server/server-dialect.ts';
import { samples } from '../testing/sample.ts';
import { Migrator } from './migrator.ts';
import { ServerAccess, type ServerAccessParts } from './server-access.ts';
import { thing } from './test/entities.ts';
import { fileCases } from './test/file-cases.ts';

const double = findOracleDouble() === undefined ? undefined : await startOracleDouble();
afterAll(() => double?.stop());

const clock = { now: () => 1000 };
const connect = (url: string): Promise<OracleConnection> => OracleConnection.open(driver, parseTarget(url), AbortSignal.timeout(10_000));

function accessTo(url: string, parts: Partial<ServerAccessParts> = {}): ServerAccess {
  return new ServerAccess({
    catalogue: oracleCatalogue,
    connect: () => connect(url),
    toDaoError: (error) => faultError(understand(error, undefined), undefined, error),
    ...parts,
  });
}

const fresh = (): string => double?.freshSchema() ?? '';

// H2 knows no partitions: their statements are held against the grammar of Oracle only.
describe.skipIf(double === undefined)('migrations of Oracle, on H2 through a double of the driver', { timeout: 60_000 }, () => {
  fileCases({ dialect: 'oracle', isTransactional: false, others: [], fresh: async () => accessTo(fresh()) });

  test('every kind of column is as the database itself shows it, so that nothing is left to do', async () => {
    const migrator = new Migrator(accessTo(fresh()), clock);
    await migrator.migrate(samples);
    expect(await migrator.plan(samples)).toEqual([]);
  });

  test('of instances that start at once one migrates, and the others wait and find it done', async () => {
    const access = accessTo(fresh());
    await Promise.all([1, 2, 3].map(() => new Migrator(access, clock).migrate(samples)));
    const rows = await access.look((schema) => schema.records('select "ENTITY" from "MIDGARD_MIGRATION"', []));
    expect(rows).toHaveLength(samples.length + 3);
  });

  test('a lock that is held for too long is told, and falls with the connection of a dead instance', async () => {
    const url = fresh();
    const dead = await connect(url);
    expect(await oracleCatalogue.tryLock(dead)).toBe(true);
    await expect(accessTo(url, { maxLockTries: 1 }).alone(async () => 1)).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
    dead.destroy();
    expect(await accessTo(url).alone(async () => 2)).toBe(2);
  });

  test('a column widens, and what needs a decision is refused', async () => {
    const migrator = new Migrator(accessTo(fresh()), clock);
    await migrator.migrate([thing({ name: text(10), count: int() }, [{ on: ['name'], unique: true }])]);
    const wide = thing({ name: text(4000), count: int64() }, [{ on: ['name'], unique: true }]);
    await migrator.migrate([wide]);
    expect(await migrator.plan([wide])).toEqual([]);
    await expect(migrator.migrate([thing({ name: json(), count: int64() })])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
  });
});
