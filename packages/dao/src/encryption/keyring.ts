import { type KeyObject, createSecretKey, randomBytes } from 'node:crypto';
import { type Timer, type Timers, processTimers } from '@midgard/pool';
import type { Clock } from '../clock.ts';
import { DaoError } from '../errors.ts';
import { type KeyRow, type KeyStore, type NewKey, insertKeys, keyRecord, maxWrappedBytes, readKeys, searchRootId } from './key-records.ts';
import { type KeyWrapper, keyBytes } from './key-wrapper.ts';
import { type EncryptionOptions, requireEncryptionOptions } from './options.ts';
import type { DataKey } from './sealed-value.ts';

/** What a keyring works with. */
export interface KeyringParts {
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * The data keys of one database, unwrapped in memory. It looks for new ones from time to time, so that a key that another instance has
 * begun is taken up without a restart, and begins one itself when the newest has encrypted many values.
 */
export class Keyring {
  readonly #parts: KeyringParts;
  readonly #options: Required<EncryptionOptions>;
  readonly #keys = new Map<number, KeyObject>();
  #current: DataKey | undefined;
  #searchRoot: KeyObject | undefined;
  #sealed = 0n;
  #loading: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  /** @throws {DaoError} `ERR_DAO_INPUT`: an option out of range */
  constructor(options: EncryptionOptions, parts: KeyringParts) {
    this.#options = requireEncryptionOptions(options);
    this.#parts = parts;
  }

  /** Whether it has to be loaded before anything can be encrypted. */
  get isPending(): boolean {
    return this.#current === undefined;
  }

  get refreshMs(): number {
    return this.#options.refreshMs;
  }

  get store(): KeyStore {
    return this.#parts.store;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get wrapper(): KeyWrapper {
    return this.#options.keyWrapper;
  }

  /** Reads the keys, and makes the first ones. @throws {DaoError} `ERR_DAO_KEY`, `ERR_DAO_UNAVAILABLE` */
  async ready(): Promise<void> {
    if (this.isPending) await this.refresh();
  }

