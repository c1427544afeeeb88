import type { MidgardError } from '@midgard/errors';

/**
 * Refuses a write but keeps what its handler wrote so far: the transaction commits, then the caller gets the error.
 * For what must be remembered of a refused attempt, such as the end of a stolen log-in.
 */
export class CommittedRefusal extends Error {
  /** What the caller gets. */
  readonly refusal: MidgardError;

  /** @param refusal what the caller gets */
  constructor(refusal: MidgardError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}
