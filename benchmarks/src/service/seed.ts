import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { administer, type MariaDbServer } from '@midgard/test-services';
import type { Keys, Target } from '../load/plan.ts';
import { runGoodLoad } from '../load/run-load.ts';
import type { Children } from './children.ts';
import type { StartedService } from './started-service.ts';

/** As long as the ids that the service makes, and before all of them. */
const firstId = 100_000_000_000_000_000n;
const columns = 'level, experience, status, attributes, last_login_at, version, created_at, updated_at';

/**
 * Gives a service so many players, as copies of the one that it has, by one statement in its database.
 *
 * @returns a file with their ids
 */
export async function seedPlayers(children: Children, { folder, id }: StartedService, count: number, mariaDb?: MariaDbServer): Promise<string> {
  const rows = `insert into player (id, name, external_id, ${columns})`;
  const copies = (number: string, name: string): string => `select ${firstId} + ${number}, ${name}, null, ${columns} from player, numbers where id = ${id}`;
  if (mariaDb === undefined) {
    const database = new DatabaseSync(path.join(folder, 'data/realm.db'), { timeout: 10_000 });
    const numbers = `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})`;
    database.exec(`${rows} ${numbers} ${copies('n', "name || '-' || n")}`);
    database.close();
  } else {
    const numbers = `with numbers as (select seq as n from seq_1_to_${count})`;
    await administer(mariaDb, ['use realm', `${rows} ${numbers} ${copies('n', "concat(name, '-', n)")}`]);
  }
  const file = path.join(children.folder(), 'ids');
  writeFileSync(file, Array.from({ length: count }, (_, at) => `${firstId + BigInt(at) + 1n}\n`).join(''));
  return file;
}

/** Asks for each key twice, so that what is read later is in memory, also in what a second reading alone fills. */
export async function readAll(target: Target, file: string, count: number): Promise<void> {
  const keys: Keys = { distribution: 'sequence', file };
  await runGoodLoad({ ...target, keys }, { connections: 8, depth: 8, seconds: 600, totalRequests: count * 2 });
}
