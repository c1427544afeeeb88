import { DaoError } from '../../errors.ts';
import { openServer } from '../../server/open-server.ts';
import type { ServerDialect } from '../../server/server-dialect.ts';
import type { Dialect } from '../dialect.ts';
import type { Driver } from './binds.ts';
import { oracleCatalogue } from './catalogue.ts';
import { OracleConnection } from './connection.ts';
import { flavor } from './drizzle.ts';
import { understand } from './errors.ts';
import { parseTarget } from './target.ts';

const dialect: ServerDialect = { name: 'oracle', flavor, understand, hasSnapshotWrites: true, mergesByAnyIndex: false };

/**
 * @param load gives the driver: the npm package `oracledb`, or what stands in for it in tests
 * @returns Oracle Database through that driver
 */
export function oracleThrough(load: () => Promise<Driver>): Dialect {
  return {
    async open(target, options) {
      if ((options.standbys ?? []).length + (options.replicas ?? []).length > 0)
        throw new DaoError('ERR_DAO_INPUT', 'Oracle has its own ways to stand by: name all hosts in the URL, and a service that runs where writes go');
      const driver = await load();
      const addressOf = (url: string) => {
        const parsed = parseTarget(url);
        return { name: parsed.name, connect: (signal: AbortSignal) => OracleConnection.open(driver, parsed, signal) };
      };
      return openServer({ dialect, hooks: {}, catalogue: oracleCatalogue, addressOf }, `oracle:${target}`, options);
    },
  };
}

/** Oracle Database through oracledb in thin mode, which needs no Oracle client. */
export const oracle: Dialect = oracleThrough(async () => (await import('oracledb')).default);
