import { PoolError } from '../errors.ts';
import type { ResourcePoolListener } from './listener.ts';
import { type Clock, monotonicClock, processTimers, type Timers } from './time.ts';
import type { PoolSize } from './usage.ts';

/** How a {@link ResourcePool} finds out that an idle resource still works. */
export interface HealthOptions<T> {
  /** True: it works. False, a throw, a rejection or silence: it is destroyed and nobody gets it. */
  readonly check: (resource: T) => boolean | Promise<boolean>;
  /** How long a resource is trusted without a check after it was made, checked or given back; at least 0 (0: checked before every loan); default 500. */
  readonly trustMs?: number;
  /** Idle resources are checked in the background when the last sign of life is this old, in milliseconds; default `Infinity`: only before a loan. */
  readonly everyMs?: number;
  /** Time for a check, above 0; default 5000. */
  readonly timeoutMs?: number;
}

/** How a {@link ResourcePool} finds who borrowed and never gave back. */
export interface LeakOptions {
  /** A loan older than this is told to the listener, above 0. */
  readonly afterMs: number;
  /** Every how manieth loan remembers where it was acquired, at least 1; default 100, since a stack costs some microseconds. 1: all of them. */
  readonly sampleEvery?: number;
}

/** Set-up of {@link ResourcePool}. */
export interface ResourcePoolOptions<T extends object> {
  /**
   * Makes a resource, one that the pool does not hold already. The signal is aborted when its time is up or the pool
   * closes; what comes all the same is destroyed.
   */
  readonly create: (signal: AbortSignal) => T | Promise<T>;
  /** Ends a resource. */
  readonly destroy: (resource: T) => void | Promise<void>;
  /** Most resources at a time, from the begin of `create` to the end of `destroy`; at least 1. */
  readonly max: number;
  /** Resources kept ready even when nobody asks, 0 to `max`; made from the construction on. Default 0. */
  readonly min?: number;
  /** Most callers that wait beyond those for whom a resource can be made or is about to come, at least 0; default 1000. */
  readonly maxWaiting?: number;
  /** Longest wait in `acquire` unless it says otherwise, above 0; default 30 000. */
  readonly acquireTimeoutMs?: number;
  /** Time for `create`, above 0; default 30 000. */
  readonly createTimeoutMs?: number;
  /** Time for `destroy`, above 0; default 5000. Then the place counts as free. */
  readonly destroyTimeoutMs?: number;
  /** Resources above `min` that nobody borrowed for so long are destroyed, above 0; default 60 000. */
  readonly idleTimeoutMs?: number;
  /** Oldest age at which a resource is lent, above 0; default 1 800 000, half an hour: load balancers and databases drop old connections without a word. */
  readonly maxLifetimeMs?: number;
  /** Share of `maxLifetimeMs` by which a life may be shorter, drawn for each resource so that not all end at once; 0 to 1, default 0.1. */
  readonly lifetimeJitter?: number;
  /** Pause after a failed `create`: doubles from `firstMs` (default 100) up to `maxMs` (default 10 000), half of it drawn at random. */
  readonly backoff?: { readonly firstMs?: number; readonly maxMs?: number };
  /** Default: none, every resource is taken to work. */
  readonly health?: HealthOptions<T>;
  /** Default: nobody looks for leaks. */
  readonly leaks?: LeakOptions;
  /** How often the pool looks for idle, old, unchecked and leaked resources, which it notices by so much later; above 0, default 1000. */
  readonly sweepEveryMs?: number;
  /** Default: nobody hears. */
  readonly listener?: ResourcePoolListener<T>;
  /** Default: the monotonic clock of the process. */
  readonly clock?: Clock;
  /** Default: the timers of the process, which do not keep it alive. */
  readonly timers?: Timers;
  /** 0 to below 1; default `Math.random`. */
  readonly random?: () => number;
}

