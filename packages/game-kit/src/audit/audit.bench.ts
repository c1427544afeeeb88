/**
 * What the audit log costs a sensitive write: `wallet.credit` of many players at once, with and without it, the two by turns.
 *
 * A hand loop: a call takes milliseconds, and many run at once. MariaDB where one is installed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IdGenerator, openDatabase } from '@midgard/dao';
import { mysqlForTests } from '@midgard/test-services';
import { GameRuntime } from '../runtime/game-runtime.ts';
import { standardGame } from '../test/standard-game.ts';
import { service } from '../testing/open-game.ts';

const AT_ONCE = 64;
const CALLS = 2000;
const ROUNDS = 4;

let keys = 0;

/** Credits of 64 players at once. @returns writes a second */
async function rate(runtimes: readonly GameRuntime[], players: readonly string[]): Promise<number> {
  let left = CALLS;
  const start = performance.now();
  const lanes = players.map(async (playerId, lane) => {
    const runtime = runtimes[lane % runtimes.length]!;
    while ((left -= 1) >= 0) {
      const input = { playerId, currency: 'gold', amount: 1, reason: 'bench', idempotencyKey: `bench-key-${(keys += 1)}` };
      await runtime.execute({ operation: runtime.operation('wallet.credit')!, input, caller: service });
    }
  });
  await Promise.all(lanes);
  return (CALLS * 1000) / (performance.now() - start);
}

async function measure(what: string, url: string, instances: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const open = async (instance: number) => {
    const database = stack.use(await openDatabase(url, { timeoutMs: 60_000 }));
    const ids = new IdGenerator({ instance });
    const audited = new GameRuntime(standardGame, { database, ids, audit: { chain: instance } });
    const bare = new GameRuntime(standardGame, { database, ids, audit: false });
    for (const runtime of [audited, bare]) {
      await runtime.start();
      stack.defer(() => runtime.stop());
    }
    return { audited, bare };
  };
  const opened = [];
  for (let instance = 0; instance < instances; instance += 1) opened.push(await open(instance));
  const audited = opened.map((each) => each.audited);
  const bare = opened.map((each) => each.bare);
  const players: string[] = [];
  for (let at = 0; at < AT_ONCE; at += 1) {
    const runtime = audited[0]!;
    const player = await runtime.execute({ operation: runtime.operation('player.create')!, input: { name: `p${at}` }, caller: service });
    players.push(String(Reflect.get(Object(player), 'id')));
  }
  const best = { with: 0, without: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    best.without = Math.max(best.without, await rate(bare, players));
    best.with = Math.max(best.with, await rate(audited, players));
  }
  const ratio = Number((best.with / best.without).toFixed(2));
  console.log(JSON.stringify({ what, atOnce: AT_ONCE, withoutAudit: Math.round(best.without), withAudit: Math.round(best.with), ratio, unit: 'writes/s' }));
}

const folder = mkdtempSync(path.join(tmpdir(), 'midgard-audit-bench-'));
try {
  await measure('SQLite file', `sqlite:${path.join(folder, 'bench.db')}`, 1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const mysql = await mysqlForTests();
if ('url' in mysql) {
  try {
    await measure('MariaDB, one instance', await mysql.freshDatabase(), 1);
    await measure('MariaDB, two instances, a chain each', await mysql.freshDatabase(), 2);
  } finally {
    await mysql.remove();
  }
} else console.log(mysql.missing);
