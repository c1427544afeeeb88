import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { GameContext } from '../context.ts';
import { defineGame } from '../define-game.ts';
import { write } from '../define-operation.ts';
import { item } from '../entities/item.ts';
import { gameOrder } from '../entities/order.ts';
import { wallet, walletEntry } from '../entities/wallet.ts';
import { codeOf, fieldsOf, freshKey, idOf, issuePaths } from '../test/answers.ts';
import { type OpenGame, openGame } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';
import { Id } from '../wire/numbers.ts';

const MAX = '9223372036854775807';

async function twoPlayers(game: OpenGame): Promise<[string, string]> {
  return [await idOf(game.call('player.create', { name: 'a' })), await idOf(game.call('player.create', { name: 'b' }))];
}

test('items stack by type and leave the list when none is left', async () => {
  await using game = await openGame(standardGame);
  const [playerId] = await twoPlayers(game);
  const move = { playerId, itemType: 'potion', reason: 'test' };
  const first = await fieldsOf(game.call('item.grant', { ...move, quantity: 3, attributes: { rare: true }, ...freshKey() }));
  const second = await fieldsOf(game.call('item.grant', { ...move, quantity: '4', ...freshKey() }));
  expect(second).toMatchObject({ id: first['id'], quantity: '7', attributes: { rare: true } });
  expect(await game.call('item.list', { playerId })).toEqual({ items: [second], nextCursor: null });
  expect(await codeOf(game.call('item.consume', { ...move, quantity: 8, ...freshKey() }))).toBe(2007);
  expect(await fieldsOf(game.call('item.consume', { ...move, quantity: 7, ...freshKey() }))).toMatchObject({ id: first['id'], quantity: '0' });
  expect(await game.call('item.list', { playerId })).toEqual({ items: [], nextCursor: null });
  expect(await codeOf(game.call('item.consume', { ...move, itemType: 'never', quantity: 1, ...freshKey() }))).toBe(2007);
});

test('a transfer gives to one what it takes from the other, or does nothing', async () => {
  await using game = await openGame(standardGame);
  const [playerId, toPlayerId] = await twoPlayers(game);
  await game.call('item.grant', { playerId, itemType: 'sword', quantity: 5, reason: 'test', ...freshKey() });
  const transfer = { playerId, toPlayerId, itemType: 'sword', reason: 'test' };
  expect(await fieldsOf(game.call('item.transfer', { ...transfer, quantity: 2, ...freshKey() }))).toMatchObject({
    from: { playerId, quantity: '3' },
    to: { playerId: toPlayerId, quantity: '2' },
  });
  expect(await codeOf(game.call('item.transfer', { ...transfer, quantity: 4, ...freshKey() }))).toBe(2007);
  expect(await issuePaths(game.call('item.transfer', { ...transfer, toPlayerId: playerId, quantity: 1, ...freshKey() }))).toEqual(['toPlayerId']);
  await game.call('player.update', { id: toPlayerId, status: 'banned' });
  expect(await codeOf(game.call('item.transfer', { ...transfer, quantity: 1, ...freshKey() }))).toBe(2008);
  expect((await game.runtime.ledgerReport()).violations).toEqual([]);
});

test('a wallet answers with entry and balance, keeps its history newest first, and never goes below zero', async () => {
  await using game = await openGame(standardGame);
  const [playerId] = await twoPlayers(game);
  const post = (name: string, amount: unknown, currency = 'gold'): Promise<unknown> =>
    game.call(name, { playerId, currency, amount, reason: 'quest', ...freshKey() });
  expect(await game.call('wallet.get', { playerId })).toEqual({ playerId, balances: {} });
  const credit = await fieldsOf(post('wallet.credit', 50));
  expect(credit).toEqual({ entryId: expect.stringMatching(/^\d+$/), playerId, currency: 'gold', amount: '50', balance: '50' });
  const debit = await fieldsOf(post('wallet.debit', '30'));
  expect(debit).toMatchObject({ amount: '30', balance: '20' });
  await post('wallet.credit', 1, 'gems');
  expect(await codeOf(post('wallet.debit', 21))).toBe(2007);
  expect(await codeOf(post('wallet.debit', 1, 'rubies'))).toBe(2007);
  expect(await game.call('wallet.get', { playerId })).toEqual({ playerId, balances: { gold: '20', gems: '1' } });
  expect(await fieldsOf(game.call('wallet.history', { playerId, currency: 'gold' }))).toMatchObject({
    items: [
      { id: debit['entryId'], playerId, currency: 'gold', amount: '-30', balance: '20', reason: 'quest' },
      { id: credit['entryId'], amount: '50', balance: '50' },
    ],
  });
  expect((await fieldsOf(game.call('wallet.history', { playerId })))['items']).toHaveLength(3);
});

