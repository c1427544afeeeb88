import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOracleDouble, type OracleDouble } from './start.ts';
import { connect, missing } from './testing/connect.ts';

const endless = 'SELECT COUNT(*) FROM SYSTEM_RANGE(1, 1000000) a CROSS JOIN SYSTEM_RANGE(1, 1000000) b';
const file = (name: string): string => new URL(name, import.meta.url).pathname;

describe.skipIf(missing !== '')(`faults of the double${missing}`, () => {
  let double: OracleDouble;
  beforeAll(async () => {
    double = await startOracleDouble();
  });
  afterAll(() => double?.stop());

  test('a wrong password and a closed port are told as by the real driver', async () => {
    await expect(connect(double.url, { password: 'wrong' })).rejects.toMatchObject({ errorNum: 1017, code: 'ORA-01017' });
    await expect(connect('oracle://midgard:midgard@127.0.0.1:1/ORCL')).rejects.toMatchObject({ code: 'NJS-503' });
  });

  test('a fresh schema is empty, a dropped one is so again', async () => {
    const url = double.freshSchema();
    const first = await connect(url);
    await first.execute('CREATE TABLE "T" ("A" NUMBER)');
    await using second = await connect(double.freshSchema());
    await expect(second.execute('SELECT "A" FROM "T"')).rejects.toMatchObject({ errorNum: 942 });
    await double.dropSchema(url);
    await expect(first.ping()).rejects.toMatchObject({ code: 'NJS-500' });
    await using third = await connect(url);
    await expect(third.execute('SELECT "A" FROM "T"')).rejects.toMatchObject({ errorNum: 942 });
  });

  test.each([
    ['a query', endless],
    ['a wait for a lock', 'UPDATE "T" SET "A" = 3'],
  ])('the call timeout ends %s, and the connection goes on in its transaction', async (_name, slow) => {
    const url = double.freshSchema();
    await using holder = await connect(url);
    await holder.execute('CREATE TABLE "T" ("A" NUMBER)');
    await holder.execute('INSERT INTO "T" VALUES (1)', [], { autoCommit: true });
    await holder.execute('UPDATE "T" SET "A" = 2');
    await using connection = await connect(url);
    await connection.execute('INSERT INTO "T" VALUES (7)');
    connection.callTimeout = 50;
    await expect(connection.execute(slow)).rejects.toMatchObject({ code: 'NJS-123' });
    connection.callTimeout = 0;
    expect((await connection.execute('SELECT "A" FROM "T" WHERE "A" = 7')).rows).toEqual([[7]]);
  });

  test('a break ends what runs', async () => {
    await using connection = await connect(double.freshSchema());
    const running = connection.execute(endless);
    running.catch(() => {});
    for (
      let isOver = false;
      !isOver;
      isOver = await Promise.race([
        running.then(
          () => true,
          () => true,
        ),
        sleep(20, false),
      ])
    )
      await connection.break();
    await expect(running).rejects.toMatchObject({ errorNum: 1013 });
    await connection.ping();
  });

  test('a connection that is cut says so, its locks fall, and what was committed stays', async () => {
    const url = double.freshSchema();
    const connection = await connect(url);
    await connection.execute('CREATE TABLE "T" ("A" NUMBER)');
    await connection.execute('INSERT INTO "T" VALUES (1)', [], { autoCommit: true });
    await connection.execute('UPDATE "T" SET "A" = 2');
    await double.cut(url);
    await expect(connection.ping()).rejects.toMatchObject({ code: 'NJS-500', isRecoverable: true });
    expect(connection.isHealthy()).toBe(false);
    await connection.close();
    await using next = await connect(url);
    expect((await next.execute('SELECT "A" FROM "T" FOR UPDATE')).rows).toEqual([[1]]);
  });

  test('a frozen server takes connections and says nothing until it thaws', async () => {
    await using own = await startOracleDouble();
    await using connection = await connect(own.url);
    await own.freeze();
    const silent = connection.ping();
    await expect(connect(own.url, { connectTimeout: 1 })).rejects.toMatchObject({ code: 'NJS-510' });
    await own.thaw();
    await silent;
  });

  test('a killed server breaks its connections and takes no more', async () => {
    const own = await startOracleDouble();
    const connection = await connect(own.url);
    const running = connection.execute(endless);
    running.catch(() => {});
    await own.kill();
    await expect(running).rejects.toMatchObject({ code: 'NJS-500' });
    await expect(connect(own.url)).rejects.toMatchObject({ code: 'NJS-503' });
    await own.stop();
  });

  test.each(['running', 'frozen'])('a %s bridge ends with the process that started it, however that one ends', async (state) => {
    const parent = spawn(process.execPath, ['--conditions=@midgard/source', file('testing/idle-parent.ts'), state], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = await once(createInterface({ input: parent.stdout }), 'line');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    for (let isListening = true; isListening; isListening = await accepts(Number(port))) await sleep(20);
  });
});

async function accepts(port: number): Promise<boolean> {
  const socket = connectSocket({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
