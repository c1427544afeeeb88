import { openGame } from '@midgard/game-kit/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from '../realm.ts';

const WithId = z.looseObject({ id: z.string() });

test('counters add up by name, and a repeated key counts once', async () => {
  await using game = await openGame(realm);
  const { id: playerId } = WithId.parse(await game.call('player.create', { name: 'Astrid' }));
  expect(await game.call('counter.list', { playerId })).toEqual({ playerId, counters: {} });
  await game.call('counter.add', { playerId, name: 'kills', amount: 2 });
  for (let again = 0; again < 2; again += 1) await game.call('counter.add', { playerId, name: 'kills', amount: 3, idempotencyKey: 'kills-of-today' });
  expect(await game.call('counter.add', { playerId, name: 'steps', amount: 1 })).toEqual({ playerId, name: 'steps', added: '1' });
  expect(await game.call('counter.list', { playerId })).toEqual({ playerId, counters: { kills: '5', steps: '1' } });
});

test('nothing is counted of a player who is not there', async () => {
  await using game = await openGame(realm);
  await expect(game.call('counter.add', { playerId: '99', name: 'kills', amount: 2 })).rejects.toMatchObject({ code: 2002 });
  await expect(game.call('counter.list', { playerId: '99' })).rejects.toMatchObject({ code: 2002 });
});
