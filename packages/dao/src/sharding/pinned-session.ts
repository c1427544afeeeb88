import type { SQL } from 'drizzle-orm';
import type { Dao } from '../dao.ts';
import type { RowChange, Session } from '../database.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { ChangeNotes } from './change-notes.ts';
import { PinnedDao } from './pinned-dao.ts';
import { plainDao } from './plain-dao.ts';
import { shardRecords } from './records.ts';

/** What a {@link PinnedSession} is for. */
export interface PinnedTo {
  readonly key: string;
  readonly entities: ReadonlySet<Entity>;
  /** Where to note changed rows, while the key is being moved. */
  readonly notes: ChangeNotes | undefined;
  readonly isWritable: boolean;
}

const recordNames: ReadonlySet<string> = new Set(shardRecords.map(({ name }) => name));

/** A session of one shard that reaches the rows of one shard key. */
export class PinnedSession implements Session {
  readonly #session: Session;
  readonly #to: PinnedTo;
  readonly #daos = new Map<Entity, PinnedDao>();
  #hasEnded = false;

  constructor(session: Session, to: PinnedTo) {
    this.#session = session;
    this.#to = to;
  }

  get changes(): readonly RowChange[] {
    return this.#session.changes.filter(({ entity }) => !recordNames.has(entity));
  }

  get mark(): string | undefined {
    return this.#session.mark;
  }

  dao<E extends Entity>(entity: E): Dao<E>;
  dao(entity: Entity): PinnedDao {
    requireSharded(this.#to.entities, entity);
    let dao = this.#daos.get(entity);
    if (dao === undefined) {
      dao = new PinnedDao(entity, plainDao(this.#session, entity), {
        key: this.#to.key,
        beforeWrite: (of, row) => {
          this.#requireOpen();
          this.#to.notes?.add(of, row);
        },
        requireOpen: () => this.#requireOpen(),
      });
      this.#daos.set(entity, dao);
    }
    return dao;
  }

  /** What a hand-written statement changes is not known, so it could not be carried to another shard. */
  async execute(statement: SQL): Promise<readonly RowValues[]> {
    this.#requireOpen();
    if (this.#to.isWritable) throw new DaoError('ERR_DAO_SHARD', 'a hand-written statement on a shard runs in a read only');
    return this.#session.execute(statement);
  }

  /** Refuses everything from now on: what is written after the notes were would be in none. */
  end(): void {
    this.#hasEnded = true;
  }

  #requireOpen(): void {
    if (this.#hasEnded) throw new DaoError('ERR_DAO_SESSION', 'the session has ended: await every call within it');
  }
}

/** @throws {DaoError} `ERR_DAO_SHARD`: rows of this entity would be left behind by a move */
export function requireSharded(entities: ReadonlySet<Entity>, entity: Entity): void {
  if (!entities.has(entity))
    throw new DaoError('ERR_DAO_SHARD', `${entity.name} is not among the entities that the sharded database was opened with`, { entity: entity.name });
}
