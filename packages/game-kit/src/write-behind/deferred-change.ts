import { checkNewRow, DaoError, type Entity, type NewRow } from '@midgard/dao';
import type { Principal } from '@midgard/auth';
import type { IdSource } from '../context.ts';
import type { GameManifest } from '../game.ts';
import { toMidgardError } from '@midgard/errors';

/** A row as a change carries it, by property names. */
export type ChangedRow = Readonly<Record<string, unknown>>;

/** One change of one row that is made later, together with others. */
export type DeferredChange =
  | { readonly kind: 'insert'; readonly entity: Entity; readonly row: ChangedRow }
  | { readonly kind: 'add'; readonly entity: Entity; readonly row: ChangedRow; readonly columns: readonly string[] }
  | { readonly kind: 'save'; readonly entity: Entity; readonly row: ChangedRow; readonly version: number };

type Countable<E extends Entity> = {
  [K in keyof E['columns'] & string]: E['columns'][K]['$mode'] extends 'optional' | 'managed'
    ? never
    : E['columns'][K]['kind'] extends 'id' | 'int64' | 'int'
      ? K
      : never;
}[keyof E['columns'] & string];

/**
 * What a write-behind operation's `defer` is given: it says what is to change, and nothing of it happens before the
 * whole was written to the durable log. Reads belong into `prepare`.
 */
export class Deferral {
  readonly game: GameManifest;
  readonly caller: Principal | null;
  /** When this operation began. */
  readonly now: Date;
  readonly ids: IdSource;
  readonly #changes: DeferredChange[] = [];

  /** @param parts what the operation knows of its call */
  constructor({ game, caller, now, ids }: Pick<Deferral, 'game' | 'caller' | 'now' | 'ids'>) {
    this.game = game;
    this.caller = caller;
    this.now = now;
    this.ids = ids;
  }

  /** What was said so far, in order. */
  get changes(): readonly DeferredChange[] {
    return this.#changes;
  }

  /**
   * A new row; its key must be new, such as one of `ids`.
   *
   * @throws {MidgardError} 2001: a value does not fit its column
   */
  insert<E extends Entity>(entity: E, row: NewRow<E>): void {
    check(entity, row);
    this.#changes.push({ kind: 'insert', entity, row });
  }

  /**
   * Adds the values of `columns` to those of the row with that key, which comes into being where it is missing. Any number
   * of these on one key become one.
   *
   * @throws {MidgardError} 2001: a value does not fit its column
   */
  add<E extends Entity>(entity: E, row: NewRow<E>, columns: readonly Countable<E>[]): void {
    check(entity, row);
    this.#changes.push({ kind: 'add', entity, row, columns });
  }

  /**
   * Puts a whole row in the place of the one with its key, unless that one has this version or a newer one by then. Of any
   * number of these on one key the last one counts.
   *
   * @param version one more than that of the row that it was made from
   * @throws {MidgardError} 2001: a value does not fit its column
   */
  save<E extends Entity>(entity: E, row: NewRow<E>, version: number): void {
    check(entity, row);
    this.#changes.push({ kind: 'save', entity, row, version });
  }
}

// What is acknowledged must be known to fit: later there is nobody left to tell.
function check<E extends Entity>(entity: E, row: NewRow<E>): void {
  try {
    checkNewRow(entity, row);
  } catch (error) {
    throw error instanceof DaoError ? toMidgardError(error) : error;
  }
}
