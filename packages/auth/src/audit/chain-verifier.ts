import type { AuditCheckpoint, AuditKeys } from './audit-checkpoint.ts';
import { type AuditEntry, genesisHash, hashEntry } from './audit-entry.ts';

/**
 * What can be wrong with a chain.
 *
 * - `changed`: a row does not have the hash that it says
 * - `link`: a row does not follow the one before it, although both are whole: one of them was put there
 * - `missing`: rows are gone, between others or at the beginning
 * - `truncated`: the chain was longer once
 * - `inserted`: rows behind the head, which no transaction wrote
 * - `head`: the head is gone or names another row
 * - `checkpoint`: a checkpoint is gone, was changed, or was signed over another chain
 */
export type AuditFault = 'changed' | 'link' | 'missing' | 'truncated' | 'inserted' | 'head' | 'checkpoint';

/** One thing that is wrong with a chain. */
export interface AuditFinding {
  readonly chain: number;
  /** Where: the first row concerned. */
  readonly sequence: bigint;
  readonly fault: AuditFault;
  /** For people; holds nothing of what a row says. */
  readonly detail: string;
}

/** The end of a chain, as the writer keeps it. */
export interface ChainHead {
  readonly sequence: bigint;
  readonly hash: string;
  /** How many checkpoints were signed. */
  readonly checkpoints: number;
}

/** What a {@link ChainVerifier} holds a chain against. */
export interface ChainVerifierOptions {
  readonly scope: string;
  readonly chain: number;
  /** Undefined where there is none. */
  readonly head: ChainHead | undefined;
  /** From beside the chain, in their order. */
  readonly checkpoints: readonly AuditCheckpoint[];
  /** Copies from elsewhere, which whoever writes to the database cannot reach; in any order. */
  readonly witnesses?: readonly AuditCheckpoint[];
  readonly keys: AuditKeys;
}

/**
 * Walks one chain from its beginning to its end and tells what somebody changed, removed, put in or moved.
 *
 * Holds no rows, only the checkpoints. What nobody can tell without a signature: rows at the end, behind the last checkpoint, that were
 * replaced together with the head.
 *
 * @example
 * ```ts
 * import { AuditKeys, ChainVerifier, generateSigningKey } from '@midgard/auth';
 *
 * const verifier = new ChainVerifier({ scope: 'realm', chain: 0, head: undefined, checkpoints: [], keys: new AuditKeys([await generateSigningKey()]) });
 * const findings = verifier.end(); // none: an empty chain is whole
 * ```
 */
export class ChainVerifier {
  readonly #options: ChainVerifierOptions;
  readonly #findings: AuditFinding[] = [];
  /** Signed hashes by sequence. */
  readonly #signed = new Map<bigint, string>();
  readonly #anchor: AuditCheckpoint | undefined;
  #last: bigint;
  /** What the next row may name as its predecessor; two where the last row and its hash differ, so that one fault is told once; undefined: any. */
  #expected: readonly string[] | undefined;

  /** @param options the chain's surroundings; their own faults are found at once */
  constructor(options: ChainVerifierOptions) {
    this.#options = options;
    const { scope, chain } = options;
    const accepted = this.#acceptAll();
    this.#anchor = accepted.findLast(({ isAnchor }) => isAnchor);
    this.#last = this.#anchor?.sequence ?? 0n;
    this.#expected = [this.#anchor?.hash ?? genesisHash(scope, chain)];
    this.#checkNumbers(accepted);
  }

