import { z } from 'zod';

const Milliseconds = z.int().min(1).max(86_400_000);
const ZeroOrMore = z.int().min(0).max(86_400_000);

/** Without user, password and database this is all that can be wrong; the library says more. */
const RedisUrl = z
  .string()
  .regex(/^rediss?(?:-cluster|-sentinel)?:\/\/\S+$/, 'expected redis://host:6379, redis-cluster://host:7000,host:7001 or redis-sentinel://host:26379#master')
  .describe(
    'redis://user:password@host:6379/0, redis-cluster://host:7000,host:7001 or redis-sentinel://host:26379,host:26379/0#master; rediss… encrypts. ' +
      'Instances that name the same one share cached reads and hear of each other’s writes',
  );

const EntityPolicy = z.strictObject({
  ttlMs: Milliseconds.optional().describe('How long an answer is fresh (player 1 h, character 30 min, others 15 min)'),
  memoryTtlMs: Milliseconds.optional().describe('How long memory gives it out before Redis is asked (player 10 min, character 5 min, others 3 min)'),
  maxEntries: z.int().min(1).max(100_000_000).optional().describe('Most answers in memory (cache.maxEntries)'),
  ttlJitter: z.number().min(0).max(1).optional().describe('By what share each life is shortened at most, at random (0.1)'),
  staleIfErrorMs: ZeroOrMore.optional().describe('For how long after its time an answer is given where the database fails (0)'),
  staleWhileRevalidateMs: ZeroOrMore.optional().describe('For how long after its time an answer is given while it is read anew (0)'),
  refreshAfter: z.number().min(0).max(1).optional().describe('From which part of its life on an answer may be read anew ahead of its end (1: never)'),
  knownKeys: z
    .boolean()
    .optional()
    .describe(
      'Read all keys at the start, and refuse those that do not exist without the database; with more than one instance only with cache.redis.url (false)',
    ),
  warmUp: z.enum(['hot', 'all']).optional().describe('What is loaded at the start: the hottest keys of the last run, or also every key of the table (hot)'),
  compressAboveBytes: ZeroOrMore.optional().describe('From how many bytes on an answer is packed for Redis (4096)'),
  softTimeoutMs: Milliseconds.optional().describe('How long a reader waits for the database where there is an older answer to give (to the end)'),
});

/** Where cached reads are kept, and how long. */
export const cacheSchema = z.strictObject({
  maxEntries: z.int().min(1).max(100_000_000).default(20_000).describe('Most cached reads of one entity of one game in memory'),
  entities: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'the name of an entity'), z.union([EntityPolicy, z.literal(false)]))
    .default({})
    .describe('By entity of any game: what differs from its standard; false keeps nothing'),
  awayTtlMs: Milliseconds.default(5000).describe(
    'Longest life of an answer in memory while Redis is away, so that writes of other instances cannot be heard of',
  ),
  warmUp: z
    .strictObject({
      hotKeys: z.int().min(0).max(1_000_000).default(1000).describe('Most keys of one entity that are remembered for the next start; 0 remembers none'),
      keysPerSecond: z.int().min(1).max(1_000_000).default(500).describe('Most keys that the warm-up loads in a second; it waits while the event loop is busy'),
      readinessWaits: z.boolean().default(false).describe('Not ready before the warm-up is done'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      url: RedisUrl.optional(),
      prefix: z.string().min(1).max(64).default('midgard').describe('Begins each key, so that several services share a server'),
      timeoutMs: z.int().min(1).max(10_000).default(200).describe('Longest wait for an answer; a Redis that does not answer is then not asked for a while'),
    })
    .prefault({}),
});

/** The configuration of the cache. */
export type CacheConfig = z.output<typeof cacheSchema>;
