import type { Database, Session } from '../../database.ts';
import type { RowValues } from '../../dialects/dialect.ts';
import type { ShardedDatabase } from '../sharded-database.ts';
import { item, player, wallet } from './sharded-fixture.ts';

/** What the writers were told is there: rows by entity and key. */
export type Acknowledged = Map<string, RowValues>;

const playersOfWriter = 12;

/** Numbers from a seed (mulberry32), so that a failing run can be run again. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Writers that insert, change, count, replace and delete rows of players of their own, one transaction after the other, and keep in
 * mind what they were told. None of them may ever be refused.
 */
export class Storm {
  readonly acknowledged: Acknowledged = new Map();
  transactions = 0;
  /** Of the writers who count. */
  counted = 0n;
  #isOver = false;
  readonly #running: Promise<void>[] = [];

  /** @param database through which writer number `writer` writes from now on */
  start(database: ShardedDatabase, writer: number, seed: number): void {
    this.#running.push(this.#write(database, writer, randomFrom(seed)));
  }

  /** Resolves when all writers have ended. @throws what any of them was refused with */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  /** Starts a writer who counts up the score of players that others count up, too. */
  startCounting(database: ShardedDatabase, players: readonly bigint[], seed: number): void {
    this.#running.push(this.#count(database, players, randomFrom(seed)));
  }

  async #count(database: ShardedDatabase, players: readonly bigint[], random: (below: number) => number): Promise<void> {
    while (!this.#isOver) {
      const playerId = players[random(players.length)] ?? 0n;
      const row = await database.transaction((session) => session.dao(player).increment(playerId, { score: 1n }), { shardKey: playerId, timeoutMs: 20_000 });
      this.transactions += 1;
      this.counted += 1n;
      // Of several that are told at the same time, the one of the highest version is the last; and every version is somebody's.
      const known = this.acknowledged.get(`player ${playerId}`);
      if (Number(known?.['version']) < row.version) this.acknowledged.set(`player ${playerId}`, row);
    }
  }

  async #write(database: ShardedDatabase, writer: number, random: (below: number) => number): Promise<void> {
    while (!this.#isOver) {
      const playerId = BigInt(writer * 1000 + random(playersOfWriter));
      await this.once(database, playerId, random);
    }
  }

  /** One transaction of one player; what it is told becomes known when it is acknowledged. */
  async once(database: ShardedDatabase, playerId: bigint, random: (below: number) => number): Promise<void> {
    const told = await database.transaction((session) => writeSome(session, playerId, random), { shardKey: playerId, timeoutMs: 20_000 });
    this.transactions += 1;
    for (const [name, row] of told) {
      if (row === undefined) this.acknowledged.delete(name);
      else this.acknowledged.set(name, row);
    }
  }
}

async function writeSome(session: Session, playerId: bigint, random: (below: number) => number): Promise<Map<string, RowValues | undefined>> {
  const told = new Map<string, RowValues | undefined>();
  const [players, wallets, items] = [session.dao(player), session.dao(wallet), session.dao(item)];
  const tell = (name: string, row: RowValues | undefined): unknown => told.set(name, row);
  const known = await players.get(playerId);
  if (known === undefined) {
    tell(`player ${playerId}`, await players.insert({ id: playerId, name: `p${playerId}`, level: 0, score: 0n }));
  } else if (random(12) === 0) {
    await players.delete(playerId);
    tell(`player ${playerId}`, undefined);
  } else {
    tell(`player ${playerId}`, await players.increment(playerId, { score: BigInt(random(100)) }));
  }
  const currency = random(2) === 0 ? 'gold' : 'gems';
  await wallets.addMany([{ playerId, currency, balance: 1n }], ['balance']);
  tell(`wallet ${playerId} ${currency}`, await wallets.get({ playerId, currency }));
  // Two items that pass their unique kinds on to each other.
  const [first, second] = [playerId * 10n, playerId * 10n + 1n];
  const [firstKind, secondKind] = random(2) === 0 ? (['axe', 'bow'] as const) : (['bow', 'axe'] as const);
  for (const itemId of [first, second]) {
    if (await items.delete(itemId)) tell(`item ${itemId}`, undefined);
  }
  if (random(4) > 0) {
    const row = { playerId, price: '1.25', data: { uses: random(9), tags: ['x', null] } };
    tell(`item ${first}`, await items.insert({ id: first, kind: firstKind, ...row }));
    tell(`item ${second}`, await items.upsert({ id: second, kind: secondKind, soldAt: new Date(random(1000)), ...row }));
  }
  return told;
}

/** @returns every row of the game that a shard's database holds, by entity and key */
export async function rowsOf(database: Database): Promise<Acknowledged> {
  return database.read(async (session) => {
    const rows: Acknowledged = new Map();
    for (const row of await session.dao(player).find()) rows.set(`player ${row.id}`, row);
    for (const row of await session.dao(wallet).find()) rows.set(`wallet ${row.playerId} ${row.currency}`, row);
    for (const row of await session.dao(item).find()) rows.set(`item ${row.id}`, row);
    return rows;
  });
}