  /** Reads the keys anew, once for all who ask at the same time. */
  refresh(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** @returns the key for a new value, which counts as used by it */
  take(): DataKey {
    this.#sealed += 1n;
    return this.#required(this.#current);
  }

  /** @returns the number of the key for new values */
  get currentId(): number {
    return this.#required(this.#current).id;
  }

  get searchRoot(): KeyObject {
    return this.#required(this.#searchRoot);
  }

  key(id: number): KeyObject | undefined {
    return this.#keys.get(id);
  }

  /** Unwraps keys that it does not have yet. @throws {DaoError} `ERR_DAO_KEY` */
  async learn(rows: readonly KeyRow[]): Promise<void> {
    for (const row of rows) if (!this.#keys.has(row.id)) this.#keys.set(row.id, createSecretKey(await this.unwrap(row)));
  }

  /** @returns a new key of this number, wrapped; not recorded yet. @throws {DaoError} `ERR_DAO_KEY` */
  async make(id: number, rotatedAt: Date | null): Promise<NewKey> {
    return { id, rotatedAt, ...(await this.wrap(id, randomBytes(keyBytes))) };
  }

  /** @throws {DaoError} `ERR_DAO_KEY`: the wrapper fails */
  async wrap(id: number, key: Uint8Array): Promise<Pick<NewKey, 'wrapped' | 'wrappedBy'>> {
    const { keyWrapper } = this.#options;
    const wrapped = await guarded(`data key ${id} cannot be wrapped by ${keyWrapper.id}`, () => keyWrapper.wrap(key, contextOf(id)));
    if (wrapped.byteLength > maxWrappedBytes) throw keyError(`${keyWrapper.id} wraps a data key in more than ${maxWrappedBytes} bytes`);
    return { wrapped, wrappedBy: keyWrapper.id };
  }

  /** @throws {DaoError} `ERR_DAO_KEY`: its wrapper is not configured, or fails */
  async unwrap({ id, wrapped, wrappedBy }: KeyRow): Promise<Uint8Array> {
    const { keyWrapper, formerKeyWrappers } = this.#options;
    const wrapper = [keyWrapper, ...formerKeyWrappers].find((each) => each.id === wrappedBy);
    if (wrapper === undefined) throw keyError(`data key ${id} is wrapped by ${wrappedBy}, which is not configured`);
    const key = await guarded(`data key ${id} cannot be unwrapped by ${wrappedBy}`, () => wrapper.unwrap(wrapped, contextOf(id)));
    if (key.byteLength !== keyBytes) throw keyError(`data key ${id} as unwrapped by ${wrappedBy} has not ${keyBytes} bytes`);
    return key;
  }

  /** Records how many values were encrypted since it did so last. */
  async flush(): Promise<void> {
    const { id } = this.#required(this.#current);
    const used = this.#sealed;
    if (used === 0n) return;
    this.#sealed = 0n;
    try {
      await this.#parts.store.transaction((session) => session.dao(keyRecord).increment(id, { used }));
    } catch (error) {
      this.#sealed += used;
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #load(): Promise<void> {
    let rows = await readKeys(this.#parts.store);
    if (!rows.some(({ id }) => id === searchRootId) || newestOf(rows) === undefined) {
      const rotatedAt = new Date(this.#parts.clock.now());
      await insertKeys(this.#parts.store, await Promise.all([searchRootId, searchRootId + 1].map((id) => this.make(id, rotatedAt))));
      rows = await readKeys(this.#parts.store);
    }
    await this.#adopt(rows);
    this.#schedule();
  }

  async #adopt(rows: readonly KeyRow[]): Promise<void> {
    await this.learn(rows);
    const newest = newestOf(rows);
    const key = newest && this.#keys.get(newest.id);
    this.#searchRoot = this.#keys.get(searchRootId);
    if (newest === undefined || key === undefined) throw keyError('the database holds no data key');
    if (newest.id !== this.#current?.id) this.#current = { id: newest.id, key };
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    // One that fails says nothing: what the database does is heard elsewhere, and with the keys at hand everything goes on.
    this.#timer = this.#parts.timers.after(this.#options.refreshMs, () => {
      this.#tick().catch(() => this.#schedule());
    });
  }

  async #tick(): Promise<void> {
    await this.flush();
    const newest = newestOf(await readKeys(this.#parts.store));
    if (newest !== undefined && newest.used >= BigInt(this.#options.maxValuesPerKey)) {
      // What older keys encrypted may stay so: it is the number of values under one key that must not grow.
      await insertKeys(this.#parts.store, [await this.make(newest.id + 1, new Date(this.#parts.clock.now()))]);
    }
    await this.refresh();
  }

  #required<T>(value: T | undefined): T {
    if (value === undefined) throw keyError('the data keys are not loaded');
    return value;
  }
}

/** @returns the keyring of a database that encrypts */
export function keyringOf(options: EncryptionOptions | undefined, store: KeyStore, clock: Clock): Keyring | undefined {
  return options === undefined ? undefined : new Keyring(options, { store, clock, timers: processTimers });
}

/** What a key is, said to its wrapper: so that no record passes for another. */
function contextOf(id: number): string {
  return id === searchRootId ? 'midgard search root' : `midgard data key ${id}`;
}

/** @returns the key that encrypts; undefined where there is none yet */
export function newestOf(rows: readonly KeyRow[]): KeyRow | undefined {
  return rows.filter(({ id }) => id !== searchRootId).reduce<KeyRow | undefined>((newest, row) => (row.id > (newest?.id ?? 0) ? row : newest), undefined);
}

function keyError(message: string, cause?: unknown): DaoError {
  return new DaoError('ERR_DAO_KEY', message, { cause });
}

async function guarded<T>(message: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw keyError(message, cause);
  }
}
