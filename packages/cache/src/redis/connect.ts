import { Redis, type RedisOptions } from 'ioredis';
import type { HostPort, RedisAddress } from './redis-address.ts';

// Quick, so that a Redis that is back is used within two seconds; with jitter, so that many instances do not come at once.
const retry = { firstMs: 50, mostMs: 500 };
const connectTimeoutMs = 1000;
// Whoever ends a connection has given up its server, which may not answer to that either.
const disconnectTimeoutMs = 50;
// ioredis asks a server that loads its data again after the time that the server guesses, but not after more than this.
const loadingRetryMs = 250;

interface ConnectOptions {
  /** Which server of a cluster; undefined: the one of the address, or the one that the sentinels name. */
  readonly host: HostPort | undefined;
  /** A connection whose server owes an answer and sends nothing for so long is dead; undefined: whoever asks sees to that. */
  readonly maxSilenceMs?: number;
  readonly isForOneUse?: boolean;
}

/**
 * Makes a connection that never does anything behind the caller's back: what cannot be sent now fails now, and what was sent and
 * not answered is not sent again. It connects again by itself for ever, unless it is for one use.
 */
export function connect(address: RedisAddress, { host, maxSilenceMs, isForOneUse = false }: ConnectOptions): Redis {
  const options: RedisOptions = {
    ...place(address, host),
    username: address.username,
    password: address.password,
    db: address.database,
    ...(address.tls === undefined ? {} : { tls: address.tls }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: disconnectTimeoutMs,
    ...(maxSilenceMs === undefined ? {} : { socketTimeout: maxSilenceMs }),
    maxLoadingRetryTime: loadingRetryMs,
    retryStrategy: isForOneUse ? null : retryStrategy,
  };
  return new Redis({ ...options, replyMapping: 'legacy' });
}

function place(address: RedisAddress, host: HostPort | undefined): RedisOptions {
  if (host !== undefined || address.kind !== 'sentinel') return { ...(host ?? address.hosts[0]) };
  return {
    sentinels: [...address.hosts],
    name: address.masterName,
    sentinelRetryStrategy: retryStrategy,
    ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
    ...(address.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: address.tls }),
    sentinelCommandTimeout: connectTimeoutMs,
    failoverDetector: true,
  };
}

function retryStrategy(times: number): number {
  const delayMs = Math.min(retry.firstMs * 2 ** (times - 1), retry.mostMs);
  return delayMs * (0.5 + Math.random() / 2);
}
