import { MemoryNonces } from '@midgard/auth';
import { z } from 'zod';
import type { Answers } from './channel.ts';
import { SharedBucket } from './shared-bucket.ts';

/** As in a single process: 800 handshakes a second, each remembered for as long as its timestamp could be good. */
const nonceBounds = { maxGoodForMs: 120_000, maxNonces: 200_000 };

const Taken = z.object({
  name: z.string(),
  rate: z.object({ perSecond: z.number(), burst: z.number() }),
  takes: z.array(z.tuple([z.string(), z.int()])),
});
const Nonce = z.object({ name: z.string() });

/**
 * What the workers count together, in the primary: how much each caller has taken of each limit, and which nonces were used.
 *
 * @returns the answers to what `sharedLimits` of a worker asks
 */
export function sharedDesk(): Answers {
  const nonces = new MemoryNonces(nonceBounds);
  const buckets = new Map<string, SharedBucket>();
  const bucketOf = ({ name, rate }: Pick<z.output<typeof Taken>, 'name' | 'rate'>): SharedBucket => {
    // After a roll with other settings the same name may stand for another rate.
    const id = `${name} ${rate.perSecond} ${rate.burst}`;
    const bucket = buckets.get(id) ?? new SharedBucket(rate);
    buckets.set(id, bucket);
    return bucket;
  };
  return {
    take: (body) => {
      const { takes, ...limit } = Taken.parse(body);
      const bucket = bucketOf(limit);
      return takes.map(([key, count]) => bucket.take(key, count));
    },
    nonce: (body) => nonces.useOnce(Nonce.parse(body).name),
  };
}
