import type { Timer, Timers } from './time.ts';

/** The end of a pool: its grace, and what became of resources that were still out when the grace was over. */
export class Closing<T extends object> {
  readonly #timers: Timers;
  readonly #graces: Timer[] = [];
  /** Destroyed under the hands of their borrowers; that they come back later is no mistake. */
  readonly #seized = new WeakSet<T>();
  #done: PromiseWithResolvers<void> | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Whether it has begun. */
  get isUnderway(): boolean {
    return this.#done !== undefined;
  }

  /** @returns settles when `finish` is called */
  begin(): Promise<void> {
    this.#done ??= Promise.withResolvers();
    return this.#done.promise;
  }

  /** Of several graces the one that ends first counts. */
  allow(graceMs: number, end: () => void): void {
    if (graceMs < Infinity) this.#graces.push(this.#timers.after(graceMs, end));
  }

  seize(resource: T): void {
    this.#seized.add(resource);
  }

  /** Takes a seized resource back. @returns false: it was not seized */
  takeBack(resource: T): boolean {
    return this.#seized.delete(resource);
  }

  finish(): void {
    for (const grace of this.#graces) grace.cancel();
    this.#done?.resolve();
  }
}
