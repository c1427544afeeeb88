import { AdaptivePolicy } from './adaptive.ts';
import { FifoPolicy } from './fifo.ts';
import { LfuPolicy } from './lfu.ts';
import { LruPolicy } from './lru.ts';
import type { PolicyFactory } from './policy.ts';

/** Name of a built-in policy. */
export type PolicyName = 'adaptive' | 'lru' | 'lfu' | 'fifo';

/** The policies by name; a new one is a file beside these and a line here. */
export const policies: Readonly<Record<PolicyName, PolicyFactory>> = {
  adaptive: (settle) => new AdaptivePolicy(settle),
  lru: () => new LruPolicy(),
  lfu: () => new LfuPolicy(),
  fifo: () => new FifoPolicy(),
};
