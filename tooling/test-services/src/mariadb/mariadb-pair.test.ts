import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findMariaDb, type MariaDbPair, type MariaDbPairOptions, type MariaDbServer, startMariaDbPair } from '../index.ts';
import { until } from '../until.ts';

async function pairOfTest(options?: MariaDbPairOptions): Promise<MariaDbPair> {
  const pair = await startMariaDbPair(options);
  onTestFinished(() => pair.remove());
  await run(pair.primary, 'CREATE DATABASE realm');
  await run(pair.primary, 'CREATE TABLE realm.hero (id INT PRIMARY KEY)');
  await pair.replica.waitForReplica();
  return pair;
}

async function connectionTo(server: MariaDbServer): Promise<Connection> {
  const connection = await createConnection(server.url);
  onTestFinished(() => connection.destroy());
  return connection;
}

async function run(server: MariaDbServer, sql: string): Promise<readonly RowDataPacket[]> {
  const connection = await createConnection(server.url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

async function add(server: MariaDbServer, id: number): Promise<void> {
  await run(server, `INSERT INTO realm.hero VALUES (${id})`);
}

function heroes(server: MariaDbServer): Promise<unknown> {
  return run(server, 'SELECT id FROM realm.hero ORDER BY id');
}

describe.skipIf(findMariaDb() === undefined)('a pair of private MariaDBs (needs mariadbd)', { timeout: 60_000 }, () => {
  test('the replica receives what the primary writes, and refuses to be written to', async () => {
    const { primary, replica } = await pairOfTest();
    await add(primary, 1);
    await replica.waitForReplica();
    expect(await heroes(replica)).toEqual([{ id: 1 }]);
    await expect(add(replica, 2)).rejects.toMatchObject({ code: 'ER_OPTION_PREVENTS_STATEMENT' });
  });

  test('a stopped replica shows what it had, and catches up when it is started', async () => {
    const { primary, replica } = await pairOfTest();
    await replica.stopReplication();
    await add(primary, 1);
    await expect(replica.waitForReplica(0.2)).rejects.toThrow('the replica is at');
    expect(await heroes(replica)).toEqual([]);
    await replica.startReplication();
    await replica.waitForReplica();
    expect(await heroes(replica)).toEqual([{ id: 1 }]);
  });

  test('a delayed replica holds back what it has received, until the delay is ended', async () => {
    const { primary, replica } = await pairOfTest();
    await replica.delayBy(3600);
    await add(primary, 1);
    const [written] = await run(primary, 'SELECT @@gtid_binlog_pos AS position');
    await until(async () => {
      const [status] = await run(replica, 'SHOW SLAVE STATUS');
      return status?.['Gtid_IO_Pos'] === written?.['position'] && status?.['SQL_Remaining_Delay'] !== null;
    });
    expect(await heroes(replica)).toEqual([]);
    await replica.delayBy(0);
    await replica.waitForReplica();
    expect(await heroes(replica)).toEqual([{ id: 1 }]);
  });

  test('a session is told the GTID of its write, and a replica can be asked to wait for it', async () => {
    const { primary, replica } = await pairOfTest();
    await replica.stopReplication();
    const [writer, reader] = [await connectionTo(primary), await connectionTo(replica)];
    await writer.query(`SET SESSION session_track_system_variables = 'last_gtid'`);
    const [written] = await writer.query('INSERT INTO realm.hero VALUES (1)');
    const [[session]] = await writer.query<RowDataPacket[]>('SELECT @@last_gtid AS gtid');
    const gtid: unknown = session?.['gtid'];
    expect(written).toMatchObject({ stateChanges: { systemVariables: { last_gtid: gtid } } });
    const waitFor = async (seconds: number): Promise<unknown> => (await reader.query('SELECT MASTER_GTID_WAIT(?, ?) AS waited', [gtid, seconds]))[0];
    expect(await waitFor(0)).toEqual([{ waited: -1 }]);
    await replica.startReplication();
    expect(await waitFor(30)).toEqual([{ waited: 0 }]);
    expect(await heroes(replica)).toEqual([{ id: 1 }]);
  });

  test('a replica that is killed goes on where it was when it is started again', async () => {
    const { primary, replica } = await pairOfTest();
    await replica.stop('SIGKILL');
    await add(primary, 1);
    await replica.start();
    await replica.waitForReplica();
    expect(await heroes(replica)).toEqual([{ id: 1 }]);
  });

  test('a replica whose source is gone applies what it has received', async () => {
    const { primary, replica } = await pairOfTest();
    await run(replica, 'STOP SLAVE SQL_THREAD');
    await add(primary, 1);
    const [written] = await run(primary, 'SELECT @@gtid_binlog_pos AS position');
    await until(async () => (await run(replica, 'SHOW ALL SLAVES STATUS'))[0]?.['Gtid_IO_Pos'] === written?.['position']);
    await primary.stop('SIGKILL');
    expect(await heroes(replica)).toEqual([]);
    await replica.applyReceived();
    expect(await heroes(replica)).toEqual([{ id: 1 }]);
  });

  test('a promoted replica can be written to', async () => {
    const { primary, replica } = await pairOfTest();
    await primary.stop('SIGKILL');
    await replica.promote();
    await add(replica, 2);
    expect(await heroes(replica)).toEqual([{ id: 2 }]);
  });

  test('in a circular pair, a killed primary takes over what the promoted replica wrote, and its own last writes are not lost', async () => {
    const { primary, replica } = await pairOfTest({ circular: true });
    await add(primary, 1);
    await replica.waitForReplica();
    await replica.stopReplication();
    await add(primary, 2);
    await primary.stop('SIGKILL');
    await replica.promote();
    await add(replica, 3);
    expect(await heroes(replica)).toEqual([{ id: 1 }, { id: 3 }]);
    await primary.start();
    await primary.waitForReplica();
    expect(await heroes(primary)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    await replica.startReplication();
    await add(primary, 4);
    await add(replica, 5);
    await Promise.all([primary.waitForReplica(), replica.waitForReplica()]);
    const all = [1, 2, 3, 4, 5].map((id) => ({ id }));
    expect([await heroes(primary), await heroes(replica)]).toEqual([all, all]);
  });
});
