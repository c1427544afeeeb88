import { createHash } from 'node:crypto';
import type { Column } from '../../column.ts';
import type { Entity, Index } from '../../entity.ts';
import { storageType } from './codec.ts';

/** The table that remembers what was migrated, in order; the last row of an entity is how it is now. */
export const migrationTable =
  'create table if not exists "midgard_migration" ("id" integer primary key, "entity" text not null, "fingerprint" text not null, "definition" text not null, "statements" text not null, "applied_at" integer not null) strict';

/** What of a column matters to the stored data. */
export interface ColumnDefinition {
  readonly kind: string;
  readonly isNullable: boolean;
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
}

/** @returns the columns by physical name, as they are recorded */
export function definitionOf(entity: Entity): Readonly<Record<string, ColumnDefinition>> {
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
export function fingerprintOf(entity: Entity): string {
  const indexes = entity.indexes.map((index) => indexName(entity, index));
  return createHash('sha256')
    .update(JSON.stringify([entity.table, definitionOf(entity), entity.key, indexes]))
    .digest('hex');
}

/** @returns the physical name of a property */
export function physical(entity: Entity, name: string): string {
  return entity.physicalNames[name] ?? name;
}

// Names are letters, digits and underscores: defineEntity takes no others.
const quoted = (name: string): string => `"${name}"`;

/**
 * @returns CREATE TABLE: STRICT, so that no value of another type gets in, and stored by its key. With SQLite's row id as the key an
 *   index's last column could not be used to find the place of a page, and deep pages took several times as long.
 */
export function createTable(entity: Entity): string {
  const columns = Object.entries(entity.columns).map(([name, column]) => columnClause(entity, name, column));
  return `create table ${quoted(entity.table)} (${columns.join(', ')}, primary key (${entity.key.map((name) => quoted(physical(entity, name))).join(', ')})) strict, without rowid`;
}

function columnClause(entity: Entity, name: string, { kind, traits }: Column): string {
  return `${quoted(physical(entity, name))} ${storageType(kind).toLowerCase()}${traits.isNullable ? '' : ' not null'}`;
}

/** @returns ALTER TABLE for a column that older rows do not have */
export function addColumn(entity: Entity, name: string, column: Column): string {
  return `alter table ${quoted(entity.table)} add column ${columnClause(entity, name, column)}`;
}

/** Names tell what an index is, so a changed one has another name; 30 bytes are what every dialect takes. */
export function indexName(entity: Entity, { on, unique }: Index): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([entity.table, on]))
    .digest('hex')
    .slice(0, 8);
  return `${unique ? 'uq' : 'ix'}_${entity.table.slice(0, 18)}_${digest}`;
}

/** @returns CREATE INDEX */
export function createIndex(entity: Entity, index: Index): string {
  const columns = index.on.map((name) => quoted(physical(entity, name)));
  return `create ${index.unique ? 'unique ' : ''}index ${quoted(indexName(entity, index))} on ${quoted(entity.table)} (${columns.join(', ')})`;
}

/** @returns DROP INDEX */
export function dropIndex(name: string): string {
  return `drop index ${quoted(name)}`;
}
