/** Something that is given up when its time is over. */
export interface Underway {
  /** Nobody waits for it any more. */
  readonly isOver: boolean;
  giveUp(): void;
}

interface Waiting {
  readonly underway: Underway;
  readonly dueAt: number;
}

/**
 * Gives up what takes longer than `timeoutMs`: one timer for everything, so that what is over in time neither sets nor clears any.
 *
 * What arrived while this process was busy counts as in time: so a stalled event loop is not taken for a silent server.
 */
export class Deadlines {
  readonly #timeoutMs: number;
  /** All have the same time: the first to begin is the first to be late. */
  readonly #waiting: Waiting[] = [];
  #isArmed = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** From now on its time runs. O(1), amortised. */
  add(underway: Underway): void {
    this.#forgetWhatIsOver();
    this.#waiting.push({ underway, dueAt: performance.now() + this.#timeoutMs });
    if (!this.#isArmed) this.#arm(this.#timeoutMs);
  }

  #arm(inMs: number): void {
    this.#isArmed = true;
    // Timers come before the network in a turn of the loop, and immediates after it. The connection keeps the process alive, not this.
    setTimeout(() => setImmediate(() => this.#look()), inMs).unref();
  }

  #look(): void {
    const now = performance.now();
    this.#forgetWhatIsOver();
    for (let first = this.#waiting[0]; first !== undefined && first.dueAt <= now; first = this.#waiting[0]) {
      this.#waiting.shift();
      if (!first.underway.isOver) first.underway.giveUp();
    }
    const [next] = this.#waiting;
    this.#isArmed = false;
    if (next !== undefined) this.#arm(next.dueAt - now);
  }

  #forgetWhatIsOver(): void {
    while (this.#waiting[0]?.underway.isOver === true) this.#waiting.shift();
  }
}
