import { DaoError } from '../errors.ts';
import type { ConnectionPoolSettings } from './connection-pool-options.ts';
import type { CommitMarks } from './hooks.ts';
import type { AcquireBounds, Lease } from './lease.ts';
import { type ConnectionsListener, type FallbackReason, tell } from './listener.ts';
import type { PrimaryReads } from './primary-reads.ts';
import type { Freshness, WriteMarks } from './read-your-writes.ts';
import type { Replica } from './replica.ts';
import type { ReplicaSet } from './replicas.ts';
import { within } from './time.ts';

/** Share of the time left that a read waits for a connection of one replica: one that is silent is known to be down only after seconds. */
const waitShare = 0.5;

/** What {@link Reads} consist of. */
export interface ReadParts {
  readonly replicas: ReplicaSet;
  readonly primary: PrimaryReads;
  readonly written: WriteMarks;
  readonly marks: CommitMarks | undefined;
  /** Longest wait for a replica to take over what a read must see. */
  readonly reachMs: number;
  readonly settings: ConnectionPoolSettings;
  readonly listener: ConnectionsListener;
}

/** Finds for each read the server that is new enough for it. */
export class Reads {
  readonly #parts: ReadParts;

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  /** @throws {DaoError} as rejections, as `ConnectionPool.acquire` */
  async acquire({ timeoutMs = this.#parts.settings.acquireTimeoutMs, signal }: AcquireBounds, freshness: Freshness): Promise<Lease> {
    const { clock } = this.#parts.settings;
    const until = clock.now() + timeoutMs;
    const required = this.#parts.written.requiredFor(freshness);
    const lease = required === 'primary' ? 'tooOld' : await this.#onReplica(required, until, signal);
    if (typeof lease !== 'string') return { ...lease, waitMs: clock.now() - until + timeoutMs };
    tell(() => this.#parts.listener.readFellBack?.({ reason: lease }));
    const primary = await this.#parts.primary.acquire({ timeoutMs: Math.max(1, until - clock.now()), signal });
    return { ...primary, waitMs: clock.now() - until + timeoutMs };
  }

  /** @returns why it must go to the primary, if it must */
  async #onReplica(required: readonly string[], until: number, signal: AbortSignal | undefined): Promise<Lease | FallbackReason> {
    const { replicas, settings } = this.#parts;
    const tried = new Set<Replica>();
    let isShort = false;
    for (;;) {
      const replica = replicas.pick((each) => {
        if (tried.has(each)) return false;
        const isEligible = !required.some((mark) => each.progress.isShortOf(mark));
        isShort ||= !isEligible;
        return isEligible;
      });
      if (replica === undefined) return isShort ? 'tooOld' : 'noReplica';
      tried.add(replica);
      try {
        const leftMs = (until - settings.clock.now()) * waitShare;
        const lease = await replica.pool.acquire({ timeoutMs: Math.max(1, leftMs), signal });
        if (replica.isServing && !(await this.#hasReached(replica, lease, required))) return 'tooOld';
        if (replica.isServing && !lease.connection.isBroken) return lease;
        // It was lost, or left the rotation, while the read waited for it.
        lease.release();
      } catch (error) {
        const isWorthATry = error instanceof DaoError && error.code === 'ERR_DAO_UNAVAILABLE' && settings.clock.now() < until;
        if (!isWorthATry) throw error;
      }
    }
  }

  /** @returns false: it has not, and its connection has been given back */
  async #hasReached(replica: Replica, lease: Lease, required: readonly string[]): Promise<boolean> {
    const { marks, reachMs, settings } = this.#parts;
    if (marks === undefined) return true;
    for (const mark of required) {
      if (replica.progress.covers(mark)) continue;
      try {
        // It keeps to its time itself; longer is as good as no answer.
        const hasReached = await within(settings.timers, reachMs + settings.pingTimeoutMs, () => marks.reach(lease.connection, mark, reachMs));
        if (hasReached) {
          replica.progress.reached(mark);
          continue;
        }
        lease.release();
      } catch {
        lease.discard();
      }
      replica.progress.missed(mark);
      return false;
    }
    return true;
  }
}
