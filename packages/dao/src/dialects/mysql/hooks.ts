import { setTimeout as sleep } from 'node:timers/promises';
import type { CommitMarks, Replication, ServerHooks } from '../../connections/hooks.ts';
import type { ServerConnection } from '../../server/connection.ts';

const millisecondsPerSecond = 1000;
/** How long, and how often, a server is asked whether it has taken over everything; then it is asked again another time. */
const catchUp = { tries: 20, everyMs: 50 };

/** A position of MariaDB, such as `0-1-42,1-1-7`: in each domain the last one of a sequence. https://mariadb.com/kb/en/gtid/ */
function sequences(position: string): ReadonlyMap<string, bigint> {
  const ids = position.split(',').flatMap((part) => [/^\s*(\d+)-\d+-(\d+)\s*$/.exec(part) ?? []]);
  return new Map(ids.flatMap(([, domain, sequence]) => (domain === undefined || sequence === undefined ? [] : [[domain, BigInt(sequence)]])));
}

function covers(position: string, mark: string): boolean {
  const there = sequences(position);
  const wanted = sequences(mark);
  return wanted.size > 0 && [...wanted].every(([domain, sequence]) => (there.get(domain) ?? -1n) >= sequence);
}

/** Marks of MariaDB. MySQL 8 tells none that this library reads: there reads go to the primary for a while after a write. */
const marks: CommitMarks = {
  covers,
  async reach(connection, mark, timeoutMs) {
    const [row] = await connection.records('select master_gtid_wait(?, ?) as outcome', [mark, timeoutMs / millisecondsPerSecond]);
    return row?.['outcome'] === 0n;
  },
};

async function measure(connection: ServerConnection): Promise<Replication> {
  const [status] = await connection.records('show replica status', []);
  const field = (mariadb: string, mysql: string): unknown => status?.[mariadb] ?? status?.[mysql];
  const isRunning = field('slave_io_running', 'replica_io_running') === 'Yes' && field('slave_sql_running', 'replica_sql_running') === 'Yes';
  const behind = field('seconds_behind_master', 'seconds_behind_source');
  const position = status?.['gtid_slave_pos'];
  return {
    lagMs: isRunning && behind !== null && behind !== undefined ? Number(behind) * millisecondsPerSecond : undefined,
    position: typeof position === 'string' ? position : await slavePosition(connection),
  };
}

async function slavePosition(connection: ServerConnection): Promise<string | undefined> {
  const [row] = await connection.records('select @@global.gtid_slave_pos as position', []).catch(() => []);
  const position = row?.['position'];
  return typeof position === 'string' ? position : undefined;
}

/** What a server has, be it written there or taken over. */
async function currentPosition(connection: ServerConnection): Promise<string> {
  const [row] = await connection.records('select @@global.gtid_current_pos as position', []);
  const position = row?.['position'];
  return typeof position === 'string' ? position : '';
}

/** What MySQL and MariaDB tell of themselves as servers of one database. */
export const mysqlHooks: ServerHooks = {
  async accepts(connection) {
    const [row] = await connection.records('select @@global.read_only as refuses', []);
    return row?.['refuses'] === 0n;
  },
  async hasCaughtUp(from, to) {
    const wanted = await currentPosition(from);
    for (let tries = 0; tries < catchUp.tries; tries += 1) {
      if (covers(await currentPosition(to), wanted)) return true;
      await sleep(catchUp.everyMs);
    }
    return false;
  },
  measure,
  marks,
};