test.each([0, -1, '0', '-5', 1.5, '9223372036854775808', null])('an amount of %j is refused', async (amount) => {
  await using game = await openGame(standardGame);
  expect(await issuePaths(game.call('wallet.credit', { playerId: 1, currency: 'gold', amount, reason: 'r', ...freshKey() }))).toEqual(['amount']);
  expect(await issuePaths(game.call('item.grant', { playerId: 1, itemType: 'a', quantity: amount, reason: 'r', ...freshKey() }))).toEqual(['quantity']);
});

test('an account that would hold more than 64 bits refuses, and the giver keeps what it has', async () => {
  await using game = await openGame(standardGame);
  const [playerId, toPlayerId] = await twoPlayers(game);
  await game.call('wallet.credit', { playerId, currency: 'gold', amount: MAX, reason: 'r', ...freshKey() });
  expect(await issuePaths(game.call('wallet.credit', { playerId, currency: 'gold', amount: 1, reason: 'r', ...freshKey() }))).toEqual(['amount']);
  for (const id of [playerId, toPlayerId]) await game.call('item.grant', { playerId: id, itemType: 'a', quantity: MAX, reason: 'r', ...freshKey() });
  expect(await issuePaths(game.call('item.transfer', { playerId, toPlayerId, itemType: 'a', quantity: 1, reason: 'r', ...freshKey() }))).toEqual(['quantity']);
  await game.call('wallet.credit', { playerId: toPlayerId, currency: 'gold', amount: MAX, reason: 'r', ...freshKey() });
  expect((await game.runtime.ledgerReport()).violations).toEqual([]);
});

test('the report finds what a hand in the database did', async () => {
  await using game = await openGame(standardGame);
  const [playerId] = await twoPlayers(game);
  await game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'r', ...freshKey() });
  const orderId = await idOf(game.call('order.create', { playerId, product: 'p', quantity: 1, currency: 'EUR', amount: 1, ...freshKey() }));
  await game.database.transaction(async (session) => {
    await session.dao(wallet).update({ playerId: BigInt(playerId), currency: 'gold' }, { balance: 6n });
    await session.dao(item).insert({ id: 1n, playerId: 9n, itemType: 'forged', quantity: 1n, attributes: {} });
    await session.dao(walletEntry).insert({ id: 2n, movementId: 2n, accountId: 8n, currency: 'gems', delta: 3n, balance: 3n, reason: 'forged' });
    await session.dao(gameOrder).update(BigInt(orderId), { state: 'delivered' });
  });
  const { violations } = await game.runtime.ledgerReport();
  expect(violations.map(({ rule, subject }) => `${rule} ${subject}`).toSorted()).toEqual([
    'assetSum wallet:gems',
    'balance item:9/forged',
    `balance wallet:${playerId}/gold`,
    'balance wallet:8/gems',
    'movementSum wallet:2',
    `orderState game_order:${orderId}`,
  ]);
});

test('a game’s own operation moves nothing to the same account and nothing backwards', async () => {
  const moves: Readonly<Record<string, (context: GameContext, playerId: bigint) => Promise<unknown>>> = {
    toItself: ({ wallets }, playerId) => wallets.transfer(playerId, playerId, 'gold', 1n, 'r'),
    negative: ({ wallets }, playerId) => wallets.credit(playerId, 'gold', -1n, 'r'),
    zero: ({ items }, playerId) => items.consume(playerId, 'a', 0n, 'r'),
  };
  const move = write({
    code: 100,
    name: 'test.move',
    permission: 'test:move',
    http: 'POST /move/:playerId',
    input: z.object({ playerId: Id, how: z.string() }),
    output: z.object({}),
    owner: 'none',
    idempotent: 'no',
    changes: {},
    handle: async (context, { playerId, how }) => {
      await moves[how]?.(context, playerId);
      return {};
    },
  });
  await using game = await openGame(defineGame({ ...standardGame, operations: [...standardGame.operations, move], hooks: {} }));
  const [playerId] = await twoPlayers(game);
  await game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'r', ...freshKey() });
  for (const how of Object.keys(moves)) expect(await codeOf(game.call('test.move', { playerId, how }))).toBe(2001);
  expect(await game.runtime.ledgerReport()).toMatchObject({ entries: 2, violations: [] });
});

