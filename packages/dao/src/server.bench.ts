/**
 * What the library costs over mysql2 used by hand, on a private MariaDB: the same statement, connections and callers, in turns in one
 * process. Medians of the rounds' rates, and of the rounds' ratios; above 1 where the first one named is faster.
 *
 * Every commit is on the disk before it is acknowledged (`innodb_flush_log_at_trx_commit=1`, InnoDB's doublewrite as it comes, no binary
 * log), for the library and for the driver alike. `node --conditions=@midgard/source src/server.bench.ts [--rounds 25] [--ms 150]`
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type BenchResult, machineLine, print, record } from '@midgard/bench';
import { startMariaDb } from '@midgard/test-services';
import { type Pool, createPool } from 'mysql2/promise';
import { type Database, type Dao, defineEntity, id, int, openDatabase, text, version } from './index.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '25' }, ms: { type: 'string', default: '150' } } });
const rounds = Number(given.rounds);
const roundMs = Number(given.ms);
const connections = 16;
const rows = 501_000;
/** As many as a page has unless told otherwise. */
const pageRows = 50;

const player = defineEntity('player', {
  columns: { id: id(), name: text(64), level: int(), version: version() },
  key: ['id'],
  indexes: [{ on: ['level', 'id'] }],
});
/** Written to, so that what is read stays as it is. */
const guest = defineEntity('guest', { columns: { id: id(), name: text(64), level: int(), version: version() }, key: ['id'] });
const rowOf = (at: number): { id: bigint; name: string; level: number } => ({ id: BigInt(at), name: `player ${at}`, level: at % 60 });
const seriesOf = (from: number, count: number): ReturnType<typeof rowOf>[] => Array.from({ length: count }, (_, index) => rowOf(from + index));

/** One way to do something: what it is, and one call of it that gives so many rows. */
interface Way {
  readonly what: string;
  readonly rows: number;
  readonly callers: number;
  readonly call: () => Promise<unknown>;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN;
}

/** @returns rows a second of one round */
async function rateOf({ rows: perCall, callers, call }: Way): Promise<number> {
  let calls = 0;
  const begin = performance.now();
  const caller = async (): Promise<void> => {
    while (performance.now() - begin < roundMs) {
      await call();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (calls * perCall * 1000) / (performance.now() - begin);
}

/** Lets the ways take turns, each round in another order, after a round that does not count. @returns each beside the last one */
async function inTurns(ways: readonly Way[], unit: string): Promise<BenchResult[]> {
  const rates = ways.map((): number[] => []);
  for (const way of ways) await rateOf(way);
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? [...ways.keys()] : [...ways.keys()].toReversed();
    for (const index of order) {
      const way = ways[index];
      if (way !== undefined) rates[index]?.push(await rateOf(way));
    }
  }
  const peerRates = rates.at(-1) ?? [];
  const peer = { what: ways.at(-1)?.what ?? '', value: median(peerRates) };
  return ways.slice(0, -1).map(({ what }, index) => {
    const ours = rates[index] ?? [];
    return { what, value: median(ours), unit, peer, ratio: median(ours.map((rate, round) => rate / (peerRates[round] ?? Number.NaN))) };
  });
}

let turn = 0;
/** Keys all over the table, the same for everybody. */
const nextId = (): number => ((turn += 1) * 7919) % rows;

async function gets(database: Database, raw: Pool, statement: string): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const callers of [1, connections]) {
    const of = callers === 1 ? 'one caller' : `${callers} callers`;
    const get = (options: { readonly isolation: 'statement' | 'snapshot' }) => () =>
      database.read((session) => session.dao(player).get(BigInt(nextId())), options);
    const ways: Way[] = [
      { what: `get, a read of one statement, ${of}`, rows: 1, callers, call: get({ isolation: 'statement' }) },
      { what: `get, a read in a snapshot (begin, get, rollback), ${of}`, rows: 1, callers, call: get({ isolation: 'snapshot' }) },
      { what: `mysql2 execute, ${of}`, rows: 1, callers, call: () => raw.execute(statement, [nextId()]) },
    ];
    results.push(...(await inTurns(ways, 'rows/s')));
  }
  return results;
}

