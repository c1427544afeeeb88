import type { Timers } from '@midgard/pool';
import type { Clock } from '../clock.ts';
import type { Coherence } from '../coherence/coherence.ts';
import type { CachePolicy } from './cache-policy.ts';
import type { Codec } from './codec.ts';
import type { MemoryBounds } from './held-entries.ts';
import type { TieredCacheListener } from './listener.ts';
import type { Protection } from './protect.ts';

/** Says of a key that there is surely nothing, so that nobody need look. */
export interface KeyFilter {
  /** @returns false only where the key surely has no value in the source */
  mightExist(key: string): boolean;
  /** Hears of keys that were written, here or elsewhere: they may exist from now on. */
  add(key: string): void;
  /** Words of others may have been missed: everything might exist until it knows better. */
  distrust(): void;
}

/** Set-up of {@link TieredCache}. */
export interface TieredCacheOptions<V> {
  /** What it keeps, such as `realm:player`: apart from other spaces, and the same in all processes. 1 to 200 characters without `/` and `#`. */
  readonly space: string;
  /** Bounds of what is held in this process. */
  readonly memory: MemoryBounds<V>;
  /** Differences from {@link defaultPolicy}. */
  readonly policy?: Partial<CachePolicy>;
  /** The others that it shares with; default: nobody. */
  readonly coherence?: Coherence;
  /** For the shared tier; default: plain JSON. */
  readonly codec?: Codec<V>;
  /** How a value is kept from those who get it; default `freeze`. */
  readonly protect?: Protection;
  /** Spares looking for keys that do not exist; then `V` includes `undefined`, which is what they get. */
  readonly knownKeys?: KeyFilter;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** 0 (included) to 1 (excluded); default `Math.random`. */
  readonly random?: () => number;
  readonly listener?: TieredCacheListener;
}
