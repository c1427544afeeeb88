import { z } from 'zod';
import type { GameContext } from './context.ts';
import { GameKitError } from './game-kit-error.ts';
import type {
  AnyWriteDefinition,
  AuditRule,
  Idempotency,
  InputSchema,
  OperationOf,
  ReadDefinition,
  WriteBehindDefinition,
  WriteDefinition,
  WriteOperationOf,
} from './operation.ts';
import { IdempotencyKey } from './wire/text.ts';
import { makeChanges } from './write-behind/apply-batch.ts';
import { Deferral } from './write-behind/deferred-change.ts';

const MAX_CODE = 65_535;
const NAME_SHAPE = /^[a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*$/;
const ROUTE_SHAPE = /^(GET|POST|PUT|PATCH|DELETE) (\/[a-z][A-Za-z0-9-]*|\/:[a-z][A-Za-z0-9]*)+$/;

/**
 * Defines an operation that changes nothing.
 *
 * @param definition see {@link ReadDefinition}; of a cached one the answers to its path parameters alone are kept: what else it takes must be optional
 * @throws {GameKitError} `ERR_GAME_OPERATION`: something in it cannot work
 * @example
 * ```ts
 * import { Id, Player, read } from '@midgard/game-kit';
 * import { z } from 'zod';
 *
 * export const getPlayer = read({
 *   code: 1, name: 'player.get', permission: 'player:read', http: 'GET /players/:id',
 *   input: z.strictObject({ id: Id }), output: Player,
 *   owner: ({ id }) => id,
 *   cache: { entity: 'player', key: ({ id }) => id },
 *   handle: ({ players }, { id }) => players.require(id),
 * });
 * ```
 */
export function read<const Name extends string, I extends InputSchema, O extends z.ZodType, C extends GameContext = GameContext>(
  definition: ReadDefinition<Name, I, O, C>,
): OperationOf<Name, I, O> {
  check(definition);
  const { cache, input, http, name } = definition;
  const { reads = cache === undefined ? {} : { [cache.entity]: (parsed: z.output<I>) => cache.key(parsed) } } = definition;
  const mustBeGiven = cache === undefined ? undefined : [...optionalFields(http, input)].find(([, { success }]) => !success);
  if (mustBeGiven !== undefined) {
    throw mistake(name, `its answers are kept under its path parameters alone, so "${mustBeGiven[0]}" needs a default or must be optional`);
  }
  return {
    ...shared(definition),
    kind: 'read',
    idempotent: 'no',
    event: null,
    input: input.strict(),
    cache,
    changes: {},
    reads,
    isWriteBehind: false,
    defer: notDeferred,
    prepare: () => undefined,
    // A method's parameters compare both ways: the runtime gives the context that defineGame promised.
    handle: (context: C, parsed) => definition.handle(context, parsed),
  };
}

/**
 * Defines an operation that changes the database: everything that its handler does is one transaction.
 *
 * @param definition see {@link WriteDefinition}
 * @throws {GameKitError} `ERR_GAME_OPERATION`: something in it cannot work
 * @example
 * ```ts
 * import { Id, Player, write } from '@midgard/game-kit';
 * import { z } from 'zod';
 *
 * export const levelUp = write({
 *   code: 100, name: 'player.levelUp', permission: 'player:update', http: 'POST /players/:id/level-up',
 *   input: z.strictObject({ id: Id }), output: Player,
 *   idempotent: 'optional', changes: { player: ({ id }) => id }, owner: 'none',
 *   handle: async ({ players }, { id }) => players.update(id, { level: (await players.requireActive(id)).level + 1 }),
 * });
 * ```
 */
export function write<
  const Name extends string,
  I extends InputSchema,
  O extends z.ZodType,
  const Key extends Idempotency,
  C extends GameContext = GameContext,
  Prepared = undefined,
>(definition: WriteDefinition<Name, I, O, Key, C, Prepared>): WriteOperationOf<Name, I, O, Key> {
  return {
    ...sharedByWrites(definition),
    audit: auditRule(definition.audit),
    isWriteBehind: false,
    defer: notDeferred,
    handle: (context: C, parsed, prepared: Prepared) => definition.handle(context, parsed, prepared),
  };
}

/**
 * Defines a write that is acknowledged when it is in the durable log, and made in the database in a batch a moment later:
 * for what comes often and need not be answered from the database, such as counters and events.
 *
 * Each is made exactly once, in the order of the acknowledgements; reads that declare the same entity and key (`reads`, or their
 * cache rule) see it. It has no hooks. Where a runtime has no log, it is an ordinary write.
 *
 * @param definition see {@link WriteBehindDefinition}
 * @throws {GameKitError} `ERR_GAME_OPERATION`: something in it cannot work
 * @example
 * ```ts
 * import { defineEntity, Id, id, IdText, slug, textColumn, version, writeBehind } from '@midgard/game-kit';
 * import { z } from 'zod';
 *
 * const kills = defineEntity('kills', { columns: { playerId: id(), monster: textColumn(32), count: id(), version: version() }, key: ['playerId', 'monster'] });
 *
 * export const countKill = writeBehind({
 *   code: 101, name: 'player.countKill', permission: 'player:update', http: 'POST /players/:id/kills/:monster',
 *   input: z.strictObject({ id: Id, monster: slug(32) }), output: z.object({ id: IdText }),
 *   idempotent: 'optional', changes: { kills: ({ id }) => id }, owner: 'none',
 *   defer: (deferral, { id, monster }) => {
 *     deferral.add(kills, { playerId: id, monster, count: 1n }, ['count']);
 *     return { id };
 *   },
 * });
 * ```
 */
export function writeBehind<
  const Name extends string,
  I extends InputSchema,
  O extends z.ZodType,
  const Key extends Idempotency,
  C extends GameContext = GameContext,
  Prepared = undefined,
>(definition: WriteBehindDefinition<Name, I, O, Key, C, Prepared>): WriteOperationOf<Name, I, O, Key> {
  const defer = (deferral: Deferral, parsed: z.output<I>, prepared: Prepared): z.input<O> => definition.defer(deferral, parsed, prepared);
  return {
    ...sharedByWrites(definition),
    isWriteBehind: true,
    defer,
    handle: async (context: C, parsed, prepared: Prepared) => {
      const deferral = new Deferral(context);
      const output = defer(deferral, parsed, prepared);
      await makeChanges(context.session, deferral.changes);
      return output;
    },
  };
}

function auditRule<Input>(audit: boolean | AuditRule<Input> = false): AuditRule<Input> | undefined {
  return typeof audit === 'object' ? audit : audit ? {} : undefined;
}

function notDeferred(): never {
  throw new GameKitError('ERR_GAME_STATE', 'only a write-behind operation is deferred');
}

/**
 * The path parameters of a route, in order.
 *
 * @param http method and path, as in an operation
 */
export function pathParameters(http: string): readonly string[] {
  return [...http.matchAll(/:([A-Za-z0-9]+)/g)].flatMap(([, name]) => name ?? []);
}

function shared<Name extends string, I extends InputSchema, O extends z.ZodType, C extends GameContext>(definition: Common<Name, I, O, C>) {
  const { code, name, permission = null, public: isPublic = false, http, summary, output, owner, input } = definition;
  return { code, name, permission, isPublic, http, summary, output, owner, isVersioned: 'expectedVersion' in input.shape };
}

function sharedByWrites<Name extends string, I extends InputSchema, O extends z.ZodType, Key extends Idempotency, C extends GameContext, Prepared>(
  definition: AnyWriteDefinition<Name, I, O, Key, C, Prepared>,
) {
  check(definition);
  const { name, input, http, idempotent, changes, event = name } = definition;
  if (http.startsWith('GET ')) throw mistake(name, 'a write is no GET');
  return {
    ...shared(definition),
    kind: 'write' as const,
    idempotent,
    event,
    input: withKey(input.strict(), idempotent),
    cache: undefined,
    changes,
    reads: {},
    prepare: (preparation: never, parsed: z.output<I>) => definition.prepare?.(preparation, parsed),
  };
}

type Common<Name extends string, I extends InputSchema, O extends z.ZodType, C extends GameContext> = Omit<ReadDefinition<Name, I, O, C>, 'handle' | 'cache'>;

function withKey(input: InputSchema, idempotent: Idempotency): InputSchema {
  if (idempotent === 'no') return input;
  return input.safeExtend({ idempotencyKey: idempotent === 'required' ? IdempotencyKey : IdempotencyKey.optional() });
}

function check({
  code,
  name,
  permission,
  public: isPublic = false,
  http,
  input,
}: Pick<Common<string, InputSchema, z.ZodType, GameContext>, 'code' | 'name' | 'permission' | 'public' | 'http' | 'input'>): void {
  if (!Number.isInteger(code) || code < 1 || code > MAX_CODE) throw mistake(name, `its code is not within 1 to ${MAX_CODE}`);
  if (!NAME_SHAPE.test(name)) throw mistake(name, 'its name is not of the form subject.act');
  if (!ROUTE_SHAPE.test(http)) throw mistake(name, `its route is not of the form "GET /players/:id": "${http}"`);
  if (isPublic === (permission !== undefined)) throw mistake(name, 'it needs a permission, or public: true, and not both');
  const missing = pathParameters(http).filter((parameter) => !(parameter in input.shape));
  if (missing.length > 0) throw mistake(name, `its input lacks the path parameters ${missing.join(', ')}`);
  if ('idempotencyKey' in input.shape) throw mistake(name, 'its input names idempotencyKey, which write() adds by itself');
}

function mistake(name: string, message: string): GameKitError {
  return new GameKitError('ERR_GAME_OPERATION', `${name}: ${message}`);
}

/** What the fields besides the path parameters are where they are left out; no success: they may not be. */
export function optionalFields(http: string, { shape }: InputSchema): ReadonlyMap<string, z.ZodSafeParseResult<unknown>> {
  const parameters = pathParameters(http);
  const others = Object.entries(shape).filter(([field]) => !parameters.includes(field));
  return new Map(others.map(([field, schema]) => [field, z.safeParse(schema, undefined)]));
}
