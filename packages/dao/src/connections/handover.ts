import type { Clock, Timers } from '@midgard/pool';
import type { ConnectionPool } from './connection-pool.ts';
import type { ServerHooks } from './hooks.ts';
import type { Lease } from './lease.ts';
import { within } from './time.ts';
import type { WriteGate } from './write-gate.ts';

/** How often it is looked whether the last write has ended. */
const lookEveryMs = 10;

/** Set-up of a {@link Handover}. */
export interface HandoverOptions {
  readonly gate: WriteGate;
  readonly hooks: ServerHooks;
  /** Most time for each of: the writes under way to end, the other server to take them over. */
  readonly handoverMs: number;
  readonly timers: Timers;
  readonly clock: Clock;
}

/**
 * Moves the writes from a server that is well to an earlier one, so that no write is missed: only between two moments at which
 * nothing is written can one server hold everything that was written to the other.
 */
export class Handover {
  readonly #options: HandoverOptions;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /**
   * @param isWanted asked before the move
   * @param move called at the moment in which nothing is written
   * @returns `behind`: nobody was held back, since the other server lacks something; `interrupted`: in vain, or nobody could tell
   */
  async run(from: ConnectionPool, to: ConnectionPool, isWanted: () => boolean, move: () => void): Promise<'moved' | 'behind' | 'interrupted'> {
    const { gate } = this.#options;
    const hasCaughtUp = await this.#hasCaughtUp(from, to);
    if (hasCaughtUp !== true) return hasCaughtUp === undefined ? 'interrupted' : 'behind';
    gate.shut();
    try {
      if (!(await this.#isQuiet(from, isWanted)) || (await this.#hasCaughtUp(from, to)) !== true || !isWanted()) return 'interrupted';
      move();
      return 'moved';
    } finally {
      gate.open();
    }
  }

  async #isQuiet(pool: ConnectionPool, isWanted: () => boolean): Promise<boolean> {
    const { clock, timers, handoverMs } = this.#options;
    const until = clock.now() + handoverMs;
    while (isWanted() && clock.now() < until) {
      const { borrowed, waiting } = pool.usage();
      if (borrowed + waiting === 0) return true;
      await new Promise<void>((resolve) => void timers.after(lookEveryMs, resolve));
    }
    return false;
  }

  /** @returns undefined: it could not be asked */
  async #hasCaughtUp(from: ConnectionPool, to: ConnectionPool): Promise<boolean | undefined> {
    const { hooks, handoverMs, timers } = this.#options;
    if (hooks.hasCaughtUp === undefined) return true;
    const leases: Lease[] = [];
    try {
      const source = await from.acquire({ timeoutMs: handoverMs });
      leases.push(source);
      const target = await to.acquire({ timeoutMs: handoverMs });
      leases.push(target);
      const answer = await within(timers, handoverMs, async () => hooks.hasCaughtUp?.(source.connection, target.connection));
      for (const lease of leases) lease.release();
      return answer === true;
    } catch {
      // What it was asked may still run on them.
      for (const lease of leases) lease.discard();
      return undefined;
    }
  }
}
