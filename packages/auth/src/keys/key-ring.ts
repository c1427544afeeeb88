import type { Clock } from '../clock.ts';
import { AuthError } from '../errors.ts';
import { clockToleranceMs, maxAccessTtlSeconds } from '../tokens/limits.ts';
import { importSigningKey, type KeyAlgorithm, type PublicKeyJwk, type SigningKey } from './signing-key.ts';

/** A public key set (RFC 7517 §5), as `/.well-known/jwks.json` serves it. */
export interface PublicKeySet {
  readonly keys: readonly PublicKeyJwk[];
}

/**
 * Where a key stands in its life, which follows from its time and its successor's, so that all who hold the same keys agree without a word:
 * - `next`: verifies and is published, so that everybody knows it before the first token that it signs
 * - `signing`: signs
 * - `retired`: verifies until the last token that it signed has expired
 * - `spent`: does nothing any more
 */
export type KeyState = 'next' | 'signing' | 'retired' | 'spent';

/** What may be shown of a key of a ring. */
export interface KeyInfo {
  readonly kid: string;
  readonly alg: KeyAlgorithm;
  readonly state: KeyState;
  /** Epoch milliseconds; 0: since ever. */
  readonly signsFrom: number;
  /** Epoch milliseconds; null: no end is set, since no other key follows it or nobody knows since when. */
  readonly verifiesUntil: number | null;
}

/** More keys than any rotation leaves behind. */
const maxKeys = 32;

interface RingKey extends SigningKey {
  /** Epoch milliseconds; Infinity while no key follows. */
  readonly verifiesUntil: number;
}

/**
 * The keys that tokens are signed with and checked against; may be replaced while it is used.
 *
 * Of all keys whose time has come the youngest signs. To rotate, add a key that signs from a moment by which every instance and
 * every reader of the public set has it; the old one verifies for a day more, the longest life of a token.
 *
 * @example
 * ```ts
 * import { generateSigningKey, KeyRing } from '@midgard/auth';
 *
 * const first = await generateSigningKey();
 * const keys = await KeyRing.from([first]);
 * const inTenMinutes = Math.floor(Date.now() / 1000) + 600;
 * await keys.replace([first, await generateSigningKey({ signsFrom: inTenMinutes })]);
 * console.log(keys.list().map(({ state }) => state)); // ['next', 'signing']
 * ```
 */
export class KeyRing {
  readonly #clock: Clock;
  #keys: readonly RingKey[] = [];
  #byId: ReadonlyMap<string, RingKey> = new Map();
  #losses = 0;
  readonly #lossListeners = new Set<() => void>();

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param jwks private keys as `generateSigningKey` and `sharedSecretKey` make them; unknown values, since they come from a file.
   *   Of several that sign from the same moment the first does.
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: none or more than 32, one that is no key (see `importSigningKey`), or two of one `kid`
   */
  static async from(jwks: readonly unknown[], { clock = Date }: { readonly clock?: Clock } = {}): Promise<KeyRing> {
    const ring = new KeyRing(clock);
    await ring.replace(jwks);
    return ring;
  }

  /**
   * Puts other keys in the place of these, all or none.
   *
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: as {@link from}; the ring stays as it was
   */
  async replace(jwks: readonly unknown[]): Promise<void> {
    if (jwks.length === 0 || jwks.length > maxKeys) throw new AuthError('ERR_AUTH_OPTIONS', `1 to ${maxKeys} signing keys are needed`);
    const keys = inOrder(await Promise.all(jwks.map(importSigningKey)));
    const byId = new Map(keys.map((key) => [key.kid, key]));
    if (byId.size < keys.length) throw new AuthError('ERR_AUTH_OPTIONS', 'two signing keys have one kid');
    const isLoss = this.#keys.some(({ kid }) => !byId.has(kid));
    if (isLoss) this.#losses += 1;
    this.#keys = keys;
    this.#byId = byId;
    if (isLoss) for (const listener of this.#lossListeners) listener();
  }

  /**
   * @param listener hears of each time that keys were taken away, after {@link has} knows it; must not throw
   * @returns ends that
   */
  onLoss(listener: () => void): () => void {
    this.#lossListeners.add(listener);
    return () => this.#lossListeners.delete(listener);
  }

  /** Whether there is a key of that id, in whatever state. */
  has(kid: string): boolean {
    return this.#byId.has(kid);
  }

  /** How often a key was taken away: whoever remembers what a key has verified must forget it then. */
  get losses(): number {
    return this.#losses;
  }

  /** The key that signs now. O(keys). */
  signer(): SigningKey {
    const now = this.#clock.now();
    const key = this.#keys.find(({ signsFrom }) => signsFrom <= now) ?? this.#keys.at(-1);
    if (key === undefined) throw new AuthError('ERR_AUTH_OPTIONS', 'there is no signing key');
    return key;
  }

  /** The key of that id, if it still verifies. */
  verifier(kid: string): SigningKey | undefined {
    const key = this.#byId.get(kid);
    return key !== undefined && this.#clock.now() < key.verifiesUntil ? key : undefined;
  }

  /** Every key with its state, the youngest first; never a secret. */
  list(): readonly KeyInfo[] {
    const now = this.#clock.now();
    const signer = this.signer().kid;
    return this.#keys.map((key) => {
      const { kid, alg, signsFrom, verifiesUntil } = key;
      return { kid, alg, signsFrom, state: stateOf(key, signer, now), verifiesUntil: verifiesUntil === Infinity ? null : verifiesUntil };
    });
  }

  /** The public halves of all that verify, for others who check our tokens; a shared secret has none. */
  publicKeys(): PublicKeySet {
    const now = this.#clock.now();
    return { keys: this.#keys.flatMap(({ published, verifiesUntil }) => (published === null || verifiesUntil <= now ? [] : [published])) };
  }
}

/** The youngest first. Each retires when the one before it begins to sign. */
function inOrder(keys: readonly SigningKey[]): readonly RingKey[] {
  const sorted = keys.toSorted((one, other) => other.signsFrom - one.signsFrom);
  return sorted.map((key, index) => {
    const successor = sorted[index - 1];
    // A successor that signs "since ever" does not tell when this one stopped.
    const retiresAt = successor === undefined || successor.signsFrom === 0 ? Infinity : successor.signsFrom;
    return { ...key, verifiesUntil: retiresAt + maxAccessTtlSeconds * 1000 + clockToleranceMs };
  });
}

function stateOf({ kid, signsFrom, verifiesUntil }: RingKey, signer: string, now: number): KeyState {
  if (kid === signer) return 'signing';
  if (signsFrom > now) return 'next';
  return now < verifiesUntil ? 'retired' : 'spent';
}
