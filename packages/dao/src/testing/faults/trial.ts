import { administer, type MariaDbServer, type MariaDbSettings, startMariaDb } from '@midgard/test-services';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Database, DatabaseOptions } from '../../database.ts';
import { openDatabase } from '../../database.ts';
import type { DaoErrorCode } from '../../errors.ts';
import type { Load } from './load.ts';
import { type Findings, quantile, tally } from '@midgard/trials';
import { until } from './until.ts';

const databaseName = 'trial';

/** The watch over a server has one connection beside those of the pool. */
const watchConnections = 1;

/** @returns a private server with an empty database, which goes with the stack */
export async function startServer(stack: AsyncDisposableStack, settings: MariaDbSettings = {}): Promise<MariaDbServer> {
  const server = stack.adopt(await startMariaDb(settings), (each) => each.remove());
  await createTrialDatabase(server);
  return server;
}

/** Creates the database that all scenarios work in. */
export async function createTrialDatabase(server: MariaDbServer): Promise<void> {
  await administer(server, [`create database ${databaseName}`]);
}

/** @returns the URL of that database */
export function trialUrl(server: MariaDbServer): string {
  return server.urlOf(databaseName);
}

/** @returns the URL of that database behind another port, through which one comes to the server */
export function trialUrlAt(port: number): string {
  return `mysql://root@127.0.0.1:${port}/${databaseName}`;
}

/** @returns the database, which is closed with the stack */
export async function openTrial(stack: AsyncDisposableStack, url: string, options: DatabaseOptions): Promise<Database> {
  return stack.use(await openDatabase(url, options));
}

/** @returns how many connections to the database the server knows of, whatever a client believes */
export async function connectionsAt(server: MariaDbServer): Promise<number> {
  const { count } = await administer(server, [`select count(*) as count from information_schema.processlist where db = '${databaseName}'`]);
  return Number(count);
}

/** @returns the ids of the entries that a server has, asked past the library */
export async function entriesAt(server: MariaDbServer): Promise<ReadonlySet<bigint>> {
  const connection = await createConnection({ socketPath: server.socketPath, user: 'root', database: databaseName, supportBigNumbers: true });
  try {
    const [rows] = await connection.query<RowDataPacket[]>('select id from entry');
    return new Set(rows.map((row) => BigInt(String(row['id']))));
  } finally {
    connection.destroy();
  }
}

/** @returns what all pools together lend at this moment */
export function borrowedOf(database: Database): number {
  return database.servers().reduce((sum, { pool }) => sum + pool.borrowed, 0);
}

/** Nothing may be out, no pool above its bound, and no server may have a connection that no pool knows of. */
export async function findLeaks(findings: Findings, database: Database, servers: readonly MariaDbServer[]): Promise<void> {
  await until('everything has been given back', () => database.servers().every(({ pool }) => pool.borrowed + pool.waiting + pool.creating === 0), 10_000).catch(
    () => undefined,
  );
  const usages = database.servers();
  findings.exactly('connections still lent', borrowedOf(database), 0);
  findings.promise(
    'a pool is above its bound',
    usages.every(({ pool }) => pool.idle + pool.checking + pool.creating <= pool.max),
  );
  let unknown = Infinity;
  const known = (): number =>
    database.servers().reduce((sum, { pool }) => sum + pool.idle + pool.checking + pool.destroying, 0) + usages.length * watchConnections;
  await until(
    'servers have no connections but those of the pools',
    async () => {
      const counts = await Promise.all(servers.map((server) => connectionsAt(server)));
      unknown = Math.max(0, counts.reduce((sum, count) => sum + count, 0) - known());
      return unknown === 0;
    },
    5000,
  ).catch(() => undefined);
  findings.exactly('connections that no pool knows', unknown, 0);
}

/** Notes what clients were told who were not served. @param known the codes that they may hear */
export function auditErrors(findings: Findings, load: Load, known: readonly DaoErrorCode[]): void {
  const failed = load.ended({ isWell: false });
  const codes = tally(failed.map(({ code }) => String(code)));
  findings.note('calls', load.calls.length);
  findings.note('errors by code', codes);
  findings.promise(
    `errors other than ${known.join(', ')}: ${codes}`,
    failed.every(({ code }) => known.some((each) => each === code)),
  );
  const times = failed.map(({ startedAt, endedAt }) => endedAt - startedAt);
  findings.note('slowest error, ms', quantile(times, 1));
}

/** Holds what the clients of a load were told against what is there. */
export async function auditLoad(findings: Findings, load: Load, database: Database): Promise<void> {
  const { lost, uninvited, uneven, openAndThere } = await load.books.audit(database);
  findings.atLeast('acknowledged', load.books.acknowledged.size, 1);
  findings.exactly('acknowledged and lost', lost.length, 0);
  findings.exactly('refused and there', uninvited.length, 0);
  findings.exactly('accounts done by half or twice', uneven.length, 0);
  if (uneven.length > 0) findings.note('namely', uneven.join('; '));
  findings.exactly('reads of something half done', load.uneven, 0);
  findings.note('outcome open', load.books.open.size);
  findings.note('outcome open and there', openAndThere);
}
