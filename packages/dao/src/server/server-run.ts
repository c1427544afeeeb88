import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../connections/lease.ts';
import { DaoError, type DaoErrorCode } from '../errors.ts';
import type { Outcome, Work } from '../work.ts';
import type { ConnectionSource } from './connection-source.ts';
import type { ServerExecutor } from './executor.ts';

/**
 * Least time, in milliseconds, for what ends a session, where less is left of its own time: a COMMIT that is cut off leaves open whether
 * it happened. More than that nobody is kept waiting beyond his time.
 */
const leastEndMs = 2000;
/** Longest pause before work runs again, in milliseconds. */
const maxPauseMs = 250;
/** A pause is at most so many times as long as the attempt before it: as many as usually are in each other's way, each has a turn of his own. */
const maxPauseShare = 16;

/** How the work of a {@link ServerRun} ends. */
export interface RunRules {
  readonly source: ConnectionSource;
  readonly isWritable: boolean;
  readonly maxAttempts: number;
  readonly isRepeatable: boolean;
  readonly retried: (event: { readonly attempt: number; readonly code: DaoErrorCode }) => void;
  /** Nobody knows whether an attempt was committed, and another one follows. */
  readonly leftOpen: () => void;
  readonly committed: (durationMs: number) => void;
}

/** How one attempt ended: told to the caller, to be run again on this connection or on another. */
type End = 'told' | 'again' | 'elsewhere';

/** The attempts of one read or transaction on one borrowed connection, which it gives back. */
export class ServerRun {
  readonly #item: Work<ServerExecutor>;
  readonly #lease: Lease;
  readonly #makeExecutor: (lease: Lease) => ServerExecutor;
  readonly #rules: RunRules;
  #hasLookedTwice = false;

  constructor(item: Work<ServerExecutor>, lease: Lease, makeExecutor: (lease: Lease) => ServerExecutor, rules: RunRules) {
    this.#item = item;
    this.#lease = lease;
    this.#makeExecutor = makeExecutor;
    this.#rules = rules;
  }

  /**
   * Runs the work until its caller is told.
   *
   * @param attempt number of the first attempt
   * @returns 0, or the number of the next attempt, which is to be made on another connection
   */
  async from(attempt: number): Promise<number> {
    for (let now = attempt; ; now += 1) {
      if (this.#item.isOver) return this.#giveBack();
      const startedAt = performance.now();
      const executor = this.#makeExecutor(this.#lease);
      const outcome = await this.#item.start(executor);
      const end = await this.#finish(executor, outcome, now);
      if (end === 'told') return 0;
      if (end === 'elsewhere') return now + 1;
      await sleep(pauseMs(now, performance.now() - startedAt));
    }
  }

  #giveBack(): 0 {
    this.#lease.release();
    return 0;
  }

