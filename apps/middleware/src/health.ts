import type { Database } from '@midgard/dao';
import type { Readiness } from '@midgard/server';

/** Asks every database for a sign of life; the service is ready when all of them answer. */
export async function checkDatabases(databases: ReadonlyMap<string, Pick<Database, 'ping'>>): Promise<Readiness> {
  const checks = await Promise.all([...databases].map(async ([name, database]) => [name, await answers(database)] as const));
  return {
    isReady: checks.every(([, isAnswering]) => isAnswering),
    checks: Object.fromEntries(checks.map(([name, isAnswering]) => [name, isAnswering ? 'ok' : 'unavailable'])),
  };
}

function answers(database: Pick<Database, 'ping'>): Promise<boolean> {
  return database.ping().then(
    () => true,
    () => false,
  );
}
