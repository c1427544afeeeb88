import { type AuditCheckpoint, type AuditFacts, type AuditSigner, genesisHash, hashEntry } from '@midgard/auth';
import type { Database, Row, Session } from '@midgard/dao';
import { auditCheckpoint, auditEntry, auditHead } from '../entities/audit.ts';
import { fitFacts } from './fit-facts.ts';

/** Which chain an {@link AuditTrail} writes. */
export interface AuditTrailOptions {
  /** Name of the database, such as the id of the game: no chain fits into another database. */
  readonly scope: string;
  /** Number of the instance, 0 to 1023. Two writers of one chain are safe, and wait for each other. */
  readonly chain: number;
}

/**
 * Writes one chain of an audit log: each entry in the transaction of what it tells of, so that neither is there without the other.
 *
 * A chain is one line: who appends locks its head until the commit. So `append` is to be the last thing of a transaction.
 */
export class AuditTrail {
  readonly scope: string;
  readonly chain: number;

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
   * @returns its sequence
   */
  async append(session: Session, facts: AuditFacts): Promise<bigint> {
    const { chain, scope } = this;
    const head = await this.#head(session);
    const fitting = fitFacts(facts);
    const link = { ...fitting, chain, sequence: head.sequence + 1n, previous: head.hash };
    const hash = hashEntry(scope, link);
    const { sequence } = link;
    await session.dao(auditEntry).insert({ ...link, at: new Date(fitting.at), hash });
    await session.dao(auditHead).update(chain, { sequence, hash });
    return sequence;
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