async function many(database: Database): Promise<BenchResult[]> {
  const reading = (what: string, size: number, work: (dao: Dao<typeof player>) => Promise<unknown>): Way => ({
    what,
    rows: size,
    callers: 1,
    call: () => database.read((session) => work(session.dao(player)), { isolation: 'statement' }),
  });
  let written = 0;
  const writing = (what: string, size: number, callers = 1): Way => ({
    what,
    rows: size,
    callers,
    call: () => {
      const batch = seriesOf(written, size);
      written += size;
      return database.transaction(async (session): Promise<unknown> =>
        size === 1 ? session.dao(guest).insert(batch[0] ?? rowOf(0)) : session.dao(guest).insertMany(batch),
      );
    },
  });
  return [
    ...(await inTurns(
      [
        reading('getMany(100)', 100, (dao) => dao.getMany(Array.from({ length: 100 }, () => BigInt(nextId())))),
        reading('single gets', 1, (dao) => dao.get(BigInt(nextId()))),
      ],
      'rows/s',
    )),
    ...(await inTurns([writing('insertMany(1000)', 1000), writing('single inserts, a transaction each', 1)], 'rows/s')),
  ];
}

/** @returns the cursor behind so many rows, found with large pages: it does not depend on the size of the pages */
async function cursorBehind(database: Database, orderBy: 'id' | 'level', deep: number): Promise<string> {
  let cursor: string | null = null;
  for (let from = 0; from < deep; from += 1000) {
    const page: { readonly nextCursor: string | null } = await database.read((session) => session.dao(player).page({ orderBy, limit: 1000, cursor }));
    cursor = page.nextCursor;
  }
  return cursor ?? '';
}

async function pages(database: Database): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const orderBy of ['id', 'level'] as const) {
    const page = (what: string, cursor: string | null): Way => ({
      what,
      rows: pageRows,
      callers: 1,
      call: () => database.read((session) => session.dao(player).page({ orderBy, limit: pageRows, cursor }), { isolation: 'statement' }),
    });
    const deep = await cursorBehind(database, orderBy, 10_000);
    const deeper = await cursorBehind(database, orderBy, 10_000 * pageRows);
    const ways = [
      page(`page by ${orderBy}, 10,000 rows deep`, deep),
      page(`page by ${orderBy}, 10,000 pages deep`, deeper),
      page(`page 1 by ${orderBy}`, null),
    ];
    results.push(...(await inTurns(ways, 'rows/s')));
  }
  return results;
}

/** @returns the text of the library's own statement, for the driver to run by hand */
async function textOfGet(url: string): Promise<string> {
  let found = '';
  await using database = await openDatabase(url, { listener: { statement: ({ text: statement }) => (found = statement) } });
  await database.read((session) => session.dao(player).get(1n), { isolation: 'statement' });
  return found;
}

const server = await startMariaDb({ 'innodb-buffer-pool-size': '256M' });
try {
  const admin = createPool({ uri: server.url });
  await admin.query('create database bench');
  const [settings] = await admin.query("show variables where variable_name in ('version', 'innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'log_bin')");
  await admin.end();
  process.stdout.write(`${machineLine()}\n${rounds} rounds of ${roundMs} ms; the server: ${JSON.stringify(settings)}\n`);

  const url = server.urlOf('bench');
  await using database = await openDatabase(url, { pool: { min: connections, max: connections } });
  await database.migrate([player, guest]);
  for (let from = 0; from < rows; from += 10_000)
    await database.transaction((session) => session.dao(player).insertMany(seriesOf(from, 10_000)), { timeoutMs: 60_000 });
  const statement = await textOfGet(url);
  // As one must set it up for 64-bit ids; everything else as it comes.
  const raw = createPool({ uri: url, connectionLimit: connections, supportBigNumbers: true, bigNumberStrings: true });
  const results = [...(await gets(database, raw, statement)), ...(await many(database)), ...(await pages(database))];
  await raw.end();
  print(results);
  record('dao-server', results);
} finally {
  await server.remove();
}
