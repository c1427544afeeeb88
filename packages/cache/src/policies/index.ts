import { FifoPolicy } from './fifo.ts';
import { LfuPolicy } from './lfu.ts';
import { LruPolicy } from './lru.ts';
import type { PolicyFactory, PolicyNode } from './policy.ts';
import { S3FifoPolicy } from './s3-fifo.ts';

/** Name of a built-in policy. */
export type PolicyName = 'lru' | 'lfu' | 'fifo' | 's3-fifo';

/** The policies by name; a new one is a file beside these and a line here. */
export const policies: Readonly<Record<PolicyName, PolicyFactory>> = {
  lru: <N extends PolicyNode<N>>() => new LruPolicy<N>(),
  lfu: <N extends PolicyNode<N>>() => new LfuPolicy<N>(),
  fifo: <N extends PolicyNode<N>>() => new FifoPolicy<N>(),
  's3-fifo': <N extends PolicyNode<N>>() => new S3FifoPolicy<N>(),
};
