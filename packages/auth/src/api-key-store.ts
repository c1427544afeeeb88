import type { Role } from './principal.ts';

/** What is stored of a key. The key itself is not: only its HMAC under the pepper, which lives outside the database. */
export interface ApiKeyRecord {
  readonly id: string;
  /** HMAC-SHA256 of the whole key under the pepper, hexadecimal. */
  readonly hash: string;
  readonly games: readonly string[] | '*';
  readonly role: Role;
  /** For people: who holds the key and what for. */
  readonly label: string;
  /** Epoch milliseconds, as the two below. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** Where key records live: a table of the service, a file, or {@link MemoryApiKeyStore}. */
export interface ApiKeyStore {
  /** The record of that id, or undefined. */
  find(id: string): Promise<ApiKeyRecord | undefined>;
  /** Stores a record; its id is new. Durable once it resolves. */
  insert(record: ApiKeyRecord): Promise<void>;
  /** Every record, revoked and expired ones too. */
  list(): Promise<readonly ApiKeyRecord[]>;
  /** Marks a record as revoked at that time, once: a later call keeps the first time. False: no such id. */
  revoke(id: string, at: number): Promise<boolean>;
}

/** Keeps key records in memory: for tests, and for a service whose keys come from its configuration at each start. */
export class MemoryApiKeyStore implements ApiKeyStore {
  readonly #records = new Map<string, ApiKeyRecord>();

  async find(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#records.get(id);
  }

  async insert(record: ApiKeyRecord): Promise<void> {
    this.#records.set(record.id, record);
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    return [...this.#records.values()];
  }

  async revoke(id: string, at: number): Promise<boolean> {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    this.#records.set(id, { ...record, revokedAt: record.revokedAt ?? at });
    return true;
  }
}