  /** @param entry the next row, by sequence */
  add(entry: AuditEntry): void {
    const { sequence, previous, hash } = entry;
    const next = this.#last + 1n;
    if (sequence < next) {
      this.#find('inserted', sequence, `row ${sequence} stands before the beginning of the chain`);
      return;
    }
    if (sequence > next) this.#find('missing', next, `${between(next, sequence - 1n)} missing`);
    else if (this.#expected?.includes(previous) === false) this.#find('link', sequence, `row ${sequence} does not follow row ${sequence - 1n}`);
    const actual = hashEntry(this.#options.scope, entry);
    if (actual !== hash) this.#find('changed', sequence, `row ${sequence} was changed`);
    const signed = this.#signed.get(sequence);
    if (signed !== undefined && signed !== hash && signed !== actual)
      this.#find('checkpoint', sequence, `row ${sequence} is not the one that was signed: rows up to it were written anew`);
    this.#expected = [hash, actual];
    this.#last = sequence;
  }

  /** @param sequence of the next row, which the database cannot give back: it holds what nobody wrote through the service */
  addUnreadable(sequence: bigint): void {
    this.#find('changed', sequence, `row ${sequence} was changed: it cannot be read`);
    this.#expected = undefined;
    this.#last = sequence;
  }

  /** @returns what was found; to be called once, behind the last row */
  end(): readonly AuditFinding[] {
    const { head } = this.#options;
    const signedTo = [...this.#signed.keys()].reduce((most, sequence) => (sequence > most ? sequence : most), 0n);
    const known = head === undefined || signedTo > head.sequence ? signedTo : head.sequence;
    if (known > this.#last) this.#find('truncated', this.#last + 1n, `${between(this.#last + 1n, known)} cut off`);
    if (head === undefined) {
      if (this.#last > 0n) this.#find('head', this.#last, 'the head of the chain is gone');
    } else if (head.sequence < this.#last)
      this.#find('inserted', head.sequence + 1n, `${between(head.sequence + 1n, this.#last)} behind the head of the chain`);
    else if (head.sequence === this.#last && this.#expected?.includes(head.hash) === false)
      this.#find('head', this.#last, 'the head of the chain names another row');
    return this.#findings;
  }

  #acceptAll(): readonly AuditCheckpoint[] {
    const { scope, chain, checkpoints, witnesses = [], keys } = this.#options;
    const isOurs = (checkpoint: AuditCheckpoint): boolean => checkpoint.scope === scope && checkpoint.chain === chain;
    const accepted = checkpoints.filter((checkpoint) => {
      if (isOurs(checkpoint) && keys.accept(checkpoint)) return true;
      this.#find('checkpoint', checkpoint.sequence, `checkpoint ${checkpoint.number} was changed, or signed with a key that is not known`);
      return false;
    });
    const from = accepted.findLast(({ isAnchor }) => isAnchor)?.sequence ?? 0n;
    const stored = new Set(checkpoints.map(({ number }) => number));
    for (const witness of witnesses.filter(isOurs)) {
      if (!keys.accept(witness))
        this.#find('checkpoint', witness.sequence, `the copy of checkpoint ${witness.number} was changed, or signed with a key that is not known`);
      else if (witness.sequence >= from) this.#expectWitness(witness, stored);
    }
    for (const { sequence, hash } of accepted) this.#expectSigned(sequence, hash);
    return accepted;
  }

  #expectWitness({ number, sequence, hash }: AuditCheckpoint, stored: ReadonlySet<number>): void {
    if (!stored.has(number)) this.#find('checkpoint', sequence, `checkpoint ${number} is gone: only its copy is there`);
    this.#expectSigned(sequence, hash);
  }

  #expectSigned(sequence: bigint, hash: string): void {
    const other = this.#signed.get(sequence);
    if (other !== undefined && other !== hash) this.#find('checkpoint', sequence, `row ${sequence} was signed twice, with different hashes`);
    else this.#signed.set(sequence, hash);
  }

  #checkNumbers(accepted: readonly AuditCheckpoint[]): void {
    const { head, checkpoints } = this.#options;
    const numbers = new Set(checkpoints.map(({ number }) => number));
    const first = this.#anchor?.number ?? 1;
    const last = Math.max(head?.checkpoints ?? 0, ...accepted.map(({ number }) => number));
    for (let number = first; number <= last; number += 1)
      if (!numbers.has(number)) this.#find('checkpoint', this.#anchor?.sequence ?? 0n, `checkpoint ${number} is gone`);
    const extra = accepted.find(({ number }) => head !== undefined && number > head.checkpoints);
    if (extra !== undefined) this.#find('head', extra.sequence, `the head of the chain does not know checkpoint ${extra.number}`);
  }

  #find(fault: AuditFault, sequence: bigint, detail: string): void {
    this.#findings.push({ chain: this.#options.chain, sequence, fault, detail });
  }
}

function between(from: bigint, to: bigint): string {
  return from === to ? `row ${from} is` : `rows ${from} to ${to} are`;
}
