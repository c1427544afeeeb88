import type { CommitMarks } from './hooks.ts';

/** What is known of how far a replica is, from one measurement to the next. */
export class Progress {
  readonly #marks: CommitMarks | undefined;
  #positions: readonly string[] = [];
  #missed: readonly string[] = [];

  constructor(marks: CommitMarks | undefined) {
    this.#marks = marks;
  }

  /** A new measurement: what was known before may not hold any more, such as when the replica was restored from a copy. */
  measured(position: string | undefined): void {
    this.#positions = position === undefined ? [] : [position];
    this.#missed = [];
  }

  reached(mark: string): void {
    this.#positions = [...this.#positions.filter((position) => this.#marks?.covers(mark, position) !== true), mark];
  }

  /** It was waited for in vain. */
  missed(mark: string): void {
    this.#missed = [mark];
  }

  /** Whether it has what the mark stands for, without asking it. */
  covers(mark: string): boolean {
    return this.#positions.some((position) => this.#marks?.covers(position, mark) === true);
  }

  /** Whether to ask it for the mark would probably be in vain: it has just missed this one or an earlier one. */
  isShortOf(mark: string): boolean {
    return this.#missed.some((missed) => this.#marks?.covers(mark, missed) === true);
  }
}
