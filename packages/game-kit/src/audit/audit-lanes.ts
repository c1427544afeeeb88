import type { AuditFacts } from '@midgard/auth';
import type { Database, Session } from '@midgard/dao';
import { auditHead } from '../entities/audit.ts';
import { AuditTrail, type AuditTrailOptions, type ChainEnd } from './audit-trail.ts';
import { Checkpoints, type CheckpointsOptions } from './checkpoints.ts';

/** Chains of an instance are this far from each other, so that no instance writes another's. */
const INSTANCES = 1024;

/** About as many transactions of an instance are at their commit at once. */
const LANES = 16;

interface Lane {
  readonly trail: AuditTrail;
  readonly checkpoints: Checkpoints | undefined;
  /** Transactions that are to append to it, or have and are not over. */
  users: number;
}

/**
 * The chains of an instance. A chain is one line, in which each waits for the commit of the one before it; so sensitive writes that run side
 * by side have one each, as far as they go. Where a database runs its writes one after the other (SQLite) one chain does.
 */
export class AuditLanes {
  readonly #lanes: readonly Lane[];
  readonly #noted: (facts: AuditFacts) => void;

  /**
   * @param options its chain is the instance's number, and the first chain's
   * @param signing undefined: chains are not signed
   * @param noted hears of each entry once it is committed
   */
  constructor(database: Database, { scope, chain }: AuditTrailOptions, signing: CheckpointsOptions | undefined, noted: (facts: AuditFacts) => void) {
    this.#noted = noted;
    this.#lanes = Array.from({ length: database.dialect === 'sqlite' ? 1 : LANES }, (_, at) => {
      const trail = new AuditTrail({ scope, chain: chain + at * INSTANCES });
      return { trail, checkpoints: signing && new Checkpoints(trail, signing), users: 0 };
    });
  }

  /** Makes what is missing in the database: after the first start, one read. */
  async prepare(database: Database): Promise<void> {
    const heads = await database.read((session) => session.dao(auditHead).getMany(this.#lanes.map(({ trail }) => trail.chain)));
    const there = new Set(heads.map(({ chain }) => chain));
    // One after the other: side by side they would wait for each other's gaps.
    for (const { trail } of this.#lanes) if (!there.has(trail.chain)) await trail.prepare(database);
  }

  /** Begins to sign. */
  start(): void {
    for (const { checkpoints } of this.#lanes) checkpoints?.start();
  }

  /** Signs what is not signed yet. */
  async stop(): Promise<void> {
    await Promise.all(this.#lanes.flatMap(({ checkpoints }) => (checkpoints === undefined ? [] : [checkpoints.stop()])));
  }

  /** Where one transaction may append; the first chain that no other is at, so that quiet times have one. To be given back. O(lanes) */
  take(): AuditTurn {
    return new AuditTurn(
      this.#lanes.reduce((least, lane) => (lane.users < least.users ? lane : least)),
      this.#noted,
    );
  }
}

/** One transaction's place at the end of a chain, through all its attempts. */
export class AuditTurn {
  readonly #lane: Lane;
  readonly #noted: (facts: AuditFacts) => void;
  #appended: { readonly end: ChainEnd; readonly facts: AuditFacts } | undefined;

  constructor(lane: Lane, noted: (facts: AuditFacts) => void) {
    this.#lane = lane;
    this.#noted = noted;
    lane.users += 1;
  }

  /** An attempt begins: nothing is appended yet. */
  begin(): void {
    this.#appended = undefined;
  }

  /** Appends an entry, as the last thing of an attempt. */
  async append(session: Session, facts: AuditFacts): Promise<void> {
    this.#appended = { end: await this.#lane.trail.append(session, facts), facts };
  }

  /** @param isCommitted whether the last attempt is known to have been committed */
  over(isCommitted: boolean): void {
    const { trail, checkpoints } = this.#lane;
    this.#lane.users -= 1;
    if (!isCommitted || this.#appended === undefined) return;
    const { end, facts } = this.#appended;
    trail.committed(end);
    checkpoints?.appended();
    this.#noted(facts);
  }
}
