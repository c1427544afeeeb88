import { Connections } from '../connections/connections.ts';
import type { ServerHooks } from '../connections/hooks.ts';
import type { Database, DatabaseOptions } from '../database.ts';
import type { Catalogue } from '../migrations/catalogue.ts';
import { Migrator } from '../migrations/migrator.ts';
import { ServerAccess } from '../migrations/server-access.ts';
import type { ServerAddress, ServerConnection } from './connection.ts';
import { ServerDatabase } from './database.ts';
import { type ServerDialect, faultError } from './server-dialect.ts';

/** Time to connect for a migration; its statements may take as long as they need. */
const connectTimeoutMs = 5000;

/** What a dialect gives for its servers to be put together to a database. */
export interface ServerKind {
  readonly dialect: ServerDialect;
  readonly hooks: ServerHooks;
  readonly catalogue: Catalogue;
  /** @throws {DaoError} `ERR_DAO_INPUT`: the URL is none of this dialect */
  readonly addressOf: (url: string) => ServerAddress;
}

/**
 * Puts the servers of a database together. It succeeds also where none of them answers: a service begins, and heals, without its database.
 *
 * @param url of the primary; standbys and replicas are in the options
 * @throws {DaoError} `ERR_DAO_INPUT`
 */
export function openServer({ dialect, hooks, catalogue, addressOf }: ServerKind, url: string, options: DatabaseOptions): Database {
  const { standbys = [], replicas = [], pool, replicaPool, maxQueue, failover, reads, listener } = options;
  const servers = [url, ...standbys].map(addressOf);
  const connections = new Connections(
    {
      servers,
      replicas: replicas.map(({ url: replicaUrl, weight }) => ({ address: addressOf(replicaUrl), weight })),
      pool: { ...pool, maxWaiting: pool?.maxWaiting ?? maxQueue },
      replicaPool,
      failover,
      reads,
    },
    hooks,
    listener?.connections,
  );
  const connect = (): Promise<ServerConnection> => {
    const active = connections.usage().find(({ state }) => state === 'active')?.server;
    const address = servers.find(({ name }) => name === active) ?? servers[0];
    if (address === undefined) throw new TypeError('a database has a server');
    return address.connect(AbortSignal.timeout(connectTimeoutMs));
  };
  const access = new ServerAccess({ catalogue, connect, toDaoError: (error) => faultError(dialect.understand(error, undefined), undefined, error) });
  const database = new ServerDatabase({ dialect, source: connections, migrator: (clock) => new Migrator(access, clock) }, options);
  connections.start();
  return database;
}
