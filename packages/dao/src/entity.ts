import type { Column, ColumnKind, ColumnSecrecy, InsertMode, ManagedRole } from './column.ts';
import { DaoError } from './errors.ts';

/** Columns by property name. */
export type ColumnMap = Readonly<Record<string, Column>>;

/** An index; a unique one also refuses a second row with the same values (rows with a null among them are free). */
export interface Index {
  readonly on: readonly string[];
  readonly unique: boolean;
}

/**
 * Keeps the rows of each year (UTC) together, where the database can (MySQL and Oracle), so that old years can go at once.
 *
 * The year is that in which the row's id was made (see `IdGenerator`), and not that of a timestamp: MySQL keeps unique only what
 * contains the partitioned column, so with a timestamp two rows could have one id; and a row is found by its id in one partition.
 */
export interface Partition {
  /** A column of the key that holds ids of an `IdGenerator`. */
  readonly by: string;
  readonly every: 'year';
}

/** A kind of row, defined once for all dialects; made by {@link defineEntity}. */
export interface Entity<Columns extends ColumnMap = ColumnMap, Key extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly columns: Columns;
  readonly key: Key;
  readonly indexes: readonly Index[];
  /** Columns whose values name the cached things that fall when a row is written; the first one stands for the row itself. */
  readonly cacheBy: readonly [string, ...string[]];
  /** Column whose value decides on which shard a row lies; it never changes. */
  readonly shardBy: string;
  /** Physical names: snake_case, at most 30 bytes. */
  readonly table: string;
  readonly physicalNames: Readonly<Record<string, string>>;
  /** Managed columns by role. */
  readonly managed: Readonly<Partial<Record<ManagedRole, string>>>;
  readonly partition: Partition | null;
  /** Columns that are stored encrypted; mostly none. */
  readonly encrypted: readonly string[];
}

type NamesBy<C extends ColumnMap, Kind extends ColumnKind> = {
  [K in keyof C & string]: C[K] extends Column<infer V, Kind, InsertMode, 'plain'> ? (null extends V ? never : K) : never;
}[keyof C & string];
type NamesWithout<C extends ColumnMap, Kind extends ColumnKind, Secrecy extends ColumnSecrecy> = {
  [K in keyof C & string]: C[K]['kind'] extends Kind ? never : C[K]['$secrecy'] extends Secrecy ? never : K;
}[keyof C & string];
type NamesByMode<C extends ColumnMap, Mode extends InsertMode> = { [K in keyof C & string]: C[K]['$mode'] extends Mode ? K : never }[keyof C & string];

/** Kinds that may be keys and name cached things. */
export type KeyKind = 'id' | 'int64' | 'int' | 'text';

/** Names of the columns that can be compared; those that are encrypted and searchable with equality alone. */
export type ComparableNames<E extends Entity> = NamesWithout<E['columns'], 'json' | 'bytes', 'encrypted'>;

/** Names of the columns that can be sorted by. */
export type SortableNames<E extends Entity> = NamesWithout<E['columns'], 'json' | 'bytes', 'encrypted' | 'searchable'>;

/** A row as it is read. */
export type Row<E extends Entity> = { readonly [K in keyof E['columns'] & string]: E['columns'][K]['$value'] };

/** A row as it is inserted: without managed columns; nullable columns may be left out. */
export type NewRow<E extends Entity> = { readonly [K in NamesByMode<E['columns'], 'required'>]: E['columns'][K]['$value'] } & {
  readonly [K in NamesByMode<E['columns'], 'optional'>]?: E['columns'][K]['$value'];
};

type Patchable<E extends Entity> = {
  [K in keyof E['columns'] & string]: E['columns'][K]['$mode'] extends 'managed' ? never : K extends E['key'][number] ? never : K;
}[keyof E['columns'] & string];

/** What an update may change: neither the key nor managed columns. */
export type Patch<E extends Entity> = Readonly<Partial<{ [K in Patchable<E>]: E['columns'][K]['$value'] }>>;

