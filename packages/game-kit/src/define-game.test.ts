import { defineEntity, id } from '@midgard/dao';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { GameContext } from './context.ts';
import { defineGame } from './define-game.ts';
import { read, write } from './define-operation.ts';
import { standardEntities } from './entities/index.ts';
import { Player } from './entities/player.ts';
import type { GameHandler } from './game.ts';
import type { OperationTypes } from './operation.ts';
import { standardOperations } from './operations/index.ts';
import { openGame } from './testing/open-game.ts';
import { Id, IdText } from './wire/numbers.ts';

const manifest = { id: 'test', number: 7, version: '1.0.0', title: 'Test' };

class Greetings {
  readonly #context: GameContext;

  constructor(context: GameContext) {
    this.#context = context;
  }

  async of(playerId: bigint): Promise<string> {
    return `hello ${(await this.#context.players.require(playerId)).name}`;
  }
}

const greet = read({
  code: 100,
  name: 'player.greet',
  permission: 'player:read',
  http: 'GET /players/:id/greeting',
  input: z.object({ id: Id }),
  output: z.object({ id: IdText, text: z.string() }),
  owner: ({ id: playerId }) => playerId,
  handle: async ({ greetings }: GameContext & { greetings: Greetings }, { id: playerId }) => ({ id: playerId, text: await greetings.of(playerId) }),
});

const game = defineGame({
  manifest,
  entities: standardEntities,
  operations: [...standardOperations(), greet],
  extendContext: (context) => ({ greetings: new Greetings(context) }),
  hooks: {
    before: {
      'wallet.credit': ({ greetings }, { playerId, amount }) => {
        expectTypeOf(playerId).toEqualTypeOf<bigint>();
        expectTypeOf(amount).toEqualTypeOf<bigint>();
        expectTypeOf(greetings).toEqualTypeOf<Greetings>();
      },
    },
  },
});

test('a game’s own repositories are in the context of its operations', async () => {
  await using open = await openGame(game);
  const created = await open.call('player.create', { name: 'Mira' });
  const playerId: unknown = Reflect.get(Object(created), 'id');
  expect(await open.call('player.greet', { id: playerId })).toEqual({ id: playerId, text: 'hello Mira' });
});

test('a client sees the operations’ types by name', () => {
  type Types = OperationTypes<typeof game>;
  expectTypeOf<Types['player.greet']>().toEqualTypeOf<{ readonly input: { id: string | number | bigint }; readonly output: { id: string; text: string } }>();
  expectTypeOf<Types['player.get']['output']['status']>().toEqualTypeOf<'active' | 'banned' | 'deleted'>();
  expectTypeOf<Types['order.pay']['input']>().toExtend<{ id: string | number | bigint; transactionId: string; idempotencyKey: string }>();
  expectTypeOf<Types['player.list']['input']['limit']>().toEqualTypeOf<string | number | undefined>();
});

test('standard operations can be left out or replaced, and the types follow', () => {
  const replacement = read({
    code: 1,
    name: 'player.get',
    permission: 'player:read',
    http: 'GET /players/:id',
    input: z.object({ id: Id }),
    output: z.object({ id: IdText }),
    owner: 'none',
    handle: (_, input) => input,
  });
  const other = defineGame({
    manifest,
    entities: standardEntities,
    operations: standardOperations({ omit: ['auth.login', 'item.transfer'], replace: [replacement] }),
  });
  expect(other.operations.map(({ name }) => name)).not.toContain('auth.login');
  expect(other.operations.filter(({ name }) => name === 'player.get')).toEqual([replacement]);
  type Types = OperationTypes<typeof other>;
  expectTypeOf<Types['player.get']['output']>().toEqualTypeOf<{ id: string }>();
  expectTypeOf<Types>().not.toHaveProperty('auth.login');
  expect(() => standardOperations({ replace: [{ ...replacement, code: 2 }] })).toThrow(expect.objectContaining({ code: 'ERR_GAME_OPERATION' }));
});

