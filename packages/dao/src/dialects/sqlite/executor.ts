import type { SQLInputValue } from 'node:sqlite';
import type { SQL } from 'drizzle-orm';
import type { Condition } from '../../conditions.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import type { Change, Executor, MergeRule, RowValues, Selection } from '../dialect.ts';
import type { SqliteConnection } from './connection.ts';
import { renderTemplate } from './drizzle.ts';
import { isReadOnly, toDaoError } from './errors.ts';
import { type BoundStatement, type EntityStatements, statementsOf } from './statements.ts';

/** A composite key's list becomes a chain of OR, which SQLite takes to a depth of 1000. */
const compositeChunk = 128;

/** One session's way to its connection, shut for good when the session ends: a late write can go nowhere. */
export class SqliteExecutor implements Executor {
  readonly isWritable: boolean;
  /** For the dialect's own statements, such as migrations. */
  readonly connection: SqliteConnection;
  #end: (() => DaoError) | undefined;

  /** @param connection with a transaction open, which belongs to this session alone */
  constructor(connection: SqliteConnection, isWritable: boolean) {
    this.connection = connection;
    this.isWritable = isWritable;
  }

  /** Refuses everything from now on; the first reason stays. It is made only when needed: an error's stack is dear, and every session ends. */
  end(reason: () => DaoError): void {
    this.#end ??= reason;
  }

  get(entity: Entity, key: readonly unknown[]): RowValues | undefined {
    const statements = statementsOf(entity);
    const { text, values } = statements.get(key);
    return this.#guard(entity, () => statements.decode(this.connection.first(text, values)));
  }

  getMany(entity: Entity, keys: readonly (readonly unknown[])[]): readonly RowValues[] {
    const size = entity.key.length === 1 ? keys.length : compositeChunk;
    const rows: RowValues[] = [];
    for (let from = 0; from < keys.length; from += size) {
      const statements = statementsOf(entity);
      rows.push(...this.#rows(statements, statements.getMany(keys.slice(from, from + size))));
    }
    return rows;
  }

  select(entity: Entity, selection: Selection): readonly RowValues[] {
    const statements = statementsOf(entity);
    return this.#rows(statements, statements.select(selection));
  }

  count(entity: Entity, where: readonly Condition[]): number {
    const { text, values } = statementsOf(entity).count(where);
    const cells = this.#guard(entity, () => this.connection.first(text, values));
    return Array.isArray(cells) ? Number(cells[0]) : 0;
  }

  insert(entity: Entity, rows: readonly RowValues[]): readonly RowValues[] {
    const statements = statementsOf(entity);
    const insertChunk = (chunk: readonly RowValues[]): readonly RowValues[] => {
      const { text, values } = statements.insert(chunk);
      this.connection.run(text, values);
      // What was bound is what reads back; a statement's own RETURNING would cost as much as the insert.
      return statements.readBack(values);
    };
    return this.#guard(entity, () => this.#inChunks(statements, rows, insertChunk));
  }

  merge(entity: Entity, rows: readonly RowValues[], rule: MergeRule): readonly RowValues[] {
    const statements = statementsOf(entity);
    const mergeChunk = (chunk: readonly RowValues[]): readonly RowValues[] => {
      const { text, values } = statements.merge(chunk, rule);
      const merged = statements.decodeAll(this.connection.all(text, values));
      if (rule.kind === 'add' && merged.length < chunk.length)
        throw new DaoError('ERR_DAO_RANGE', `${entity.name}: a sum would be beyond its column`, { entity: entity.name });
      return merged;
    };
    return this.#guard(entity, () => this.#inChunks(statements, rows, mergeChunk));
  }

  update(entity: Entity, change: Change): readonly RowValues[] {
    const statements = statementsOf(entity);
    return this.#rows(statements, statements.update(change));
  }

  delete(entity: Entity, where: readonly Condition[]): readonly RowValues[] {
    const statements = statementsOf(entity);
    return this.#rows(statements, statements.delete(where));
  }

  execute(statement: SQL): readonly RowValues[] {
    const { text, values } = renderTemplate(statement);
    // BEGIN, COMMIT, PRAGMA and ATTACH would take the connection out of our hands.
    const [, verb = ''] = /^\s*([a-z]+)\b/i.exec(text) ?? [];
    const isRead = verb.toLowerCase() === 'select';
    if (!isRead && !['insert', 'update', 'delete', 'with'].includes(verb.toLowerCase()))
      throw new DaoError('ERR_DAO_STATEMENT', 'a statement begins with select, insert, update, delete or with');
    if (!isRead && verb.toLowerCase() !== 'with' && !this.isWritable) throw readOnly();
    const bound = values.map(toInput);
    return this.#guard(undefined, () => this.connection.records(text, bound));
  }

  #rows(statements: EntityStatements, { text, values }: BoundStatement): readonly RowValues[] {
    return this.#guard(statements.entity, () => statements.decodeAll(this.connection.all(text, values)));
  }

  #guard<T>(entity: Entity | undefined, work: () => T): T {
    if (this.#end !== undefined) throw this.#end();
    try {
      return work();
    } catch (error) {
      // A common table expression may hide a write from the look at the first word, but not from the connection.
      const known = !this.isWritable && isReadOnly(error) ? readOnly() : toDaoError(error, entity);
      // On a full disk and the like SQLite rolls back by itself; further statements would each commit alone.
      if (!this.connection.isTransaction) this.end(() => new DaoError('ERR_DAO_UNAVAILABLE', 'the transaction was lost', { cause: error }));
      throw known;
    }
  }

  /** All or none, in statements of lengths that repeat: powers of two. */
  #inChunks(statements: EntityStatements, rows: readonly RowValues[], run: (chunk: readonly RowValues[]) => readonly RowValues[]): readonly RowValues[] {
    const runAll = (): readonly RowValues[] => {
      const done: RowValues[] = [];
      for (let from = 0, size = 0; from < rows.length; from += size) {
        size = Math.min(statements.mostRows, 2 ** Math.floor(Math.log2(rows.length - from)));
        done.push(...run(rows.slice(from, from + size)));
      }
      return done;
    };
    return rows.length === 1 ? run(rows) : this.#atomically(runAll);
  }

  #atomically<T>(work: () => T): T {
    this.connection.run('savepoint midgard_rows');
    try {
      const result = work();
      this.connection.run('release midgard_rows');
      return result;
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('rollback to midgard_rows; release midgard_rows');
      throw error;
    }
  }
}

function readOnly(): DaoError {
  return new DaoError('ERR_DAO_READ_ONLY', 'a read cannot write: use transaction');
}

/** Values of hand-written templates, where no column says how to store them. */
function toInput(value: unknown): SQLInputValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (value instanceof Date) return BigInt(value.getTime());
  if (value === null || typeof value === 'bigint' || typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new DaoError('ERR_DAO_RANGE', 'a value of the template cannot be bound');
}
