import type { KeyObject } from 'node:crypto';
import type { Column } from '../column.ts';
import type { Condition } from '../conditions.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { Keyring } from './keyring.ts';
import { placeOf } from './place.ts';
import { fromPlain, toPlain } from './plain-bytes.ts';
import { searchHash, searchKey } from './search-hash.ts';
import { dataKeyOf, open, seal } from './sealed-value.ts';
import { hashColumn, storedEntity } from './stored-entity.ts';

/** One encrypted column. */
interface SealedColumn {
  readonly name: string;
  readonly column: Column;
  readonly physical: string;
  /** Column of its hash, where it is searchable. */
  readonly hashName: string | undefined;
}

/** Turns rows of an entity into rows as they are stored, and back. */
export class RowSealer {
  readonly entity: Entity;
  /** The entity of the rows as they are stored. */
  readonly stored: Entity;
  readonly #keyring: Keyring;
  readonly #columns: readonly SealedColumn[];
  readonly #searchKeys = new Map<string, KeyObject>();

  constructor(entity: Entity, keyring: Keyring) {
    this.entity = entity;
    this.stored = storedEntity(entity);
    this.#keyring = keyring;
    this.#columns = entity.encrypted.flatMap((name) => {
      const column = entity.columns[name];
      if (column === undefined) return [];
      const hashName = column.traits.secrecy === 'searchable' ? hashColumn(name) : undefined;
      return [{ name, column, physical: entity.physicalNames[name] ?? name, hashName }];
    });
  }

  /** @param key values of the key's columns, in their order; @param values of all columns, or of some */
  seal(key: readonly unknown[], values: RowValues): RowValues {
    const sealed: Record<string, unknown> = { ...values };
    for (const each of this.#columns) {
      if (!Object.hasOwn(values, each.name)) continue;
      const value = values[each.name];
      // A JSON null in a column that is never null is the document `null`.
      const plain = value === null && each.column.traits.isNullable ? undefined : toPlain(each.column, value);
      const hash = each.hashName === undefined || plain === undefined ? null : searchHash(this.#searchKey(each), plain);
      sealed[each.name] = plain === undefined ? null : seal(this.#keyring.take(), this.#place(each, hash, key), plain);
      if (each.hashName !== undefined) sealed[each.hashName] = hash;
    }
    return sealed;
  }

  sealRow(row: RowValues): RowValues {
    return this.seal(this.#keyOf(row), row);
  }

  /** @returns conditions on what is stored: on the hash where a value is compared */
  conditions(where: readonly Condition[]): readonly Condition[] {
    return where.map((condition) => {
      const sealed = this.#columns.find(({ name }) => name === condition.column);
      if (sealed?.hashName === undefined) return condition;
      const key = this.#searchKey(sealed);
      return { ...condition, column: sealed.hashName, values: condition.values.map((value) => searchHash(key, toPlain(sealed.column, value))) };
    });
  }

  /** @returns numbers of the data keys that rows need and the keyring lacks */
  unknownKeys(rows: readonly RowValues[]): readonly number[] {
    const unknown = new Set<number>();
    for (const row of rows) {
      for (const { name } of this.#columns) {
        const id = keyIdOf(row[name]);
        if (id !== undefined && this.#keyring.key(id) === undefined) unknown.add(id);
      }
    }
    return [...unknown];
  }

  /** @throws {DaoError} `ERR_DAO_DECRYPT` */
  openRow(stored: RowValues): RowValues {
    const row: Record<string, unknown> = { ...stored };
    const key = this.#keyOf(stored);
    for (const each of this.#columns) {
      if (each.hashName !== undefined) delete row[each.hashName];
      const plain = this.#open(each, stored, key);
      row[each.name] = plain === undefined ? null : fromPlain(each.column, plain);
    }
    return row;
  }

  /** @returns whether a row has a value that is not under the newest key */
  isOld(stored: RowValues): boolean {
    return this.#columns.some(({ name }) => stored[name] instanceof Uint8Array && keyIdOf(stored[name]) !== this.#keyring.currentId);
  }

  /** @returns what a row changes to, to be under the newest key; undefined where it is. @throws {DaoError} `ERR_DAO_DECRYPT` */
  renewed(stored: RowValues): { readonly set: RowValues; readonly values: number } | undefined {
    const key = this.#keyOf(stored);
    const set: Record<string, unknown> = {};
    for (const each of this.#columns) {
      const id = keyIdOf(stored[each.name]);
      const plain = id === this.#keyring.currentId ? undefined : this.#open(each, stored, key);
      if (plain !== undefined) set[each.name] = seal(this.#keyring.take(), this.#place(each, hashOf(each, stored), key), plain);
    }
    const values = Object.keys(set).length;
    return values === 0 ? undefined : { set, values };
  }

  #open(each: SealedColumn, stored: RowValues, key: readonly unknown[]): Buffer | undefined {
    const value = stored[each.name];
    const hash = hashOf(each, stored);
    if (value === null && hash === null) return undefined;
    const id = keyIdOf(value);
    const dataKey = id === undefined ? undefined : this.#keyring.key(id);
    if (id !== undefined && dataKey === undefined) throw this.#error(each, `its data key ${id} is not in the database`);
    const plain = dataKey === undefined || !(value instanceof Uint8Array) ? undefined : open(dataKey, this.#place(each, hash, key), value);
    if (plain === undefined) throw this.#error(each, 'it was changed, or belongs to another row, column or table');
    return plain;
  }

  #error({ name }: SealedColumn, why: string): DaoError {
    const entity = this.entity.name;
    return new DaoError('ERR_DAO_DECRYPT', `${entity}.${name}: a stored value does not decrypt: ${why}`, { entity, columns: [name] });
  }

  #place({ physical }: SealedColumn, hash: string | null, key: readonly unknown[]): Buffer {
    return placeOf(this.entity.table, physical, hash, key);
  }

  #keyOf(row: RowValues): readonly unknown[] {
    return this.entity.key.map((name) => row[name]);
  }

  #searchKey({ name, physical }: SealedColumn): KeyObject {
    let key = this.#searchKeys.get(name);
    if (key === undefined) {
      key = searchKey(this.#keyring.searchRoot, this.entity.table, physical);
      this.#searchKeys.set(name, key);
    }
    return key;
  }
}

function keyIdOf(value: unknown): number | undefined {
  return value instanceof Uint8Array ? dataKeyOf(value) : undefined;
}

/** @returns the stored hash of a searchable column, else null */
function hashOf({ hashName }: SealedColumn, stored: RowValues): string | null {
  const hash = hashName === undefined ? null : stored[hashName];
  return typeof hash === 'string' ? hash : null;
}
