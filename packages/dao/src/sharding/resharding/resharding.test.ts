import { expect, test } from 'vitest';
import { MortalProcess } from '../test/mortal-process.ts';
import { countedPlayers, countedScore, expectAllInPlace, filledShards } from '../test/moving-shards.ts';
import { mapOf } from '../test/sharded-fixture.ts';
import { randomFrom } from '../test/storm.ts';

const options = { batchRows: 30, pauseMs: 300 };
const isDead = expect.objectContaining({ code: 'ERR_DAO_UNAVAILABLE' });

test('a shard is added while writers write in the same and in another process, and each row ends as it was acknowledged last', async () => {
  const { servers, storm } = await filledShards(mapOf(2), 60, 1);
  const mover = await servers.connect(mapOf(2));
  const other = await servers.connect(mapOf(3, 2));
  await mover.adopt(mapOf(3, 2));
  for (const writer of [1, 2]) storm.start(mover, writer, writer);
  for (const writer of [3, 4]) storm.start(other, writer, writer);
  const score = countedScore(storm);
  for (const database of [mover, other]) storm.startCounting(database, countedPlayers, 5);
  const phases: string[] = [];
  const reports = await mover.reshard({ ...options, onPhase: ({ source, phase }) => phases.push(`${source} ${phase}`) });
  await storm.stop();
  await expectAllInPlace(servers, mapOf(3, 2), storm);
  expect(countedScore(storm)).toBe(score + storm.counted);
  expect(phases).toEqual(['a', 'b'].flatMap((source) => ['copying', 'verifying', 'cut-over', 'cleaning', 'done'].map((phase) => `${source} ${phase}`)));
  expect(reports.map(({ source, target, verified }) => [source, target, (verified?.rows ?? 0) > 0])).toEqual([
    ['a', 'c', true],
    ['b', 'c', true],
  ]);
  expect(await mover.reshard(options)).toEqual([]);
}, 60_000);

/** How many pieces of work a move takes that nobody disturbs. */
async function workOfOneMove(): Promise<number> {
  const { servers, storm } = await filledShards(mapOf(1), 30, 2);
  const process = new MortalProcess();
  const mover = await servers.connect(mapOf(2, 2), {}, process.around);
  process.dieAt(Number.POSITIVE_INFINITY, false);
  await mover.reshard(options);
  await expectAllInPlace(servers, mapOf(2, 2), storm);
  return process.work;
}

test.each([
  ['before it', false],
  ['behind its commit', true],
])(
  'a move that dies at any of its steps, %s, is finished by the next process, and loses nothing',
  async (_title, isCommitted) => {
    const steps = await workOfOneMove();
    expect(steps).toBeGreaterThan(30);
    for (let step = 1; step <= steps; step += 1) {
      const { servers, storm } = await filledShards(mapOf(1), 30, step);
      const mortal = new MortalProcess();
      const dying = await servers.connect(mapOf(2, 2), {}, mortal.around);
      storm.start(await servers.connect(mapOf(2, 2)), 1, step);
      mortal.dieAt(step, isCommitted);
      await expect(dying.reshard(options), `step ${step}`).rejects.toEqual(isDead);
      const next = await servers.connect(mapOf(2, 2));
      await next.reshard(options);
      await storm.stop();
      await expectAllInPlace(servers, mapOf(2, 2), storm);
    }
  },
  120_000,
);

test('a move that dies again and again, each time at another step, is finished in the end, and loses nothing', async () => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  for (let run = 0; run < 3; run += 1) {
    const { servers, storm } = await filledShards(mapOf(2), 40, seed + run);
    for (const writer of [1, 2]) storm.start(await servers.connect(mapOf(3, 2)), writer, seed + writer);
    for (let life = 0; life < 6; life += 1) {
      const mortal = new MortalProcess();
      const mover = await servers.connect(mapOf(3, 2), {}, mortal.around);
      mortal.dieAt(10 + random(50), random(2) === 0);
      await mover.reshard(options).catch((error: unknown) => expect(error, `seed ${seed}`).toEqual(isDead));
    }
    await (await servers.connect(mapOf(3, 2))).reshard(options);
    await storm.stop();
    await expectAllInPlace(servers, mapOf(3, 2), storm);
  }
}, 120_000);

test('a second shard is added to what was one database, and a third after it', async () => {
  const { servers, storm } = await filledShards(mapOf(1), 40, 5);
  const database = await servers.connect(mapOf(1));
  storm.start(database, 1, 6);
  for (const map of [mapOf(2, 2), mapOf(3, 3)]) {
    await database.adopt(map);
    await database.reshard(options);
  }
  await storm.stop();
  await expectAllInPlace(servers, mapOf(3, 3), storm);
}, 60_000);
