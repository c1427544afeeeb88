import { CacheError } from '../errors.ts';
import { ClusterServers } from './cluster-servers.ts';
import { RedisAddress, type RedisAccess } from './redis-address.ts';
import type { RedisListener } from './redis-listener.ts';
import type { Servers } from './servers.ts';
import { SingleServer } from './single-server.ts';

/** How a Redis is reached. */
export interface RedisOptions extends RedisAccess {
  /**
   * - `redis://user:password@host:6379/0`: one server
   * - `redis-cluster://host:7000,host:7001`: a Redis Cluster, by some of its servers
   * - `redis-sentinel://host:26379,host:26379/0#master`: the master that these sentinels name
   *
   * With `rediss` in place of `redis`: by TLS.
   */
  readonly url: string;
  /** Milliseconds after which an unanswered call fails. Default 200. */
  readonly timeoutMs?: number;
  /** For how many milliseconds opening waits for the first connection, before it goes on by itself. Default 2000. */
  readonly connectWithinMs?: number;
  /** Hears of connections. Default: nobody does. */
  readonly listener?: RedisListener;
}

/** The defaults of {@link RedisOptions}. */
export const redisDefaults: { readonly timeoutMs: number; readonly connectWithinMs: number } = { timeoutMs: 200, connectWithinMs: 2000 };

/**
 * The servers that the options name, connecting from now on.
 *
 * @param maxSilenceMs a connection whose server owes an answer for so long is given up
 * @throws {CacheError} `ERR_CACHE_OPTIONS`: the URL or a number makes no sense
 */
export function serversOf(options: RedisOptions, timeoutMs: number, maxSilenceMs: number): Servers {
  const address = new RedisAddress(options.url, options);
  const settings = { timeoutMs: positive('timeoutMs', timeoutMs), maxSilenceMs, listener: options.listener ?? {} };
  return address.kind === 'cluster' ? new ClusterServers(address, settings) : new SingleServer(address, settings);
}

/** @throws {CacheError} `ERR_CACHE_OPTIONS`: not a finite number above 0 */
export function positive(name: string, value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) throw new CacheError('ERR_CACHE_OPTIONS', `${name} must be a positive number, not ${value}`);
  return value;
}
