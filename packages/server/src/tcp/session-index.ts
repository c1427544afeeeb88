/**
 * The open connections by who speaks on them, so that those of one caller are found among 200,000 without a walk.
 *
 * Most callers have one connection: that one stands in the map itself, and only a second makes a set.
 */
export class SessionIndex<C extends object> {
  readonly #bySubject = new Map<string, C | Set<C>>();

  /** @param subject who speaks on it */
  add(subject: string, connection: C): void {
    const known = this.#bySubject.get(subject);
    if (known === undefined) this.#bySubject.set(subject, connection);
    else if (known instanceof Set) known.add(connection);
    else this.#bySubject.set(subject, new Set([known, connection]));
  }

  /** @param subject as it was added; unknown ones are no matter */
  delete(subject: string, connection: C): void {
    const known = this.#bySubject.get(subject);
    if (known instanceof Set) {
      known.delete(connection);
      if (known.size === 0) this.#bySubject.delete(subject);
    } else if (known === connection) this.#bySubject.delete(subject);
  }

  /** The connections of one caller, as they are now: the list does not change when one of them closes. */
  of(subject: string): readonly C[] {
    const known = this.#bySubject.get(subject);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }

  /** Callers with a connection. */
  get size(): number {
    return this.#bySubject.size;
  }
}
