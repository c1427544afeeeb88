import { createHmac, createSecretKey, hash, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import { buildApiKey, parseApiKey, type ApiKeyEnvironment } from './api-key-format.ts';
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';
import { isOperationScope } from './operation-scope.ts';
import { freezePrincipal, type Principal, type Role } from './principal.ts';

/** What may be shown of a key: everything but its hash. */
export type ApiKeyInfo = Omit<ApiKeyRecord, 'hash'>;

/** What a new key is for. */
export interface NewApiKey {
  readonly games: readonly string[] | '*';
  readonly role: Role;
  /** Operations that it is for, as `order.create` or `order.*`; null or absent: all that its role grants. */
  readonly operations?: readonly string[] | null;
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
  /** Epoch milliseconds of the last use that was noted. */
  notedAt: number;
  readonly record: ApiKeyRecord;
  readonly hash: Buffer;
  readonly principal: Principal;
}

interface Lookup {
  readonly answer: Promise<KnownKey | undefined>;
  readonly readAt: number;
}

/** A key that was right by the record of this look-up. */
interface ProvenKey {
  readonly lookup: Lookup;
  readonly known: KnownKey;
}

const minPepperBytes = 32;
/** Records of so many distinct keys are remembered: more than a service has keys in use within one `cacheMs`. */
const maxCachedRecords = 10_000;
/** So often at most the store hears that a key is used. */
const noteEveryMs = 60_000;

/**
 * Makes, checks and revokes API keys of the form `mdg_<env>_<id>_<secret><checksum>`.
 *
 * The cache holds records by id, and of keys that were right their SHA-256 over every character, so one key can never be taken for
 * another; a record that is read anew proves its key anew. A revocation through this instance counts at once, one from elsewhere within `cacheMs`.
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
  /** By SHA-256: a look at it costs a third of the HMAC. Good for as long as its look-up is the one that counts. */
  readonly #proven = new BoundedMap<ProvenKey>(maxCachedRecords);
  /** The same by what was said of it. */
  readonly #byPrincipal = new WeakMap<Principal, ProvenKey>();

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
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: the label is empty or too long, no game or operation is named, or the expiry is not in the future
   */
  async create({ games, role, operations = null, label, expiresAt = null }: NewApiKey): Promise<{ key: string; record: ApiKeyInfo }> {
    const now = this.#clock.now();
    if (label.length < 1 || label.length > 200) throw new AuthError('ERR_AUTH_OPTIONS', 'a label has 1 to 200 characters');
    if (games.length === 0) throw new AuthError('ERR_AUTH_OPTIONS', 'a key is for at least one game, or for "*"');
    if (expiresAt !== null && !(expiresAt > now)) throw new AuthError('ERR_AUTH_OPTIONS', 'the expiry must be in the future');
    if (operations?.length === 0) throw new AuthError('ERR_AUTH_OPTIONS', 'a key is for at least one operation, or for all');
    const odd = operations?.find((operation) => !isOperationScope(operation));
    if (odd !== undefined) throw new AuthError('ERR_AUTH_OPTIONS', `"${odd}" is no operation such as order.create or order.*`);
    const { id, key } = buildApiKey(this.#environment, this.#random);
    const info: ApiKeyInfo = { id, games, role, operations, label, createdAt: now, expiresAt, revokedAt: null, lastUsedAt: null, replacedBy: null };
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
    const digest = digestOf(key);
    const proven = this.#provenBy(digest);
    if (proven !== undefined) return this.#admit(proven);
    const { id, environment } = parseApiKey(key);
    if (environment !== this.#environment) throw invalidKey();
    // Before the look-up, so that an unknown id costs the same work as a known one.
    const hmac = this.#hash(key);
    const known = await this.#find(id);
    if (known === undefined || !isEqual(known.hash, hmac) || known.record.revokedAt !== null) throw invalidKey();
    const lookup = this.#lookups.get(id);
    if (lookup !== undefined && (await lookup.answer) === known) this.#prove(digest, { lookup, known });
    return this.#admit(known);
  }

  #prove(digest: string, proven: ProvenKey): void {
    this.#proven.set(digest, proven);
    this.#byPrincipal.set(proven.known.principal, proven);
  }

  /**
   * As {@link verify} for a key that was right within `cacheMs`, without a promise: for the hot way.
   *
   * @returns undefined where it is not remembered, which says nothing about it
   * @throws {AuthError} `ERR_AUTH_EXPIRED`: the right key, too late
   */
  recall(key: string): Principal | undefined {
    const proven = this.#provenBy(digestOf(key));
    return proven && this.#admit(proven);
  }

  /**
   * Whether {@link verify} would give this very principal again, for the key that it gave it for: without a look at the key, for who knows that
   * it is the same.
   */
  stillGives(principal: Principal): boolean {
    const proven = this.#byPrincipal.get(principal);
    if (proven === undefined || !this.#counts(proven) || isExpired(proven.known, this.#clock.now())) return false;
    this.#noteUse(proven.known);
    return true;
  }

  #provenBy(digest: string): KnownKey | undefined {
    const proven = this.#proven.get(digest);
    return proven !== undefined && this.#counts(proven) ? proven.known : undefined;
  }

  #counts({ lookup, known }: ProvenKey): boolean {
    return this.#isGood(lookup) && this.#lookups.get(known.record.id) === lookup;
  }

  #admit(known: KnownKey): Principal {
    if (isExpired(known, this.#clock.now())) throw new AuthError('ERR_AUTH_EXPIRED', 'the API key has expired');
    this.#noteUse(known);
    return known.principal;
  }

  /**
   * Makes a key that may do the same, and gives the old one an end: until then both are good, so that its holders can change over.
   *
   * @param id of the old key
   * @param options.overlapMs how long the old one is still good, 0 or more; never longer than it would have been anyway
   * @returns undefined if there is no such key, or it is revoked or expired
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: the overlap is negative
   */
  async rotate(id: string, { overlapMs }: { readonly overlapMs: number }): Promise<{ key: string; record: ApiKeyInfo } | undefined> {
    if (!(overlapMs >= 0)) throw new AuthError('ERR_AUTH_OPTIONS', 'overlapMs must be 0 or more');
    const now = this.#clock.now();
    const old = await this.#store.find(id);
    if (old === undefined || old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt <= now)) return undefined;
    const { games, role, operations, label, expiresAt } = old;
    // First the new one: whatever happens between the two, there is a key that works.
    const created = await this.create({ games, role, operations, label, expiresAt });
    await this.#store.retire(id, { expiresAt: Math.min(now + overlapMs, expiresAt ?? Infinity), replacedBy: created.record.id });
    this.#lookups.delete(id);
    return created;
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
    const cached = this.#lookups.get(id);
    if (cached !== undefined && this.#isGood(cached)) return cached.answer;
    const lookup: Lookup = { answer: this.#store.find(id).then(prepare), readAt: this.#clock.now() };
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

  #isGood({ readAt }: Lookup): boolean {
    const ageMs = this.#clock.now() - readAt;
    // A negative age: the clock went back, and the entry would outlive its time.
    return ageMs >= 0 && ageMs < this.#cacheMs;
  }

  /** In the background: who asks does not wait for it, and a store that cannot write refuses nobody. */
  #noteUse(known: KnownKey): void {
    const now = this.#clock.now();
    if (now - known.notedAt < noteEveryMs) return;
    known.notedAt = now;
    void this.#store.touch(known.record.id, now).catch(() => undefined);
  }

  #forget(id: string, lookup: Lookup): void {
    if (this.#lookups.get(id) === lookup) this.#lookups.delete(id);
  }

  #hash(key: string): Buffer {
    return createHmac('sha256', this.#pepper).update(key).digest();
  }
}

/** The `subject` of an API key, by which its open connections are found. */
export function keySubject(id: string): string {
  return `key:${id}`;
}

function prepare(record: ApiKeyRecord | undefined): KnownKey | undefined {
  if (record === undefined) return undefined;
  const { id, role, games, operations, expiresAt, createdAt } = record;
  const all = { subject: keySubject(id), kind: 'apiKey', roles: [role], games, playerId: null, expiresAt, issuedAt: createdAt, sessionId: null } as const;
  const principal = freezePrincipal(operations === null ? all : { ...all, operations });
  return { notedAt: record.lastUsedAt ?? -Infinity, record, principal, hash: Buffer.from(record.hash, 'hex') };
}

function isExpired({ record: { expiresAt } }: KnownKey, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function digestOf(key: string): string {
  return hash('sha256', key, 'base64');
}

/** In constant time; a stored hash of another length is a damaged row and equals nothing. */
function isEqual(stored: Buffer, hash: Buffer): boolean {
  return stored.length === hash.length && timingSafeEqual(stored, hash);
}

function infoOf({ id, games, role, operations, label, createdAt, expiresAt, revokedAt, lastUsedAt, replacedBy }: ApiKeyRecord): ApiKeyInfo {
  return { id, games, role, operations, label, createdAt, expiresAt, revokedAt, lastUsedAt, replacedBy };
}

function invalidKey(): AuthError {
  return new AuthError('ERR_AUTH_INVALID', 'the API key is not valid');
}
