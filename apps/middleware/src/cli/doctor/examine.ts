import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, ServerUsage } from '@midgard/dao';
import { type DatabaseTrouble, databaseTrouble } from '../../database/database-trouble.ts';
import { pendingStatements } from '../../database/tables.ts';
import type { ListedDatabase } from '../listed-databases.ts';

/** One server of a database, as the doctor found it. */
export interface ServerReport extends Pick<ServerUsage, 'server' | 'role' | 'state'> {
  /** How far a replica is behind; null: not a replica, or nobody knows. */
  readonly lagMs: number | null;
  /** Connections of this command, as of every process: what a running service holds is in its metrics. */
  readonly pool: { readonly inUse: number; readonly idle: number; readonly max: number };
}

/** A database that answers. */
export interface Findings {
  readonly dialect: Database['dialect'];
  readonly version: string;
  /** One question and its answer. */
  readonly latencyMs: number;
  readonly servers: readonly ServerReport[];
  readonly pendingStatements: number;
}

/** What the doctor knows of one database: its findings, or why there are none. */
export interface Examination {
  readonly name: string;
  readonly url: string;
  readonly findings: Findings | undefined;
  readonly trouble: DatabaseTrouble | undefined;
}

const lookEveryMs = 25;
/** Time to say goodbye, which those who answer need a thousandth of. */
const closeMs = 1000;

/**
 * Looks at a database and changes no table of it. It never rejects.
 *
 * @param deadlineMs when it is up the database counts as silent
 */
export async function examine(listed: ListedDatabase, deadlineMs: number): Promise<Examination> {
  const { name, shownUrl: url } = listed;
  const closing = new AsyncDisposableStack();
  try {
    const findings = await inTime(deadlineMs, async () => {
      const database = await listed.open();
      // Too late: nobody waits for it any more.
      if (closing.disposed) await database.close();
      else closing.use(database);
      return findingsOf(database, listed, performance.now() + deadlineMs / 2);
    });
    return { name, url, findings, trouble: undefined };
  } catch (error) {
    return { name, url, findings: undefined, trouble: databaseTrouble(error) };
  } finally {
    // Of a silent server the end would be waited for, too.
    await inTime(closeMs, () => closing.disposeAsync()).catch(() => undefined);
  }
}

async function findingsOf(database: Database, listed: ListedDatabase, patienceEndsAt: number): Promise<Findings> {
  const version = await database.version();
  const startedAt = performance.now();
  await database.ping();
  const latencyMs = Math.round((performance.now() - startedAt) * 100) / 100;
  const pending = await pendingStatements(database, listed);
  return { dialect: database.dialect, version, latencyMs, servers: (await settled(database, patienceEndsAt)).map(reportOf), pendingStatements: pending.length };
}

/** Every server counts as down until it was looked at, which begins when the database is opened: who is down now gets a little time. */
async function settled(database: Database, patienceEndsAt: number): Promise<readonly ServerUsage[]> {
  while (database.servers().some(({ state }) => state === 'down') && performance.now() < patienceEndsAt) await sleep(lookEveryMs);
  return database.servers();
}

function reportOf({ server, role, state, lagMs, pool }: ServerUsage): ServerReport {
  return { server, role, state, lagMs: lagMs ?? null, pool: { inUse: pool.borrowed, idle: pool.idle, max: pool.max } };
}

async function inTime<T>(deadlineMs: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
