import { startOnFreePort } from '../private-server.ts';
import { installedMariaDb } from './installation.ts';
import { PairedMariaDb, type PairPlace } from './paired-server.ts';

/** Settings of {@link startMariaDbPair}. */
export interface MariaDbPairOptions {
  /** The primary also follows the replica, so that it catches up when it returns after the replica was promoted (false). */
  readonly circular?: boolean;
}

/** Two private servers: what is written to the primary comes to the replica, which is read-only. */
export interface MariaDbPair extends AsyncDisposable {
  readonly primary: PairedMariaDb;
  readonly replica: PairedMariaDb;
  /** Ends both servers and deletes their data. */
  remove(): Promise<void>;
}

/**
 * Starts a private primary and a replica that follows it by GTID, asynchronously as is the default of MariaDB.
 *
 * @throws if the programs are missing or one does not start
 * @example
 * ```ts
 * import { startMariaDbPair } from '@midgard/test-services';
 *
 * const { primary, replica, remove } = await startMariaDbPair({ circular: true });
 * await replica.waitForReplica(); // has all that was written to the primary
 * await primary.stop('SIGKILL');
 * await replica.promote();
 * await primary.start();
 * await primary.waitForReplica(); // has all that was written to the replica meanwhile
 * await remove();
 * ```
 */
export async function startMariaDbPair({ circular = false }: MariaDbPairOptions = {}): Promise<MariaDbPair> {
  const started = await Promise.allSettled([
    startPaired({ serverId: 1, domainId: circular ? 1 : 0, isReadOnly: false }),
    startPaired({ serverId: 2, domainId: circular ? 2 : 0, isReadOnly: true }),
  ]);
  const servers = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const remove = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.remove())));
  try {
    const [primary, replica] = servers;
    if (primary === undefined || replica === undefined)
      throw new AggregateError(started.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])));
    await replica.follow(primary);
    if (circular) await primary.follow(replica);
    return { primary, replica, remove, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startPaired(place: PairPlace): Promise<PairedMariaDb> {
  const programs = installedMariaDb();
  const server = await startOnFreePort((port) => new PairedMariaDb(programs, port, place));
  await server.bindRoot();
  return server;
}
