import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { filledShards } from '../test/moving-shards.ts';
import { TestServers, entities, item, mapOf, player } from '../test/sharded-fixture.ts';
import type { ShardedDatabase } from '../sharded-database.ts';

const still = Array.from({ length: 80 }, (_, index) => BigInt(index + 1));

/** Rows that nobody writes while they move. */
async function withStillRows(): Promise<TestServers> {
  const servers = new TestServers(systemClock);
  const database = await servers.connect(mapOf(2));
  await database.migrate(entities);
  await Promise.all(
    still.map((playerId) =>
      database.transaction(
        async (session) => {
          await session.dao(player).insert({ id: playerId, name: `p${playerId}`, level: Number(playerId % 3n), score: 0n });
          await session.dao(item).insert({ id: playerId, playerId, kind: 'axe', price: '1', data: {} });
        },
        { shardKey: playerId },
      ),
    ),
  );
  return servers;
}

async function everyWayToRead(database: ShardedDatabase): Promise<void> {
  await database.read(async (session) => {
    expect(await session.dao(player).count()).toBe(still.length);
    expect((await session.dao(item).find({ orderBy: 'kind', limit: 50 })).map((row) => row.id)).toEqual(still.slice(0, 50));
    expect((await session.dao(item).find()).map((row) => row.id)).toEqual(still);
    expect((await session.dao(item).getMany([...still])).map((row) => row.id)).toEqual(still);
    const paged: bigint[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: readonly { id: bigint }[]; nextCursor: string | null } = await session.dao(player).page({ orderBy: 'level', limit: 30, cursor });
      paged.push(...page.items.map((row) => row.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged.sort((a, b) => Number(a - b))).toEqual(still);
  });
  for (const playerId of still.slice(0, 10)) expect(await database.read((session) => session.dao(item).find(), { shardKey: playerId })).toHaveLength(1);
}

test('reads of another process find every row once, at every step of a move', async () => {
  const servers = await withStillRows();
  const reader = await servers.connect(mapOf(3, 2));
  const mover = await servers.connect(mapOf(3, 2));
  let rounds = 0;
  const end = new AbortController();
  const reading = (async () => {
    while (!end.signal.aborted) {
      await everyWayToRead(reader);
      rounds += 1;
      // SQLite answers a read at once: without a turn between them, nobody else would get one.
      await nextTurn();
    }
  })();
  try {
    await mover.reshard({ batchRows: 5 });
  } finally {
    end.abort();
    await reading;
  }
  await everyWayToRead(reader);
  expect(rounds).toBeGreaterThan(0);
}, 60_000);

test.each(['copying', 'verifying', 'cut-over', 'cleaning', 'done'] as const)('a move that stands still at %s hides no row and shows none twice', async (at) => {
  const servers = await withStillRows();
  const mover = await servers.connect(mapOf(3, 2));
  const stop = new Error('stopped');
  const onPhase = ({ phase }: { readonly phase: string }): void => {
    if (phase === at) throw stop;
  };
  await expect(mover.reshard({ onPhase })).rejects.toBe(stop);
  await everyWayToRead(mover);
  await everyWayToRead(await servers.connect(mapOf(3, 2)));
});

test('a process that has only the older map works on until its shard begins to move, and is then told to take the new one', async () => {
  const { servers } = await filledShards(mapOf(1), 20, 1);
  const old = await servers.connect(mapOf(1));
  const mover = await servers.connect(mapOf(2, 2));
  await old.transaction((session) => session.dao(player).find(), { shardKey: 900_001n });
  await mover.reshard();
  const late = old.transaction((session) => session.dao(player).find(), { shardKey: 900_001n });
  await expect(late).rejects.toMatchObject({ code: 'ERR_DAO_SHARD', message: expect.stringContaining('version 2') });
});

test('rows that somebody put on the added shard by hand are no part of it', async () => {
  const { servers } = await filledShards(mapOf(1), 10, 1);
  const added = await servers.database('b');
  await added.migrate(entities);
  await added.transaction((session) => session.dao(player).insert({ id: 5n, name: 'x', level: 1, score: 0n }));
  const mover = await servers.connect(mapOf(2, 2));
  await expect(mover.reshard()).rejects.toMatchObject({ code: 'ERR_DAO_SHARD', entity: 'player' });
});