type Step = { readonly act: 'grant' | 'consume' | 'transfer' | 'credit' | 'debit'; readonly who: 0 | 1; readonly asset: string; readonly n: number };

const anyStep: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('grant', 'consume', 'transfer', 'credit', 'debit'),
  who: fc.constantFrom(0, 1),
  asset: fc.constantFrom('a', 'b'),
  n: fc.integer({ min: 1, max: 20 }),
});

/** The rules in their plainest form. */
class Model {
  readonly holdings = new Map<string, number>();

  apply({ act, who, asset, n }: Step): number {
    const kind = act === 'credit' || act === 'debit' ? 'money' : 'item';
    const mine = `${kind} ${who} ${asset}`;
    if (act === 'grant' || act === 'credit') return this.#add(mine, n);
    if ((this.holdings.get(mine) ?? 0) < n) return 2007;
    this.#add(mine, -n);
    return act === 'transfer' ? this.#add(`${kind} ${1 - who} ${asset}`, n) : 0;
  }

  #add(account: string, n: number): number {
    this.holdings.set(account, (this.holdings.get(account) ?? 0) + n);
    return 0;
  }
}

function callOf(game: OpenGame, players: readonly [string, string], { act, who, asset, n }: Step): Promise<unknown> {
  const playerId = players[who];
  const shared = { playerId, reason: 'model', ...freshKey() };
  if (act === 'credit' || act === 'debit') return game.call(`wallet.${act}`, { ...shared, currency: asset, amount: n });
  return game.call(`item.${act}`, { ...shared, itemType: asset, quantity: n, ...(act === 'transfer' ? { toPlayerId: players[who === 0 ? 1 : 0] } : {}) });
}

async function holdingsOf(game: OpenGame, players: readonly [string, string]): Promise<Map<string, number>> {
  const held = new Map<string, number>();
  for (const [who, playerId] of players.entries()) {
    const { items } = await fieldsOf(game.call('item.list', { playerId }));
    for (const row of Array.isArray(items) ? items : [])
      held.set(`item ${who} ${String(Reflect.get(Object(row), 'itemType'))}`, Number(Reflect.get(Object(row), 'quantity')));
    const { balances } = await fieldsOf(game.call('wallet.get', { playerId }));
    for (const [currency, balance] of Object.entries(Object(balances))) held.set(`money ${who} ${currency}`, Number(balance));
  }
  return held;
}

function nonZero(holdings: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...holdings].filter(([, n]) => n !== 0));
}

test('any sequence of movements gives what a plain model gives, and the ledger proves it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 40 }), async (steps) => {
      await using game = await openGame(standardGame);
      const players = await twoPlayers(game);
      const model = new Model();
      for (const step of steps) expect(await codeOf(callOf(game, players, step))).toBe(model.apply(step));
      expect(nonZero(await holdingsOf(game, players))).toEqual(nonZero(model.holdings));
      expect((await game.runtime.ledgerReport()).violations).toEqual([]);
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('movements at the same time conserve what there is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        anyStep.filter(({ act }) => act === 'transfer'),
        { minLength: 2, maxLength: 30 },
      ),
      async (steps) => {
        await using game = await openGame(standardGame);
        const players = await twoPlayers(game);
        for (const playerId of players)
          for (const itemType of ['a', 'b']) await game.call('item.grant', { playerId, itemType, quantity: 25, reason: 'start', ...freshKey() });
        const codes = await Promise.all(steps.map((step) => codeOf(callOf(game, players, step))));
        expect(codes.every((code) => code === 0 || code === 2007)).toBe(true);
        const held = [...(await holdingsOf(game, players))];
        for (const itemType of ['a', 'b']) expect(held.filter(([name]) => name.endsWith(` ${itemType}`)).reduce((sum, [, n]) => sum + n, 0)).toBe(50);
        expect((await game.runtime.ledgerReport()).violations).toEqual([]);
      },
    ),
    { numRuns: 10 },
  );
}, 60_000);
