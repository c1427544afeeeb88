import { openServer } from '../../server/open-server.ts';
import type { ServerDialect } from '../../server/server-dialect.ts';
import type { Dialect } from '../dialect.ts';
import { mysqlCatalogue } from './catalogue.ts';
import { MysqlConnection } from './connection.ts';
import { flavor } from './drizzle.ts';
import { understand } from './errors.ts';
import { mysqlHooks } from './hooks.ts';
import { parseTarget } from './target.ts';

const dialect: ServerDialect = { name: 'mysql', flavor, understand, hasSnapshotWrites: false, mergesByAnyIndex: true };

/** MySQL and MariaDB through mysql2. */
export const mysql: Dialect = {
  async open(target, options) {
    const tracksCommits = (options.replicas ?? []).length > 0;
    const addressOf = (url: string) => {
      const parsed = parseTarget(url, tracksCommits);
      return { name: `${parsed.host}:${parsed.port}`, connect: (signal: AbortSignal) => MysqlConnection.open(parsed, signal) };
    };
    return openServer({ dialect, hooks: mysqlHooks, catalogue: mysqlCatalogue, addressOf }, `mysql:${target}`, options);
  },
};
