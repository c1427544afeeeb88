import type { Entity } from '@midgard/dao';

/** A row by the names of its columns, of whatever entity. */
export type AnyRow = Readonly<Record<string, unknown>>;

/** What became of one row in a transaction. */
export interface ChangedRow {
  readonly entity: Entity;
  readonly key: string;
  /** Null: it was not there; undefined: nobody looked. */
  before: AnyRow | null | undefined;
  /** Null: it is gone; undefined: nobody looked. */
  after: AnyRow | null | undefined;
  /** What was added to which columns, where nobody saw the sum. */
  added: AnyRow | undefined;
}

/** Notes what a transaction reads and writes, so that each row's first and last state can be told without reading it again. */
export class ChangeLog {
  readonly #seen = new Map<string, AnyRow>();
  readonly #changed = new Map<string, ChangedRow>();

  /** Rows that were changed, in the order of their first change. */
  rows(): readonly ChangedRow[] {
    return [...this.#changed.values()];
  }

  /** @returns the row as the transaction last saw it */
  known(entity: Entity, key: unknown): AnyRow | undefined {
    return this.#seen.get(idOf(entity, keyText(entity, key)));
  }

  /** A row was read. */
  saw(entity: Entity, row: object): void {
    const { id, whole } = this.#named(entity, row);
    this.#seen.set(id, whole);
    const change = this.#changed.get(id);
    if (change?.added === undefined) return;
    // The first look behind an addition: what was before is the rest.
    change.before ??= isNew(entity, whole) ? null : { ...whole, ...minus(whole, { ...change.added, ...versionStep(entity) }) };
    change.after = whole;
    change.added = undefined;
  }

  /** A row was written. */
  wrote(entity: Entity, row: object, before: AnyRow | null | undefined): void {
    const { id, key, whole } = this.#named(entity, row);
    this.#seen.set(id, whole);
    const change = this.#changed.get(id);
    if (change === undefined) this.#changed.set(id, { entity, key, before, after: whole, added: undefined });
    else change.after = whole;
  }

  /** A row was deleted. */
  removed(entity: Entity, key: unknown, before: AnyRow | undefined): void {
    const text = keyText(entity, key);
    const id = idOf(entity, text);
    this.#seen.delete(id);
    const change = this.#changed.get(id);
    if (change === undefined) this.#changed.set(id, { entity, key: text, before, after: null, added: undefined });
    else change.after = null;
  }

  /** Something was added to a row that nobody saw afterwards. */
  addedTo(entity: Entity, row: object, columns: readonly string[]): void {
    const { id, key, whole } = this.#named(entity, row);
    const before = this.#seen.get(id);
    this.#seen.delete(id);
    const added = Object.fromEntries(columns.map((column) => [column, whole[column]]));
    const change = this.#changed.get(id);
    if (change === undefined) this.#changed.set(id, { entity, key, before, after: undefined, added });
    else change.added = added;
  }

  #named(entity: Entity, row: object): { readonly id: string; readonly key: string; readonly whole: AnyRow } {
    const whole = Object.fromEntries(Object.entries(row));
    const key = keyText(entity, row);
    return { id: idOf(entity, key), key, whole };
  }
}

/** @returns `added` taken back from a row */
export function minus(row: AnyRow, added: AnyRow): AnyRow {
  return Object.fromEntries(Object.entries(added).map(([column, delta]) => [column, difference(row[column], delta)]));
}

/** A row's key for people: the value of its only column, else a list of them. */
export function keyText(entity: Entity, key: unknown): string {
  if (typeof key !== 'object' || key === null) return String(key);
  const values = entity.key.map((name) => String(Reflect.get(key, name)));
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
}

function idOf({ name }: Entity, key: string): string {
  return `${name} ${key}`;
}

/** What each change adds to a row besides. */
export function versionStep({ managed: { version } }: Entity): AnyRow {
  return version === undefined ? {} : { [version]: 1 };
}

/** Whether a row's version says that it was just inserted. */
export function isNew({ managed }: Entity, row: AnyRow): boolean {
  return managed.version !== undefined && row[managed.version] === 1;
}

function difference(value: unknown, delta: unknown): unknown {
  if (typeof value === 'bigint' && typeof delta === 'bigint') return value - delta;
  return typeof value === 'number' && typeof delta === 'number' ? value - delta : undefined;
}
