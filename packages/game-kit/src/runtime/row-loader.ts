import type { Entity, KeyOf, Row, Session } from '@midgard/dao';
import DataLoader from 'dataloader';

/** Reads single rows by key within one snapshot: those asked for in one tick are one query a table, and each is read once. */
export class RowLoader {
  readonly #session: Session;
  readonly #tables = new Map<Entity, unknown>();

  /** @param session a snapshot that outlives the loader's use */
  constructor(session: Session) {
    this.#session = session;
  }

  /** @returns the row, undefined where there is none */
  load<E extends Entity>(entity: E, key: KeyOf<E>): Promise<Row<E> | undefined> {
    const known = this.#tables.get(entity);
    if (isTableOf(known, entity)) return known.rows.load(key);
    const table = new Table(entity, this.#session);
    this.#tables.set(entity, table);
    return table.rows.load(key);
  }
}

class Table<E extends Entity> {
  readonly entity: E;
  readonly rows: DataLoader<KeyOf<E>, Row<E> | undefined, string>;

  constructor(entity: E, session: Session) {
    this.entity = entity;
    const nameOf = (key: unknown): string => keyName(entity, key);
    this.rows = new DataLoader<KeyOf<E>, Row<E> | undefined, string>(
      async (keys) => {
        const found = new Map((await session.dao(entity).getMany(keys)).map((row) => [nameOf(row), row]));
        return keys.map((key) => found.get(nameOf(key)));
      },
      { cacheKeyFn: nameOf },
    );
  }
}

function isTableOf<E extends Entity>(table: unknown, entity: E): table is Table<E> {
  return table instanceof Table && table.entity === entity;
}

// JSON keeps ('a,b', 'c') and ('a', 'b,c') apart.
function keyName(entity: Entity, key: unknown): string {
  if (typeof key !== 'object' || key === null) return JSON.stringify([String(key)]);
  return JSON.stringify(entity.key.map((column) => String(Reflect.get(key, column))));
}
