import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { keyValues, notFound } from '../rows.ts';
import type { PlainDao, PlainLock, PlainPage, PlainQuery, PlainVersion } from './plain-dao.ts';
import { shardValue } from './shard-key.ts';

/** What the data access objects of one pinned session share. */
export interface Pin {
  /** Text of the shard key. */
  readonly key: string;
  /** Hears of each row before it is written. @throws {DaoError} `ERR_DAO_SESSION`: the work has ended */
  readonly beforeWrite: (entity: Entity, row: RowValues) => void;
  /** @throws {DaoError} `ERR_DAO_SESSION`: the work has ended */
  readonly requireOpen: () => void;
}

/**
 * The rows of one shard key, and no others: not even those of a key that happens to lie on the same shard, because a shard
 * that is added later may part them. {@link Dao} says what each method promises.
 */
export class PinnedDao implements PlainDao {
  readonly #entity: Entity;
  readonly #dao: PlainDao;
  readonly #pin: Pin;
  /** Whether a key alone tells the shard. */
  readonly #isKeyed: boolean;

  constructor(entity: Entity, dao: PlainDao, pin: Pin) {
    this.#entity = entity;
    this.#dao = dao;
    this.#pin = pin;
    this.#isKeyed = entity.key.includes(entity.shardBy);
  }

  async insert(row: RowValues): Promise<RowValues> {
    this.#writeRows([row]);
    return this.#dao.insert(row);
  }

  async insertMany(rows: readonly RowValues[]): Promise<readonly RowValues[]> {
    this.#writeRows(rows);
    return this.#dao.insertMany(rows);
  }

  async get(key: unknown, options: PlainLock = {}): Promise<RowValues | undefined> {
    this.#checkedKey(key);
    const row = await this.#dao.get(key, options);
    return row !== undefined && this.#isOwn(row) ? row : undefined;
  }

  async getMany(keys: readonly unknown[], options: PlainLock = {}): Promise<readonly RowValues[]> {
    for (const key of keys) this.#checkedKey(key);
    const rows = await this.#dao.getMany(keys, options);
    return rows.filter((row) => this.#isOwn(row));
  }

  async find(query: PlainQuery = {}): Promise<readonly RowValues[]> {
    return this.#dao.find({ ...query, where: this.#where(query.where) });
  }

  async page(query: PlainQuery & { readonly cursor?: string | null } = {}): Promise<PlainPage> {
    return this.#dao.page({ ...query, where: this.#where(query.where) });
  }

  async count(where?: RowValues): Promise<number> {
    return this.#dao.count(this.#where(where));
  }

  async update(key: unknown, patch: RowValues, options: PlainVersion = {}): Promise<RowValues> {
    if (Object.hasOwn(patch, this.#entity.shardBy)) this.#requireOwn(patch);
    await this.#writeExisting(key);
    return this.#dao.update(key, patch, options);
  }

  async increment(key: unknown, deltas: RowValues, options: { readonly min?: bigint } = {}): Promise<RowValues> {
    if (Object.hasOwn(deltas, this.#entity.shardBy)) throw this.#elsewhere();
    await this.#writeExisting(key);
    return this.#dao.increment(key, deltas, options);
  }

  async delete(key: unknown, options: PlainVersion = {}): Promise<boolean> {
    const own = this.#checkedKey(key);
    if (!this.#isKeyed && (await this.#isForeign([own]))) return false;
    this.#pin.beforeWrite(this.#entity, own);
    return this.#dao.delete(key, options);
  }

  async upsert(row: RowValues): Promise<RowValues> {
    await this.#replaceRows([row]);
    return this.#dao.upsert(row);
  }

  async addMany(rows: readonly RowValues[], columns: readonly string[]): Promise<void> {
    await this.#replaceRows(rows);
    return this.#dao.addMany(rows, columns);
  }

  async saveNewer(rows: readonly { readonly row: RowValues; readonly version: number }[]): Promise<readonly RowValues[]> {
    await this.#replaceRows(rows.map(({ row }) => row));
    return this.#dao.saveNewer(rows);
  }

  #writeRows(rows: readonly RowValues[]): void {
    for (const row of rows) {
      this.#requireOwn(row);
      this.#pin.beforeWrite(this.#entity, row);
    }
  }

  /** For writes that may meet a row of the same key; where the key does not hold the shard key, that may be somebody else's. */
  async #replaceRows(rows: readonly RowValues[]): Promise<void> {
    for (const row of rows) this.#requireOwn(row);
    if (!this.#isKeyed && (await this.#isForeign(rows)))
      throw new DaoError('ERR_DAO_DUPLICATE', `${this.#entity.name} exists for another shard key`, { entity: this.#entity.name, columns: this.#entity.key });
    this.#writeRows(rows);
  }

  async #writeExisting(key: unknown): Promise<void> {
    const own = this.#checkedKey(key);
    if (!this.#isKeyed && (await this.#isForeign([own]))) throw notFound(this.#entity);
    this.#pin.beforeWrite(this.#entity, own);
  }

  async #isForeign(rows: readonly RowValues[]): Promise<boolean> {
    const keys = rows.map((row) => Object.fromEntries(this.#entity.key.map((name) => [name, row[name]])));
    return (await this.#dao.getMany(keys)).some((row) => !this.#isOwn(row));
  }

  /** @returns the key's columns */
  #checkedKey(key: unknown): RowValues {
    this.#pin.requireOpen();
    const values = keyValues(this.#entity, key);
    const columns = Object.fromEntries(this.#entity.key.map((name, index) => [name, values[index]]));
    if (this.#isKeyed) this.#requireOwn(columns);
    return columns;
  }

  #where(where: RowValues = {}): RowValues {
    this.#pin.requireOpen();
    const { shardBy } = this.#entity;
    if (Object.hasOwn(where, shardBy)) this.#requireOwn(where);
    return { ...where, [shardBy]: shardValue(this.#entity, this.#pin.key) };
  }

  #isOwn(row: RowValues): boolean {
    return String(row[this.#entity.shardBy]) === this.#pin.key;
  }

  #requireOwn(row: RowValues): void {
    if (!this.#isOwn(row)) throw this.#elsewhere();
  }

  #elsewhere(): DaoError {
    const { name, shardBy } = this.#entity;
    return new DaoError('ERR_DAO_SHARD', `${name}.${shardBy}: another shard key than that of this session`, { entity: name, columns: [shardBy] });
  }
}
