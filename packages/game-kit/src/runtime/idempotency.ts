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

/** What a claimed key holds until its answer is there, which is within one transaction: nobody ever reads it. */
const NO_ANSWER = {};

/**
 * Sees to it that a key is used for one write: it is claimed at the beginning of the transaction and gets its answer at
 * the end, so both exist exactly if the write does. Of two processes that are asked at once the second waits for the
 * first one's claim, and finds the answer or a key that is free again.
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

/**
 * Claims the key of a write, as the first thing that its transaction does. Inserted and not looked for: on a server those
 * who look at a gap together keep each other from filling it.
 *
 * @returns the first answer where the key was used by the same write; undefined where it is this one's now
 * @throws {MidgardError} 2009 where the key was used for another write
 */
export async function claimKey(session: Session, write: KeyedWrite): Promise<JsonValue | undefined> {
  const keys = session.dao(idempotency);
  try {
    await keys.insert({ ...write, output: NO_ANSWER });
    return undefined;
  } catch (error) {
    if (!isDaoError(error, 'ERR_DAO_DUPLICATE')) throw error;
    const first = await keys.get(write.key);
    // A transaction with a snapshot from before: it runs again and sees the row, or its caller asks again.
    if (first === undefined) throw error;
    requireSame(write, first);
    return first.output;
  }
}

/** Stores the answer of a write under the key that it claimed. */
export async function storeAnswer(session: Session, { key }: KeyedWrite, output: JsonValue): Promise<void> {
  await session.dao(idempotency).update(key, { output });
}

/** Gives back the key of a write that is refused although its transaction commits. */
export async function giveBackKey(session: Session, { key }: KeyedWrite): Promise<void> {
  await session.dao(idempotency).delete(key);
}

/** @throws {MidgardError} 2009 where a key's first write was another one */
export function requireSame(write: KeyedWrite, first: Omit<KeyedWrite, 'key'>): void {
  if (write.operation === first.operation && write.inputHash === first.inputHash) return;
  throw new MidgardError('idempotencyReused', 'this idempotency key was used for another request');
}

function inFlight(): MidgardError {
  return new MidgardError('idempotencyInFlight', 'the first request with this idempotency key is still running');
}
