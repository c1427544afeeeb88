import { expect, test } from 'vitest';
import { standardOperations } from '../operations/index.ts';
import { codeOf, fieldsOf, freshKey, idOf } from '../test/answers.ts';
import { type OpenGame, openGame, playerCaller, service } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';
import { ownerCheck } from './owner.ts';

/** What a player's token may do with each standard operation: an operation that is missing here fails the test. */
const policies: Readonly<Record<string, 'own' | 'any' | 'none'>> = {
  'player.get': 'own',
  'player.create': 'none',
  'player.update': 'none',
  'player.list': 'none',
  'player.delete': 'none',
  'character.get': 'own',
  'character.create': 'none',
  'character.update': 'none',
  'character.list': 'own',
  'character.delete': 'none',
  'auth.login': 'any',
  'auth.verify': 'any',
  'auth.refresh': 'any',
  'auth.logout': 'any',
  'item.list': 'own',
  'item.grant': 'none',
  'item.consume': 'none',
  'item.transfer': 'none',
  'order.create': 'own',
  'order.get': 'own',
  'order.list': 'own',
  'order.pay': 'none',
  'order.deliver': 'none',
  'order.refund': 'none',
  'wallet.get': 'own',
  'wallet.credit': 'none',
  'wallet.debit': 'none',
  'wallet.history': 'own',
};

interface Stage {
  readonly game: OpenGame;
  readonly mine: bigint;
  readonly other: bigint;
  readonly inputs: (owner: bigint) => Readonly<Record<string, object>>;
}

async function stage(game: OpenGame): Promise<Stage> {
  const ids = [await idOf(game.call('player.create', { name: 'mine' })), await idOf(game.call('player.create', { name: 'other' }))];
  const characters = new Map<string, string>();
  const orders = new Map<string, string>();
  for (const playerId of ids) {
    characters.set(playerId, await idOf(game.call('character.create', { playerId, name: 'c', class: 'mage' })));
    orders.set(playerId, await idOf(game.call('order.create', { playerId, product: 'p', quantity: 1, currency: 'EUR', amount: 1, ...freshKey() })));
  }
  const inputs = (owner: bigint): Readonly<Record<string, object>> => {
    const playerId = String(owner);
    return {
      'player.get': { id: playerId },
      'character.get': { id: characters.get(playerId) },
      'character.list': { playerId },
      'item.list': { playerId },
      'order.create': { playerId, product: 'p', quantity: 1, currency: 'EUR', amount: 1, ...freshKey() },
      'order.get': { id: orders.get(playerId) },
      'order.list': { playerId },
      'wallet.get': { playerId },
      'wallet.history': { playerId },
    };
  };
  const [mine = '', other = ''] = ids;
  return { game, mine: BigInt(mine), other: BigInt(other), inputs };
}

for (const operation of standardOperations()) {
  test(`a player token and ${operation.name}`, async () => {
    const policy = policies[operation.name];
    if (policy === 'any') return expect(ownerCheck(operation, {}, playerCaller(1n))).toBeUndefined();
    if (policy === 'none') return expect(() => ownerCheck(operation, {}, playerCaller(1n))).toThrow(expect.objectContaining({ code: 3004 }));
    expect(policy).toBe('own');
    await using game = await openGame(standardGame);
    const { mine, other, inputs } = await stage(game);
    // Twice, so that an answer from the cache is guarded like one from the database.
    for (const caller of [service, playerCaller(mine), playerCaller(mine)])
      expect(await codeOf(game.call(operation.name, inputs(mine)[operation.name], caller))).toBe(0);
    for (const caller of [playerCaller(other), playerCaller(other)])
      expect(await codeOf(game.call(operation.name, inputs(mine)[operation.name], caller))).toBe(3004);
  });
}

test('an operation without a policy is refused to players, and nobody at all passes only where it is public', () => {
  const [first] = standardOperations();
  const operation = { ...first!, owner: undefined };
  expect(() => ownerCheck(operation, {}, playerCaller(1n))).toThrow(expect.objectContaining({ code: 3004 }));
  expect(() => ownerCheck(operation, {}, null)).toThrow(expect.objectContaining({ code: 3001 }));
  expect(ownerCheck(operation, {}, service)).toBeUndefined();
});

test.each([
  ['of the kind player without an id', { ...service, kind: 'player' as const }],
  ['with the role player', { ...service, roles: ['player', 'game-server'] as const }],
  ['with a player id', { ...service, playerId: 2n }],
])('a principal %s is held to the rule of players', async (_, caller) => {
  await using game = await openGame(standardGame);
  const { mine } = await stage(game);
  expect(await codeOf(game.call('player.get', { id: mine }, caller))).toBe(3004);
});

test('which ids exist is not told to players', async () => {
  await using game = await openGame(standardGame);
  const { mine, other, inputs } = await stage(game);
  for (const id of [Reflect.get(inputs(other)['order.get']!, 'id'), '12345'])
    expect(await codeOf(game.call('order.get', { id }, playerCaller(mine)))).toBe(3004);
});

test('a stored answer is not given to another player who knows its key', async () => {
  await using game = await openGame(standardGame);
  const { mine, other, inputs } = await stage(game);
  const input = inputs(mine)['order.create'];
  const first = await fieldsOf(game.call('order.create', input, playerCaller(mine)));
  expect(await codeOf(game.call('order.create', input, playerCaller(other)))).toBe(3004);
  expect(await game.call('order.create', input, playerCaller(mine))).toEqual(first);
});
