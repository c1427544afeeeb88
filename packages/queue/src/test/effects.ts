import { DatabaseSync } from 'node:sqlite';

/** What {@link Effects} has seen. */
export interface EffectFigures {
  /** Jobs whose effect is there. */
  readonly effects: number;
  /** Gold in the purse: each effect puts in one, so anything done twice shows here. */
  readonly gold: number;
  readonly starts: number;
  /** Starts with an attempt number above 1. */
  readonly restarts: number;
}

/**
 * Stands for the database of a game, shared by several processes: each job puts one gold into a purse, once in effect, since the gold
 * and the row keyed by the id of the job are one transaction.
 */
export class Effects {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { timeout: 30_000 });
    // Not synchronous: processes are killed here, and never the machine.
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS done (job_id TEXT PRIMARY KEY) STRICT;
      CREATE TABLE IF NOT EXISTS starts (job_id TEXT, attempt INTEGER, pid INTEGER) STRICT;
      CREATE TABLE IF NOT EXISTS purse (id INTEGER PRIMARY KEY, gold INTEGER) STRICT;
      INSERT INTO purse VALUES (1, 0) ON CONFLICT DO NOTHING;
    `);
  }

  noteStart(jobId: string, attempt: number): void {
    this.#db.prepare('INSERT INTO starts VALUES (?, ?, ?)').run(jobId, attempt, process.pid);
  }

  /** The pattern of the README. */
  payOnce(jobId: string): void {
    this.#db.exec('BEGIN IMMEDIATE');
    const { changes } = this.#db.prepare('INSERT INTO done VALUES (?) ON CONFLICT DO NOTHING').run(jobId);
    if (changes === 1) this.#db.exec('UPDATE purse SET gold = gold + 1');
    this.#db.exec('COMMIT');
  }

  figures(): EffectFigures {
    const count = (sql: string): number => Number(this.#db.prepare(sql).get()?.['n']);
    return {
      effects: count('SELECT count(*) AS n FROM done'),
      gold: count('SELECT gold AS n FROM purse'),
      starts: count('SELECT count(*) AS n FROM starts'),
      restarts: count('SELECT count(*) AS n FROM starts WHERE attempt > 1'),
    };
  }

  /** Who started what, in order. */
  starts(): readonly { readonly attempt: number; readonly pid: number }[] {
    const rows = this.#db.prepare('SELECT attempt, pid FROM starts ORDER BY rowid').all();
    return rows.map((row) => ({ attempt: Number(row['attempt']), pid: Number(row['pid']) }));
  }

  close(): void {
    this.#db.close();
  }
}