/** A key as an object; where the key is one column, its bare value is enough. */
export type KeyOf<E extends Entity> =
  | { readonly [K in E['key'][number]]: E['columns'][K]['$value'] }
  | (E['key'] extends readonly [infer Only extends string] ? E['columns'][Only]['$value'] : never);

/** What {@link defineEntity} takes. */
export interface EntityDefinition<Columns extends ColumnMap, Key extends readonly string[]> {
  readonly columns: Columns;
  /** Columns that name a row; id, int64, int or text, not nullable. */
  readonly key: Key;
  readonly indexes?: readonly { readonly on: readonly NamesWithout<Columns, never, 'encrypted'>[]; readonly unique?: boolean }[];
  /**
   * One column, or several: an order belongs to what is cached of it (`id`) and to its player's list of orders (`playerId`). Default: the
   * first key column.
   */
  readonly cacheBy?: NamesBy<Columns, KeyKind> | readonly [NamesBy<Columns, KeyKind>, ...NamesBy<Columns, KeyKind>[]];
  /** Rows with the same value lie on the same shard, so that one transaction can write them. Default: the first key column. */
  readonly shardBy?: NamesBy<Columns, KeyKind>;
  /** For events, of which old ones are dropped by the year. Every unique index must contain the column. Default: one plain table. */
  readonly partition?: Partition & { readonly by: NamesBy<Columns, 'id'> };
}

/** Longest physical name: Oracle before 12.2 takes 30 bytes. */
const maxNameBytes = 30;
/** What the columns of an encrypted one are called behind its name: its value, and its keyed hash where it is searchable. */
export const encryptedSuffixes = { value: '_enc', hash: '_idx' } as const;
const keyKinds: ReadonlySet<string> = new Set(['id', 'int64', 'int', 'text'] satisfies KeyKind[]);

/**
 * Defines an entity.
 *
 * @param name letters, digits and underscores, from a letter; `midgard_…` is reserved
 * @throws {DaoError} `ERR_DAO_SCHEMA`: a name that does not fit every dialect, an unknown or unfit key, index, cacheBy, shardBy or partition column
 * @example
 * ```ts
 * import { createdAt, defineEntity, id, int, text, updatedAt, version } from '@midgard/dao';
 *
 * export const player = defineEntity('player', {
 *   columns: { id: id(), name: text(64), level: int(), externalId: text(128).nullable(), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
 *   key: ['id'],
 *   indexes: [{ on: ['name'], unique: true }],
 * });
 * ```
 */
export function defineEntity<const Columns extends ColumnMap, const Key extends readonly [NamesBy<Columns, KeyKind>, ...NamesBy<Columns, KeyKind>[]]>(
  name: string,
  definition: EntityDefinition<Columns, Key>,
): Entity<Columns, Key> {
  const { columns, key, indexes = [], shardBy = key[0], partition = null } = definition;
  const cacheBy = oneOrMore(definition.cacheBy ?? key[0]);
  const table = physicalName(name, name);
  if (table.startsWith('midgard_')) throw new DaoError('ERR_DAO_SCHEMA', `${name}: names from midgard_ are reserved`, { entity: name });
  const physicalNames = Object.fromEntries(Object.entries(columns).map(([column, { traits }]) => [column, physicalColumn(column, traits.secrecy, name)]));
  const encrypted = Object.keys(columns).filter((column) => columns[column]?.traits.secrecy !== 'plain');
  const hashNames = encrypted.map((column) => physicalName(column, name) + encryptedSuffixes.hash);
  const allNames = [...Object.values(physicalNames), ...hashNames];
  if (new Set(allNames).size !== allNames.length) throw new DaoError('ERR_DAO_SCHEMA', `${name}: two columns have the same physical name`, { entity: name });
  for (const column of new Set([...key, ...cacheBy, shardBy])) requireKeyColumn(name, columns, column);
  if (new Set<string>(key).size !== key.length) throw new DaoError('ERR_DAO_SCHEMA', `${name}: a key column is named twice`, { entity: name });
  for (const { on } of indexes) requireIndexColumns(name, columns, on);
  if (partition !== null) requirePartition(name, { columns, key, indexes }, partition.by);
  return {
    name,
    columns,
    key,
    cacheBy,
    shardBy,
    table,
    physicalNames,
    indexes: indexes.map(({ on, unique = false }) => ({ on, unique })),
    managed: managedColumns(name, columns),
    partition,
    encrypted,
  };
}

