import type { Entity, KeyOf, Row, Session } from '@midgard/dao';
import DataLoader from 'dataloader';
import type { Source } from '../context.ts';
import { GameKitError } from '../game-kit-error.ts';

/** Most keys of one call to a source: an `in` list that every dialect takes. */
const MOST_KEYS = 250;

/** Reads single rows by key within one snapshot: those asked for in one tick are one query a table, and each is read once. */
export class RowLoader {
  readonly #session: Session;
  readonly #tables = new Map<Entity, unknown>();
  readonly #gatherings = new Map<unknown, unknown>();

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

  /** @returns what the source has under that key */
  gather<K, V>(source: Source<K, V>, key: K): Promise<V> {
    const known = this.#gatherings.get(source);
    if (isGatheringOf(known, source)) return known.values.load(key);
    const gathering = new Gathering(source, this.#session);
    this.#gatherings.set(source, gathering);
    return gathering.values.load(key);
  }
}

class Gathering<K, V> {
  readonly source: Source<K, V>;
  readonly values: DataLoader<K, V>;

  constructor(source: Source<K, V>, session: Session) {
    this.source = source;
    this.values = new DataLoader<K, V>(
      async (keys) => {
        const values = await source.load(session, keys);
        return keys.map((_, at) => requireValue(values[at]));
      },
      { maxBatchSize: MOST_KEYS },
    );
  }
}

/**
 * @returns the value of a source, which must have one for each key
 * @throws {GameKitError} `ERR_GAME_STATE`: it has not
 */
export function requireValue<V>(value: V | undefined): V {
  if (value === undefined) throw new GameKitError('ERR_GAME_STATE', 'a source gave fewer values than it was asked for');
  return value;
}

function isGatheringOf<K, V>(gathering: unknown, source: Source<K, V>): gathering is Gathering<K, V> {
  return gathering instanceof Gathering && gathering.source === source;
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
