import type { SQL } from 'drizzle-orm';
import type { Clock } from './clock.ts';
import type { CursorSigner } from './cursor.ts';
import type { Dao } from './dao.ts';
import type { RowChange, Session } from './database.ts';
import type { Executor, RowValues } from './dialects/dialect.ts';
import type { Entity } from './entity.ts';
import { EntityDao } from './entity-dao.ts';
import type { QueryCache } from './query-cache.ts';
import { readOnlyError } from './statements/hand-written.ts';

/** What sessions of one database share. */
export interface SessionParts {
  readonly clock: Clock;
  readonly cursors: CursorSigner;
  readonly queryCache: QueryCache | undefined;
}

/** A session over a dialect's executor: it notes what was written. */
export class ExecutorSession implements Session {
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
      dao = new EntityDao(entity, this, this.#parts);
      this.#daos.set(entity, dao);
    }
    return dao;
  }

  async execute(statement: SQL): Promise<readonly RowValues[]> {
    return this.reader().execute(statement);
  }

  /** @returns the executor, for reading; it refuses everything once the session is over */
  reader(): Executor {
    return this.#executor;
  }

  /** @returns the executor, for writing. @throws {DaoError} `ERR_DAO_READ_ONLY` */
  writer(): Executor {
    if (!this.#executor.isWritable) throw readOnlyError();
    return this.#executor;
  }

  /** Notes that a row was written. */
  noteChange(entity: Entity, row: RowValues): void {
    const cacheKey = String(row[entity.cacheBy]);
    this.#changes.set(`${entity.name}:${cacheKey}`, { entity: entity.name, cacheKey });
  }
}
