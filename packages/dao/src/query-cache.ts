import { hash } from 'node:crypto';
import type { RowChange, Session } from './database.ts';
import { DaoError } from './errors.ts';

/** A question to one database whose answer may be kept. */
export interface CachedQuery {
  readonly entity: string;
  /** Equal for equal questions to this database, of a fixed length; databases share no keys. */
  readonly key: string;
  /** Oldest answer that the caller takes, in milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Keeps answers of queries that were given a `maxAgeMs`, within reads; a transaction always asks the database.
 *
 * An answer that was asked for before `written` named its entity must not be kept after it: it may be older than what was written.
 * Answers are shared by all who get them, so nobody may change them.
 */
export interface QueryCache {
  /** @returns what `ask` gives now, or gave at most `maxAgeMs` ago; rejects with what `ask` rejects with, which is never kept */
  answer<T>(query: CachedQuery, ask: () => Promise<T>): Promise<T>;
  /** Hears of what a transaction wrote before its caller does; also of one that failed, since some leave open whether they were committed. */
  written(changes: readonly RowChange[]): void;
}

/** How old an answer may be. */
export interface AgeOptions {
  /** Where the database has a `queryCache`: oldest answer to take, in milliseconds above 0. Ignored in transactions. Default: asks the database. */
  readonly maxAgeMs?: number;
}

/** @throws {DaoError} `ERR_DAO_INPUT` */
export function requireAge(maxAgeMs: number): void {
  if (!(maxAgeMs > 0)) throw new DaoError('ERR_DAO_INPUT', 'maxAgeMs must be above 0');
}

/** @param question with values of its columns' types, which need no telling apart */
export function cachedQuery(entity: string, question: unknown, maxAgeMs: number): CachedQuery {
  const text = JSON.stringify([entity, question], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return { entity, key: hash('sha256', text, 'base64url'), maxAgeMs };
}

type SessionWork<T> = (session: Session) => Promise<T> | T;

/** Runs a transaction whose writes the cache hears of. */
export async function tellingCache<T>(cache: QueryCache | undefined, work: SessionWork<T>, run: (work: SessionWork<T>) => Promise<T>): Promise<T> {
  if (cache === undefined) return run(work);
  // One for each attempt.
  const sessions: Session[] = [];
  try {
    return await run((session) => {
      sessions.push(session);
      return work(session);
    });
  } finally {
    cache.written(sessions.flatMap(({ changes }) => changes));
  }
}
