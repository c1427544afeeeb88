import { clockToleranceMs, maxAccessTtlSeconds } from '@midgard/auth';
import type { Work } from '../context.ts';
import { tokenRevocation } from '../entities/credential.ts';

/** Ends access tokens before their time, in the transaction of what ends them. */
export class TokenRevocations {
  readonly #work: Work;
  readonly #accessTtlSeconds: number;

  /**
   * @param work the transaction
   * @param settings how long an access token of a log-in lives
   */
  constructor(work: Work, { accessTtlSeconds }: { readonly accessTtlSeconds: number }) {
    this.#work = work;
    this.#accessTtlSeconds = accessTtlSeconds;
  }

  /** Those of one log-in. */
  async ofLogin(playerId: bigint, familyId: bigint): Promise<void> {
    await this.#insert(playerId, familyId, this.#accessTtlSeconds);
  }

  /** All that the player has by now, also those that belong to no log-in, which may live longer. */
  async ofPlayer(playerId: bigint): Promise<void> {
    await this.#insert(playerId, null, maxAccessTtlSeconds);
  }

  /** Kept for as long as another instance, whose clock may differ, could take the token. */
  async #insert(playerId: bigint, familyId: bigint | null, ttlSeconds: number): Promise<void> {
    const { session, now, ids } = this.#work;
    const forgetAt = new Date(now.getTime() + ttlSeconds * 1000 + 2 * clockToleranceMs);
    await session.dao(tokenRevocation).insert({ id: ids.next(), playerId, familyId, revokedAt: now, forgetAt });
  }
}
