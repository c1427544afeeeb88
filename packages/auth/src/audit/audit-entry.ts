import { createHash } from 'node:crypto';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';

/** What an entry says: who did what, from where, to what, and what became of it. A field that is not known is `''`. */
export interface AuditFacts {
  /** Epoch milliseconds when the act began. */
  readonly at: number;
  /** Who: a principal's subject, `anonymous`, or `cli:<user>`. */
  readonly actor: string;
  readonly actorKind: string;
  /** Joined by spaces. */
  readonly roles: string;
  /** By which way it came: `tcp`, `http`, `cli`. */
  readonly transport: string;
  readonly address: string;
  readonly requestId: string;
  readonly operation: string;
  /** Kind and key of what it was done to. */
  readonly entity: string;
  readonly subject: string;
  /** 0: done; else the code of the error that it was refused with. */
  readonly outcome: number;
  /** What changed, without secrets. */
  readonly changes: CanonicalValue;
}

/** One link of a chain. */
export interface AuditEntry extends AuditFacts {
  /** Number of the instance that wrote it. */
  readonly chain: number;
  /** From 1, without a gap. */
  readonly sequence: bigint;
  /** Hash of the entry before it; of the first one {@link genesisHash}. */
  readonly previous: string;
  /** SHA-256 of everything above, hexadecimal. */
  readonly hash: string;
}

/** Hashes of this form of entry; another form gets another number, so that no two forms can be confused. */
const form = 'midgard audit entry v1';

/**
 * What the first entry of a chain follows: binds the chain to its place, so that it cannot be put into another's.
 *
 * @param scope name of the database, such as the id of the game
 */
export function genesisHash(scope: string, chain: number): string {
  return sha256(canonicalJson({ form, scope, chain }));
}

/**
 * The hash of an entry: SHA-256 over the canonical JSON of every other field of it.
 *
 * @param scope name of the database, such as the id of the game
 */
export function hashEntry(scope: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { chain, sequence, previous, at, actor, actorKind, roles, transport, address, requestId, operation, entity, subject, outcome, changes } = entry;
  const facts = { at, actor, actorKind, roles, transport, address, requestId, operation, entity, subject, outcome, changes };
  return sha256(canonicalJson({ form, scope, chain, sequence: String(sequence), previous, ...facts }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
