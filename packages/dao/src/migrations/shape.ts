import { createHash } from 'node:crypto';
import type { ColumnKind } from '../column.ts';
import { storedEntity } from '../encryption/stored-entity.ts';
import type { Entity, Index } from '../entity.ts';

/** What of a column matters to the stored data. */
export interface ColumnDefinition {
  readonly kind: ColumnKind;
  readonly isNullable: boolean;
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
}

/** An index by physical column names. */
export interface IndexShape {
  readonly on: readonly string[];
  readonly isUnique: boolean;
}

/** A table as an entity wants it, without any code: by physical names, so that it can be kept as JSON and compared later. */
export interface TableShape {
  readonly entity: string;
  readonly table: string;
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  readonly key: readonly string[];
  /** By name; see {@link indexName}. */
  readonly indexes: Readonly<Record<string, IndexShape>>;
  /** Column of ids whose years keep the rows apart; see `Partition` of an entity. */
  readonly partitionBy?: string;
}

/** @returns the table of an entity */
export function shapeOf(defined: Entity): TableShape {
  const entity = storedEntity(defined);
  return {
    entity: entity.name,
    table: entity.table,
    columns: definitionOf(entity),
    key: entity.key.map((name) => physical(entity, name)),
    indexes: Object.fromEntries(
      entity.indexes.map((index) => [indexName(entity, index), { on: index.on.map((name) => physical(entity, name)), isUnique: index.unique }]),
    ),
    ...(entity.partition === null ? {} : { partitionBy: physical(entity, entity.partition.by) }),
  };
}

/** @returns the columns by physical name, as they are recorded */
export function definitionOf(defined: Entity): Readonly<Record<string, ColumnDefinition>> {
  const entity = storedEntity(defined);
  return Object.fromEntries(
    Object.entries(entity.columns).map(
      ([
        name,
        {
          kind,
          traits: { isNullable, maxLength, precision, scale },
        },
      ]) => [physical(entity, name), { kind, isNullable, maxLength, precision, scale }],
    ),
  );
}

/** @returns a digest that changes with everything that a migration could have to do */
export function fingerprintOf(defined: Entity): string {
  const entity = storedEntity(defined);
  const indexes = entity.indexes.map((index) => indexName(entity, index));
  const partition = entity.partition === null ? [] : [entity.partition];
  return createHash('sha256')
    .update(JSON.stringify([entity.table, definitionOf(entity), entity.key, indexes, ...partition]))
    .digest('hex');
}

/** @returns the physical name of a property */
export function physical(entity: Entity, name: string): string {
  return entity.physicalNames[name] ?? name;
}

/** Names tell what an index is, so a changed one has another name; 30 bytes are what every dialect takes. */
function indexName(entity: Entity, { on, unique }: Index): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([entity.table, on]))
    .digest('hex')
    .slice(0, 8);
  return `${indexPrefix(entity.table, unique)}${digest}`;
}

function indexPrefix(table: string, isUnique: boolean): string {
  return `${isUnique ? 'uq' : 'ix'}_${table.slice(0, 18)}_`;
}

/** @returns whether an index of the table was named by this library; one that somebody made by hand stays */
export function isOurIndex(table: string, name: string): boolean {
  return [true, false].some((isUnique) => name.startsWith(indexPrefix(table, isUnique)));
}
