import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** Statement texts repeat: entities have few shapes, and lists of values come in buckets of sizes. */
const maxStatements = 512;

/**
 * One SQLite connection with its prepared statements.
 *
 * Preparing costs several times what a get by key costs, so statements are kept, the oldest of too many dropped.
 * Integers are read as bigint: a number would round ids above 2^53.
 */
export class SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @param busyTimeoutMs how long a statement waits for another connection's lock, blocking this thread */
  constructor(path: string, busyTimeoutMs: number) {
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true, enableDoubleQuotedStringLiterals: false });
  }

  /** Whether a transaction is open; SQLite ends one by itself when the disk fails. */
  get isTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Runs statements that give no rows and are not repeated. */
  exec(text: string): void {
    this.#database.exec(text);
  }

  /** Runs a statement whose rows are of no interest. @returns how many rows it changed */
  run(text: string, values: readonly SQLInputValue[] = []): number {
    return Number(this.#statement(text).run(...values).changes);
  }

  /** @returns the first row's cells */
  first(text: string, values: readonly SQLInputValue[]): unknown {
    return this.#statement(text).get(...values);
  }

  /** @returns each row as an array of its cells */
  all(text: string, values: readonly SQLInputValue[] = []): readonly unknown[] {
    return this.#statement(text).all(...values);
  }

  /** @returns each row by column names; the statement is not kept, since hand-written text may differ each time */
  records(text: string, values: readonly SQLInputValue[]): readonly Readonly<Record<string, unknown>>[] {
    const statement = this.#database.prepare(text);
    statement.setReadBigInts(true);
    return statement.all(...values);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    if (this.#statements.size >= maxStatements) this.#dropOldest();
    this.#statements.set(text, statement);
    return statement;
  }

  #dropOldest(): void {
    for (const text of this.#statements.keys()) {
      this.#statements.delete(text);
      return;
    }
  }
}
