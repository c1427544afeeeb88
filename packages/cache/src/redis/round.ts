import type { Underway } from './deadlines.ts';

/** Name and arguments. */
export type Command = readonly [name: string, ...args: (string | Buffer)[]];

/** What a server answers; an error that it gives to one command is the answer to that command. */
export type Reply = unknown;

/** What somebody sends, and is answered. */
export interface Sending {
  readonly commands: readonly Command[];
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What goes to a server in one write, and has one time to be answered in. What comes after its end is ignored. */
export class Round implements Underway {
  isOver = false;
  readonly #sendings: readonly Sending[];
  readonly #late: () => Error;

  /** @param late makes the error where time is over */
  constructor(sendings: readonly Sending[], late: () => Error) {
    this.#sendings = sendings;
    this.#late = late;
  }

  /** Of all who send in it, in order. */
  get commands(): readonly Command[] {
    const [only] = this.#sendings;
    return this.#sendings.length === 1 && only !== undefined ? only.commands : this.#sendings.flatMap(({ commands }) => commands);
  }

  /** @param replies one for each command, in order */
  answer(replies: readonly Reply[]): void {
    this.isOver = true;
    const [only] = this.#sendings;
    if (this.#sendings.length === 1 && only !== undefined) {
      only.resolve(replies);
      return;
    }
    let from = 0;
    for (const { commands, resolve } of this.#sendings) resolve(replies.slice(from, (from += commands.length)));
  }

  /** There is no answer, to any of it. */
  fail(error: unknown): void {
    this.isOver = true;
    for (const { reject } of this.#sendings) reject(error);
  }

  giveUp(): void {
    this.fail(this.#late());
  }
}
