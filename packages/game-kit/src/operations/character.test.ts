import { expect, test } from 'vitest';
import { codeOf, fieldsOf, idOf } from '../test/answers.ts';
import { openGame } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';

test('a character is created, changed, listed, and gone once it is deleted', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const created = await fieldsOf(game.call('character.create', { playerId, name: 'Ragnar', class: 'warrior', attributes: { strength: 9 } }));
  const { id } = created;
  expect(created).toMatchObject({ playerId, name: 'Ragnar', class: 'warrior', level: 1, attributes: { strength: 9 }, equipment: {}, version: 1 });
  expect(await game.call('character.get', { id })).toEqual(created);
  const updated = await fieldsOf(game.call('character.update', { id, level: 2, equipment: { hand: 'sword' }, expectedVersion: 1 }));
  expect(updated).toMatchObject({ level: 2, equipment: { hand: 'sword' }, version: 2 });
  expect(await game.call('character.get', { id })).toEqual(updated);
  expect(await game.call('character.list', { playerId })).toEqual({ items: [updated], nextCursor: null });
  expect(await codeOf(game.call('character.update', { id, level: 3, expectedVersion: 1 }))).toBe(2006);
  expect(await game.call('character.delete', { id })).toEqual({ id, deleted: true });
  for (const [name, fields] of [
    ['get', {}],
    ['update', { level: 3 }],
    ['delete', {}],
  ] as const)
    expect(await codeOf(game.call(`character.${name}`, { id, ...fields }))).toBe(2002);
  expect(await game.call('character.list', { playerId })).toEqual({ items: [], nextCursor: null });
});

test('a banned player has no new characters and changes none', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const id = await idOf(game.call('character.create', { playerId, name: 'c', class: 'mage' }));
  await game.call('player.update', { id: playerId, status: 'banned' });
  expect(await codeOf(game.call('character.create', { playerId, name: 'd', class: 'mage' }))).toBe(2008);
  expect(await codeOf(game.call('character.update', { id, level: 2 }))).toBe(2008);
  await game.call('player.update', { id: playerId, status: 'active' });
  expect(await codeOf(game.call('character.update', { id, level: 2 }))).toBe(0);
});

test('characters of nobody are not found', async () => {
  await using game = await openGame(standardGame);
  expect(await codeOf(game.call('character.create', { playerId: 5, name: 'c', class: 'mage' }))).toBe(2002);
  expect(await codeOf(game.call('character.list', { playerId: 5 }))).toBe(2002);
});
