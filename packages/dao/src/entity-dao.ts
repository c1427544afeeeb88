import { type Condition, parseConditions, requireColumn } from './conditions.ts';
import type { CursorOrder } from './cursor.ts';
import type { MergeRule, RowValues, Selection } from './dialects/dialect.ts';
import type { Entity } from './entity.ts';
import { DaoError } from './errors.ts';
import { type AgeOptions, cachedQuery, requireAge } from './query-cache.ts';
import { changeRow, countedBounds, incrementRow } from './row-changes.ts';
import { completeRow, keyName, keyValues, versionCondition, versionConflict } from './rows.ts';
import type { DaoSession, SessionParts } from './session.ts';
import { checkValue } from './values.ts';

interface Query extends AgeOptions {
  readonly where?: RowValues;
  readonly orderBy?: string | readonly string[];
  readonly descending?: boolean;
  readonly limit?: number;
}

interface LockOptions {
  readonly forUpdate?: boolean;
}

const maxPage = 1000;
const maxFind = 10_000;
const getManyChunk = 1000;

/**
 * What all dialects do alike for one entity in one session; {@link Dao} is its typed face and says what each method promises.
 *
 * The methods run up to the driver without waiting, so statements have the order of the calls.
 */
export class EntityDao {
  readonly #entity: Entity;
  readonly #session: DaoSession;
  readonly #parts: SessionParts;

  constructor(entity: Entity, session: DaoSession, parts: SessionParts) {
    this.#entity = entity;
    this.#session = session;
    this.#parts = parts;
  }

