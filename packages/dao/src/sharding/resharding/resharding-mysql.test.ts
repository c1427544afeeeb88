import { mysqlForTests } from '@midgard/test-services';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { MortalProcess } from '../test/mortal-process.ts';
import { countedPlayers, countedScore, expectAllInPlace, filledShards } from '../test/moving-shards.ts';
import { TestServers, mapOf } from '../test/sharded-fixture.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

const emptyUrl = (): Promise<string> => ('url' in mysql ? mysql.freshDatabase() : Promise.reject(new Error(mysql.missing)));
const options = { batchRows: 30, pauseMs: 2000 };

describe.skipIf(missing !== '')(`shards on MySQL and MariaDB${missing}`, () => {
  test('a shard is added beside writers of two processes whose transactions run side by side, after a mover that died', async () => {
    const { servers, storm } = await filledShards(mapOf(2), 40, 1, new TestServers(systemClock, emptyUrl));
    const [one, other] = await Promise.all([servers.connect(mapOf(3, 2)), servers.connect(mapOf(3, 2))]);
    const mortal = new MortalProcess();
    const dying = await servers.connect(mapOf(3, 2), {}, mortal.around);
    for (const writer of [1, 2, 3, 4]) storm.start(writer % 2 === 0 ? one : other, writer, writer);
    const score = countedScore(storm);
    for (const [index, database] of [one, other, one, other].entries()) storm.startCounting(database, countedPlayers, index);
    mortal.dieAt(25, true);
    await dying.reshard(options).catch(() => undefined);
    await one.reshard(options);
    await storm.stop();
    await expectAllInPlace(servers, mapOf(3, 2), storm);
    expect(countedScore(storm)).toBe(score + storm.counted);
  }, 180_000);
});