function oneOrMore(names: string | readonly [string, ...string[]]): readonly [string, ...string[]] {
  return typeof names === 'string' ? [names] : names;
}

function physicalName(name: string, entity: string): string {
  const physical = name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  if (/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name) && physical.length <= maxNameBytes) return physical;
  throw new DaoError(
    'ERR_DAO_SCHEMA',
    `${entity}: "${name}" is not a name of letters, digits and underscores, from a letter, of at most ${maxNameBytes} bytes`,
    { entity },
  );
}

/** A value that becomes encrypted gets a column of another name: no release takes the one for the other. */
function physicalColumn(name: string, secrecy: ColumnSecrecy, entity: string): string {
  if (secrecy === 'plain') return physicalName(name, entity);
  const physical = `${physicalName(name, entity)}${encryptedSuffixes.value}`;
  if (physical.length <= maxNameBytes) return physical;
  const most = maxNameBytes - encryptedSuffixes.value.length;
  throw new DaoError('ERR_DAO_SCHEMA', `${entity}: the name of an encrypted column has at most ${most} bytes`, { entity, columns: [name] });
}

function requireKeyColumn(entity: string, columns: ColumnMap, name: string): void {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column !== undefined && keyKinds.has(column.kind) && isKeyColumn(column)) return;
  throw new DaoError(
    'ERR_DAO_SCHEMA',
    `${entity}.${name}: a key, cacheBy or shardBy column is an id, int64, int or text that is never null and not encrypted`,
    {
      entity,
      columns: [name],
    },
  );
}

function isKeyColumn({ traits }: Column): boolean {
  return !traits.isNullable && traits.role === null && traits.secrecy === 'plain';
}

function requireIndexColumns(entity: string, columns: ColumnMap, on: readonly string[]): void {
  for (const name of on) {
    const { kind, traits } = (Object.hasOwn(columns, name) ? columns[name] : undefined) ?? {};
    if (kind === undefined || kind === 'json' || kind === 'bytes' || traits?.secrecy === 'encrypted')
      throw new DaoError('ERR_DAO_SCHEMA', `${entity}.${name}: cannot be indexed`, { entity, columns: [name] });
  }
  if (on.length === 0 || new Set(on).size !== on.length)
    throw new DaoError('ERR_DAO_SCHEMA', `${entity}: an index names each of its columns once, and at least one`, { entity });
}

type PartitionedRows = Pick<Required<EntityDefinition<ColumnMap, readonly string[]>>, 'columns' | 'key' | 'indexes'>;

function requirePartition(entity: string, { columns, key, indexes }: PartitionedRows, by: string): void {
  const isUniqueWithout = ({ on, unique = false }: { on: readonly string[]; unique?: boolean }): boolean => unique && !on.includes(by);
  if (columns[by]?.kind === 'id' && key.includes(by) && !indexes.some(isUniqueWithout)) return;
  throw new DaoError('ERR_DAO_SCHEMA', `${entity}.${by}: rows are partitioned by an id that is part of the key and of every unique index`, {
    entity,
    columns: [by],
  });
}

function managedColumns(entity: string, columns: ColumnMap): Partial<Record<ManagedRole, string>> {
  const managed: Partial<Record<ManagedRole, string>> = {};
  for (const [name, { traits }] of Object.entries(columns)) {
    if (traits.role === null) continue;
    if (managed[traits.role] !== undefined || traits.isNullable)
      throw new DaoError('ERR_DAO_SCHEMA', `${entity}.${name}: one ${traits.role} column, never null`, { entity, columns: [name] });
    managed[traits.role] = name;
  }
  return managed;
}
