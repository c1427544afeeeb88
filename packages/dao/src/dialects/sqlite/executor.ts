import type { SQLInputValue } from 'node:sqlite';
import type { SQL } from 'drizzle-orm';
import type { Condition } from '../../conditions.ts';
import type { StatementKind, StatementListener } from '../../database.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { chunksOf } from '../../statements/chunks.ts';
import { type BoundStatement, type EntityStatements, statementsIn } from '../../statements/entity-statements.ts';
import { readOnlyError, requireStatement } from '../../statements/hand-written.ts';
import { mergeError, sumError } from '../../statements/sum-error.ts';
import type { Change, Executor, MergeRule, RowValues, Selection } from '../dialect.ts';
import type { SqliteConnection } from './connection.ts';
import { flavor } from './drizzle.ts';
import { isReadOnly, toDaoError } from './errors.ts';

const statementsOf = statementsIn(flavor);

/** Who hears of the statements of a session, and how long that had waited for its turn, in milliseconds. */
interface StatementWatch {
  readonly onStatement: StatementListener;
  readonly waitMs: number;
}

/** @returns what a session's statements are watched with; undefined where nobody listens */
export function watchOf(onStatement: StatementListener | undefined, waitMs: number): StatementWatch | undefined {
  return onStatement === undefined ? undefined : { onStatement, waitMs };
}

/** One session's way to its connection, shut for good when the session ends: a late write can go nowhere. */
export class SqliteExecutor implements Executor {
  readonly isWritable: boolean;
  /** For the dialect's own statements, such as migrations. */
  readonly connection: SqliteConnection;
  readonly #watch: StatementWatch | undefined;
  #end: (() => DaoError) | undefined;

  /** @param connection with a transaction open, which belongs to this session alone */
  constructor(connection: SqliteConnection, isWritable: boolean, watch?: StatementWatch) {
    this.connection = connection;
    this.isWritable = isWritable;
    this.#watch = watch;
  }

  /** Refuses everything from now on; the first reason stays. It is made only when needed: an error's stack is dear, and every session ends. */
  end(reason: () => DaoError): void {
    this.#end ??= reason;
  }

  get(entity: Entity, key: readonly unknown[]): RowValues | undefined {
    const statements = statementsOf(entity);
    const { text, values } = statements.get(key);
    return this.#run('get', entity, text, () => statements.decode(this.connection.first(text, values)));
  }

  getMany(entity: Entity, keys: readonly (readonly unknown[])[]): readonly RowValues[] {
    const size = entity.key.length === 1 ? keys.length : flavor.maxCompositeKeys;
    const statements = statementsOf(entity);
    const rows: RowValues[] = [];
    for (let from = 0; from < keys.length; from += size) rows.push(...this.#rows('getMany', statements, statements.getMany(keys.slice(from, from + size))));
    return rows;
  }

  select(entity: Entity, selection: Selection): readonly RowValues[] {
    const statements = statementsOf(entity);
    return this.#rows('find', statements, statements.select(selection));
  }

  count(entity: Entity, where: readonly Condition[]): number {
    const { text, values } = statementsOf(entity).count(where);
    const cells = this.#run('count', entity, text, () => this.connection.first(text, values));
    return Array.isArray(cells) ? Number(cells[0]) : 0;
  }

  insert(entity: Entity, rows: readonly RowValues[]): readonly RowValues[] {
    const statements = statementsOf(entity);
    const insertChunk = (chunk: readonly RowValues[]): readonly RowValues[] => {
      const { text, values } = statements.insert(chunk);
      this.#timed('insert', entity, text, () => this.connection.run(text, values));
      // What was bound is what reads back; a statement's own RETURNING would cost as much as the insert.
      return statements.readBack(values);
    };
    return this.#guard(entity, () => this.#inChunks(statements, rows, insertChunk));
  }

  merge(entity: Entity, rows: readonly RowValues[], rule: MergeRule): readonly RowValues[] {
    const statements = statementsOf(entity);
    const mergeChunk = (chunk: readonly RowValues[]): readonly RowValues[] => {
      const { text, values } = statements.merge(chunk, rule);
      const merged = this.#timed('merge', entity, text, () => statements.decodeAll(this.connection.all(text, values)));
      if (rule.kind === 'add' && merged.length < chunk.length) throw sumError(entity, rule);
      return merged;
    };
    try {
      return this.#guard(entity, () => this.#inChunks(statements, rows, mergeChunk));
    } catch (error) {
      throw mergeError(error, entity, rule);
    }
  }

  update(entity: Entity, change: Change): RowValues | undefined {
    const statements = statementsOf(entity);
    return this.#rows('update', statements, statements.update(change))[0];
  }

  delete(entity: Entity, key: readonly unknown[], where: readonly Condition[]): boolean {
    const { text, values } = statementsOf(entity).delete(key, where);
    return this.#run('delete', entity, text, () => this.connection.run(text, values)) > 0;
  }

  execute(statement: SQL): readonly RowValues[] {
    const { text, values } = requireStatement(flavor, statement, this.isWritable);
    return this.#run('execute', undefined, text, () => this.connection.records(text, values));
  }

  #rows(kind: StatementKind, statements: EntityStatements<SQLInputValue>, { text, values }: BoundStatement<SQLInputValue>): readonly RowValues[] {
    const { entity } = statements;
    return this.#run(kind, entity, text, () => statements.decodeAll(this.connection.all(text, values)));
  }

  /** Where nobody listens this costs nothing more than the guard. */
  #run<T>(kind: StatementKind, entity: Entity | undefined, text: string, work: () => T): T {
    return this.#guard(entity, this.#watch === undefined ? work : () => this.#timed(kind, entity, text, work));
  }

  #timed<T>(kind: StatementKind, entity: Entity | undefined, text: string, work: () => T): T {
    if (this.#watch === undefined) return work();
    const { onStatement, waitMs } = this.#watch;
    const startedAt = performance.now();
    const result = work();
    onStatement({ kind, entity: entity?.name, text, rows: rowsIn(result), durationMs: performance.now() - startedAt, waitMs });
    return result;
  }

  #guard<T>(entity: Entity | undefined, work: () => T): T {
    if (this.#end !== undefined) throw this.#end();
    try {
      return work();
    } catch (error) {
      // A common table expression may hide a write from the look at the first word, but not from the connection.
      const known = !this.isWritable && isReadOnly(error) ? readOnlyError() : toDaoError(error, entity);
      // On a full disk and the like SQLite rolls back by itself; further statements would each commit alone.
      if (!this.connection.isTransaction) this.end(() => new DaoError('ERR_DAO_UNAVAILABLE', 'the transaction was lost', { cause: error }));
      throw known;
    }
  }

  /** All or none. */
  #inChunks(
    statements: EntityStatements<SQLInputValue>,
    rows: readonly RowValues[],
    run: (chunk: readonly RowValues[]) => readonly RowValues[],
  ): readonly RowValues[] {
    return rows.length === 1 ? run(rows) : this.#atomically(() => chunksOf(rows, statements.mostRows).flatMap(run));
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

/** @returns how many rows a statement read or wrote, by what it gave: rows, a row or none, or the number of changed ones */
function rowsIn(result: unknown): number {
  if (typeof result === 'number') return result;
  if (Array.isArray(result)) return result.length;
  return result === undefined ? 0 : 1;
}
