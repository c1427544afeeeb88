import { AsyncLocalStorage } from 'node:async_hooks';
import { type Database, DaoError, type Entity, type RowChange } from '@midgard/dao';
import { MidgardError } from '@midgard/errors';
import type { Clock } from '../clock.ts';
import type { GameLog } from '../context.ts';
import { GameKitError } from '../game-kit-error.ts';
import { appliedOf, type AppliedBatch, applyBatch, buryWrite } from './apply-batch.ts';
import { batchSize, type Pace, stepMs } from './flush-pace.ts';
import { type DeferredWrite, decodeEntry, encodeEntry } from './log-entry.ts';
import { changedThings, PendingWrites, type PendingWrite } from './pending-writes.ts';
import { processTimers, type Timers } from './timers.ts';

/** The durable log that writes are acknowledged from; `DurableLog` of @midgard/queue is one. */
export interface WriteLog {
  /** The log's own name, up to 32 characters, the same for all its life. */
  readonly id: string;
  /** @returns the record's sequence, once it would survive a crash */
  append(payload: Uint8Array): Promise<number>;
  read(after: number): AsyncIterable<{ readonly sequence: number; readonly payload: Uint8Array }>;
  /** Notes that records up to this one need no replay any more. */
  consume(sequence: number): Promise<void>;
  figures(): { readonly durable: number; readonly consumed: number };
}

/** Set-up of write-behind. */
export interface WriteBehindOptions extends Partial<Pace> {
  /** This game's alone. The runtime does not close it. */
  readonly log: WriteLog;
  /** Most writes that wait for the database; one more is refused with 1005. Default 100 000. */
  readonly maxPending?: number;
  readonly timers?: Timers;
}

/** What write-behind does and holds. */
export interface WriteBehindFigures {
  /** Acknowledged writes that are not in the database yet. */
  readonly depth: number;
  /** How long the oldest of them has waited, milliseconds. */
  readonly oldestMs: number;
  /** Writes made since the start, the rows that they took, the changes before they were joined. */
  readonly writes: number;
  readonly rows: number;
  readonly changes: number;
  /** Saves that met a newer row, which stayed. */
  readonly outdated: number;
  /** Writes that the database refused for good; they are in `dead_write`. */
  readonly dead: number;
  /** Batches that had to be tried again. */
  readonly retries: number;
}

interface Parts {
  readonly database: Database;
  readonly entities: readonly Entity[];
  readonly clock: Clock;
  readonly gameLog: GameLog;
  /** Hears of what was changed in the database, right after the commit. */
  readonly made?: (things: readonly RowChange[]) => void;
  /** Hears of each transaction that made some. */
  readonly flushed?: (event: { readonly writes: number; readonly rows: number; readonly durationMs: number }) => void;
}

/**
 * What another try cannot mend: the database has understood the write and refuses it. Everything else is tried until it
 * goes through or somebody looks: a missing table must not send a whole log to the dead.
 */
const refusals: ReadonlySet<string> = new Set(['ERR_DAO_DUPLICATE', 'ERR_DAO_RANGE', 'ERR_DAO_INPUT']);
/** The note of how far the log was applied is part of each transaction, and what it covers is not made again: so it may run twice. */
const repeatable = { isRepeatable: true };
const firstBackoffMs = 50;
const lastBackoffMs = 5000;
/** The log's note of what was applied only saves reading at the next start: the database's own note is the truth. */
const consumeEvery = 5000;

/**
 * Takes writes that are acknowledged when they are in the durable log, and makes them in the database in batches.
 *
 * Each is made exactly once, in the order of the log; whoever must see one made waits with {@link settle}, which hastens it.
 */
export class WriteBehind {
  readonly #parts: Parts;
  readonly #log: WriteLog;
  readonly #pace: Pace;
  readonly #maxPending: number;
  readonly #timers: Timers;
  readonly #entities: ReadonlyMap<string, Entity>;
  readonly #pending = new PendingWrites();
  /** Batches are nobody's request: what is measured of them must not count for the one whose write came first. */
  readonly #forNobody = AsyncLocalStorage.snapshot();
  /** Writes on their way into the log. */
  #appending = 0;
  #applied = 0;
  #wantedUpTo = 0;
  #waiters: { readonly sequence: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #isStopped = false;
  readonly #sums = { writes: 0, rows: 0, changes: 0, outdated: 0, dead: 0, retries: 0 };

  constructor({ log, delayMs = 100, maxBatch = 1000, maxPending = 100_000, timers = processTimers }: WriteBehindOptions, parts: Parts) {
    this.#parts = parts;
    this.#log = log;
    this.#pace = { delayMs, maxBatch };
    this.#maxPending = maxPending;
    this.#timers = timers;
    this.#entities = new Map(parts.entities.map((entity) => [entity.name, entity]));
  }

