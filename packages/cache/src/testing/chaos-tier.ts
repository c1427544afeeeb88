import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError } from '../errors.ts';
import type { LeaseAnswer, LeasedValue, LeaseRequest, NewestValue, Tier, TierRecord } from '../tier/tier.ts';

/**
 * What becomes of one call.
 *
 * - `well`: it is made, after `delayMs` if given
 * - `refused`: it is not made, and fails
 * - `unanswered`: it is made, and fails
 * - `late`: it fails now, and is made when the next call is, after it: what the network still had under way
 */
export interface TierFault {
  readonly kind: 'well' | 'refused' | 'unanswered' | 'late';
  /** Before anything happens. Default 0. */
  readonly delayMs?: number;
}

/** The calls of a tier. */
export type TierMethod = 'read' | 'lease' | 'store' | 'release' | 'put' | 'invalidate' | 'versions';

/** How a {@link ChaosTier} goes wrong. */
export interface ChaosTierOptions {
  readonly tier: Tier;
  /** Decides for each call; see {@link randomFaults} for one at random. */
  readonly fault: (method: TierMethod) => TierFault;
  /** Default: real time. */
  readonly sleep?: (delayMs: number) => Promise<unknown>;
}

/** A tier around a tier that fails, delays, loses answers and reorders on purpose, as a network may; for tests of who uses a tier. */
export class ChaosTier implements Tier {
  readonly #tier: Tier;
  readonly #fault: (method: TierMethod) => TierFault;
  readonly #sleep: (delayMs: number) => Promise<unknown>;
  #late: (() => Promise<unknown>)[] = [];

  /** Nothing is checked: it is for tests. */
  constructor({ tier, fault, sleep: wait = sleep }: ChaosTierOptions) {
    this.#tier = tier;
    this.#fault = fault;
    this.#sleep = wait;
  }

  /** Of the tier. */
  get maxClockSkewMs(): number {
    return this.#tier.maxClockSkewMs;
  }

  read(keys: readonly string[]): Promise<readonly (TierRecord | undefined)[]> {
    return this.#suffer('read', () => this.#tier.read(keys));
  }

  lease(requests: readonly LeaseRequest[], leaseMs: number): Promise<readonly LeaseAnswer[]> {
    return this.#suffer('lease', () => this.#tier.lease(requests, leaseMs));
  }

  store(values: readonly LeasedValue[]): Promise<readonly (number | undefined)[]> {
    return this.#suffer('store', () => this.#tier.store(values));
  }

  release(leases: readonly { readonly key: string; readonly version: number }[]): Promise<void> {
    return this.#suffer('release', () => this.#tier.release(leases));
  }

  put(values: readonly NewestValue[]): Promise<readonly number[]> {
    return this.#suffer('put', () => this.#tier.put(values));
  }

  invalidate(keys: readonly string[], rememberMs?: number): Promise<readonly number[]> {
    return this.#suffer('invalidate', () => this.#tier.invalidate(keys, rememberMs));
  }

  versions(keys: readonly string[]): Promise<readonly number[]> {
    return this.#suffer('versions', () => this.#tier.versions(keys));
  }

  /** Never fails. */
  close(): Promise<void> {
    return this.#tier.close();
  }

  async #suffer<T>(method: TierMethod, call: () => Promise<T>): Promise<T> {
    const { kind, delayMs = 0 } = this.#fault(method);
    if (delayMs > 0) await this.#sleep(delayMs);
    if (kind === 'refused') throw failed(method, 'not made');
    if (kind === 'late') {
      this.#late.push(call);
      throw failed(method, 'made later');
    }
    const late = this.#late.splice(0);
    try {
      const answer = await call();
      if (kind === 'unanswered') throw failed(method, 'made');
      return answer;
    } finally {
      for (const one of late) await one().catch(() => undefined);
    }
  }
}

/** How often each fault comes, as shares of 1. */
export interface FaultRates {
  readonly refused?: number;
  readonly unanswered?: number;
  readonly late?: number;
  /** Of calls that are made: how many after a delay. */
  readonly delayed?: number;
  /** Default 20. */
  readonly maxDelayMs?: number;
}

/**
 * Faults at random for a {@link ChaosTier}.
 *
 * @param random gives numbers from 0 to below 1; seeded, so that a failure comes again
 */
export function randomFaults(random: () => number, rates: FaultRates): () => TierFault {
  const { refused = 0, unanswered = 0, late = 0, delayed = 0, maxDelayMs = 20 } = rates;
  return () => {
    const chance = random();
    const delayMs = random() < delayed ? random() * maxDelayMs : 0;
    if (chance < refused) return { kind: 'refused', delayMs };
    if (chance < refused + unanswered) return { kind: 'unanswered', delayMs };
    return { kind: chance < refused + unanswered + late ? 'late' : 'well', delayMs };
  };
}

function failed(method: TierMethod, what: string): CacheError {
  return new CacheError('ERR_CACHE_TIER', `${method} failed on purpose; it was ${what}`);
}
