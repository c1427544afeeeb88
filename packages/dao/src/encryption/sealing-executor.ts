import type { SQL } from 'drizzle-orm';
import type { Condition } from '../conditions.ts';
import type { Change, Executor, MergeRule, RowValues, Selection } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { keyRecord, type KeyRow } from './key-records.ts';
import type { Keyring } from './keyring.ts';
import type { RowSealer } from './row-sealer.ts';
import { hashColumn } from './stored-entity.ts';

/**
 * The executor of a session for one entity with encrypted columns: what goes down is encrypted, what comes up is decrypted. The executor
 * below, and with it statements, listeners and drivers, sees ciphertexts and hashes alone.
 */
export class SealingExecutor implements Executor {
  readonly #inner: Executor;
  readonly #sealer: RowSealer;
  readonly #keyring: Keyring;

  constructor(inner: Executor, sealer: RowSealer, keyring: Keyring) {
    this.#inner = inner;
    this.#sealer = sealer;
    this.#keyring = keyring;
  }

  get isWritable(): boolean {
    return this.#inner.isWritable;
  }

  async get(_entity: Entity, key: readonly unknown[]): Promise<RowValues | undefined> {
    return this.#openOne(await this.#inner.get(this.#sealer.stored, key));
  }

  async getMany(_entity: Entity, keys: readonly (readonly unknown[])[], isForUpdate: boolean): Promise<readonly RowValues[]> {
    return this.#open(await this.#inner.getMany(this.#sealer.stored, keys, isForUpdate));
  }

  async select(_entity: Entity, selection: Selection): Promise<readonly RowValues[]> {
    const where = this.#sealer.conditions(selection.where);
    return this.#open(await this.#inner.select(this.#sealer.stored, { ...selection, where }));
  }

  count(_entity: Entity, where: readonly Condition[]): Promise<number> | number {
    return this.#inner.count(this.#sealer.stored, this.#sealer.conditions(where));
  }

  async insert(_entity: Entity, rows: readonly RowValues[]): Promise<readonly RowValues[]> {
    const sealed = rows.map((row) => this.#sealer.sealRow(row));
    return this.#open(await this.#named(async () => this.#inner.insert(this.#sealer.stored, sealed)));
  }

  async update(_entity: Entity, change: Change): Promise<RowValues | undefined> {
    const sealed = { ...change, where: this.#sealer.conditions(change.where), set: this.#sealer.seal(change.key, change.set) };
    return this.#openOne(await this.#named(async () => this.#inner.update(this.#sealer.stored, sealed)));
  }

  async merge(_entity: Entity, rows: readonly RowValues[], rule: MergeRule): Promise<readonly RowValues[]> {
    const sealed = rows.map((row) => this.#sealer.sealRow(row));
    return this.#open(await this.#named(async () => this.#inner.merge(this.#sealer.stored, sealed, rule)));
  }

  delete(_entity: Entity, key: readonly unknown[], where: readonly Condition[]): Promise<boolean> | boolean {
    return this.#inner.delete(this.#sealer.stored, key, this.#sealer.conditions(where));
  }

  execute(statement: SQL): Promise<readonly RowValues[]> | readonly RowValues[] {
    return this.#inner.execute(statement);
  }

  async #openOne(row: RowValues | undefined): Promise<RowValues | undefined> {
    return row === undefined ? undefined : (await this.#open([row]))[0];
  }

  async #open(rows: readonly RowValues[]): Promise<readonly RowValues[]> {
    const unknown = this.#sealer.unknownKeys(rows);
    if (unknown.length > 0) await this.#learn(unknown);
    return rows.map((row) => this.#sealer.openRow(row));
  }

  /** A key that another instance has just begun: asked for here, since a second connection may not be to be had inside of a transaction. */
  async #learn(ids: readonly number[]): Promise<void> {
    const keys = ids.map((id) => [id]);
    // A row that was read to be changed may be newer than the snapshot: then so is its key.
    const rows = await this.#inner.getMany(keyRecord, keys, this.#inner.isWritable);
    await this.#keyring.learn(rows.filter(isKeyRow));
  }

  /** Says of a duplicate hash which column has it. */
  async #named<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DaoError) || error.columns === undefined) throw error;
      const names = new Map(this.#sealer.entity.encrypted.map((name) => [hashColumn(name), name]));
      const columns = error.columns.map((column) => names.get(column) ?? column);
      throw new DaoError(error.code, error.message, { entity: error.entity, columns, cause: error.cause });
    }
  }
}

function isKeyRow(row: RowValues): row is KeyRow {
  return typeof row['id'] === 'number' && row['wrapped'] instanceof Uint8Array && typeof row['wrappedBy'] === 'string';
}
