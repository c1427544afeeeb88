import type { AuditCheckpoint, AuditSigner } from '@midgard/auth';
import type { Database } from '@midgard/dao';
import type { Clock } from '../clock.ts';
import type { GameLog } from '../context.ts';
import { processTimers, type Timers } from '../write-behind/timers.ts';
import type { AuditTrail } from './audit-trail.ts';

/** Takes copies of checkpoints to where whoever writes to the database cannot reach them. */
export type CheckpointSink = (checkpoint: AuditCheckpoint) => Promise<void> | void;

/** When a chain is signed, and by whom. */
export interface CheckpointsOptions {
  readonly database: Database;
  readonly signer: AuditSigner;
  readonly everyRows?: number;
  readonly everyMs?: number;
  readonly sink?: CheckpointSink;
  readonly timers?: Timers;
  readonly clock: Clock;
  readonly log: GameLog;
}

const EVERY_ROWS = 1000;
const EVERY_MS = 60_000;

/** Signs a chain after so many entries and after so much time, whichever comes first, and when it stops. */
export class Checkpoints {
  readonly #trail: AuditTrail;
  readonly #options: CheckpointsOptions;
  readonly #everyRows: number;
  readonly #timers: Timers;
  #appended = 0;
  #stopTimer: (() => void) | undefined;
  /** One at a time: the next one is due behind it. */
  #signing: Promise<void> = Promise.resolve();

  constructor(trail: AuditTrail, options: CheckpointsOptions) {
    this.#trail = trail;
    this.#options = options;
    this.#everyRows = options.everyRows ?? EVERY_ROWS;
    this.#timers = options.timers ?? processTimers;
  }

  /** Begins to look at the time. */
  start(): void {
    this.#stopTimer = this.#timers.after(this.#options.everyMs ?? EVERY_MS, () => void this.#sign().finally(() => this.#stopTimer && this.start()));
  }

  /** Signs what is not signed yet, and looks at the time no more. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    await this.#sign();
  }

  /** An entry was committed. O(1). */
  appended(): void {
    this.#appended += 1;
    if (this.#appended >= this.#everyRows) void this.#sign();
  }

  #sign(): Promise<void> {
    this.#appended = 0;
    this.#signing = this.#signing.then(() => this.#signNow());
    return this.#signing;
  }

  async #signNow(): Promise<void> {
    const { database, signer, clock, sink, log } = this.#options;
    try {
      const checkpoint = await database.transaction((session) => this.#trail.checkpoint(session, signer, clock.now()));
      // The database first: a copy of what was never stored would look as if somebody had removed it.
      if (checkpoint !== undefined) await sink?.(checkpoint);
    } catch (error) {
      log.error({ err: error, chain: this.#trail.chain }, 'the audit log could not be signed; the next checkpoint covers these entries too');
    }
  }
}
