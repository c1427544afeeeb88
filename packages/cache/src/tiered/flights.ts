/** One look beyond memory for one key, for all who ask meanwhile. */
export class Flight<T> {
  readonly key: string;
  readonly promise: Promise<T>;
  /** A change of the key came between: what this brings may be older, and is only for who asked before. */
  isLost = false;
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(key: string) {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.key = key;
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** It has no reader yet, who would hear of its failure. */
  expectNobody(): void {
    this.promise.catch(() => undefined);
  }

  /** Gives those who wait what they wait for. The first of this and {@link fail} counts. */
  land(result: T): void {
    this.#resolve(result);
  }

  /** Refuses those who wait. */
  fail(error: unknown): void {
    this.#reject(error);
  }
}

/** The flights under way, one a key. To stand here is to be allowed to keep what it brings. */
export class Flights<T> {
  readonly #byKey = new Map<string, Flight<T>>();

  /** @returns the flight that a reader may join */
  of(key: string): Flight<T> | undefined {
    return this.#byKey.get(key);
  }

  /** Begins one for a key that has none. */
  begin(key: string): Flight<T> {
    const flight = new Flight<T>(key);
    this.#byKey.set(key, flight);
    return flight;
  }

  /** Ends one, in whatever way it went. */
  end(flight: Flight<T>): void {
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
  }

  /** Nobody joins the flight of this key any more, and what it brings is not kept. */
  drop(key: string): void {
    const flight = this.#byKey.get(key);
    if (flight === undefined) return;
    flight.isLost = true;
    this.#byKey.delete(key);
  }

  /** As {@link drop}, for every key. */
  dropAll(): void {
    for (const flight of this.#byKey.values()) flight.isLost = true;
    this.#byKey.clear();
  }
}
