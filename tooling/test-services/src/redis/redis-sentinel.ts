import { Redis } from 'ioredis';
import { startServer, type RedisServer } from './redis-server.ts';
import { until } from '../until.ts';

const masterName = 'midgard';

/** A master, its replica and a sentinel that watches them: it misses a master after half a second. */
export interface RedisSentinel {
  /** What the sentinel calls the master. */
  readonly masterName: string;
  /** `host:port` of the sentinel. */
  readonly address: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Ends all three and deletes their data. */
  readonly remove: () => Promise<void>;
}

/**
 * Starts the three and waits until the sentinel knows the replica.
 *
 * @throws if there is no binary or it does not start
 */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const servers: RedisServer[] = [];
  const remove = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.remove())));
  try {
    const plain = { save: '', appendonly: 'no', 'repl-diskless-sync-delay': '0' };
    const master = await startServer(plain);
    servers.push(master);
    const replica = await startServer({ ...plain, replicaof: `127.0.0.1 ${master.port}` });
    servers.push(replica);
    const sentinel = await startServer({ sentinelOf: `${masterName} 127.0.0.1 ${master.port} 1` });
    servers.push(sentinel);
    await knowsReplica(sentinel);
    return { masterName, address: `127.0.0.1:${sentinel.port}`, master, replica, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function knowsReplica(sentinel: RedisServer): Promise<void> {
  const admin = new Redis(sentinel.url).on('error', () => undefined);
  try {
    await until(async () => {
      const text = JSON.stringify(await admin.call('SENTINEL', 'REPLICAS', masterName));
      return text.includes('"slave"') && text.includes('"master-link-status","ok"');
    });
  } finally {
    admin.disconnect();
  }
}
