import { createHmac, createSecretKey, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import { buildApiKey, parseApiKey, type ApiKeyEnvironment } from './api-key-format.ts';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';
import { freezePrincipal, type Principal, type Role } from './principal.ts';

/** What may be shown of a key: everything but its hash. */
export type ApiKeyInfo = Omit<ApiKeyRecord, 'hash'>;

/** What a new key is for. */
export interface NewApiKey {
  readonly games: readonly string[] | '*';
  readonly role: Role;
  /** 1 to 200 characters. */
  readonly label: string;
  /** Epoch milliseconds, in the future; null or absent: does not expire. */
  readonly expiresAt?: number | null;
}

/** Set-up of {@link ApiKeys}. */
export interface ApiKeysOptions {
  readonly store: ApiKeyStore;
  /** At least 32 random bytes, kept outside the database: a stolen table alone verifies no guess. */
  readonly pepper: Uint8Array;
  readonly env: ApiKeyEnvironment;
  readonly clock?: Clock;
  /** Bytes of a cryptographic generator; default `crypto.randomBytes`. */
  readonly random?: (bytes: number) => Uint8Array;
  /** How long a record is trusted without asking the store, milliseconds; so long may a key revoked elsewhere live on. Default 1000; 0: ask each time. */
  readonly cacheMs?: number;
}

/** A record, made ready to be compared with: done once a look-up and not once a request. */
interface KnownKey {
  readonly record: ApiKeyRecord;
  readonly hash: Buffer;
  readonly principal: Principal;
}

interface Lookup {
  readonly answer: Promise<KnownKey | undefined>;
  readonly readAt: number;
}

const minPepperBytes = 32;
/** Records of so many distinct keys are remembered: more than a service has keys in use within one `cacheMs`. */
const maxCachedRecords = 10_000;

/**
 * Makes, checks and revokes API keys of the form `mdg_<env>_<id>_<secret><checksum>`.
 *
 * The cache holds records by id and never verdicts: each call compares the secret and the times again, so one key
 * can never be taken for another. A revocation through this instance counts at once, one from elsewhere within `cacheMs`.
 *
 * @example
 * ```ts
 * import { ApiKeys, MemoryApiKeyStore } from '@midgard/auth';
 * import { randomBytes } from 'node:crypto';
 *
 * const keys = new ApiKeys({ store: new MemoryApiKeyStore(), pepper: randomBytes(32), env: 'dev' });
 * const { key } = await keys.create({ games: ['realm'], role: 'game-server', label: 'arena 1' });
 * const principal = await keys.verify(key); // roles: ['game-server'], games: ['realm']
 * ```
 */
export class ApiKeys {
  readonly #store: ApiKeyStore;
  readonly #pepper: KeyObject;
  readonly #environment: ApiKeyEnvironment;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #cacheMs: number;
  readonly #lookups = new BoundedMap<Lookup>(maxCachedRecords);

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: the pepper is shorter than 32 bytes, or `cacheMs` is negative */
  constructor({ store, pepper, env, clock = Date, random = randomBytes, cacheMs = 1000 }: ApiKeysOptions) {
    if (pepper.byteLength < minPepperBytes) throw new AuthError('ERR_AUTH_OPTIONS', `the pepper needs at least ${minPepperBytes} bytes`);
    if (!(cacheMs >= 0)) throw new AuthError('ERR_AUTH_OPTIONS', 'cacheMs must be 0 or more');
    this.#store = store;
    this.#pepper = createSecretKey(pepper);
    this.#environment = env;
    this.#clock = clock;
    this.#random = random;
    this.#cacheMs = cacheMs;
  }

  /**
   * Makes a key. The text of the key is in the answer and nowhere else: it cannot be shown again.
   *
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: the label is empty or too long, no game is named, or the expiry is not in the future
   */
  async create({ games, role, label, expiresAt = null }: NewApiKey): Promise<{ key: string; record: ApiKeyInfo }> {
    const now = this.#clock.now();
    if (label.length < 1 || label.length > 200) throw new AuthError('ERR_AUTH_OPTIONS', 'a label has 1 to 200 characters');
    if (games.length === 0) throw new AuthError('ERR_AUTH_OPTIONS', 'a key is for at least one game, or for "*"');
    if (expiresAt !== null && !(expiresAt > now)) throw new AuthError('ERR_AUTH_OPTIONS', 'the expiry must be in the future');
    const { id, key } = buildApiKey(this.#environment, this.#random);
    const info: ApiKeyInfo = { id, games, role, label, createdAt: now, expiresAt, revokedAt: null };
    await this.#store.insert({ ...info, hash: this.#hash(key).toString('hex') });
    return { key, record: info };
  }

  /**
   * Checks a key: form and checksum first (no look-up for a mistyped or random key), then secret, revocation, expiry.
   *
   * @throws {AuthError} `ERR_AUTH_INVALID`: malformed, unknown, of another environment, or revoked; `ERR_AUTH_EXPIRED`: the right key, too late.
   *   What the store throws goes through as it is.
   */
  async verify(key: string): Promise<Principal> {
    const { id, environment } = parseApiKey(key);
    if (environment !== this.#environment) throw invalidKey();
    // Before the look-up, so that an unknown id costs the same work as a known one.
    const hash = this.#hash(key);
    const known = await this.#find(id);
    if (known === undefined || !isEqual(known.hash, hash) || known.record.revokedAt !== null) throw invalidKey();
    const { expiresAt } = known.record;
    if (expiresAt !== null && expiresAt <= this.#clock.now()) throw new AuthError('ERR_AUTH_EXPIRED', 'the API key has expired');
    return known.principal;
  }

  /**
   * Revokes a key for good. Refused here from the moment this resolves, elsewhere within `cacheMs`.
   *
   * @param id the part between the second and third underscore, as {@link list} shows it
   * @returns false if there is no such key
   */
  async revoke(id: string): Promise<boolean> {
    try {
      return await this.#store.revoke(id, this.#clock.now());
    } finally {
      // After the store: a look-up that began before it goes with the entry that it would have filled.
      this.#lookups.delete(id);
    }
  }

  /** Every key with its state, without hashes. */
  async list(): Promise<readonly ApiKeyInfo[]> {
    const records = await this.#store.list();
    return records.map(infoOf);
  }

  /** One look-up serves all who ask for the same id meanwhile; it counts from when it began, so revocation is seen in time. */
  async #find(id: string): Promise<KnownKey | undefined> {
    const now = this.#clock.now();
    const cached = this.#lookups.get(id);
    const ageMs = cached === undefined ? -1 : now - cached.readAt;
    // A negative age: the clock went back, and the entry would outlive its time.
    if (cached !== undefined && ageMs >= 0 && ageMs < this.#cacheMs) return cached.answer;
    const lookup: Lookup = { answer: this.#store.find(id).then(prepare), readAt: now };
    this.#lookups.set(id, lookup);
    try {
      const known = await lookup.answer;
      // Unknown ids are not remembered: whoever invents keys fills no memory, and a new key works at once.
      if (known === undefined) this.#forget(id, lookup);
      return known;
    } catch (error) {
      this.#forget(id, lookup);
      throw error;
    }
  }

  #forget(id: string, lookup: Lookup): void {
    if (this.#lookups.get(id) === lookup) this.#lookups.delete(id);
  }

  #hash(key: string): Buffer {
    return createHmac('sha256', this.#pepper).update(key).digest();
  }
}

function prepare(record: ApiKeyRecord | undefined): KnownKey | undefined {
  if (record === undefined) return undefined;
  const { id, role, games, expiresAt } = record;
  const principal = freezePrincipal({ subject: `key:${id}`, kind: 'apiKey', roles: [role], games, playerId: null, expiresAt });
  return { record, principal, hash: Buffer.from(record.hash, 'hex') };
}

/** In constant time; a stored hash of another length is a damaged row and equals nothing. */
function isEqual(stored: Buffer, hash: Buffer): boolean {
  return stored.length === hash.length && timingSafeEqual(stored, hash);
}

function infoOf({ id, games, role, label, createdAt, expiresAt, revokedAt }: ApiKeyRecord): ApiKeyInfo {
  return { id, games, role, label, createdAt, expiresAt, revokedAt };
}

function invalidKey(): AuthError {
  return new AuthError('ERR_AUTH_INVALID', 'the API key is not valid');
}
