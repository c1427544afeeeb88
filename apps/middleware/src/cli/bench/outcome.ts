import { z } from 'zod';
import { ServerFigures } from './server-figures.ts';

/** Latencies in milliseconds; null where nothing was answered. */
export const Latency = z.object({
  mean: z.number().nullable(),
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
  p999: z.number().nullable(),
  max: z.number().nullable(),
});
export type Latency = z.infer<typeof Latency>;

/** One second of the load. */
export const Second = z.object({
  /** From the end of the warm-up, from 0. */
  second: z.int(),
  ratePerSecond: z.number(),
  errors: z.int(),
  latencyMs: Latency,
  /** Missing where the service's metrics could not be read then. */
  server: ServerFigures.optional(),
});
export type Second = z.infer<typeof Second>;

/** What `--json` writes; fields are added and not changed. */
export const Outcome = z.object({
  schema: z.literal('midgard-bench/1'),
  at: z.iso.datetime(),
  run: z.string(),
  isEndedEarly: z.boolean(),
  settings: z.object({
    address: z.string(),
    game: z.string(),
    mix: z.array(z.object({ scenario: z.string(), share: z.number() })),
    /** `closed`: latency from sending; `open`: from when a request was due, at `ratePerSecond`. */
    mode: z.enum(['closed', 'open']),
    ratePerSecond: z.number().nullable(),
    connections: z.int(),
    depth: z.int(),
    threads: z.int(),
    players: z.int(),
    warmUpSeconds: z.number(),
    durationSeconds: z.number(),
  }),
  /** The one that made the load, which may not be that of the service. */
  machine: z.object({ node: z.string(), platform: z.string(), cpu: z.string(), cpus: z.int(), memoryBytes: z.number() }),
  /** How long was measured, in seconds: the duration, or less where it was ended early. */
  measuredSeconds: z.number(),
  /** Those with a good answer and the errors. */
  requests: z.int(),
  answered: z.int(),
  errors: z.int(),
  errorsByKind: z.record(z.string(), z.int()),
  /** Good answers a second. */
  ratePerSecond: z.number(),
  latencyMs: Latency,
  /** Pairs of a percentile and its latency in milliseconds, for a distribution. */
  distribution: z.array(z.tuple([z.number(), z.number()])),
  seconds: z.array(Second),
  /** Only where orders were made. */
  orders: z.object({ acknowledged: z.int(), found: z.int(), lost: z.int(), doubled: z.int() }).optional(),
});
export type Outcome = z.infer<typeof Outcome>;
