import { storedEntity } from '../encryption/stored-entity.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { type Ddl, type Step, columnOf } from './ddl.ts';
import { type ColumnDefinition, type TableShape, isOurIndex, physical, shapeOf } from './shape.ts';

/** A table as the database shows it; names in lower case. */
export interface PresentTable {
  readonly columns: Readonly<Record<string, PresentColumn>>;
  /** Columns of the primary key, in order. */
  readonly key: readonly string[];
  /** Names of all indexes. */
  readonly indexes: readonly string[];
  /** Names of its partitions, in order. */
  readonly partitions: readonly string[];
}

/** A column as the database shows it. */
export interface PresentColumn {
  /** Spelled as {@link Ddl.columnType} spells it. */
  readonly type: string;
  readonly isRequired: boolean;
}

/** Columns as the last migration left them, by physical name: tells what the database's own types do not. */
export type RecordedColumns = Readonly<Record<string, ColumnDefinition>>;

/**
 * Compares an entity with its table: the same rules for every database.
 *
 * @param present undefined where the table is missing
 * @returns what brings the table to the entity, in order
 * @throws {DaoError} `ERR_DAO_SCHEMA`: a difference that would lose data or needs a decision
 */
export function diffTable(ddl: Ddl, defined: Entity, present: PresentTable | undefined, recorded: RecordedColumns): readonly Step[] {
  const entity = storedEntity(defined);
  const shape = shapeOf(entity);
  if (present === undefined)
    return [{ kind: 'createTable', shape, name: '' }, ...Object.keys(shape.indexes).map((name): Step => ({ kind: 'createIndex', shape, name }))];
  checkKey(entity, shape, present);
  checkGone(entity, shape, present);
  if (shape.partitionBy !== undefined && ddl.partitions !== undefined && present.partitions.length === 0)
    throw new DaoError('ERR_DAO_SCHEMA', `${entity.name}: the table has no partitions; to give it some rewrites it, so write that migration by hand`, {
      entity: entity.name,
    });
  const columns = Object.keys(entity.columns).flatMap((name) => columnSteps({ ddl, entity, shape, present, recorded }, name));
  const changed = columns.filter(({ kind }) => kind === 'changeColumn').map(({ name }) => [name, recorded[name] ?? columnOf(shape, name)]);
  const before = { ...shape, columns: { ...shape.columns, ...Object.fromEntries(changed) } };
  const { dropped, created } = indexSteps(ddl, before, { shape, present });
  return [...dropped, ...columns, ...created];
}

interface Comparison {
  readonly ddl: Ddl;
  readonly entity: Entity;
  readonly shape: TableShape;
  readonly present: PresentTable;
  readonly recorded: RecordedColumns;
}

function checkKey(entity: Entity, shape: TableShape, present: PresentTable): void {
  if (present.key.join() === shape.key.join()) return;
  throw new DaoError('ERR_DAO_SCHEMA', `${entity.name}: the table has another key`, { entity: entity.name });
}

function checkGone(entity: Entity, shape: TableShape, present: PresentTable): void {
  for (const [name, { isRequired }] of Object.entries(present.columns)) {
    // An older release's nullable column may stay; a required one would refuse every insert.
    if (shape.columns[name] === undefined && isRequired) throw refuse(entity, name, 'is in the table, required, and no longer in the entity');
  }
}

function columnSteps({ ddl, entity, shape, present, recorded }: Comparison, name: string): readonly Step[] {
  const column = physical(entity, name);
  const wanted = columnOf(shape, column);
  const existing = present.columns[column];
  if (existing === undefined) {
    if (!wanted.isNullable) throw refuse(entity, name, 'is new and required: rows that are there have no value for it (make it nullable)');
    return [{ kind: 'addColumn', shape, name: column }];
  }
  const before = recorded[column];
  const isAsWanted = existing.type === ddl.columnType(wanted);
  if (!isAsWanted && (before === undefined || existing.type !== ddl.columnType(before))) throw refuse(entity, name, 'has another type in the table');
  if (existing.isRequired === wanted.isNullable)
    throw refuse(
      entity,
      name,
      wanted.isNullable ? 'is required in the table and nullable in the entity' : 'is nullable in the table and required in the entity',
    );
  if (before !== undefined) checkWidens(entity, name, { before, wanted });
  return isAsWanted ? [] : [{ kind: 'changeColumn', shape, name: column }];
}

function checkWidens(entity: Entity, name: string, { before, wanted }: { before: ColumnDefinition; wanted: ColumnDefinition }): void {
  const widens = wanted.kind === 'int64' && (before.kind === 'int' || before.kind === 'id');
  if (before.kind !== wanted.kind && !widens) throw refuse(entity, name, `was a ${before.kind} and is now a ${wanted.kind}`);
  if (before.scale !== wanted.scale || before.precision > wanted.precision) throw refuse(entity, name, 'has another precision');
  if (before.maxLength > wanted.maxLength) throw refuse(entity, name, 'would be shorter than it was');
}

function refuse(entity: Entity, name: string, why: string): DaoError {
  return new DaoError('ERR_DAO_SCHEMA', `${entity.name}.${name} ${why}`, { entity: entity.name, columns: [name] });
}

/**
 * An index whose text differs for the columns as they were is made anew: where a text became too wide for it, MySQL keeps the
 * beginning of each value only.
 */
function indexSteps(ddl: Ddl, before: TableShape, { shape, present }: Pick<Comparison, 'shape' | 'present'>): Record<'dropped' | 'created', readonly Step[]> {
  const ours = present.indexes.filter((name) => isOurIndex(shape.table, name));
  const stays = (name: string): boolean => shape.indexes[name] !== undefined && ddl.createIndex(before, name) === ddl.createIndex(shape, name);
  const created = Object.keys(shape.indexes).filter((name) => !ours.includes(name) || !stays(name));
  return {
    dropped: ours.filter((name) => !stays(name)).map((name) => ({ kind: 'dropIndex', shape, name })),
    created: created.map((name) => ({ kind: 'createIndex', shape, name })),
  };
}
