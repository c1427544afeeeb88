import { type AuditCheckpoint, type AuditFacts, type AuditSigner, genesisHash, hashEntry } from '@midgard/auth';
import type { Database, Row, Session } from '@midgard/dao';
import { auditCheckpoint, auditEntry, auditHead } from '../entities/audit.ts';
import { isDaoError } from '../refusals.ts';
import { fitFacts } from './fit-facts.ts';

/** Which chain an {@link AuditTrail} writes. */
export interface AuditTrailOptions {
  /** Name of the database, such as the id of the game: no chain fits into another database. */
  readonly scope: string;
  /** Number of the chain, from 0. Two writers of one chain are safe, and wait for each other. */
  readonly chain: number;
}

/** Where a chain ended when a transaction had appended to it. */
export interface ChainEnd {
  readonly sequence: bigint;
  readonly hash: string;
  /** Of the row that holds it: another writer makes it another. */
  readonly version: number;
}

/**
 * Writes one chain of an audit log: each entry in the transaction of what it tells of, so that neither is there without the other.
 *
 * A chain is one line: who appends locks its head until the commit. So `append` is to be the last thing of a transaction.
 */
export class AuditTrail {
  readonly scope: string;
  readonly chain: number;
  /** Spares a look, where nobody else has written since. */
  #end: ChainEnd | undefined;

  /** @param options see {@link AuditTrailOptions} */
  constructor({ scope, chain }: AuditTrailOptions) {
    this.scope = scope;
    this.chain = chain;
  }

  /** Makes the head of the chain where there is none, so that those who append need not, side by side. */
  async prepare(database: Database): Promise<void> {
    await database.transaction((session) => this.#head(session));
  }

  /**
   * Appends an entry, as the last thing of a transaction.
   *
   * @param facts what happened; texts that are too long are cut
   * @returns where the chain ends now, for {@link committed}
   */
  async append(session: Session, facts: AuditFacts): Promise<ChainEnd> {
    const fitting = fitFacts(facts);
    return (await this.#appendBehind(session, fitting, this.#end)) ?? this.#appendToHead(session, fitting);
  }

  /** What was appended is committed: the next one goes behind it, without a look. */
  committed(end: ChainEnd): void {
    this.#end = end;
  }

  /**
   * Signs the present end of the chain.
   *
   * @param at epoch milliseconds
   * @returns undefined where nothing was written since the last checkpoint
   */
  async checkpoint(session: Session, signer: AuditSigner, at: number): Promise<AuditCheckpoint | undefined> {
    const { chain, scope } = this;
    const { sequence, hash, signedSequence, checkpoints } = await this.#head(session);
    if (sequence === signedSequence) return undefined;
    const checkpoint = signer.sign({ scope, chain, number: checkpoints + 1, sequence, hash, at, isAnchor: false });
    await session.dao(auditCheckpoint).insert(toCheckpointRow(checkpoint));
    await session.dao(auditHead).update(chain, { signedSequence: sequence, checkpoints: checkpoints + 1 });
    return checkpoint;
  }

  /** @returns undefined, and nothing is written, where the chain does not end there */
  async #appendBehind(session: Session, facts: AuditFacts, end: ChainEnd | undefined): Promise<ChainEnd | undefined> {
    if (end === undefined) return undefined;
    try {
      return await this.#append(session, facts, end);
    } catch (error) {
      if (!isDaoError(error, 'ERR_DAO_VERSION', 'ERR_DAO_NOT_FOUND')) throw error;
      this.#end = undefined;
      return undefined;
    }
  }

  async #appendToHead(session: Session, facts: AuditFacts): Promise<ChainEnd> {
    return this.#append(session, facts, await this.#head(session));
  }

  /** The head first: whoever has it appends, and everybody else waits for the commit. */
  async #append(session: Session, facts: AuditFacts, { sequence: last, hash: previous, version }: ChainEnd): Promise<ChainEnd> {
    const { chain, scope } = this;
    const link = { ...facts, chain, sequence: last + 1n, previous };
    const end = { sequence: link.sequence, hash: hashEntry(scope, link) };
    await session.dao(auditHead).update(chain, end, { expectedVersion: version });
    await session.dao(auditEntry).insert({ ...link, at: new Date(facts.at), hash: end.hash });
    return { ...end, version: version + 1 };
  }

  async #head(session: Session): Promise<Row<typeof auditHead>> {
    const { chain, scope } = this;
    const heads = session.dao(auditHead);
    const head = await heads.get(chain, { forUpdate: true });
    if (head !== undefined) return head;
    // Made anew behind what is there, where somebody removed it: the service goes on, and the rows tell whether it was the end.
    const [last] = await session.dao(auditEntry).find({ where: { chain }, orderBy: 'sequence', descending: true, limit: 1 });
    const [signed] = await session.dao(auditCheckpoint).find({ where: { chain }, orderBy: 'number', descending: true, limit: 1 });
    const { sequence, hash } = last ?? signed ?? { sequence: 0n, hash: genesisHash(scope, chain) };
    return heads.insert({ chain, sequence, hash, checkpoints: signed?.number ?? 0, signedSequence: signed?.sequence ?? 0n });
  }
}

/** A checkpoint as its table has it; the scope is the database's. */
export function toCheckpointRow({ chain, number, sequence, hash, at, isAnchor, keyId, signature }: AuditCheckpoint) {
  return { chain, number, sequence, hash, at: new Date(at), isAnchor, keyId, signature };
}
