import { z } from 'zod';
import { alertsSchema } from './alerts/alerts-schema.ts';
import { auditSchema } from './audit/audit-schema.ts';
import { cacheSchema } from './cache/cache-schema.ts';
import { purgeSchema } from './cdn/purge-schema.ts';
import { databaseSchema } from './database/database-schema.ts';
import { encryptionSchema } from './encryption/encryption-schema.ts';
import { eventsSchema, webSocketSchema } from './events/events-schema.ts';
import { limitsSchema } from './limits/limits-schema.ts';
import { logSchema } from './logs/log-schema.ts';
import { tracingSchema } from './tracing/tracing-schema.ts';
import { httpTransportFields, transportFields } from './transport/transport-schema.ts';

const Port = z.int().min(0).max(65_535);
const Milliseconds = z.int().min(1).max(86_400_000);
const Role = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a role: lower-case letters, digits and dashes, at most 32');
const Permission = z
  .string()
  .regex(
    /^(?:\*|!?(?:\*|[a-z][A-Za-z0-9-]*):(?:\*|[a-z][A-Za-z0-9-]*))$/,
    'a permission such as player:read, player:* or *, with ! before it what is taken away again',
  );
const Roles = z.record(Role, z.array(Permission));
const GameId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a game id: lower-case letters, digits and dashes, at most 32');
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

const Tcp = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every interface'),
  port: Port.default(8080).describe('0 takes a free port'),
  maxConnections: z.int().min(1).max(1_000_000).default(20_000),
  maxFrameBytes: z
    .int()
    .min(kibibyte)
    .max(64 * mebibyte)
    .default(mebibyte)
    .describe('Largest frame in bytes, its length field included'),
  maxInFlight: z.int().min(1).max(65_536).default(1024).describe('Most unanswered requests of one connection; one more gets error 1006'),
  heartbeatMs: Milliseconds.default(30_000).describe('Silence after which a ping is sent; twice as much closes the connection'),
  helloTimeoutMs: Milliseconds.default(5000).describe('Time for the hello frame to arrive'),
  maxUnsentBytes: z
    .int()
    .min(64 * kibibyte)
    .default(8 * mebibyte)
    .describe('Bytes that may wait for a slow reader before its requests are no longer read'),
  slowConsumerMs: Milliseconds.default(30_000).describe('Time that a slow reader has to catch up before it is closed'),
  keptAnswerBytes: z
    .int()
    .min(0)
    .max(2048 * mebibyte)
    .multipleOf(8)
    .default(64 * mebibyte)
    .describe('Most bytes for the encoded answers of cached reads, taken as they are needed; 0 keeps none, and every read takes the full way'),
  ...transportFields,
});

const Http = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every interface'),
  port: Port.default(8081).describe('0 takes a free port'),
  maxBodyBytes: z
    .int()
    .min(kibibyte)
    .max(64 * mebibyte)
    .default(mebibyte),
  requestTimeoutMs: Milliseconds.default(30_000).describe('Time for one request; then 1004 and its work is told to stop'),
  keptAnswerBytes: z
    .int()
    .min(0)
    .max(2048 * mebibyte)
    .default(32 * mebibyte)
    .describe('Most bytes, roughly, for the answers to cached reads; 0 keeps none, and every read takes the full way'),
  ...transportFields,
  ...httpTransportFields,
  webSocket: webSocketSchema.prefault({}),
});

const Memory = z.strictObject({
  youngGenerationMb: z
    .int()
    .min(0)
    .max(1024)
    .default(16)
    .describe("Megabytes of each half of V8's young generation, set by midgard start; 0 leaves it to Node, --max-semi-space-size on the command line wins"),
  leakWatch: z
    .strictObject({
      enabled: z.boolean().default(true),
      intervalMs: Milliseconds.default(30_000).describe('Time from one sample to the next'),
      windowMs: Milliseconds.default(600_000).describe('Length of a window, of which the lowest level counts'),
      windows: z.int().min(3).max(1000).default(6).describe('Windows in a row that must rise before it warns'),
    })
    .prefault({}),
  idleGc: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Collect garbage when nothing is to be done'),
      quietMs: Milliseconds.default(5000).describe('Time without a request, or a connection that comes or goes, after which it collects'),
      minIntervalMs: Milliseconds.default(60_000).describe('Least time from one collection to the next'),
    })
    .prefault({}),
});

const WriteBehind = z.strictObject({
  enabled: z.boolean().default(true).describe('Acknowledge write-behind operations from the durable log; off makes them ordinary writes'),
  delayMs: Milliseconds.default(100).describe('How long a write may wait for others of its key; the queue is emptied over about that time'),
  maxBatch: z.int().min(1).max(100_000).default(1000).describe('Most writes of one transaction'),
  maxPending: z.int().min(1).max(10_000_000).default(100_000).describe('Most acknowledged writes that wait for the database; one more gets error 1005'),
  segmentBytes: z
    .int()
    .min(64 * kibibyte)
    .max(1024 * mebibyte)
    .default(64 * mebibyte)
    .describe('A file of the durable log that would grow beyond this is followed by a new one'),
  maxDiskBytes: z
    .int()
    .min(64 * kibibyte)
    .default(8192 * mebibyte)
    .describe('Most bytes of the durable log of one game; beyond it writers get error 1005'),
});

