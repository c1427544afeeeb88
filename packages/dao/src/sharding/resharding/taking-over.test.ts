import { expect, test } from 'vitest';
import type { Database } from '../../database.ts';
import { gate } from '../../testing/gate.ts';
import { hashKey } from '../hash-ring.ts';
import { fenceRecord } from '../records.ts';
import { definitionOf, ringOf } from '../shard-map.ts';
import { expectAllInPlace, filledShards } from '../test/moving-shards.ts';
import { TestServers, entities, intercepted, item, mapOf, player } from '../test/sharded-fixture.ts';

const added = ringOf(definitionOf(mapOf(2, 2)));
/** A player of the test's shards who moves to the added one. */
const moving = Array.from({ length: 100 }, (_, index) => BigInt(900_000 + index)).find((id) => added.locate(hashKey(String(id))) === 'b') ?? 0n;

/** Shards of a clock that stands still unless it is set, and a mover that stops right after it has paused the writers. */
async function pausedMove(): Promise<
  Awaited<ReturnType<typeof filledShards>> & { readonly clock: { nowMs: number }; readonly goOn: () => void; readonly moved: Promise<unknown> }
> {
  const clock = { nowMs: 1_700_000_000_000, now: () => clock.nowMs };
  const filled = await filledShards(mapOf(1), 40, 1, new TestServers(clock));
  const paused = gate();
  const waiting = gate();
  let isCutting = false;
  const stopping = (database: Database): Database =>
    intercepted(database, async (name, run) => {
      const result: unknown = await run();
      if (!isCutting || name !== 'transaction' || database !== (await filled.servers.database('a'))) return result;
      const fences = await database.read((session) => session.dao(fenceRecord).find());
      if (fences.every(({ pausedBy }) => pausedBy === '')) return result;
      paused.open();
      await waiting.opened;
      return result;
    });
  const mover = await filled.servers.connect(mapOf(2, 2), {}, stopping);
  const moved = mover.reshard({ onPhase: ({ phase }) => (isCutting = phase === 'cut-over') });
  moved.catch(() => undefined);
  await paused.opened;
  return { ...filled, clock, goOn: waiting.open, moved };
}

test('while the writers of moved keys wait, others go on; when it has taken too long those go on, too, and nothing is cut over behind their backs', async () => {
  const { servers, storm, clock, goOn, moved } = await pausedMove();
  const writers = await servers.connect(mapOf(2, 2));
  const staying = [...storm.acknowledged.values()].find((row) => added.locate(hashKey(String(row['id']))) === 'a' && 'score' in row)?.['id'];
  const raise = (id: bigint, timeoutMs?: number): Promise<{ readonly score: bigint }> =>
    writers.transaction((session) => session.dao(player).increment(id, { score: 1n }), { shardKey: id, ...(timeoutMs !== undefined && { timeoutMs }) });
  await raise(BigInt(String(staying)));
  await expect(raise(moving, 60)).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
  clock.nowMs += 60_000;
  const raised = await raise(moving);
  goOn();
  await moved;
  expect(await writers.read((session) => session.dao(player).get(moving), { shardKey: moving })).toEqual(raised);
  const target = await servers.database('b');
  expect(await target.read((session) => session.dao(player).get(moving))).toEqual(raised);
});

test('a mover that wakes up after another has taken over buries nothing', async () => {
  const { servers, storm, goOn, moved } = await pausedMove();
  const next = await servers.connect(mapOf(2, 2));
  await next.reshard();
  storm.start(next, 900, 3);
  goOn();
  await expect(moved).rejects.toMatchObject({ code: 'ERR_DAO_SHARD' });
  await storm.stop();
  await expectAllInPlace(servers, mapOf(2, 2), storm);
});

test('rows that differ on the added shard for whatever reason are found by their checksums and put right before the cut-over', async () => {
  const { servers, storm } = await filledShards(mapOf(1), 40, 1);
  const mover = await servers.connect(mapOf(2, 2));
  const stop = new Error('stopped');
  const onPhase = ({ phase }: { readonly phase: string }): void => {
    if (phase === 'verifying') throw stop;
  };
  await expect(mover.reshard({ onPhase, batchRows: 7 })).rejects.toBe(stop);
  const target = await servers.database('b');
  await target.transaction(async (session) => {
    await session.dao(player).update(moving, { name: 'changed' });
    const [one, other] = await session.dao(item).find({ limit: 2 });
    await session.dao(item).delete(one!.id);
    // A row that the source never had, of a player who moves.
    await session.dao(item).insert({ id: 77n, playerId: other!.playerId, kind: 'pie', price: '1', data: {} });
  });
  const [report] = await mover.reshard({ batchRows: 7 });
  expect(report?.verified?.differences).toBe(3);
  await expectAllInPlace(servers, mapOf(2, 2), storm);
});

test('a key that two shards have ends the move with an error, and leaves both rows as they are', async () => {
  const servers = new TestServers();
  const database = await servers.connect(mapOf(2));
  await database.migrate(entities);
  const ring = ringOf(definitionOf(mapOf(2)));
  const next = ringOf(definitionOf(mapOf(3, 2)));
  // Two players who move to the same shard from different ones.
  const owners = ['a', 'b'].map((from) =>
    BigInt(
      Array.from({ length: 500 }, (_, index) => index).find((id) => ring.locate(hashKey(String(id))) === from && next.locate(hashKey(String(id))) === 'c') ?? 0,
    ),
  );
  for (const playerId of owners)
    await database.transaction((session) => session.dao(item).insert({ id: 1n, playerId, kind: 'axe', price: '1', data: {} }), { shardKey: playerId });
  const mover = await servers.connect(mapOf(3, 2));
  await expect(mover.reshard()).rejects.toMatchObject({ code: 'ERR_DAO_SHARD', entity: 'item', columns: ['id'] });
  for (const playerId of owners) expect(await mover.read((session) => session.dao(item).count(), { shardKey: playerId })).toBe(1);
});
