import { type Operation, read, slug, text, write } from '@midgard/game-kit';
import { z } from 'zod';
import { changing as changingService, looking as lookingAtService } from '../service/answered-elsewhere.ts';

/** Who may look into the cache of a game and empty it; the roles admin and operator may. */
const permission = 'admin:cache';
/** Keys that one call may warm. */
const maxWarmed = 1000;

const Entity = slug(64).describe('Entity of a cache rule, such as player');
const Key = text(1, 200).describe("The key of that entity, such as a player's id");
/** What the operations take. */
export const cacheInputs = {
  none: z.strictObject({}),
  key: z.strictObject({ entity: Entity, key: Key }),
  entity: z.strictObject({ entity: Entity }),
  tag: z.strictObject({ tag: text(1, 200) }),
  keys: z.strictObject({ entity: Entity, keys: z.array(Key).min(1).max(maxWarmed) }),
} as const;
const Told = z.strictObject({
  everywhere: z.boolean().describe('Whether Redis and the other instances were told; if not, they are as soon as they can be reached'),
});

/** Looking at what is kept of one key does not read the database. */
const Kept = z.strictObject({ operation: z.string(), source: z.enum(['memory', 'shared', 'stale']).nullable(), value: z.json() });

/** What all of them have in common: no player may call them, and they touch no row of a game. */
const looking = { ...lookingAtService, permission } as const;
const changing = { ...changingService, permission } as const;

/** Operations on the cache of a game, for operators. Their codes are at the end of those that games leave to the middleware. */
export const cacheOperations = {
  stats: read({
    code: 90,
    name: 'cache.stats',
    http: 'GET /cache',
    summary: 'What is cached of each entity, and how often it served',
    input: cacheInputs.none,
    output: z.strictObject({
      state: z.enum(['alone', 'joined', 'away']).describe('Whether it is shared with other instances, and whether they can be heard'),
      waiting: z.int().describe('Names that Redis or other instances are still to be told of'),
      entities: z.array(
        z.strictObject({
          entity: z.string(),
          operations: z.array(z.string()),
          entries: z.int(),
          evictions: z.int(),
          answers: z.strictObject({ memory: z.int(), shared: z.int(), loader: z.int(), stale: z.int(), none: z.int() }),
        }),
      ),
    }),
    ...looking,
  }),
  look: read({
    code: 91,
    name: 'cache.look',
    http: 'GET /cache/:entity/:key',
    summary: 'What is cached of one key',
    input: cacheInputs.key,
    output: z.strictObject({ kept: z.array(Kept) }),
    ...looking,
  }),
  drop: write({
    code: 92,
    name: 'cache.drop',
    http: 'DELETE /cache/:entity/:key',
    summary: 'Drop one key, in every instance',
    input: cacheInputs.key,
    output: Told,
    ...changing,
  }),
  clear: write({
    code: 93,
    name: 'cache.clear',
    http: 'DELETE /cache/:entity',
    summary: 'Drop everything of an entity, in every instance',
    input: cacheInputs.entity,
    output: Told,
    ...changing,
  }),
  clearTag: write({
    code: 94,
    name: 'cache.clearTag',
    http: 'DELETE /cache-tags/:tag',
    summary: 'Drop everything with a tag, such as player:42, in every instance',
    input: cacheInputs.tag,
    output: Told,
    ...changing,
  }),
  warm: write({
    code: 95,
    name: 'cache.warm',
    http: 'POST /cache/:entity/warm',
    summary: 'Load keys of an entity that are not cached',
    input: cacheInputs.keys,
    output: z.strictObject({ warmed: z.int(), failed: z.int() }),
    ...changing,
  }),
} as const satisfies Readonly<Record<string, Operation>>;