/** Everything that can be set, with its bounds and defaults: the one place that the file, the environment and the editor's JSON Schema come from. */
export const configSchema = z.strictObject({
  dataDir: z.string().min(1).default('data').describe('Folder of the embedded databases and the development secrets'),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(256)])
    .default(1)
    .describe(
      'Processes that serve on the same ports; auto: one for each core. With more than one they take the instance numbers from `instance` on, and one more',
    ),
  instance: z.int().min(0).max(1023).default(0).describe('Number of this instance, part of every id that it makes; no two instances may share one'),
  shutdownGraceMs: Milliseconds.default(10_000).describe(
    'Time after SIGTERM for requests in flight, and then for acknowledged writes that wait for the database',
  ),
  memory: Memory.prefault({}),
  writeBehind: WriteBehind.prefault({}),
  health: z
    .strictObject({
      diskDegradedBelow: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('Share of the disk of the data folder that is free, below which it is told of as degraded'),
      diskDownBelow: z.number().min(0).max(1).default(0.02).describe('And below which as down; no larger than diskDegradedBelow'),
      eventLoopDegradedMs: z.int().min(1).max(2000).default(100).describe('An event loop that is later than this (P99) is told of as degraded'),
    })
    .refine(({ diskDegradedBelow, diskDownBelow }) => diskDownBelow <= diskDegradedBelow, { path: ['diskDownBelow'], message: 'larger than diskDegradedBelow' })
    .prefault({}),
  profiling: z
    .strictObject({
      blockedMs: z
        .union([z.literal(0), z.int().min(20).max(60_000)])
        .default(0)
        .describe('An event loop that stands still for longer has its stack logged, by a thread that watches it; 0: nobody watches. 100 is a good value'),
      keepSnapshots: z.int().min(1).max(100).default(3).describe('Heap snapshots that are kept; older ones are deleted'),
    })
    .prefault({}),
  ledgers: z
    .strictObject({
      checkEveryMs: z
        .int()
        .min(0)
        .max(86_400_000)
        .default(3_600_000)
        .describe('Time from one look at all ledgers, which reads every balance, entry and order, to the next; the first is at the start, 0: none'),
    })
    .prefault({}),
  alerts: alertsSchema.prefault({}),
  log: logSchema.prefault({}),
  tracing: tracingSchema.prefault({}).describe('Spans of requests for an OpenTelemetry collector'),
  server: z.strictObject({ tcp: Tcp.prefault({}), http: Http.prefault({}) }).prefault({}),
  games: z
    .record(
      GameId,
      z.strictObject({
        package: z.string().optional().describe('npm package of the plugin (default @midgard/game-<id>)'),
        enabled: z.boolean().default(true),
        roles: Roles.default({}).describe('What a role may do in this game, in place of what it may do elsewhere'),
      }),
    )
    .default({ realm: { enabled: true, roles: {} } }),
  databases: z
    .record(GameId, databaseSchema)
    .default({})
    .describe(
      'Database of each game, and as midgard that of the service itself, which instances that share API keys share; without an entry it is an SQLite file in the data folder',
    ),
  cache: cacheSchema.prefault({}),
  encryption: encryptionSchema.prefault({}).describe('Keys of encrypted columns; needed where a game has some'),
  audit: auditSchema.prefault({}),
  cdn: z.strictObject({ purge: purgeSchema.prefault({}) }).prefault({}),
  auth: z
    .strictObject({
      issuer: z.string().min(1).default('midgard'),
      accessTtlSeconds: z.int().min(10).max(86_400).default(900),
      keyPepper: z.string().min(32).optional().describe('Secret that API keys are hashed with, at least 32 characters'),
      algorithm: z.enum(['EdDSA', 'ES256', 'HS256']).default('EdDSA').describe('What new signing keys are for; HS256 takes auth.sharedSecrets and no keys'),
      signingKey: z.string().optional().describe('Private keys that sign access tokens, as a JSON Web Key or a set of them; in place of a file'),
      signingKeysFile: z
        .string()
        .min(1)
        .optional()
        .describe('File of the private keys that sign access tokens (default: signing-keys.json in the data folder)'),
      sharedSecrets: z.array(z.string().min(32)).max(8).default([]).describe('Secrets of HS256, at least 32 characters each: the first signs, all verify'),
      cursorSecret: z.string().min(32).optional().describe('Secret that list cursors are sealed with, at least 32 characters'),
      roles: Roles.default({}).describe('What each role may do, in place of the standard; roles of your own are added so'),
      servers: z
        .record(z.string().min(1).max(64), z.strictObject({ secret: z.string().min(32), games: z.array(GameId).min(1) }))
        .default({})
        .describe('Game servers that log in by HMAC: server id → shared secret and games'),
    })
    .prefault({}),
  events: eventsSchema.prefault({}),
  limits: limitsSchema.prefault({}),
});

/** The configuration after the file, the environment and the defaults are joined. */
export type Config = z.output<typeof configSchema>;
