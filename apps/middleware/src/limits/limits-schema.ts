import { z } from 'zod';

const Rate = z.strictObject({
  perSecond: z.number().positive().max(10_000_000),
  burst: z.int().min(1).max(10_000_000),
});

const Wait = z.int().min(1).max(86_400_000);

/** How often callers may ask. */
export const limitsSchema = z.strictObject({
  web: Rate.prefault({ perSecond: 500, burst: 1000 }).describe('Requests of one web key'),
  player: Rate.prefault({ perSecond: 50, burst: 100 }).describe('Requests of one player token'),
  gameServer: Rate.optional().describe('Requests of one game-server key; default none'),
  roles: z.record(z.string(), Rate).default({}).describe('Requests of one caller of any other role; default none'),
  operations: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*$/, 'the name of an operation, such as order.create'), Rate)
    .default({})
    .describe('By operation of any game: what one caller may make of it, besides what the caller may make in all'),
  handshake: Rate.optional().describe('TCP handshakes of one address; default 100 a second and 2000 at once, generous outside production'),
  login: Rate.optional().describe('Log-ins of one address over HTTP; default 5 a second and 20 at once, generous outside production'),
  wrongCredentials: Rate.optional().describe(
    'Wrong keys and tokens of one address over HTTP, before also right ones are refused; default 5 a second and 100 at once, generous outside production',
  ),
  backlog: z
    .strictObject({
      lateMs: z.int().min(10).max(60_000).default(500).describe('Milliseconds after which a request that is not answered is late'),
      maxLate: z.int().min(1).max(1_000_000).default(256).describe('Late requests of one game up to which others are still taken on; further ones get 1005'),
    })
    .prefault({})
    .describe('When a game has too much to do; in each worker by itself'),
  wrongPasswords: z
    .strictObject({
      freeAttempts: z.int().min(1).max(100).default(5).describe('Wrong passwords in a row before the name must wait'),
      firstWaitMs: Wait.default(1000).describe('The first wait; each one after it is twice as long'),
      maxWaitMs: Wait.default(900_000).describe('The longest wait; after twice as long without an attempt all is forgotten'),
    })
    .prefault({})
    .describe('Log-ins of one name from wherever, in each game and each instance by itself; a place from which it was logged in to before is counted apart'),
  shared: z
    .boolean()
    .default(true)
    .describe('With cache.redis.url: limits count, and handshake nonces are good, once for all instances together; off: for each instance by itself'),
  whenAway: z
    .enum(['local', 'refuse'])
    .default('local')
    .describe('While that Redis cannot be reached: each instance limits by itself, or what is limited is refused'),
});
