import { expect, test } from 'vitest';
import { addedShard, definitionOf, parseShardMap } from './shard-map.ts';

const two = {
  version: 1,
  shards: [
    { id: 'a', url: 'sqlite:a.db' },
    { id: 'b', url: 'sqlite:b.db', weight: 2 },
  ],
};

test('a map is read with its defaults', () => {
  expect(parseShardMap(two)).toEqual({
    version: 1,
    virtualNodes: 256,
    shards: [
      { id: 'a', url: 'sqlite:a.db', weight: 1 },
      { id: 'b', url: 'sqlite:b.db', weight: 2 },
    ],
  });
});

test.each<readonly [title: string, map: unknown, message: string]>([
  ['no object', null, 'it must be an object'],
  ['no shards', { version: 1, shards: [] }, 'shards must be a list of 1 to 1024'],
  ['no version', { shards: two.shards }, 'version must be an integer from 1'],
  ['an id that is no name', { version: 1, shards: [{ id: 'A b', url: 'x' }] }, 'shards[0].id must be'],
  ['no url', { version: 1, shards: [{ id: 'a' }] }, 'shards[0].url must be a text'],
  ['a weight of nothing', { version: 1, shards: [{ id: 'a', url: 'x', weight: 0 }] }, 'shards[0].weight must be an integer from 1 to 100'],
  ['an id twice', { version: 1, shards: [two.shards[0], { id: 'a', url: 'y' }] }, 'two shards have the id a'],
  ['a database twice', { version: 1, shards: [two.shards[0], { id: 'c', url: 'sqlite:a.db' }] }, 'two shards have the same url'],
  ['too many virtual nodes', { ...two, virtualNodes: 5000 }, 'virtualNodes must be an integer from 1 to 4096'],
])('%s is refused with what is wrong', (_title, map, message) => {
  expect(() => parseShardMap(map)).toThrow(expect.objectContaining({ code: 'ERR_DAO_SHARD', message: expect.stringContaining(message) }));
});

test('a wrong map is refused without its URLs, which may hold passwords', () => {
  const secret = 'mysql://midgard:hunter2@db/realm';
  expect(() =>
    parseShardMap({
      version: 1,
      shards: [
        { id: 'a', url: secret },
        { id: 'b', url: secret },
      ],
    }),
  ).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
});

test('a new version may add one shard, and nothing else', () => {
  const map = definitionOf(parseShardMap(two));
  const added = { id: 'c', weight: 1 };
  expect(addedShard(map, { ...map, version: 2, shards: [...map.shards, added] })).toBe('c');
  const refused = [
    map,
    { ...map, shards: [...map.shards, added, { id: 'd', weight: 1 }] },
    { ...map, shards: [map.shards[0]!, added] },
    { ...map, shards: [map.shards[0]!, { id: 'b', weight: 1 }, added] },
    { ...map, virtualNodes: 64, shards: [...map.shards, added] },
  ];
  for (const next of refused) expect(() => addedShard(map, next)).toThrow(expect.objectContaining({ code: 'ERR_DAO_SHARD' }));
});
