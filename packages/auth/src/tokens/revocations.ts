import type { Clock } from '../clock.ts';
import type { Principal } from '../principal.ts';

/** Credentials that are good no more before their time. */
export interface Revocation {
  /** Whose: {@link Principal.subject}. */
  readonly subject: string;
  /** Only those of this log-in ({@link Principal.sessionId}); null: all of the subject. */
  readonly sessionId: string | null;
  /** Epoch milliseconds: of all of a subject, those issued up to then. `Infinity`: whenever. */
  readonly issuedUntil: number;
  /** Epoch milliseconds from which none of them is good by itself, so that this may be forgotten. */
  readonly forgetAt: number;
}

interface Known {
  readonly issuedUntil: number;
  readonly forgetAt: number;
}

/** So many are taken in between two looks for what may be forgotten, besides as many as there are. */
const sweepEvery = 1024;

/**
 * What has been revoked and would still be good: asked at every request, so it is two look-ups in maps and no more.
 *
 * It knows what it is told; who tells it what other instances revoked is not its part.
 *
 * @example
 * ```ts
 * import { Revocations } from '@midgard/auth';
 *
 * const revocations = new Revocations();
 * revocations.onRevoked(({ subject }) => console.log(`close what ${subject} has open`));
 * revocations.add({ subject: 'realm:player:42', sessionId: 'realm:7', issuedUntil: Infinity, forgetAt: Date.now() + 900_000 });
 * ```
 */
export class Revocations {
  readonly #clock: Clock;
  readonly #subjects = new Map<string, Known>();
  readonly #sessions = new Map<string, Known>();
  readonly #listeners = new Set<(revocation: Revocation) => void>();
  #addedSinceSweep = 0;

  constructor({ clock = Date }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#subjects.size + this.#sessions.size;
  }

  /**
   * Revokes, from now on. Told again, it does nothing; a later moment for the same subject extends the earlier.
   *
   * @returns whether this was news
   */
  add(revocation: Revocation): boolean {
    const { subject, sessionId, issuedUntil, forgetAt } = revocation;
    if (forgetAt <= this.#clock.now()) return false;
    const [known, name] = sessionId === null ? [this.#subjects, subject] : [this.#sessions, sessionId];
    const before = known.get(name);
    if (before !== undefined && before.issuedUntil >= issuedUntil && before.forgetAt >= forgetAt) return false;
    known.set(name, {
      issuedUntil: Math.max(issuedUntil, before?.issuedUntil ?? issuedUntil),
      forgetAt: Math.max(forgetAt, before?.forgetAt ?? forgetAt),
    });
    this.#sweepAtTimes();
    for (const listener of this.#listeners) listener(revocation);
    return true;
  }

  /** Whether what somebody showed to be who they are has been revoked since. O(1). */
  isRevoked({ subject, sessionId, issuedAt }: Principal): boolean {
    if (sessionId !== null && this.#sessions.has(sessionId)) return true;
    const known = this.#subjects.get(subject);
    return known !== undefined && (issuedAt === null || issuedAt <= known.issuedUntil);
  }

  /**
   * @param listener hears of each once, after {@link isRevoked} knows it; must not throw
   * @returns ends that
   */
  onRevoked(listener: (revocation: Revocation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #sweepAtTimes(): void {
    this.#addedSinceSweep += 1;
    if (this.#addedSinceSweep < sweepEvery + this.size / 2) return;
    this.#addedSinceSweep = 0;
    const now = this.#clock.now();
    for (const known of [this.#subjects, this.#sessions]) {
      for (const [name, { forgetAt }] of known) if (forgetAt <= now) known.delete(name);
    }
  }
}
