import { administer, type MariaDbServer } from '@midgard/test-services';
import { id, int } from '../../column.ts';
import type { Database } from '../../database.ts';
import { defineEntity } from '../../entity.ts';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { findLeaks, openTrial, startServer, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How many statements of different text each connection gets. */
export interface StatementsPlan {
  readonly shapes: number;
  readonly rounds: number;
}

const max = 4;
/** What the dialect keeps for each connection. */
const keptByConnection = 256;
/** Each combination of these is a condition of its own. */
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'] as const;
const kinds = ['eq', 'gte', 'lte'] as const;

const wide = defineEntity('wide', {
  columns: { id: id(), a: int(), b: int(), c: int(), d: int(), e: int(), f: int(), g: int(), h: int(), i: int(), j: int(), k: int(), l: int() },
  key: ['id'],
});

/**
 * Runs statements of very many texts. Promised: what stays prepared on the server is bounded by connections, however many there were; it has
 * one bound for all of its clients, and who exhausts it stops them all.
 */
export async function manyStatements({ shapes, rounds }: StatementsPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack);
  const database = await openTrial(stack, trialUrl(server), { pool: { max } });
  await database.migrate([wide]);
  let most = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (let from = 0; from < shapes; from += keptByConnection / 4) {
      const batch = Array.from({ length: Math.min(keptByConnection / 4, shapes - from) }, (_, at) => from + at);
      await Promise.all(Array.from({ length: max }, () => runAll(database, batch)));
      most = Math.max(most, await preparedAt(server));
    }
    log(`${round} of ${rounds}: ${most} statements prepared at most`);
  }
  findings.note('statements of different text', shapes);
  // Each may have one more while it prepares another, and so may the watch over the server.
  findings.atMost('prepared on the server, most', most, max * keptByConnection + max + 1);
  // Else nothing was pushed out.
  findings.atLeast('prepared on the server, most', most, Math.min(shapes, keptByConnection));
  await findLeaks(findings, database, [server]);
  await database.close();
  findings.note('prepared on the server after the end', await until('nothing stays prepared', async () => (await preparedAt(server)) === 0).then(() => 0));
  return findings;
}

/** In one read, so on one connection. */
async function runAll(database: Database, batch: readonly number[]): Promise<void> {
  await database.read(
    async (session) => {
      for (const shape of batch) await session.dao(wide).find({ where: conditionOf(shape), limit: 1 });
    },
    { timeoutMs: 60_000 },
  );
}

/** @returns a condition that no other number has: its digits say which columns it compares, and how */
function conditionOf(shape: number): Record<string, Record<string, number>> {
  const digits = (shape + 1).toString(kinds.length + 1).padStart(names.length, '0');
  return Object.fromEntries(
    names.flatMap((name, at) => {
      const kind = kinds[Number(digits[at]) - 1];
      return kind === undefined ? [] : [[name, { [kind]: shape }]];
    }),
  );
}

async function preparedAt(server: MariaDbServer): Promise<number> {
  const { Value: count } = await administer(server, [`show global status like 'Prepared_stmt_count'`]);
  return Number(count);
}
