/** What must be there at the end: the sums of everything that was acknowledged, counted outside the service. */
export class Books {
  readonly #totals = new Map<string, bigint>();

  /** @param asset `gold` or `item:sword`; @param delta what was acknowledged as made (or, negative, as used up) */
  post(asset: string, delta: bigint): void {
    this.#totals.set(asset, this.total(asset) + delta);
  }

  total(asset: string): bigint {
    return this.#totals.get(asset) ?? 0n;
  }

  /** Every asset that something was made of. */
  assets(): readonly string[] {
    return [...this.#totals.keys()].toSorted();
  }
}