  async insert(row: RowValues): Promise<RowValues> {
    const [inserted] = await this.insertMany([row]);
    if (inserted === undefined) throw new DaoError('ERR_DAO_STATEMENT', `${this.#entity.name}: insert gave no row`, { entity: this.#entity.name });
    return inserted;
  }

  async insertMany(rows: readonly RowValues[]): Promise<readonly RowValues[]> {
    const writer = this.#session.writer();
    const now = this.#parts.clock.now();
    const inserted = await writer.insert(
      this.#entity,
      rows.map((row) => completeRow(this.#entity, row, now)),
    );
    for (const row of inserted) this.#session.noteChange(this.#entity, row);
    return inserted;
  }

  async get(key: unknown, { forUpdate = false }: LockOptions = {}): Promise<RowValues | undefined> {
    const values = keyValues(this.#entity, key);
    return forUpdate ? (await this.#session.writer().getMany(this.#entity, [values], true))[0] : this.#session.reader().get(this.#entity, values);
  }

  async getMany(keys: readonly unknown[], { forUpdate = false }: LockOptions = {}): Promise<readonly RowValues[]> {
    const executor = forUpdate ? this.#session.writer() : this.#session.reader();
    const wanted = new Map<string, readonly unknown[]>();
    for (const key of keys) {
      const values = keyValues(this.#entity, key);
      wanted.set(keyName(values), values);
    }
    const all = [...wanted.values()];
    const found = new Map<string, RowValues>();
    for (let from = 0; from < all.length; from += getManyChunk) {
      const rows = await executor.getMany(this.#entity, all.slice(from, from + getManyChunk), forUpdate);
      for (const row of rows) found.set(keyName(this.#entity.key.map((name) => row[name])), row);
    }
    return [...wanted.keys()].map((key) => found.get(key)).filter((row) => row !== undefined);
  }

  async find(query: Query = {}): Promise<readonly RowValues[]> {
    const limit = requireLimit(this.#entity, query.limit ?? maxFind, maxFind);
    const where = parseConditions(this.#entity, query.where);
    const selection = { where, ...this.#order(query), after: null, limit: query.limit === undefined ? maxFind + 1 : limit };
    const rows = await this.#select(selection, query.maxAgeMs);
    if (rows.length > limit)
      throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name}: more than ${maxFind} rows; give a limit, or use page`, { entity: this.#entity.name });
    return rows;
  }

  async page(query: Query & { readonly cursor?: string | null } = {}): Promise<{ readonly items: readonly RowValues[]; readonly nextCursor: string | null }> {
    const limit = requireLimit(this.#entity, query.limit ?? 50, maxPage);
    const order = this.#order(query);
    for (const name of order.orderBy) {
      if (requireColumn(this.#entity, name).traits.isNullable)
        throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name}.${name}: a page cannot be sorted by a nullable column`, {
          entity: this.#entity.name,
          columns: [name],
        });
    }
    const cursor = query.cursor ?? null;
    const after = cursor === null ? null : this.#parts.cursors.verify(this.#entity, order, cursor);
    // One row more than asked for tells whether there is a next page.
    const rows = await this.#select({ where: parseConditions(this.#entity, query.where), ...order, after, limit: limit + 1 }, query.maxAgeMs);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last !== undefined ? this.#parts.cursors.sign(this.#entity, order, last) : null };
  }

  async count(where?: RowValues, { maxAgeMs }: AgeOptions = {}): Promise<number> {
    const conditions = parseConditions(this.#entity, where);
    const reader = this.#session.reader();
    return this.#answered(maxAgeMs, conditions, async () => reader.count(this.#entity, conditions));
  }

  async update(key: unknown, patch: RowValues, options: { readonly expectedVersion?: number } = {}): Promise<RowValues> {
    return changeRow(this.#entity, this.#session, this.#parts, { key: keyValues(this.#entity, key), patch, expectedVersion: options.expectedVersion });
  }

  async increment(key: unknown, deltas: RowValues, options: { readonly min?: bigint } = {}): Promise<RowValues> {
    return incrementRow(this.#entity, this.#session, this.#parts, { key: keyValues(this.#entity, key), deltas, min: options.min });
  }

  async delete(key: unknown, options: { readonly expectedVersion?: number } = {}): Promise<boolean> {
    const values = keyValues(this.#entity, key);
    const where = versionCondition(this.#entity, options.expectedVersion);
    const writer = this.#session.writer();
    const left = await this.#left(values);
    if (await writer.delete(this.#entity, values, where)) {
      if (left !== undefined) this.#session.noteChange(this.#entity, left);
      return true;
    }
    if (options.expectedVersion !== undefined && (await writer.get(this.#entity, values)) !== undefined) throw versionConflict(this.#entity);
    return false;
  }

  async upsert(row: RowValues): Promise<RowValues> {
    const complete = completeRow(this.#entity, row, this.#parts.clock.now());
    await this.#noteLeft([complete]);
    const [after] = await this.#session.writer().merge(this.#entity, [complete], { kind: 'replace' });
    if (after === undefined) throw new DaoError('ERR_DAO_STATEMENT', `${this.#entity.name}: upsert gave no row`, { entity: this.#entity.name });
    this.#session.noteChange(this.#entity, after);
    return after;
  }

  async addMany(rows: readonly RowValues[], columns: readonly string[]): Promise<void> {
    if (columns.length === 0) throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name}: nothing to add`, { entity: this.#entity.name });
    const now = this.#parts.clock.now();
    const complete = rows.map((row) => completeRow(this.#entity, row, now));
    await this.#merge(complete, { kind: 'add', columns: columns.map((column) => ({ column, ...countedBounds(this.#entity, column) })) });
  }

  async saveNewer(rows: readonly { readonly row: RowValues; readonly version: number }[]): Promise<readonly RowValues[]> {
    const name = this.#entity.managed.version;
    if (name === undefined) throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name} has no version`, { entity: this.#entity.name });
    const now = this.#parts.clock.now();
    const complete = rows.map(({ row, version }) => {
      checkValue(this.#entity, name, requireColumn(this.#entity, name), version);
      return { ...completeRow(this.#entity, row, now), [name]: version };
    });
    await this.#noteLeft(complete);
    return this.#merge(complete, { kind: 'raise' });
  }

  /** @returns what tells the cached thing of the row that is to be deleted */
  async #left(key: readonly unknown[]): Promise<RowValues | undefined> {
    const { key: names, cacheBy } = this.#entity;
    if (cacheBy.every((name) => names.includes(name))) return Object.fromEntries(names.map((name, index) => [name, key[index]]));
    return (await this.#session.writer().getMany(this.#entity, [key], true))[0];
  }

  /** A row that is replaced may leave the cached thing that it belonged to: that one changes too. */
  async #noteLeft(rows: readonly RowValues[]): Promise<void> {
    const { key, cacheBy } = this.#entity;
    if (rows.length === 0 || cacheBy.every((name) => key.includes(name))) return;
    const keys = rows.map((row) => key.map((name) => row[name]));
    for (const before of await this.#session.writer().getMany(this.#entity, keys, true)) this.#session.noteChange(this.#entity, before);
  }

  async #merge(rows: readonly RowValues[], rule: MergeRule): Promise<readonly RowValues[]> {
    const writer = this.#session.writer();
    const keys = rows.map((row) => keyName(this.#entity.key.map((name) => row[name])));
    // Dialects differ in what a statement does that names a key twice.
    if (new Set(keys).size < keys.length) throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name}: a key is named twice`, { entity: this.#entity.name });
    const written = rows.length === 0 ? [] : await writer.merge(this.#entity, rows, rule);
    for (const row of written) this.#session.noteChange(this.#entity, row);
    return written;
  }

  #select(selection: Selection, maxAgeMs: number | undefined): Promise<readonly RowValues[]> {
    const reader = this.#session.reader();
    return this.#answered(maxAgeMs, selection, async () => reader.select(this.#entity, selection));
  }

  /** Asks the cache where the caller takes an older answer; a transaction must see what it has written itself. */
  #answered<T>(maxAgeMs: number | undefined, question: Selection | readonly Condition[], ask: () => Promise<T>): Promise<T> {
    if (maxAgeMs === undefined) return ask();
    requireAge(maxAgeMs);
    const { queryCache } = this.#parts;
    if (queryCache === undefined || this.#session.reader().isWritable) return ask();
    return queryCache.answer(cachedQuery(this.#entity.name, question, maxAgeMs), ask);
  }

  #order({ orderBy = [], descending = false }: Query): CursorOrder {
    const named = typeof orderBy === 'string' ? [orderBy] : orderBy;
    for (const name of named) {
      const { kind, traits } = requireColumn(this.#entity, name);
      if (kind === 'json' || kind === 'bytes' || traits.secrecy !== 'plain')
        throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name}.${name}: cannot be sorted by`, { entity: this.#entity.name, columns: [name] });
    }
    return { orderBy: [...new Set([...named, ...this.#entity.key])], descending };
  }
}

function requireLimit(entity: Entity, limit: number, max: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw new DaoError('ERR_DAO_INPUT', `limit must be an integer from 1 to ${max}`, { entity: entity.name });
}
