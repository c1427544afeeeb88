import { expect, test } from 'vitest';
import { codeOf, fieldsOf, idOf, issuePaths } from '../test/answers.ts';
import { openGame } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';

test('a created player reads back as it was answered, with all fields of the protocol', async () => {
  await using game = await openGame(standardGame);
  const created = await fieldsOf(game.call('player.create', { name: '  Mira 🐉 ', externalId: 'steam:1', attributes: { guild: ['a', 1, null] } }));
  expect(created).toEqual({
    id: expect.stringMatching(/^\d+$/),
    name: 'Mira 🐉',
    externalId: 'steam:1',
    level: 1,
    experience: '0',
    status: 'active',
    attributes: { guild: ['a', 1, null] },
    lastLoginAt: null,
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  });
  expect(await game.call('player.get', { id: created['id'] })).toEqual(created);
});

test.each([
  ['no name', {}, ['name']],
  ['an empty name', { name: ' \u3000 ' }, ['name']],
  ['a control character', { name: 'a\u0007b' }, ['name']],
  ['a lone surrogate', { name: 'a\ud800' }, ['name']],
  ['65 characters', { name: '🐉'.repeat(65) }, ['name']],
  ['unknown fields', { name: 'a', level: 3, x: {} }, ['level', 'x']],
  ['a short password', { name: 'a', password: '1234567' }, ['password']],
  ['a password that many have', { name: 'a', password: 'Password1' }, ['password']],
  ['a password that is the name', { name: 'Stormborn', password: 'stormborn' }, ['password']],
  ['attributes that are no object', { name: 'a', attributes: [] }, ['attributes']],
  ['attributes with __proto__', { name: 'a', attributes: JSON.parse('{"a":{"__proto__":{"x":1}}}') }, ['attributes']],
  ['attributes that are too deep', { name: 'a', attributes: JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`) }, ['attributes']],
  ['attributes that are too large', { name: 'a', attributes: { a: 'x'.repeat(17_000) } }, ['attributes']],
  ['attributes with a bigint', { name: 'a', attributes: { a: 1n } }, ['attributes']],
  ['attributes with not a number', { name: 'a', attributes: { a: Number.NaN } }, ['attributes']],
  ['an array for the body', [], ['']],
  ['a text for the body', 'name', ['']],
])('create refuses %s and says where', async (_, input, paths) => {
  await using game = await openGame(standardGame);
  expect(await issuePaths(game.call('player.create', input))).toEqual(paths);
});

test('a name may have 64 characters of four bytes each', async () => {
  await using game = await openGame(standardGame);
  expect((await fieldsOf(game.call('player.create', { name: '🐉'.repeat(64) })))['name']).toBe('🐉'.repeat(64));
});

test.each(['0', '-1', '1.5', '', '9223372036854775808', 'abc', 2 ** 53, -1, 1.5, 0, null, true, {}, [], '１２'])('%j is no id', async (id) => {
  await using game = await openGame(standardGame);
  expect(await issuePaths(game.call('player.get', { id }))).toEqual(['id']);
});

test.each(['9223372036854775807', 7, 7n, '007'])('%s is an id, of nobody here', async (id) => {
  await using game = await openGame(standardGame);
  expect(await codeOf(game.call('player.get', { id }))).toBe(2002);
});

test('an external id belongs to one player, also after that player was deleted', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a', externalId: 'x' }));
  expect(await codeOf(game.call('player.create', { name: 'b', externalId: 'x' }))).toBe(2005);
  await game.call('player.delete', { id });
  expect(await codeOf(game.call('player.create', { name: 'b', externalId: 'x' }))).toBe(2005);
});

test('an update changes what it names, raises the version and is seen by the next read', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a', attributes: { x: 1 } }));
  await game.call('player.get', { id });
  game.clock.advance(1000);
  const updated = await fieldsOf(game.call('player.update', { id, level: 7, experience: '9223372036854775807', expectedVersion: '1' }));
  expect(updated).toMatchObject({
    name: 'a',
    level: 7,
    experience: '9223372036854775807',
    attributes: { x: 1 },
    version: 2,
    updatedAt: '2026-01-01T00:00:01.000Z',
  });
  expect(await game.call('player.get', { id })).toEqual(updated);
});

test('an update of another version is refused and changes nothing', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await codeOf(game.call('player.update', { id, level: 7, expectedVersion: 2 }))).toBe(2006);
  expect(await fieldsOf(game.call('player.get', { id }))).toMatchObject({ level: 1, version: 1 });
});

test('an update of nothing is refused', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await issuePaths(game.call('player.update', { id }))).toEqual(['']);
});

test('a deleted player stays readable, is left out of lists and refuses every change', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await game.call('player.delete', { id })).toEqual({ id, deleted: true });
  expect(await fieldsOf(game.call('player.get', { id }))).toMatchObject({ status: 'deleted', version: 2 });
  expect((await fieldsOf(game.call('player.list', {})))['items']).toEqual([]);
  expect((await fieldsOf(game.call('player.list', { status: 'deleted' })))['items']).toHaveLength(1);
  expect(await codeOf(game.call('player.update', { id, level: 2 }))).toBe(2008);
  expect(await codeOf(game.call('player.delete', { id }))).toBe(2008);
  expect(await codeOf(game.call('character.create', { playerId: id, name: 'c', class: 'mage' }))).toBe(2008);
});

test('delete takes an expected version', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await codeOf(game.call('player.delete', { id, expectedVersion: 9 }))).toBe(2006);
  expect(await codeOf(game.call('player.delete', { id, expectedVersion: 1 }))).toBe(0);
});

test('a list filters by prefix, status and level, sorts, and its pages join without gap or overlap', async () => {
  await using game = await openGame(standardGame);
  for (const [name, level] of [
    ['anna', 5],
    ['annika', 3],
    ['bert', 9],
    ['ann%', 4],
    ['Anna', 8],
  ] as const) {
    game.clock.advance(1);
    const id = await idOf(game.call('player.create', { name }));
    await game.call('player.update', { id, level });
  }
  const names = async (input: object): Promise<unknown[]> => {
    const seen: unknown[] = [];
    let cursor: unknown;
    do {
      const { items, nextCursor } = await fieldsOf(game.call('player.list', { ...input, limit: '2', ...(typeof cursor === 'string' ? { cursor } : {}) }));
      seen.push(...(Array.isArray(items) ? items : []).map((row) => Reflect.get(Object(row), 'name')));
      cursor = nextCursor;
    } while (typeof cursor === 'string');
    return seen;
  };
  expect(await names({})).toEqual(['anna', 'annika', 'bert', 'ann%', 'Anna']);
  expect(await names({ sort: 'level' })).toEqual(['annika', 'ann%', 'anna', 'Anna', 'bert']);
  expect(await names({ name: 'ann' })).toEqual(['anna', 'annika', 'ann%']);
  expect(await names({ name: 'ann%' })).toEqual(['ann%']);
  expect(await names({ minLevel: 5, sort: 'createdAt' })).toEqual(['anna', 'bert', 'Anna']);
  expect(await names({ status: 'banned' })).toEqual([]);
});

test.each([
  [{ limit: 0 }, 'limit'],
  [{ limit: 201 }, 'limit'],
  [{ limit: 'many' }, 'limit'],
  [{ cursor: 'AAAA' }, 'cursor'],
  [{ sort: 'name' }, 'sort'],
  [{ minLevel: -1 }, 'minLevel'],
])('a list refuses %j', async (input, path) => {
  await using game = await openGame(standardGame);
  expect(await issuePaths(game.call('player.list', input))).toEqual([path]);
});

test('a cursor is good for the list that it came from', async () => {
  await using game = await openGame(standardGame);
  for (const name of ['a', 'b']) await game.call('player.create', { name });
  const { nextCursor } = await fieldsOf(game.call('player.list', { limit: 1 }));
  expect(await issuePaths(game.call('player.list', { limit: 1, sort: 'level', cursor: nextCursor }))).toEqual(['cursor']);
});
