import { openGame } from '@midgard/game-kit/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from '../realm.ts';

const WithId = z.looseObject({ id: z.string() });

test('events of an order are listed in their order, each once for its key', async () => {
  await using game = await openGame(realm);
  const { id: playerId } = WithId.parse(await game.call('player.create', { name: 'Astrid' }));
  const order = { playerId, product: 'sword', quantity: 1, currency: 'gold', amount: 5, idempotencyKey: 'order-of-a-sword' };
  const { id } = WithId.parse(await game.call('order.create', order));
  const record = (kind: string, key: string) => game.call('orderEvent.record', { id, kind, data: { channel: 'web' }, idempotencyKey: key });
  const first = await record('shown', 'shown-to-astrid');
  await record('mailed', 'mailed-to-astrid');
  expect(await record('shown', 'shown-to-astrid')).toEqual(first);
  expect(await game.call('orderEvent.list', { id })).toMatchObject({
    items: [
      { orderId: id, kind: 'shown', data: { channel: 'web' } },
      { orderId: id, kind: 'mailed' },
    ],
    nextCursor: null,
  });
});

test('an order that is not there has no events', async () => {
  await using game = await openGame(realm);
  await expect(game.call('orderEvent.record', { id: '99', kind: 'shown', idempotencyKey: 'of-nothing' })).rejects.toMatchObject({ code: 2002 });
  await expect(game.call('orderEvent.list', { id: '99' })).rejects.toMatchObject({ code: 2002 });
});
