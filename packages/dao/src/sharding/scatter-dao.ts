import type { CursorSigner } from '../cursor.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { keyValues } from '../rows.ts';
import { readOnlyError } from '../statements/hand-written.ts';
import { hashKey } from './hash-ring.ts';
import { mergePages, mergeRows, totalOrder } from './merged-page.ts';
import { type Ownership, pageOwned, scanOwned } from './owned-rows.ts';
import type { PlainDao, PlainLock, PlainPage, PlainQuery } from './plain-dao.ts';
import { keyTexts, rowId } from './shard-key.ts';

/** One shard's part of a scattered read. */
export interface ShardPart {
  readonly dao: PlainDao;
  /** Undefined where the shard holds nothing but what it owns. */
  readonly isOwned: Ownership | undefined;
}

/** Asks shards, each in a read of its own, all of them by the same topology. */
export interface Scatter {
  /** @param hash of the only shard key that is asked for; undefined: every shard is asked */
  ask<T>(entity: Entity, hash: bigint | undefined, question: (part: ShardPart) => Promise<T>): Promise<readonly T[]>;
}

const maxFind = 10_000;
const maxPage = 1000;

/** Reads over all shards; each call sees every shard at a moment of its own. It writes nothing. */
export class ScatterDao implements PlainDao {
  readonly #entity: Entity;
  readonly #scatter: Scatter;
  readonly #cursors: CursorSigner;

  constructor(entity: Entity, scatter: Scatter, cursors: CursorSigner) {
    this.#entity = entity;
    this.#scatter = scatter;
    this.#cursors = cursors;
  }

  async get(key: unknown, options: PlainLock = {}): Promise<RowValues | undefined> {
    const [row] = await this.getMany([key], options);
    return row;
  }

  async getMany(keys: readonly unknown[], { forUpdate = false }: PlainLock = {}): Promise<readonly RowValues[]> {
    if (forUpdate) throw readOnlyError();
    const { key: names, shardBy } = this.#entity;
    const wanted = keys.map((key) => {
      const values = keyValues(this.#entity, key);
      return Object.fromEntries(names.map((name, index) => [name, values[index]]));
    });
    const [first, ...others] = wanted;
    if (first === undefined) return [];
    const only = others.length === 0 && names.includes(shardBy) ? hashKey(String(first[shardBy])) : undefined;
    const answers = await this.#scatter.ask(this.#entity, only, async ({ dao, isOwned }) => owned(await dao.getMany(wanted), isOwned));
    const found = new Map(answers.flat().map((row) => [rowId(this.#entity, keyTexts(this.#entity, row)), row]));
    const ids = new Set(wanted.map((key) => rowId(this.#entity, keyTexts(this.#entity, key))));
    return [...ids].map((id) => found.get(id)).filter((row) => row !== undefined);
  }

  async find(query: PlainQuery = {}): Promise<readonly RowValues[]> {
    const { limit = maxFind } = query;
    const order = totalOrder(this.#entity, query);
    const lists = await this.#scatter.ask(this.#entity, this.#shardHash(query.where), ({ dao, isOwned }) =>
      isOwned === undefined ? dao.find(query) : this.#findOwned(dao, query, isOwned),
    );
    if (query.limit === undefined && lists.flat().length > maxFind) throw this.#tooMany();
    return mergeRows(this.#entity, order, lists, limit);
  }

  async page(query: PlainQuery & { readonly cursor?: string | null } = {}): Promise<PlainPage> {
    const { limit = 50 } = query;
    // Checked before it is used: a part that fills a page of its own counts on it.
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= maxPage)) throw this.#wrongLimit();
    const pages = await this.#scatter.ask(this.#entity, this.#shardHash(query.where), ({ dao, isOwned }) =>
      isOwned === undefined ? dao.page(query) : pageOwned(dao, query, isOwned),
    );
    return mergePages(this.#entity, totalOrder(this.#entity, query), pages, limit, this.#cursors);
  }

  async count(where?: RowValues): Promise<number> {
    const counts = await this.#scatter.ask(this.#entity, this.#shardHash(where), async ({ dao, isOwned }) => {
      if (isOwned === undefined) return dao.count(where);
      let rows = 0;
      for await (const _ of scanOwned(dao, where, isOwned)) rows += 1;
      return rows;
    });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  insert(): Promise<never> {
    return this.#refuse();
  }

  insertMany(): Promise<never> {
    return this.#refuse();
  }

  update(): Promise<never> {
    return this.#refuse();
  }

  delete(): Promise<never> {
    return this.#refuse();
  }

  upsert(): Promise<never> {
    return this.#refuse();
  }

  increment(): Promise<never> {
    return this.#refuse();
  }

  addMany(): Promise<never> {
    return this.#refuse();
  }

  saveNewer(): Promise<never> {
    return this.#refuse();
  }

  /** The rows are looked at in the order of the key, so a shard's limit cannot be used before all of them are sorted. */
  async #findOwned(dao: PlainDao, query: PlainQuery, isOwned: Ownership): Promise<readonly RowValues[]> {
    const { limit } = query;
    // The shard's own find checks the query, at the price of one row.
    await dao.find({ ...query, limit: limit === undefined ? 1 : limit });
    const order = totalOrder(this.#entity, query);
    let rows: RowValues[] = [];
    for await (const row of scanOwned(dao, query.where, isOwned)) {
      rows.push(row);
      if (rows.length <= maxFind) continue;
      if (limit === undefined) throw this.#tooMany();
      rows = [...mergeRows(this.#entity, order, [rows], limit)];
    }
    return mergeRows(this.#entity, order, [rows], limit ?? maxFind);
  }

  /** A query for one shard key asks one shard. */
  #shardHash(where: RowValues | undefined): bigint | undefined {
    const condition = where?.[this.#entity.shardBy];
    const value = typeof condition === 'object' && condition !== null && 'eq' in condition ? condition.eq : condition;
    return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string' ? hashKey(String(value)) : undefined;
  }

  async #refuse(): Promise<never> {
    throw readOnlyError();
  }

  #tooMany(): DaoError {
    return new DaoError('ERR_DAO_INPUT', `${this.#entity.name}: more than ${maxFind} rows; give a limit, or use page`, { entity: this.#entity.name });
  }

  #wrongLimit(): DaoError {
    return new DaoError('ERR_DAO_INPUT', `limit must be an integer from 1 to ${maxPage}`, { entity: this.#entity.name });
  }
}

function owned(rows: readonly RowValues[], isOwned: Ownership | undefined): readonly RowValues[] {
  return isOwned === undefined ? rows : rows.filter(isOwned);
}
