import type { RowValues, Executor } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { EntityDao } from '../entity-dao.ts';
import { DaoError } from '../errors.ts';
import type { DaoSession, SessionParts } from '../session.ts';
import type { Keyring } from './keyring.ts';
import { RowSealer } from './row-sealer.ts';
import { SealingExecutor } from './sealing-executor.ts';

const sealers = new WeakMap<Keyring, WeakMap<Entity, RowSealer>>();

/**
 * @returns the data access object of an entity with encrypted columns. It asks no query cache: that would hold what was decrypted
 * @throws {DaoError} `ERR_DAO_KEY`: the database was opened without `encryption`
 */
export function sealedDao(entity: Entity, session: DaoSession, parts: SessionParts): EntityDao {
  const { keyring } = parts;
  if (keyring === undefined) throw noEncryption(entity);
  return new EntityDao(entity, new SealedSession(session, sealerOf(keyring, entity), keyring), { ...parts, queryCache: undefined });
}

/** @returns what encrypts the rows of an entity in a database */
export function sealerOf(keyring: Keyring, entity: Entity): RowSealer {
  let known = sealers.get(keyring);
  if (known === undefined) {
    known = new WeakMap();
    sealers.set(keyring, known);
  }
  let sealer = known.get(entity);
  if (sealer === undefined) {
    sealer = new RowSealer(entity, keyring);
    known.set(entity, sealer);
  }
  return sealer;
}

/** @throws {DaoError} `ERR_DAO_KEY`: an entity has encrypted columns, and the database was opened without `encryption` */
export function requireEncryption(entities: readonly Entity[], keyring: Keyring | undefined): void {
  const sealed = keyring === undefined ? entities.find(({ encrypted }) => encrypted.length > 0) : undefined;
  if (sealed !== undefined) throw noEncryption(sealed);
}

function noEncryption({ name, encrypted }: Entity): DaoError {
  return new DaoError('ERR_DAO_KEY', `${name} has encrypted columns (${encrypted.join(', ')}), and no key-encryption key is configured`, {
    entity: name,
    columns: encrypted,
  });
}

/** The session of {@link sealedDao}. */
class SealedSession implements DaoSession {
  readonly #session: DaoSession;
  readonly #sealer: RowSealer;
  readonly #keyring: Keyring;

  constructor(session: DaoSession, sealer: RowSealer, keyring: Keyring) {
    this.#session = session;
    this.#sealer = sealer;
    this.#keyring = keyring;
  }

  reader(): Executor {
    return new SealingExecutor(this.#session.reader(), this.#sealer, this.#keyring);
  }

  writer(): Executor {
    return new SealingExecutor(this.#session.writer(), this.#sealer, this.#keyring);
  }

  noteChange(entity: Entity, row: RowValues): void {
    this.#session.noteChange(entity, row);
  }
}
