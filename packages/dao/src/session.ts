import type { SQL } from 'drizzle-orm';
import { changeName } from './change-name.ts';
import type { Clock } from './clock.ts';
import type { CursorSigner } from './cursor.ts';
import type { Dao } from './dao.ts';
import type { RowChange, Session } from './database.ts';
import type { Executor, RowValues } from './dialects/dialect.ts';
import type { Keyring } from './encryption/keyring.ts';
import { sealedDao } from './encryption/sealed-session.ts';
import type { Entity } from './entity.ts';
import { EntityDao } from './entity-dao.ts';
import type { QueryCache } from './query-cache.ts';
import { readOnlyError } from './statements/hand-written.ts';

/** What sessions of one database share. */
export interface SessionParts {
  readonly clock: Clock;
  readonly cursors: CursorSigner;
  readonly queryCache: QueryCache | undefined;
  /** Undefined where nothing is encrypted. */
  readonly keyring: Keyring | undefined;
}

/** What a data access object needs of its session. */
export interface DaoSession {
  /** @returns the executor, for reading; it refuses everything once the session is over */
  reader(): Executor;
  /** @returns the executor, for writing. @throws {DaoError} `ERR_DAO_READ_ONLY` */
  writer(): Executor;
  /** Notes that a row was written. */
  noteChange(entity: Entity, row: RowValues): void;
}

/** A session over a dialect's executor: it notes what was written. */
export class ExecutorSession implements Session, DaoSession {
  readonly #executor: Executor;
  readonly #parts: SessionParts;
  readonly #changes = new Map<string, RowChange>();
  readonly #daos = new Map<Entity, EntityDao>();

  constructor(executor: Executor, parts: SessionParts) {
    this.#executor = executor;
    this.#parts = parts;
  }

  /** Set once the commit is there. */
  mark: string | undefined;

  get changes(): readonly RowChange[] {
    return [...this.#changes.values()];
  }

  dao<E extends Entity>(entity: E): Dao<E>;
  dao(entity: Entity): EntityDao {
    let dao = this.#daos.get(entity);
    if (dao === undefined) {
      dao = entity.encrypted.length === 0 ? new EntityDao(entity, this, this.#parts) : sealedDao(entity, this, this.#parts);
      this.#daos.set(entity, dao);
    }
    return dao;
  }

  async execute(statement: SQL): Promise<readonly RowValues[]> {
    return this.reader().execute(statement);
  }

  reader(): Executor {
    return this.#executor;
  }

  writer(): Executor {
    if (!this.#executor.isWritable) throw readOnlyError();
    return this.#executor;
  }

  noteChange(entity: Entity, row: RowValues): void {
    for (const column of entity.cacheBy) {
      const change = { entity: entity.name, column, cacheKey: String(row[column]) };
      this.#changes.set(changeName(change), change);
    }
  }
}
