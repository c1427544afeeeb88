import type { Clock } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import type { CommitMarks } from './hooks.ts';

/**
 * How new a read must be. `own`: everything that this process was told is committed; `any`: whatever a replica within its lag shows;
 * `newest`: everything that is committed, by whatever process, which only the primary knows; `after`: everything up to a commit mark,
 * which may come from another process.
 */
export type Freshness = 'own' | 'any' | 'newest' | { readonly after: string };

/** Marks of which none covers another come from as many sources of writes, of which a database has few. */
const maxMarks = 16;

/**
 * Remembers what this process has written, so that it can be asked of a replica.
 *
 * Acknowledgements of transactions that ran side by side come in any order, so a mark replaces another only if it covers it. Where a
 * commit gave no mark, reads go to the primary for `settleMs`.
 */
export class WriteMarks {
  readonly #compare: CommitMarks['covers'] | undefined;
  readonly #settleMs: number;
  readonly #clock: Clock;
  /** None of them covers another. */
  #marks: readonly string[] = [];
  #settledAt = -Infinity;

  /**
   * @param marks how marks compare; undefined: the servers tell none
   * @param settleMs time after which replicas that are read from have every write, at least 0
   * @throws {DaoError} `ERR_DAO_INPUT`: settleMs makes no sense
   */
  constructor(marks: CommitMarks | undefined, settleMs: number, clock: Clock) {
    if (!(settleMs >= 0)) throw new DaoError('ERR_DAO_INPUT', 'settleMs must be a number of 0 or more');
    this.#compare = marks === undefined ? undefined : (position, mark) => marks.covers(position, mark);
    this.#settleMs = settleMs;
    this.#clock = clock;
  }

  /** A transaction that wrote was acknowledged. @param mark undefined: the server told none */
  note(mark: string | undefined): void {
    const covers = this.#compare;
    if (covers === undefined || mark === undefined) return this.#settle();
    if (this.#marks.some((known) => covers(known, mark))) return;
    this.#marks = [...this.#marks.filter((known) => !covers(mark, known)), mark];
    if (this.#marks.length <= maxMarks) return;
    this.#marks = this.#marks.slice(1);
    this.#settle();
  }

  /** Another server takes the writes: it may lack what the marks stand for, and then nobody would ever reach them. */
  forget(): void {
    this.#marks = [];
    this.#settle();
  }

  /** @returns the marks that a replica must cover; `primary`: only that is sure to be new enough */
  requiredFor(freshness: Freshness): readonly string[] | 'primary' {
    if (freshness === 'any') return [];
    if (freshness === 'newest') return 'primary';
    if (freshness !== 'own') return this.#compare === undefined ? 'primary' : [freshness.after];
    return this.#clock.now() < this.#settledAt ? 'primary' : this.#marks;
  }

  #settle(): void {
    this.#settledAt = this.#clock.now() + this.#settleMs;
  }
}
