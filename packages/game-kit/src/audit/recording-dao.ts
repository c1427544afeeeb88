import type { Dao, Entity, FindQuery, Increments, KeyOf, LockOptions, NewRow, Page, PageQuery, Patch, Row, VersionedRow, VersionOptions } from '@midgard/dao';
import { type AnyRow, type ChangeLog, isNew, minus, versionStep } from './change-log.ts';

/** A Dao that notes the rows which it writes, and asks for what was before them only where the transaction has not seen it. */
export class RecordingDao<E extends Entity> implements Dao<E> {
  readonly #entity: E;
  readonly #inner: Dao<E>;
  readonly #log: ChangeLog;

  constructor(entity: E, inner: Dao<E>, log: ChangeLog) {
    this.#entity = entity;
    this.#inner = inner;
    this.#log = log;
  }

  async insert(row: NewRow<E>): Promise<Row<E>> {
    const inserted = await this.#inner.insert(row);
    this.#log.wrote(this.#entity, inserted, null);
    return inserted;
  }

  async insertMany(rows: readonly NewRow<E>[]): Promise<readonly Row<E>[]> {
    const inserted = await this.#inner.insertMany(rows);
    for (const row of inserted) this.#log.wrote(this.#entity, row, null);
    return inserted;
  }

  async get(key: KeyOf<E>, options?: LockOptions): Promise<Row<E> | undefined> {
    const row = await this.#inner.get(key, options);
    if (row !== undefined) this.#log.saw(this.#entity, row);
    return row;
  }

  async getMany(keys: readonly KeyOf<E>[], options?: LockOptions): Promise<readonly Row<E>[]> {
    return this.#saw(await this.#inner.getMany(keys, options));
  }

  async find(query?: FindQuery<E>): Promise<readonly Row<E>[]> {
    return this.#saw(await this.#inner.find(query));
  }

  async page(query?: PageQuery<E>): Promise<Page<E>> {
    const page = await this.#inner.page(query);
    this.#saw(page.items);
    return page;
  }

  async update(key: KeyOf<E>, patch: Patch<E>, options?: VersionOptions): Promise<Row<E>> {
    const before = await this.#before(key);
    const after = await this.#inner.update(key, patch, options);
    this.#log.wrote(this.#entity, after, before);
    return after;
  }

  async delete(key: KeyOf<E>, options?: VersionOptions): Promise<boolean> {
    const before = await this.#before(key);
    const isDeleted = await this.#inner.delete(key, options);
    if (isDeleted) this.#log.removed(this.#entity, key, before);
    return isDeleted;
  }

  async upsert(row: NewRow<E>): Promise<Row<E>> {
    const known = this.#log.known(this.#entity, row);
    const after = await this.#inner.upsert(row);
    // Not looked for: on a server a lock on a gap keeps others from filling it.
    this.#log.wrote(this.#entity, after, known ?? (isNew(this.#entity, plain(after)) ? null : undefined));
    return after;
  }

  count(...given: Parameters<Dao<E>['count']>): Promise<number> {
    return this.#inner.count(...given);
  }

  async increment(key: KeyOf<E>, deltas: Increments<E>, options?: { readonly min?: bigint }): Promise<Row<E>> {
    const known = this.#log.known(this.#entity, key);
    const after = await this.#inner.increment(key, deltas, options);
    const whole = plain(after);
    this.#log.wrote(this.#entity, after, known ?? { ...whole, ...minus(whole, { ...deltas, ...versionStep(this.#entity) }) });
    return after;
  }

  async addMany(rows: readonly NewRow<E>[], columns: Parameters<Dao<E>['addMany']>[1]): Promise<void> {
    await this.#inner.addMany(rows, columns);
    for (const row of rows) this.#log.addedTo(this.#entity, row, columns);
  }

  async saveNewer(rows: readonly VersionedRow<E>[]): Promise<readonly Row<E>[]> {
    const written = await this.#inner.saveNewer(rows);
    for (const row of written) this.#log.wrote(this.#entity, row, this.#log.known(this.#entity, row));
    return written;
  }

  #saw(rows: readonly Row<E>[]): readonly Row<E>[] {
    for (const row of rows) this.#log.saw(this.#entity, row);
    return rows;
  }

  /** Locked: the row is to be written anyway. */
  async #before(key: KeyOf<E>): Promise<AnyRow | undefined> {
    const known = this.#log.known(this.#entity, key);
    if (known !== undefined) return known;
    const row = await this.#inner.get(key, { forUpdate: true });
    return row === undefined ? undefined : plain(row);
  }
}

function plain(row: object): AnyRow {
  return Object.fromEntries(Object.entries(row));
}