const sound = {
  code: 100,
  name: 'a.b',
  permission: 'a:b',
  http: 'POST /a/:id',
  input: z.object({ id: Id }),
  output: Player,
  owner: 'none',
  idempotent: 'no',
  changes: {},
  handle: () => Promise.reject(new Error('never')),
} as const;

test.each([
  ['a code of 0', { code: 0 }],
  ['a code beyond 16 bits', { code: 65_536 }],
  ['a name without a subject', { name: 'b' }],
  ['a route without a method', { http: '/a' }],
  ['a route with a query', { http: 'GET /a?b' }],
  ['a write by GET', { http: 'GET /a/:id' }],
  ['a path parameter that the input lacks', { http: 'POST /a/:other' }],
  ['no permission', { permission: undefined }],
  ['a permission though it is public', { public: true }],
  ['an idempotency key of its own', { input: z.object({ id: Id, idempotencyKey: z.string() }) }],
])('an operation with %s is refused', (_, difference) => {
  expect(() => Reflect.apply(write, undefined, [{ ...sound, ...difference }])).toThrow(expect.objectContaining({ code: 'ERR_GAME_OPERATION' }));
});

test('what a cached read takes besides its path parameters may be left out', () => {
  const cache = { entity: 'player', key: (): bigint => 1n };
  const define = (more: z.ZodType) => read({ ...sound, http: 'GET /a/:id', input: z.object({ id: Id, more }), cache });
  expect(() => define(z.string())).toThrow(expect.objectContaining({ code: 'ERR_GAME_OPERATION', message: expect.stringContaining('"more"') }));
  expect(define(z.string().optional()).cache).toBe(cache);
  expect(define(z.int().default(3)).cache).toBe(cache);
});

function gameCachedBy(by: string): GameHandler {
  const listed = read({ ...sound, http: 'GET /a/:id', cache: { entity: 'character', by, key: ({ id: key }) => key } });
  return defineGame({ manifest, entities: standardEntities, operations: [listed] });
}

test('a cached read is kept under a column that its entity is cached by', () => {
  expect(gameCachedBy('playerId').operations).toHaveLength(1);
  expect(() => gameCachedBy('name')).toThrow(expect.objectContaining({ code: 'ERR_GAME_OPERATION', message: expect.stringContaining('"name"') }));
});

const operation = write(sound);
const entity = defineEntity('a', { columns: { id: id() }, key: ['id'] });

test.each([
  ['an id in capitals', { manifest: { ...manifest, id: 'Test' } }, 'ERR_GAME_MANIFEST'],
  ['number 0', { manifest: { ...manifest, number: 0 } }, 'ERR_GAME_MANIFEST'],
  ['a health check whose name is none', { health: { 'Pay ment': () => undefined } }, 'ERR_GAME_MANIFEST'],
  ['no version', { manifest: { ...manifest, version: '' } }, 'ERR_GAME_MANIFEST'],
  ['one code twice', { operations: [operation, { ...operation, name: 'a.c', http: 'POST /c' }] }, 'ERR_GAME_CLASH'],
  ['one name twice', { operations: [operation, { ...operation, code: 101, http: 'POST /c' }] }, 'ERR_GAME_CLASH'],
  ['one route twice', { operations: [operation, { ...operation, code: 101, name: 'a.c', http: 'POST /a/:name' }] }, 'ERR_GAME_CLASH'],
  ['one entity twice', { entities: [entity, entity] }, 'ERR_GAME_CLASH'],
  ['a change of an entity that it has not', { operations: [{ ...operation, changes: { b: 'unknown' as const } }] }, 'ERR_GAME_OPERATION'],
  ['a hook for no operation', { hooks: { before: { 'a.z': () => undefined } } }, 'ERR_GAME_OPERATION'],
])('a game with %s is refused', (_, difference, code) => {
  expect(() => Reflect.apply(defineGame, undefined, [{ manifest, entities: [entity], operations: [operation], ...difference }])).toThrow(
    expect.objectContaining({ code }),
  );
});