  async #finish(executor: ServerExecutor, outcome: Outcome, attempt: number): Promise<End> {
    if (outcome.isGivenUp) {
      outcome.acknowledge();
      await this.#abandon(executor);
      return 'told';
    }
    // What the work called and did not wait for.
    if (!executor.isSettled && !('mark' in (await within(this.#endMs, executor.settled())))) return this.#cutOff();
    const reason = this.#reasonToRepeat(executor, outcome);
    if (reason !== undefined && attempt < this.#rules.maxAttempts) return this.#repeat(executor, attempt, reason);
    if (!outcome.isDone || executor.lost !== undefined) {
      await this.#rollBack(executor);
      if (outcome.isDone) this.#item.fail(executor.lost);
      else outcome.acknowledge();
      return 'told';
    }
    return this.#rules.isWritable ? this.#commit(executor, outcome, attempt) : this.#endRead(executor, outcome);
  }

  /** @returns the code for which the work is to run again; undefined where it is not */
  #reasonToRepeat(executor: ServerExecutor, outcome: Outcome): DaoErrorCode | undefined {
    if (executor.lost?.code === 'ERR_DAO_CONFLICT') return 'ERR_DAO_CONFLICT';
    if (executor.lost !== undefined) return this.#rules.isRepeatable ? executor.lost.code : undefined;
    // A row that came after the snapshot: with a new one the work sees it. What is a duplicate then as well is one.
    const isLate = !outcome.isDone && executor.sawDuplicate && executor.dialect.hasSnapshotWrites && !this.#hasLookedTwice;
    this.#hasLookedTwice ||= isLate;
    return isLate ? 'ERR_DAO_DUPLICATE' : undefined;
  }

  async #repeat(executor: ServerExecutor, attempt: number, code: DaoErrorCode): Promise<End> {
    this.#rules.retried({ attempt, code });
    return (await this.#rollBack(executor, true)) ? 'again' : 'elsewhere';
  }

  async #commit(executor: ServerExecutor, outcome: Outcome, attempt: number): Promise<End> {
    const startedAt = performance.now();
    const end = executor.hasBegun ? await within(this.#endMs, executor.commit()) : { mark: undefined };
    if ('mark' in end) {
      executor.mark = end.mark;
      if (executor.hasWritten) this.#rules.source.noteCommit(end.mark);
      this.#lease.release();
      this.#rules.committed(performance.now() - startedAt);
      outcome.acknowledge();
      return 'told';
    }
    const isConflict = end.error instanceof DaoError && end.error.code === 'ERR_DAO_CONFLICT';
    const mayRepeat = attempt < this.#rules.maxAttempts;
    if (isConflict && mayRepeat) return this.#repeat(executor, attempt, 'ERR_DAO_CONFLICT');
    this.#lease.discard();
    if (mayRepeat && this.#rules.isRepeatable) {
      this.#rules.leftOpen();
      this.#rules.retried({ attempt, code: 'ERR_DAO_UNAVAILABLE' });
      return 'elsewhere';
    }
    this.#item.fail(isConflict ? end.error : openOutcomeError(end.error));
    return 'told';
  }

  /** What the work had begun does not come to an end, so that nothing can be committed. */
  #cutOff(): End {
    this.#lease.discard();
    this.#item.fail(new DaoError('ERR_DAO_TIMEOUT', 'database work was given up: what it had begun did not end'));
    return 'told';
  }

  get #endMs(): number {
    return Math.max(leastEndMs, this.#item.leftMs);
  }

  /** The reader has what he wanted; that the snapshot is closed is no business of his. */
  async #endRead(executor: ServerExecutor, outcome: Outcome): Promise<End> {
    outcome.acknowledge();
    await this.#rollBack(executor);
    return 'told';
  }

  /** The caller has gone: what still runs is cut off with its connection. */
  async #abandon(executor: ServerExecutor): Promise<void> {
    if (executor.isBusy) {
      this.#lease.connection.destroy();
      this.#lease.discard();
      return;
    }
    await this.#rollBack(executor);
  }

  /** @returns whether the connection is as good as new; else it was given up */
  async #rollBack(executor: ServerExecutor, isKept = false): Promise<boolean> {
    // Also where it looks sound: a server that has become a standby must not be asked again.
    const mustEnd = executor.hasBegun && !executor.isConnectionLost;
    const end: Answer = mustEnd ? await within(this.#endMs, this.#lease.connection.rollback()) : { mark: undefined };
    const isSound = 'mark' in end && !executor.isConnectionLost;
    if (!isSound) this.#lease.discard();
    else if (!isKept) this.#lease.release();
    return isSound;
  }
}

/**
 * @returns how long to wait after so many attempts, in milliseconds; drawn at random, so that those who met do not meet again. Measured by what
 *   an attempt takes: where the machine is slow, pauses that are short beside it would let the same ones meet until their attempts are used up
 */
function pauseMs(attempts: number, tookMs: number): number {
  return Math.random() * Math.min(maxPauseMs, Math.max(1, tookMs) * Math.min(maxPauseShare, 2 ** attempts));
}

/** @returns what the caller of a transaction hears when nobody knows whether it was committed */
export function openOutcomeError(cause: unknown): DaoError {
  return new DaoError('ERR_DAO_UNAVAILABLE', 'nobody knows whether the transaction was committed', { cause });
}

type Answer = { readonly mark: string | undefined } | { readonly error: unknown };

async function within(timeoutMs: number, answer: Promise<string | undefined | void>): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => resolve({ error: undefined }), timeoutMs);
  answer.then(
    (mark) => resolve({ mark: mark ?? undefined }),
    (error: unknown) => resolve({ error }),
  );
  return promise.finally(() => clearTimeout(timer));
}
