import { type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';

/** Hands out placeholders in the order in which values will be bound. */
export class Slots {
  #next = 0;

  take(count: number): Placeholder[] {
    return Array.from({ length: count }, () => this.one());
  }

  one(): Placeholder {
    return sql.placeholder(String(this.#next++));
  }
}

/** @returns the parts with commas between them */
export function list(parts: readonly SQLWrapper[]): SQL {
  return sql.join([...parts], sql`, `);
}

/** An entity's names as parts of a statement; the dialect quotes them. */
export class Names {
  readonly table: SQLWrapper;
  readonly #entity: Entity;

  constructor(entity: Entity) {
    this.#entity = entity;
    this.table = sql.identifier(entity.table);
  }

  /** @returns a column by itself */
  column(name: string): SQLWrapper {
    const physical = Object.hasOwn(this.#entity.physicalNames, name) ? this.#entity.physicalNames[name] : undefined;
    if (physical === undefined) throw new DaoError('ERR_DAO_INPUT', `${this.#entity.name} has no such column`, { entity: this.#entity.name });
    return sql.identifier(physical);
  }

  /** @returns a column behind the name of its table or of another source of rows */
  of(source: SQLWrapper, name: string): SQL {
    return sql`${source}.${this.column(name)}`;
  }

  columns(names: readonly string[]): SQL {
    return list(names.map((name) => this.column(name)));
  }

  get all(): SQL {
    return this.columns(Object.keys(this.#entity.columns));
  }

  get key(): SQL {
    return this.columns(this.#entity.key);
  }
}
