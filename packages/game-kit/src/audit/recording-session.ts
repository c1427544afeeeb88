import type { Dao, Entity, Session } from '@midgard/dao';
import { unauditedEntities } from '../entities/index.ts';
import { ChangeLog } from './change-log.ts';
import { RecordingDao } from './recording-dao.ts';

type Statement = Parameters<Session['execute']>[0];

/** A transaction whose changes are noted, row by row; bookkeeping is not. */
export class RecordingSession implements Session {
  readonly #inner: Session;
  readonly log = new ChangeLog();
  /** Hand-written statements: what they changed nobody knows. */
  statements = 0;

  /** @param inner the transaction */
  constructor(inner: Session) {
    this.#inner = inner;
  }

  get changes(): Session['changes'] {
    return this.#inner.changes;
  }

  get mark(): string | undefined {
    return this.#inner.mark;
  }

  dao<E extends Entity>(entity: E): Dao<E> {
    const dao = this.#inner.dao(entity);
    return unauditedEntities.has(entity.name) ? dao : new RecordingDao(entity, dao, this.log);
  }

  execute(statement: Statement): ReturnType<Session['execute']> {
    this.statements += 1;
    return this.#inner.execute(statement);
  }
}