/** How one {@link ResourcePool.acquire} waits. */
export interface AcquireOptions {
  /** Longest wait in milliseconds, above 0; default the pool's `acquireTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The options with their defaults; never changed. */
export interface Settings<T extends object> {
  readonly create: (signal: AbortSignal) => T | Promise<T>;
  readonly destroy: (resource: T) => void | Promise<void>;
  readonly maxWaiting: number;
  readonly acquireTimeoutMs: number;
  readonly createTimeoutMs: number;
  readonly destroyTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly lifetimeJitter: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
  readonly health: Required<HealthOptions<T>> | undefined;
  readonly leaks: Required<LeakOptions> | undefined;
  readonly sweepEveryMs: number;
  /** Whether a check, the leak watch or the listener wants to know when a loan begins and ends. */
  readonly isTimed: boolean;
  readonly listener: ResourcePoolListener<T>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

/** @throws {PoolError} `ERR_POOL_OPTIONS` */
export function settingsOf<T extends object>(options: ResourcePoolOptions<T>): Settings<T> {
  const { create, destroy, health, leaks, backoff, lifetimeJitter = 0.1, listener = {} } = options;
  const firstMs = duration('backoff.firstMs', backoff?.firstMs, 100);
  if (!(lifetimeJitter >= 0 && lifetimeJitter <= 1)) throw refusal('lifetimeJitter', 'from 0 to 1');
  return {
    create,
    destroy,
    maxWaiting: whole('maxWaiting', options.maxWaiting ?? 1000, 0),
    acquireTimeoutMs: duration('acquireTimeoutMs', options.acquireTimeoutMs, 30_000),
    createTimeoutMs: duration('createTimeoutMs', options.createTimeoutMs, 30_000),
    destroyTimeoutMs: duration('destroyTimeoutMs', options.destroyTimeoutMs, 5000),
    idleTimeoutMs: duration('idleTimeoutMs', options.idleTimeoutMs, 60_000),
    maxLifetimeMs: duration('maxLifetimeMs', options.maxLifetimeMs, 1_800_000),
    lifetimeJitter,
    backoff: { firstMs, maxMs: Math.max(firstMs, duration('backoff.maxMs', backoff?.maxMs, 10_000)) },
    health: health === undefined ? undefined : healthOf(health),
    leaks: leaks === undefined ? undefined : leaksOf(leaks),
    sweepEveryMs: duration('sweepEveryMs', options.sweepEveryMs, 1000),
    isTimed: health !== undefined || leaks !== undefined || listener.acquired !== undefined || listener.released !== undefined,
    listener,
    clock: options.clock ?? monotonicClock,
    timers: options.timers ?? processTimers,
    random: options.random ?? Math.random,
  };
}

function healthOf<T>({ check, trustMs = 500, everyMs, timeoutMs }: HealthOptions<T>): Required<HealthOptions<T>> {
  if (!(trustMs >= 0)) throw refusal('health.trustMs', 'a number of 0 or more');
  return { check, trustMs, everyMs: duration('health.everyMs', everyMs, Infinity), timeoutMs: duration('health.timeoutMs', timeoutMs, 5000) };
}

function leaksOf({ afterMs, sampleEvery = 100 }: LeakOptions): Required<LeakOptions> {
  return { afterMs: duration('leaks.afterMs', afterMs, Infinity), sampleEvery: whole('leaks.sampleEvery', sampleEvery, 1) };
}

/** @throws {PoolError} `ERR_POOL_OPTIONS` */
export function sizeOf({ min, max }: PoolSize): PoolSize {
  whole('min', min, 0);
  whole('max', max, 1);
  if (min > max) throw refusal('min', `at most max, which is ${max}`);
  return { min, max };
}

/** @throws {PoolError} `ERR_POOL_OPTIONS` */
export function duration(name: string, value: number | undefined, byDefault: number): number {
  const ms = value ?? byDefault;
  if (!(ms > 0)) throw refusal(name, 'milliseconds above 0');
  return ms;
}

function whole(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) throw refusal(name, `a whole number of at least ${least}`);
  return value;
}

function refusal(name: string, expected: string): PoolError {
  return new PoolError('ERR_POOL_OPTIONS', `${name} must be ${expected}`);
}
