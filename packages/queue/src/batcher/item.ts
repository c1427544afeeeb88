/** An item on its way, from `add` until its promise is settled. */
export class Item<T, R> {
  readonly value: T;
  readonly bytes: number;
  /** Rises from item to item. */
  readonly sequence: number;
  readonly addedAtMs: number;
  /** When it has waited for companions long enough. */
  readonly dueAtMs: number;
  /** How often it was handed out. */
  attempts = 0;
  isSettled = false;
  next: Item<T, R> | undefined = undefined;
  readonly #outcome = Promise.withResolvers<R>();

  constructor(value: T, bytes: number, sequence: number, addedAtMs: number, dueAtMs: number) {
    this.value = value;
    this.bytes = bytes;
    this.sequence = sequence;
    this.addedAtMs = addedAtMs;
    this.dueAtMs = dueAtMs;
  }

  get outcome(): Promise<R> {
    return this.#outcome.promise;
  }

  resolve(result: R): void {
    this.isSettled = true;
    this.#outcome.resolve(result);
  }

  reject(error: unknown): void {
    this.isSettled = true;
    this.#outcome.reject(error);
  }
}
