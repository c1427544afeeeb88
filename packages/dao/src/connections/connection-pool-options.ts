import { type Clock, type PoolSize, type Timers, monotonicClock, processTimers } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import type { ServerRole } from './listener.ts';
import type { ServerObserver } from './server-watch.ts';

/** Bounds of a {@link ConnectionPool}. Times are in milliseconds, above 0. */
export interface ConnectionPoolBounds {
  /** Most connections to lend, at least 1; default 10: more than a server's cores can serve at once only makes its queue instead of ours. The watch has one beside them. */
  readonly max?: number | undefined;
  /** Connections kept ready, 0 to `max`; default 0, so that a quiet process takes none of the server's. */
  readonly min?: number | undefined;
  /** Longest wait for a connection unless the caller says otherwise; default 5000, of a database four fifths of its `timeoutMs`. */
  readonly acquireTimeoutMs?: number | undefined;
  /** Connections above `min` that nobody borrowed for so long are closed; default 60 000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Oldest age at which a connection is lent; default 1 800 000, half an hour: balancers and servers drop older ones without a word. */
  readonly maxLifetimeMs?: number | undefined;
  /** Most callers that wait; default 10 000, as SQLite's queues. Beyond it the caller is told at once. */
  readonly maxWaiting?: number | undefined;
  /** Time for a sign of life; default 1000: three in vain are noticed within the 5 s in which a service shall heal. */
  readonly pingTimeoutMs?: number | undefined;
  /** Time to connect; default 3000, so that a second attempt fits into `acquireTimeoutMs`. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a connection is lent without a ping after it was made, pinged or given back, at least 0; default 1000: under load no loan costs a round trip more. */
  readonly trustMs?: number | undefined;
  /** Idle connections are pinged so often, which also keeps what lies between from forgetting them; default 10 000. */
  readonly healthEveryMs?: number | undefined;
  /** Pause between two looks at the server, also the longest between two probes of one that is down; default 1000. */
  readonly watchEveryMs?: number | undefined;
  /** Failures in a row after which a server counts as down, at least 1; default 3: one is chance, and each may take a second. */
  readonly failures?: number | undefined;
}

/** Set-up of a {@link ConnectionPool}. */
export interface ConnectionPoolOptions extends ConnectionPoolBounds {
  /** For the listener; default `primary`. */
  readonly role?: ServerRole | undefined;
  /** Asks and hears more of the server than whether it lives; default nobody. */
  readonly observer?: (ServerObserver & { breakerChanged(): void }) | undefined;
  /** Default: the monotonic clock of the process. */
  readonly clock?: Clock | undefined;
  /** Default: the timers of the process, which do not keep it alive. */
  readonly timers?: Timers | undefined;
  /** 0 to below 1; default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The options with their defaults. */
export interface ConnectionPoolSettings extends PoolSize {
  readonly acquireTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly maxWaiting: number;
  readonly pingTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly trustMs: number;
  readonly healthEveryMs: number;
  readonly watchEveryMs: number;
  readonly failures: number;
  readonly role: ServerRole;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

/**
 * Fills in the defaults.
 *
 * @throws {DaoError} `ERR_DAO_INPUT`: one of those that the pool below does not check makes no sense
 */
export function settingsOf(options: ConnectionPoolOptions): ConnectionPoolSettings {
  const { watchEveryMs = 1000, failures = 3 } = options;
  if (!(watchEveryMs > 0)) throw new DaoError('ERR_DAO_INPUT', 'watchEveryMs must be milliseconds above 0');
  if (!(failures >= 1)) throw new DaoError('ERR_DAO_INPUT', 'failures must be at least 1');
  return {
    max: options.max ?? 10,
    min: options.min ?? 0,
    acquireTimeoutMs: options.acquireTimeoutMs ?? 5000,
    idleTimeoutMs: options.idleTimeoutMs ?? 60_000,
    maxLifetimeMs: options.maxLifetimeMs ?? 1_800_000,
    maxWaiting: options.maxWaiting ?? 10_000,
    pingTimeoutMs: options.pingTimeoutMs ?? 1000,
    connectTimeoutMs: options.connectTimeoutMs ?? 3000,
    trustMs: options.trustMs ?? 1000,
    healthEveryMs: options.healthEveryMs ?? 10_000,
    watchEveryMs,
    failures,
    role: options.role ?? 'primary',
    clock: options.clock ?? monotonicClock,
    timers: options.timers ?? processTimers,
    random: options.random ?? Math.random,
  };
}
