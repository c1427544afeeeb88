import { type AuditCheckpoint, type AuditEntry, type AuditFinding, type AuditKeys, ChainVerifier } from '@midgard/auth';
import type { Database, Row, Session } from '@midgard/dao';
import { auditCheckpoint, auditEntry, auditHead } from '../entities/audit.ts';
import { isDaoError } from '../refusals.ts';

/** What {@link verifyAudit} holds the log of a database against. */
export interface VerifyAuditOptions {
  /** Name of the database, such as the id of the game. */
  readonly scope: string;
  readonly keys: AuditKeys;
  /** Copies of checkpoints that were kept elsewhere; those of other scopes are left aside. */
  readonly witnesses?: readonly AuditCheckpoint[];
  /** Hears after each page how far it is. */
  readonly progress?: (at: { readonly chain: number; readonly sequence: bigint; readonly rows: number }) => void;
  /** Rows of one page, 1 to 10 000; default 500. */
  readonly pageRows?: number;
}

/** What was looked at, and what is wrong with it. */
export interface AuditReport {
  readonly chains: number;
  readonly rows: number;
  readonly findings: readonly AuditFinding[];
}

/**
 * Walks every chain of a database's audit log, in pages; entries that are written meanwhile are left for the next time.
 *
 * @throws {DaoError} `ERR_DAO_UNAVAILABLE` and what else keeps it from reading
 */
export async function verifyAudit(database: Database, options: VerifyAuditOptions): Promise<AuditReport> {
  const { witnesses = [], scope } = options;
  const state = await database.read(stateOf);
  const ofWitnesses = witnesses.flatMap((witness) => (witness.scope === scope ? [witness.chain] : []));
  const chains = new Set([...state.chains, ...ofWitnesses]);
  const findings: AuditFinding[] = [];
  let rows = 0;
  for (const chain of [...chains].toSorted((one, other) => one - other)) {
    const walk = new ChainWalk(database, chain, options);
    findings.push(...(await walk.verify(state)));
    rows += walk.rows;
  }
  return { chains: chains.size, rows, findings };
}

interface LogState {
  readonly heads: readonly Row<typeof auditHead>[];
  readonly checkpoints: readonly Row<typeof auditCheckpoint>[];
  /** Last row of each chain. */
  readonly ends: ReadonlyMap<number, bigint>;
  readonly chains: readonly number[];
}

async function stateOf(session: Session): Promise<LogState> {
  const heads = await session.dao(auditHead).find();
  const checkpoints: Row<typeof auditCheckpoint>[] = [];
  for (let cursor: string | null = null, isMore = true; isMore;) {
    const page = await session.dao(auditCheckpoint).page({ limit: 1000, cursor });
    checkpoints.push(...page.items);
    cursor = page.nextCursor;
    isMore = cursor !== null;
  }
  const ends = new Map<number, bigint>();
  for (let after = -1; ;) {
    // The keys alone tell it, one look-up a chain, whether or not a chain has a head.
    const [next] = await session.dao(auditEntry).find({ where: { chain: { gt: after } }, orderBy: 'chain', limit: 1 });
    if (next === undefined) break;
    const [last] = await session.dao(auditEntry).find({ where: { chain: next.chain }, orderBy: 'sequence', descending: true, limit: 1 });
    ends.set(next.chain, last?.sequence ?? next.sequence);
    after = next.chain;
  }
  // A head is made before the first entry.
  const begun = heads.filter(({ sequence }) => sequence > 0n);
  return { heads, checkpoints, ends, chains: [...new Set([...begun, ...checkpoints].map(({ chain }) => chain)), ...ends.keys()] };
}

/** One chain's way from its first row to its last. */
class ChainWalk {
  readonly #database: Database;
  readonly #chain: number;
  readonly #options: VerifyAuditOptions;
  rows = 0;

  constructor(database: Database, chain: number, options: VerifyAuditOptions) {
    this.#database = database;
    this.#chain = chain;
    this.#options = options;
  }

  async verify({ heads, checkpoints, ends }: LogState): Promise<readonly AuditFinding[]> {
    const { scope, keys, witnesses, progress } = this.#options;
    const chain = this.#chain;
    const verifier = new ChainVerifier({
      scope,
      chain,
      keys,
      ...(witnesses !== undefined && { witnesses }),
      head: heads.find((head) => head.chain === chain),
      checkpoints: checkpoints.filter((row) => row.chain === chain).map((row) => ({ ...row, scope, at: row.at.getTime() })),
    });
    const end = ends.get(chain) ?? 0n;
    for (let from = 0n; from <= end;) {
      const last = await this.#page(verifier, from, end);
      if (last === undefined) break;
      progress?.({ chain, sequence: last, rows: this.rows });
      from = last + 1n;
    }
    return verifier.end();
  }

  /** @returns the last sequence of the page, undefined behind the end */
  async #page(verifier: ChainVerifier, from: bigint, to: bigint): Promise<bigint | undefined> {
    const { pageRows = 500 } = this.#options;
    try {
      const rows = await this.#find(from, to, pageRows);
      for (const row of rows) verifier.add(entryOf(row));
      this.rows += rows.length;
      return rows.at(-1)?.sequence;
    } catch (error) {
      if (isDaoError(error, 'ERR_DAO_UNAVAILABLE', 'ERR_DAO_TIMEOUT', 'ERR_DAO_OVERLOADED', 'ERR_DAO_CLOSED')) throw error;
      return this.#oneByOne(verifier, from, to);
    }
  }

  /** Somebody wrote into a row what the library cannot read: the others are looked at all the same. */
  async #oneByOne(verifier: ChainVerifier, from: bigint, to: bigint): Promise<bigint> {
    const last = from + BigInt(this.#options.pageRows ?? 500) < to ? from + BigInt(this.#options.pageRows ?? 500) : to;
    for (let sequence = from; sequence <= last; sequence += 1n) {
      try {
        const [row] = await this.#find(sequence, sequence, 1);
        if (row === undefined) continue;
        verifier.add(entryOf(row));
      } catch {
        verifier.addUnreadable(sequence);
      }
      this.rows += 1;
    }
    return last;
  }

  #find(from: bigint, to: bigint, limit: number): Promise<readonly Row<typeof auditEntry>[]> {
    const where = { chain: this.#chain, sequence: { gte: from, lte: to } };
    return this.#database.read((session) => session.dao(auditEntry).find({ where, orderBy: 'sequence', limit }));
  }
}

/** An entry as the chain has it. */
export function entryOf(row: Row<typeof auditEntry>): AuditEntry {
  return { ...row, at: row.at.getTime() };
}
