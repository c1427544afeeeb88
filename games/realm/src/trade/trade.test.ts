import { openGame } from '@midgard/game-kit/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from '../realm.ts';

const WithId = z.looseObject({ id: z.string() });

async function openMarket() {
  const game = await openGame(realm);
  const create = async (name: string) => WithId.parse(await game.call('player.create', { name })).id;
  const [seller, buyer] = [await create('Seller'), await create('Buyer')];
  await game.call('item.grant', { playerId: seller, itemType: 'sword', quantity: 2, reason: 'start', idempotencyKey: 'grant-sword' });
  await game.call('wallet.credit', { playerId: buyer, currency: 'gold', amount: 100, reason: 'start', idempotencyKey: 'credit-gold' });
  const holdings = async () => ({
    sellerGold: await game.call('wallet.get', { playerId: seller }),
    buyerGold: await game.call('wallet.get', { playerId: buyer }),
    swords: z
      .looseObject({ items: z.array(z.looseObject({ quantity: z.string() })) })
      .parse(await game.call('item.list', { playerId: buyer }))
      .items.map(({ quantity }) => quantity),
  });
  const trade = (swords: number, gold: number, idempotencyKey: string) =>
    game.call('trade.execute', {
      first: { playerId: seller, items: [{ itemType: 'sword', quantity: swords }] },
      second: { playerId: buyer, money: [{ currency: 'gold', amount: gold }] },
      idempotencyKey,
    });
  return { game, seller, buyer, holdings, trade };
}

describe('a trade', () => {
  test('moves both sides, once for each key', async () => {
    const { game, holdings, trade } = await openMarket();
    await using _game = game;
    await trade(1, 60, 'first-trade');
    await trade(1, 60, 'first-trade');
    expect(await holdings()).toMatchObject({ sellerGold: { balances: { gold: '60' } }, buyerGold: { balances: { gold: '40' } }, swords: ['1'] });
    expect((await game.runtime.ledgerReport()).violations).toEqual([]);
  });

  test.each([
    ['the buyer cannot pay', 1, 101],
    ['the seller has not what is sold', 3, 1],
  ])('moves nothing when %s', async (_name, swords, gold) => {
    const { game, holdings, trade } = await openMarket();
    await using _game = game;
    const before = await holdings();
    await expect(trade(swords, gold, 'first-trade')).rejects.toMatchObject({ code: 2007 });
    expect(await holdings()).toEqual(before);
  });

  test('with oneself is refused', async () => {
    const { game, seller } = await openMarket();
    await using _game = game;
    await expect(game.call('trade.execute', { first: { playerId: seller }, second: { playerId: seller }, idempotencyKey: 'self-trade' })).rejects.toMatchObject(
      { code: 2001 },
    );
  });
});
