import { openGame } from '@midgard/game-kit/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from '../realm.ts';

const WithId = z.looseObject({ id: z.string() });

test('experience brings a character to the level that it is worth, once for each key', async () => {
  await using game = await openGame(realm);
  const player = WithId.parse(await game.call('player.create', { name: 'Freya' }));
  const { id } = WithId.parse(await game.call('character.create', { playerId: player.id, name: 'Valkyrie', class: 'warrior' }));
  const gain = (amount: number, key: string) => game.call('character.gainExperience', { id, amount, reason: 'quest', idempotencyKey: key });

  expect(await gain(250, 'quest-one')).toEqual({ characterId: id, level: 2, experience: '250', missing: '50', levelsGained: 1 });
  expect(await gain(250, 'quest-one')).toEqual({ characterId: id, level: 2, experience: '250', missing: '50', levelsGained: 1 });
  expect(await gain(50, 'quest-two')).toEqual({ characterId: id, level: 3, experience: '300', missing: '300', levelsGained: 1 });
  expect(await game.call('character.get', { id })).toMatchObject({ level: 3 });
  await expect(game.call('character.gainExperience', { id: '404', amount: 1, reason: 'quest', idempotencyKey: 'quest-404' })).rejects.toMatchObject({
    code: 2002,
  });
});

test('a level that was given by hand is never taken away by the curve', async () => {
  await using game = await openGame(realm);
  const player = WithId.parse(await game.call('player.create', { name: 'Freya' }));
  const { id } = WithId.parse(await game.call('character.create', { playerId: player.id, name: 'Valkyrie', class: 'warrior' }));
  await game.call('character.update', { id, level: 9 });
  expect(await game.call('character.gainExperience', { id, amount: 100, reason: 'quest', idempotencyKey: 'quest-one' })).toMatchObject({
    level: 9,
    levelsGained: 0,
  });
});
