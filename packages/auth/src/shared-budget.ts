/** Counts together what several instances allow. */
export interface SharedBudget {
  /**
   * Notes that so many were taken of a key's budget.
   *
   * @param count whole, at least 1
   * @returns milliseconds until there is something again; 0: there still is
   * @throws anything, where it cannot be reached
   */
  take(key: string, count: number): Promise<number>;
}

/**
 * What to do while a {@link SharedBudget} cannot be reached:
 * - `local`: each instance allows the whole budget for itself (fails open)
 * - `refuse`: nothing is allowed (fails closed)
 */
export type WhenAway = 'local' | 'refuse';
