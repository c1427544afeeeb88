import { Cluster, type Redis } from 'ioredis';
import { connect } from './connect.ts';
import { RedisAddress, type RedisAccess } from './redis-address.ts';

/** How {@link redisClient} connects. */
export interface RedisClientOptions extends RedisAccess {
  /** As of `RedisTier`. */
  readonly url: string;
  /** Milliseconds after which a command that is not answered fails. */
  readonly timeoutMs: number;
}

/**
 * A client of ioredis for what is no cache, by the same URLs. Nothing waits in it: a command fails at once while there is no connection,
 * and after `timeoutMs` at the latest. It connects by itself, again and again, until `disconnect()`.
 *
 * @throws {CacheError} `ERR_CACHE_OPTIONS`: the URL makes no sense
 */
export function redisClient({ url, timeoutMs, ...access }: RedisClientOptions): Redis | Cluster {
  const address = new RedisAddress(url, access);
  const client = address.kind === 'cluster' ? clusterOf(address, timeoutMs) : connect(address, { host: undefined, maxSilenceMs: timeoutMs });
  // Whoever sends a command hears of it.
  client.on('error', () => undefined);
  return client;
}

/** Auto-pipelining stays off: after a slot has moved its commands would go on failing (ioredis#2075). */
function clusterOf({ hosts, username, password, tls }: RedisAddress, timeoutMs: number): Cluster {
  return new Cluster([...hosts], {
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    redisOptions: { username, password, commandTimeout: timeoutMs, maxRetriesPerRequest: 0, ...(tls === undefined ? {} : { tls }) },
  });
}
