import { BoundedMap } from '../bounded-map.ts';
import type { Principal } from '../principal.ts';

/** A token that was checked once. */
export interface VerifiedToken {
  readonly token: string;
  readonly principal: Principal;
  /** Epoch milliseconds. */
  readonly goodUntil: number;
}

/** One a player who is online; about a kilobyte each. */
const maxTokens = 20_000;
/** The whole of an HMAC, and as much of another signature: texts that no two good tokens share by chance. */
const tailLength = 43;

/**
 * Remembers verified tokens, so that a signature is checked once and not at each request.
 *
 * Filed under the end of the signature and compared character by character: to hash the whole token takes longer than all else here
 * (figures in the README), and no hash, however poor, can then give one token's answer for another (fast-jwt #588).
 */
export class VerifiedTokens {
  readonly #entries = new BoundedMap<VerifiedToken>(maxTokens);
  #keyLosses: number;

  /** @param keyLosses as the ring counts them now */
  constructor(keyLosses: number) {
    this.#keyLosses = keyLosses;
  }

  /** @param keyLosses as the ring counts them: what was verified by a key that is gone is forgotten, and all else with it */
  find(token: string, keyLosses: number): VerifiedToken | undefined {
    if (keyLosses !== this.#keyLosses) return undefined;
    const entry = this.#entries.get(token.slice(-tailLength));
    return entry !== undefined && entry.token === token ? entry : undefined;
  }

  /** @param keyLosses as the ring counted them before the check began */
  add(entry: VerifiedToken, keyLosses: number): void {
    if (keyLosses !== this.#keyLosses) {
      this.#entries.clear();
      this.#keyLosses = keyLosses;
    }
    this.#entries.set(entry.token.slice(-tailLength), entry);
  }

  /** Forgets a token. */
  delete({ token }: VerifiedToken): void {
    this.#entries.delete(token.slice(-tailLength));
  }
}
