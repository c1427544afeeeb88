import type { Session } from '@midgard/dao';
import type { JsonValue } from '@midgard/errors';
import { MidgardError } from '@midgard/errors';
import type { Work } from '../context.ts';
import { idempotency } from '../entities/bookkeeping.ts';
import { isDaoError } from '../refusals.ts';

/** A write under an idempotency key. */
export interface KeyedWrite {
  readonly key: string;
  readonly operation: string;
  readonly inputHash: string;
}

/**
 * Sees to it that a key is used for one write: the first answer is stored in the transaction that it answers for, so it
 * exists exactly if the write does.
 */
export class IdempotencyKeys {
  /** Keys of which a write runs in this process. */
  readonly #running = new Set<string>();

  /**
   * Runs a write unless one with its key is running. Whether that one has another input is not asked: it may yet fail,
   * and then the key is free.
   *
   * @throws {MidgardError} 2010 while another runs, in this process or another
   */
  async guard<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#running.has(key)) throw inFlight();
    this.#running.add(key);
    try {
      return await work();
    } catch (error) {
      if (isDaoError(error, 'ERR_DAO_DUPLICATE') && error.entity === idempotency.name) throw inFlight();
      throw error;
    } finally {
      this.#running.delete(key);
    }
  }
}

/**
 * @returns the first answer, undefined where there is none yet
 * @throws {MidgardError} 2009 where the key was used for another write
 */
export async function firstAnswer(work: Work, write: KeyedWrite): Promise<JsonValue | undefined> {
  const row = await work.rows(idempotency, write.key);
  if (row === undefined) return undefined;
  requireSame(write, row);
  return row.output;
}

/** Stores the answer of a write in its own transaction. */
export async function storeAnswer(session: Session, write: KeyedWrite, output: JsonValue): Promise<void> {
  await session.dao(idempotency).insert({ ...write, output });
}

/** @throws {MidgardError} 2009 where a key's first write was another one */
export function requireSame(write: KeyedWrite, first: Omit<KeyedWrite, 'key'>): void {
  if (write.operation === first.operation && write.inputHash === first.inputHash) return;
  throw new MidgardError('idempotencyReused', 'this idempotency key was used for another request');
}

function inFlight(): MidgardError {
  return new MidgardError('idempotencyInFlight', 'the first request with this idempotency key is still running');
}