  /**
   * Takes up what an earlier life of the process has left in the log.
   *
   * @throws {GameKitError} `ERR_GAME_STATE`: the log has lost records that were applied, so new ones would pass for old
   */
  async start(): Promise<void> {
    const { durable, consumed } = this.#log.figures();
    this.#applied = await this.#parts.database.read((session) => appliedOf(session, this.#log.id));
    if (this.#applied > durable) {
      throw new GameKitError(
        'ERR_GAME_STATE',
        `the database holds ${this.#applied} writes of a log that ends at ${durable}: bring back the newer log, or move this one away`,
      );
    }
    if (this.#applied < consumed) {
      this.#parts.gameLog.warn(
        { applied: this.#applied, consumed },
        'the database is older than its log: writes between the two are not in it, and not in the log any more',
      );
    }
    for await (const { sequence, payload } of this.#log.read(Math.max(this.#applied, consumed))) this.#pending.add(this.#read(sequence, payload));
    if (this.#pending.size > 0) this.#parts.gameLog.info({ writes: this.#pending.size }, 'making writes that were acknowledged before the last stop');
    this.#go();
  }

  /** What it does and holds. */
  figures(): WriteBehindFigures {
    const { oldestAt } = this.#pending;
    return { ...this.#sums, depth: this.#pending.size, oldestMs: oldestAt === undefined ? 0 : Math.max(0, this.#parts.clock.now() - oldestAt) };
  }

  /**
   * Takes a write.
   *
   * @returns once it is on disk: from then on `settle` and `byKey` know it
   * @throws {MidgardError} 1005: too many wait, or the log is full; 1001: the log's disk failed
   */
  async take(write: DeferredWrite): Promise<void> {
    if (this.#pending.size + this.#appending >= this.#maxPending) throw new MidgardError('overloaded', 'too many writes wait for the database');
    const payload = encodeEntry(write);
    this.#appending += 1;
    try {
      const sequence = await this.#log.append(payload);
      this.#pending.add({ sequence, write, payload });
    } finally {
      this.#appending -= 1;
    }
    this.#go();
  }

  /** @returns the write that waits under this idempotency key */
  byKey(key: string): DeferredWrite | undefined {
    return this.#pending.byKey(key);
  }

  /**
   * Waits until what was acknowledged of a thing is in the database, and hastens it.
   *
   * @returns undefined where nothing of it waits
   */
  settle(entity: string, cacheKey: string): Promise<void> | undefined {
    const sequence = this.#pending.lastOf(entity, cacheKey);
    return sequence === undefined ? undefined : this.#settleUpTo(sequence);
  }

  /**
   * Makes what waits at full speed until all is made or the time is over; the rest stays in the log for the next start.
   *
   * @param graceMs milliseconds
   */
  async stop(graceMs: number): Promise<void> {
    const last = this.#pending.newestSequence;
    if (last !== undefined) {
      const { promise: isOver, resolve } = Promise.withResolvers<void>();
      const cancel = this.#timers.after(graceMs, resolve);
      await Promise.race([this.#settleUpTo(last), isOver]);
      cancel();
    }
    this.#isStopped = true;
    this.#wake?.();
    await this.#running;
    if (this.#pending.size > 0) this.#parts.gameLog.warn({ writes: this.#pending.size }, 'acknowledged writes stay in the log for the next start');
    await this.#consume();
  }

  #settleUpTo(sequence: number): Promise<void> {
    if (sequence <= this.#applied) return Promise.resolve();
    this.#wantedUpTo = Math.max(this.#wantedUpTo, sequence);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ sequence, resolve });
    this.#wake?.();
    return promise;
  }

  #go(): void {
    if (this.#isStopped || this.#pending.size === 0) return;
    this.#running ??= this.#forNobody(() => this.#applyAll()).finally(() => {
      this.#running = undefined;
      // What came between the last look and this moment.
      this.#go();
    });
  }

  async #applyAll(): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (this.#pending.size > 0 && !this.#isStopped) {
      if (!this.#isWanted) await this.#rest(stepMs(this.#pace), { isForWanted: true });
      if (this.#isStopped) return;
      const count = this.#isWanted ? this.#pace.maxBatch : batchSize(this.#pending.size, this.#pace);
      if (await this.#tryBatch(this.#pending.oldest(count))) {
        backoffMs = firstBackoffMs;
      } else {
        // The database is to be left alone, whoever wants a write.
        await this.#rest(backoffMs, { isForWanted: false });
        backoffMs = Math.min(backoffMs * 2, lastBackoffMs);
      }
    }
  }

  get #isWanted(): boolean {
    return this.#wantedUpTo > this.#applied;
  }

  /** @returns false where the database could not be asked, so that the same is to be tried again */
  async #tryBatch(batch: readonly PendingWrite[]): Promise<boolean> {
    try {
      await this.#make(batch);
      return true;
    } catch (error) {
      this.#sums.retries += 1;
      this.#parts.gameLog.warn({ err: error, waiting: this.#pending.size }, 'acknowledged writes could not be made, and are tried again');
      return false;
    }
  }

  /** Makes a run of writes; those that this version of the game cannot read are buried where they stand. */
  async #make(batch: readonly PendingWrite[]): Promise<void> {
    const at = batch.findIndex(({ write }) => write === undefined);
    const unreadable = batch[at];
    if (unreadable === undefined) return this.#makeOrHalve(batch);
    await this.#makeOrHalve(batch.slice(0, at));
    await this.#bury(unreadable, new GameKitError('ERR_GAME_STATE', 'the game as it is now cannot read this write'));
    return this.#make(batch.slice(at + 1));
  }

  /** One bad write must not hold up the good ones beside it: a batch that is refused is halved until it stands alone. */
  async #makeOrHalve(batch: readonly PendingWrite[]): Promise<void> {
    const [first] = batch;
    const refusal = first === undefined ? undefined : await this.#makeTogether(batch);
    if (first === undefined || refusal === undefined) return;
    if (batch.length === 1) return this.#bury(first, refusal);
    const half = batch.length >> 1;
    await this.#makeOrHalve(batch.slice(0, half));
    await this.#makeOrHalve(batch.slice(half));
  }

  /**
   * @returns why the database refuses the batch for good; undefined where it was made
   * @throws what another try may mend
   */
  async #makeTogether(batch: readonly PendingWrite[]): Promise<DaoError | undefined> {
    try {
      const startedAt = performance.now();
      const applied = await this.#parts.database.transaction((session) => applyBatch(session, this.#log.id, batch), repeatable);
      this.#note(batch, applied);
      this.#parts.flushed?.({ writes: applied.writes, rows: applied.rows, durationMs: performance.now() - startedAt });
      return undefined;
    } catch (error) {
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  async #bury(pending: PendingWrite, error: unknown): Promise<void> {
    await this.#parts.database.transaction((session) => buryWrite(session, this.#log.id, pending, error), repeatable);
    this.#sums.dead += 1;
    this.#parts.gameLog.error(
      { err: error, sequence: pending.sequence, operation: pending.write?.operation },
      'an acknowledged write can never be made: it is in dead_write',
    );
    this.#done(1);
  }

