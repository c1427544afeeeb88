import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf, fieldsOf, freshKey, idOf, issuePaths } from '../test/answers.ts';
import { type OpenGame, openGame } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';

const goods = { product: 'gems-100', quantity: 1, currency: 'EUR', amount: '499' };

async function newOrder(game: OpenGame, extra: object = {}): Promise<string> {
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  return idOf(game.call('order.create', { playerId, ...goods, ...extra, ...freshKey() }));
}

function step(game: OpenGame, act: string, id: string, transactionId = `t-${id}`): Promise<unknown> {
  const fields =
    new Map<string, object>([
      ['pay', { transactionId }],
      ['refund', { reason: 'asked for' }],
    ]).get(act) ?? {};
  return game.call(`order.${act}`, { id, ...fields, ...freshKey() });
}

test('an order is created, paid and delivered, and says when', async () => {
  await using game = await openGame(standardGame);
  const id = await newOrder(game, { metadata: { coupon: 'x' } });
  expect(await fieldsOf(game.call('order.get', { id }))).toMatchObject({
    ...goods,
    quantity: '1',
    state: 'created',
    channel: 'direct',
    metadata: { coupon: 'x' },
    transactionId: null,
    version: 1,
  });
  game.clock.advance(1000);
  expect(await fieldsOf(step(game, 'pay', id))).toMatchObject({ state: 'paid', transactionId: `t-${id}`, paidAt: '2026-01-01T00:00:01.000Z', version: 2 });
  const delivered = await fieldsOf(step(game, 'deliver', id));
  expect(delivered).toMatchObject({ state: 'delivered', deliveredAt: '2026-01-01T00:00:01.000Z', refundedAt: null, version: 3 });
  expect(await game.call('order.get', { id })).toEqual(delivered);
});

const allowed: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ['created', { pay: 'paid' }],
  ['paid', { deliver: 'delivered', refund: 'refunded' }],
]);

test('of all steps in any order, those of the protocol are taken and every other is 2008', async () => {
  await using game = await openGame(standardGame);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('pay', 'deliver', 'refund'), { maxLength: 6 }), async (acts) => {
      const id = await newOrder(game);
      let state = 'created';
      for (const [at, act] of acts.entries()) {
        const next = allowed.get(state)?.[act];
        expect(await codeOf(step(game, act, id, `t-${id}-${at}`))).toBe(next === undefined ? 2008 : 0);
        state = next ?? state;
        expect(await fieldsOf(game.call('order.get', { id }))).toMatchObject({ state });
      }
    }),
    { numRuns: 30 },
  );
  expect((await game.runtime.ledgerReport()).violations).toEqual([]);
}, 60_000);

test('a transaction pays one order of a channel', async () => {
  await using game = await openGame(standardGame);
  const [one, other, elsewhere] = [await newOrder(game), await newOrder(game), await newOrder(game, { channel: 'steam' })];
  await step(game, 'pay', one, 'T');
  expect(await codeOf(step(game, 'pay', other, 'T'))).toBe(2005);
  expect(await fieldsOf(game.call('order.get', { id: other }))).toMatchObject({ state: 'created', transactionId: null });
  expect(await codeOf(step(game, 'pay', elsewhere, 'T'))).toBe(0);
});

test('two payments of one order at the same time pay it once', async () => {
  await using game = await openGame(standardGame);
  const id = await newOrder(game);
  const codes = await Promise.all(['T1', 'T2', 'T3'].map((transaction) => codeOf(step(game, 'pay', id, transaction))));
  expect(codes.toSorted((a, b) => a - b)).toEqual([0, 2008, 2008]);
});

test('what a banned player has paid for is still delivered, and nothing new is ordered', async () => {
  await using game = await openGame(standardGame);
  const id = await newOrder(game);
  const { playerId } = await fieldsOf(game.call('order.get', { id }));
  await game.call('player.update', { id: playerId, status: 'banned' });
  expect(await codeOf(game.call('order.create', { playerId, ...goods, ...freshKey() }))).toBe(2008);
  expect(await codeOf(step(game, 'pay', id))).toBe(0);
  expect(await codeOf(step(game, 'deliver', id))).toBe(0);
});

test('a list is of one player, newest first, by state and time', async () => {
  await using game = await openGame(standardGame);
  const first = await newOrder(game);
  const { playerId } = await fieldsOf(game.call('order.get', { id: first }));
  await newOrder(game);
  game.clock.advance(60_000);
  const second = await idOf(game.call('order.create', { playerId, ...goods, ...freshKey() }));
  await step(game, 'pay', first);
  const ids = async (filter: object): Promise<unknown[]> => {
    const { items } = await fieldsOf(game.call('order.list', { playerId, ...filter }));
    return (Array.isArray(items) ? items : []).map((row) => Reflect.get(Object(row), 'id'));
  };
  expect(await ids({})).toEqual([second, first]);
  expect(await ids({ state: 'paid' })).toEqual([first]);
  expect(await ids({ from: '2026-01-01T00:01:00Z' })).toEqual([second]);
  expect(await ids({ to: '2026-01-01T01:01:00+01:00' })).toEqual([first]);
  expect(await issuePaths(game.call('order.list', { playerId, from: 'yesterday' }))).toEqual(['from']);
});
