import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createdAt, decimal, id, int, int64, json, text, timestamp, updatedAt, version } from '../../column.ts';
import { type Database, openDatabase } from '../../database.ts';
import { type Entity, defineEntity } from '../../entity.ts';
import type { ShardMap } from '../shard-map.ts';
import { type ShardedDatabase, type ShardedDatabaseOptions, openShardedDatabase } from '../sharded-database.ts';

/** The shard key is the key. */
export const player = defineEntity('player', {
  columns: { id: id(), name: text(32), level: int(), score: int64(), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
  key: ['id'],
});

/** The shard key is the first column of the key. */
export const wallet = defineEntity('wallet', {
  columns: { playerId: id(), currency: text(16), balance: id(), version: version() },
  key: ['playerId', 'currency'],
});

/** The shard key is no part of the key. */
export const item = defineEntity('item', {
  columns: { id: id(), playerId: id(), kind: text(16), price: decimal(10, 2), soldAt: timestamp().nullable(), data: json(), version: version() },
  key: ['id'],
  shardBy: 'playerId',
  indexes: [{ on: ['playerId', 'kind'], unique: true }],
});

export const entities: readonly Entity[] = [player, wallet, item];

/** @returns a map of shards a, b, c, … */
export function mapOf(count: number, mapVersion = 1): ShardMap {
  const shards = Array.from({ length: count }, (_, index) => String.fromCodePoint(97 + index)).map((shardId) => ({ id: shardId, url: `test:${shardId}` }));
  return { version: mapVersion, shards, virtualNodes: 32 };
}

const cursorSecret = new Uint8Array(32).fill(3);

/** @returns the URL of a database that is empty; without a disk where that can be, since no machine dies in these tests */
function emptyFile(): string {
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'midgard-shard-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return `sqlite:${folder}/shard.db`;
}

/** Empty databases by URL, which stay when a sharded database over them is closed, as servers do when a process ends. */
export class TestServers {
  readonly #databases = new Map<string, Promise<Database>>();
  readonly #clock: { now(): number };
  readonly #emptyUrl: () => Promise<string> | string;

  /** @param emptyUrl gives the URL of an empty database at each call */
  constructor(clock: { now(): number } = { now: () => Date.UTC(2026, 0, 1) }, emptyUrl: () => Promise<string> | string = emptyFile) {
    this.#clock = clock;
    this.#emptyUrl = emptyUrl;
    onTestFinished(async () => {
      for (const database of this.#databases.values()) await (await database).close();
    });
  }

  /** @returns the database of a shard, by its id */
  database(shardId: string): Promise<Database> {
    return this.open(`test:${shardId}`);
  }

  readonly open = (url: string): Promise<Database> => {
    let database = this.#databases.get(url);
    if (database === undefined) {
      database = this.#openEmpty();
      this.#databases.set(url, database);
    }
    return database;
  };

  async #openEmpty(): Promise<Database> {
    return openDatabase(await this.#emptyUrl(), { cursorSecret, clock: this.#clock });
  }

  /** @param around what a shard's database is wrapped in */
  async connect(
    map: ShardMap,
    options: Partial<ShardedDatabaseOptions> = {},
    around: (database: Database) => Database = (database) => database,
  ): Promise<ShardedDatabase> {
    const open = async (url: string): Promise<Database> => withoutClose(around(await this.open(url)));
    return openShardedDatabase({ map, entities, cursorSecret, clock: this.#clock, open, ...options });
  }
}

/** @returns the same database, which only its servers close */
function withoutClose(database: Database): Database {
  return intercepted(database, (name, run) => (name === 'close' ? Promise.resolve() : run()));
}

/** @returns a database each of whose methods goes through `around` */
export function intercepted(database: Database, around: (name: string, run: () => unknown) => unknown): Database {
  return new Proxy(database, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => around(String(name), (): unknown => Reflect.apply(member, target, args));
    },
  });
}

/** @returns a sharded database with its tables, and its servers */
export async function openSharded(count: number, options: Partial<ShardedDatabaseOptions> = {}): Promise<{ database: ShardedDatabase; servers: TestServers }> {
  const servers = new TestServers();
  const database = await servers.connect(mapOf(count), options);
  await database.migrate(entities);
  return { database, servers };
}
