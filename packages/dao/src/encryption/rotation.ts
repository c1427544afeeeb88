import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { type PlainDao, plainDao } from '../sharding/plain-dao.ts';
import type { RotateOptions, RotationReport } from './database-encryption.ts';
import { type KeyRow, insertKeys, keyRecord, readKeys, searchRootId } from './key-records.ts';
import { type Keyring, newestOf } from './keyring.ts';
import { batchTimeoutMs, rawPages, sealedOf } from './raw-rows.ts';
import type { RowSealer } from './row-sealer.ts';
import { sealerOf } from './sealed-session.ts';
import { rawEntity } from './stored-entity.ts';

/** What became of some rows. */
interface Renewal {
  readonly renewed: number;
  readonly unreadable: number;
}

const nothing: Renewal = { renewed: 0, unreadable: 0 };

/** One run of `DatabaseEncryption.rotate`. */
export class Rotation {
  readonly #database: Database;
  readonly #keyring: Keyring;
  readonly #options: RotateOptions & { readonly batchRows: number };

  /** @throws {DaoError} `ERR_DAO_INPUT`: an option out of range */
  constructor(database: Database, keyring: Keyring, { batchRows = 100, ...options }: RotateOptions) {
    if (!(Number.isInteger(batchRows) && batchRows >= 1 && batchRows <= 1000))
      throw new DaoError('ERR_DAO_INPUT', 'batchRows must be an integer from 1 to 1000');
    this.#database = database;
    this.#keyring = keyring;
    this.#options = { batchRows, ...options };
  }

  /**
   * Goes over the rows until it finds none under an older key: once at once, and again when every instance writes with the new one.
   * Nothing of where it is has to be kept for that: after a crash it reads again what it has done, and writes nothing of it.
   */
  async run(entities: readonly Entity[]): Promise<RotationReport> {
    const key = await this.#begin();
    let { renewed } = await this.#renewAll(entities);
    await this.#othersHaveIt(key);
    for (;;) {
      const last = await this.#renewAll(entities);
      renewed += last.renewed;
      if (last.renewed === 0) return this.#end(key, { renewed, unreadable: last.unreadable });
    }
  }

  /** @returns the key of a rotation that was begun and not ended, else a new one */
  async #begin(): Promise<KeyRow> {
    const { store } = this.#keyring;
    await this.#keyring.ready();
    for (;;) {
      const newest = newestOf(await readKeys(store));
      if (newest?.rotatedAt === null) {
        // One that was under way may have begun before the key was there.
        while (this.#keyring.currentId < newest.id) await this.#keyring.refresh();
        return newest;
      }
      await insertKeys(store, [await this.#keyring.make((newest?.id ?? searchRootId) + 1, null)]);
    }
  }

  /** Waits until every instance has looked for new keys, and what it had begun with the older one has ended. */
  async #othersHaveIt({ createdAt }: KeyRow): Promise<void> {
    const { refreshMs, clock } = this.#keyring;
    const waitMs = Math.min(createdAt.getTime() + 2 * refreshMs - clock.now(), 2 * refreshMs);
    if (waitMs <= 0) return;
    // Where it is aborted the next page says so.
    await sleep(waitMs, undefined, { signal: this.#options.signal ?? new AbortController().signal }).catch(() => undefined);
  }

  async #end({ id }: KeyRow, { renewed, unreadable }: Renewal): Promise<RotationReport> {
    await this.#keyring.flush();
    const rotatedAt = new Date(this.#keyring.clock.now());
    await this.#keyring.store.transaction((session) => session.dao(keyRecord).update(id, { rotatedAt }));
    return { keys: [id], renewed, unreadable };
  }

  async #renewAll(entities: readonly Entity[]): Promise<Renewal> {
    let total = nothing;
    for (const entity of sealedOf(entities)) total = sum(total, await this.#renewEntity(entity));
    return total;
  }

  async #renewEntity(entity: Entity): Promise<Renewal> {
    const { batchRows, onProgress, signal } = this.#options;
    const sealer = sealerOf(this.#keyring, entity);
    const raw = rawEntity(entity);
    let total = nothing;
    let rows = 0;
    for await (const page of rawPages(this.#database, raw, batchRows)) {
      if (signal?.aborted === true) throw new DaoError('ERR_DAO_TIMEOUT', 'the rotation was stopped; the next one goes on', { cause: signal.reason });
      const old = page.filter((row) => sealer.isOld(row));
      if (old.length > 0) total = sum(total, await this.#renewRows(raw, sealer, old));
      rows += page.length;
      onProgress?.({ entity: entity.name, rows, renewed: total.renewed });
    }
    return total;
  }

  /** Reads the rows again and locks them, so that what others have written meanwhile is what is encrypted anew. */
  #renewRows(raw: Entity, sealer: RowSealer, old: readonly RowValues[]): Promise<Renewal> {
    return this.#database.transaction(
      async (session) => {
        const dao = plainDao(session, raw);
        const locked = await dao.getMany(
          old.map((row) => keyOf(raw, row)),
          { forUpdate: true },
        );
        let total = nothing;
        for (const row of locked) total = sum(total, await renewRow(dao, raw, sealer, row));
        return total;
      },
      { isolation: 'readCommitted', timeoutMs: batchTimeoutMs },
    );
  }
}

async function renewRow(dao: PlainDao, raw: Entity, sealer: RowSealer, row: RowValues): Promise<Renewal> {
  try {
    const change = sealer.renewed(row);
    if (change === undefined) return nothing;
    await dao.update(keyOf(raw, row), change.set);
    return { renewed: change.values, unreadable: 0 };
  } catch (error) {
    // One value that somebody has damaged must not keep all others under the old key.
    if (error instanceof DaoError && error.code === 'ERR_DAO_DECRYPT') return { renewed: 0, unreadable: 1 };
    throw error;
  }
}

function sum(a: Renewal, b: Renewal): Renewal {
  return { renewed: a.renewed + b.renewed, unreadable: a.unreadable + b.unreadable };
}

function keyOf({ key }: Entity, row: RowValues): RowValues {
  return Object.fromEntries(key.map((name) => [name, row[name]]));
}
