import type { Role } from './principal.ts';

/** What is stored of a key. The key itself is not: only its HMAC under the pepper, which lives outside the database. */
export interface ApiKeyRecord {
  readonly id: string;
  /** HMAC-SHA256 of the whole key under the pepper, hexadecimal. */
  readonly hash: string;
  readonly games: readonly string[] | '*';
  readonly role: Role;
  /** Operations that the key is for, as `order.create` or `order.*`; null: all that its role grants. */
  readonly operations: readonly string[] | null;
  /** For people: who holds the key and what for. */
  readonly label: string;
  /** Epoch milliseconds, as the two below. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** To the minute; null: never. */
  readonly lastUsedAt: number | null;
  /** Id of the key that takes its place; null: none does. */
  readonly replacedBy: string | null;
}

/** Where key records live: a table of the service, a file, or {@link MemoryApiKeyStore}. */
export interface ApiKeyStore {
  /** The record of that id, or undefined. */
  find(id: string): Promise<ApiKeyRecord | undefined>;
  /** Stores a record; its id is new. Durable once it resolves. */
  insert(record: ApiKeyRecord): Promise<void>;
  /** Every record, revoked and expired ones too. */
  list(): Promise<readonly ApiKeyRecord[]>;
  /** Notes that a key was used at that time; an unknown id is ignored. */
  touch(id: string, at: number): Promise<void>;
  /** Gives a key an end, and names the one that takes its place. False: no such id. */
  retire(id: string, end: { readonly expiresAt: number; readonly replacedBy: string }): Promise<boolean>;
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
    return this.#change(id, ({ revokedAt }) => ({ revokedAt: revokedAt ?? at }));
  }

  async touch(id: string, at: number): Promise<void> {
    this.#change(id, () => ({ lastUsedAt: at }));
  }

  async retire(id: string, end: Pick<ApiKeyRecord, 'expiresAt' | 'replacedBy'>): Promise<boolean> {
    return this.#change(id, () => end);
  }

  #change(id: string, changes: (record: ApiKeyRecord) => Partial<ApiKeyRecord>): boolean {
    const record = this.#records.get(id);
    if (record !== undefined) this.#records.set(id, { ...record, ...changes(record) });
    return record !== undefined;
  }
}
