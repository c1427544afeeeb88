import { expect } from 'vitest';
import { systemClock } from '../../clock.ts';
import { hashKey } from '../hash-ring.ts';
import { changeRecord, fenceRecord } from '../records.ts';
import { type ShardMap, definitionOf, ringOf } from '../shard-map.ts';
import { TestServers, entities } from './sharded-fixture.ts';
import { Storm, randomFrom, rowsOf } from './storm.ts';

/** Servers with shards full of rows, and the storm that wrote them. */
export async function filledShards(
  map: ShardMap,
  players: number,
  seed: number,
  servers: TestServers = new TestServers(systemClock),
): Promise<{ servers: TestServers; storm: Storm }> {
  const first = await servers.connect(map);
  await first.migrate(entities);
  const storm = new Storm();
  const random = randomFrom(seed);
  await Promise.all(Array.from({ length: players }, (_, index) => storm.once(first, BigInt(900_000 + index), random)));
  return { servers, storm };
}

/** Every acknowledged row is exactly once on a shard, the right one, as it was acknowledged; and nothing is left to do. */
export async function expectAllInPlace(servers: TestServers, map: ShardMap, storm: Storm): Promise<void> {
  const ring = ringOf(definitionOf(map));
  const found = new Map<string, unknown>();
  for (const { id: shardId } of map.shards) {
    const shard = await servers.database(shardId);
    for (const [name, row] of await rowsOf(shard)) {
      expect(found.has(name), `${name} is on two shards`).toBe(false);
      found.set(name, row);
      const shardKey = String(name.startsWith('player') ? row['id'] : row['playerId']);
      expect(`${name} on ${shardId}`).toBe(`${name} on ${ring.locate(hashKey(shardKey))}`);
    }
    await shard.read(async (session) => {
      expect(await session.dao(changeRecord).count()).toBe(0);
      for (const fence of await session.dao(fenceRecord).find())
        expect(fence).toMatchObject({ shardId, mapVersion: map.version, nextVersion: map.version, phase: 'settled', pausedBy: '' });
    });
  }
  expect(found).toEqual(storm.acknowledged);
}

/** Players of {@link filledShards} that nobody writes but who counts them up. */
export const countedPlayers: readonly bigint[] = [900_000n, 900_001n, 900_002n, 900_003n, 900_004n, 900_005n];

/** @returns the sum of what was acknowledged of the scores of the counted players */
export function countedScore({ acknowledged }: Storm): bigint {
  return countedPlayers.reduce((sum, playerId) => sum + BigInt(String(acknowledged.get(`player ${playerId}`)?.['score'])), 0n);
}