  #tell(batch: readonly PendingWrite[]): void {
    this.#parts.made?.(batch.flatMap(({ write }) => (write === undefined ? [] : changedThings(write))));
  }

  #note(batch: readonly PendingWrite[], { writes, rows, changes, outdated }: AppliedBatch): void {
    this.#sums.writes += writes;
    this.#sums.rows += rows;
    this.#sums.changes += changes;
    this.#sums.outdated += outdated;
    if (outdated > 0) this.#parts.gameLog.warn({ outdated }, 'saves met newer rows, which stayed');
    this.#tell(batch);
    this.#done(batch.length);
  }

  #done(count: number): void {
    this.#applied = this.#pending.removeOldest(count) ?? this.#applied;
    const isMade = ({ sequence }: { readonly sequence: number }): boolean => sequence <= this.#applied;
    const made = this.#waiters.filter(isMade);
    if (made.length > 0) this.#waiters = this.#waiters.filter((waiter) => !isMade(waiter));
    for (const { resolve } of made) resolve();
    if (this.#applied - this.#log.figures().consumed >= consumeEvery) void this.#consume();
  }

  async #consume(): Promise<void> {
    try {
      await this.#log.consume(this.#applied);
    } catch (error) {
      // Nothing is lost: the next start reads more and skips it.
      this.#parts.gameLog.warn({ err: error }, 'the log could not be told what was made');
    }
  }

  #read(sequence: number, payload: Uint8Array): PendingWrite {
    try {
      return { sequence, payload, write: decodeEntry(payload, this.#entities) };
    } catch (error) {
      this.#parts.gameLog.error({ err: error, sequence }, 'an acknowledged write cannot be read by this version of the game');
      return { sequence, payload, write: undefined };
    }
  }

  /** Waits for a time, which the end cuts short, and where it is so wished whoever wants a write. */
  async #rest(ms: number, { isForWanted }: { readonly isForWanted: boolean }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#timers.after(ms, resolve);
    this.#wake = () => {
      if (isForWanted || this.#isStopped) resolve();
    };
    await promise;
    this.#wake = undefined;
    cancel();
  }
}

function isRefusal(error: unknown): error is DaoError {
  return error instanceof DaoError && refusals.has(error.code);
}
