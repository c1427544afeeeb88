import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { storageType } from './codec.ts';
import type { SqliteConnection } from './connection.ts';
import {
  type ColumnDefinition,
  addColumn,
  createIndex,
  createTable,
  definitionOf,
  dropIndex,
  fingerprintOf,
  indexName,
  migrationTable,
  physical,
} from './schema.ts';

/** What brings one entity's table to its definition. */
export interface EntityPlan {
  readonly entity: Entity;
  readonly statements: readonly string[];
  readonly isRecorded: boolean;
}

/**
 * Compares the entities with the tables as they are, not as a record says they are.
 *
 * @throws {DaoError} `ERR_DAO_SCHEMA`: a difference that would lose data or needs a decision
 */
export function planMigration(connection: SqliteConnection, entities: readonly Entity[]): readonly EntityPlan[] {
  if (new Set(entities.map(({ table }) => table)).size !== entities.length) throw new DaoError('ERR_DAO_SCHEMA', 'two entities have the same table');
  const hasRecord = connection.all(`select 1 from sqlite_schema where name = 'midgard_migration'`).length > 0;
  return entities.map((entity) => {
    const recorded = hasRecord
      ? connection.records('select fingerprint, definition from "midgard_migration" where entity = ? order by id desc limit 1', [entity.name])[0]
      : undefined;
    const present = connection.records('select name, type, "notnull" as required, pk from pragma_table_info(?)', [entity.table]);
    const statements =
      present.length === 0
        ? [createTable(entity), ...entity.indexes.map((index) => createIndex(entity, index))]
        : [...columnSteps(entity, present, recordedDefinition(recorded)), ...indexSteps(connection, entity)];
    return { entity, statements, isRecorded: recorded?.['fingerprint'] === fingerprintOf(entity) };
  });
}

/** Runs in the writer's transaction: all of it, or nothing. Another process that starts at once finds it done. */
export function runMigration(connection: SqliteConnection, entities: readonly Entity[], nowMs: number): void {
  const plans = planMigration(connection, entities);
  connection.exec(migrationTable);
  for (const { entity, statements, isRecorded } of plans) {
    for (const statement of statements) runStep(connection, entity, statement);
    if (isRecorded && statements.length === 0) continue;
    const insert = 'insert into "midgard_migration" ("entity", "fingerprint", "definition", "statements", "applied_at") values (?, ?, ?, ?, ?)';
    connection.run(insert, [entity.name, fingerprintOf(entity), JSON.stringify(definitionOf(entity)), statements.join(';\n'), BigInt(nowMs)]);
  }
}

function runStep(connection: SqliteConnection, entity: Entity, statement: string): void {
  try {
    connection.exec(statement);
  } catch (error) {
    throw new DaoError('ERR_DAO_SCHEMA', `${entity.name}: the rows that are there do not allow the change (a unique index over equal values?)`, {
      entity: entity.name,
      cause: error,
    });
  }
}

type Present = Readonly<Record<string, unknown>>;

function recordedDefinition(recorded: Present | undefined): Readonly<Record<string, Partial<ColumnDefinition>>> {
  const definition = recorded?.['definition'];
  const parsed: unknown = JSON.parse(typeof definition === 'string' ? definition : '{}');
  return isDefinition(parsed) ? parsed : {};
}

function isDefinition(value: unknown): value is Readonly<Record<string, Partial<ColumnDefinition>>> {
  return typeof value === 'object' && value !== null;
}

function columnSteps(entity: Entity, present: readonly Present[], recorded: Readonly<Record<string, Partial<ColumnDefinition>>>): readonly string[] {
  const byName = new Map(present.map((column) => [String(column['name']), column]));
  const wanted = definitionOf(entity);
  checkKey(entity, present);
  for (const [name, column] of byName) {
    // An older release's nullable column may stay; a required one would refuse every insert.
    if (wanted[name] === undefined && column['required'] === 1n) throw refuse(entity, name, 'is in the table, required, and no longer in the entity');
  }
  return Object.entries(entity.columns).flatMap(([name, column]) => {
    const physicalName = physical(entity, name);
    const existing = byName.get(physicalName);
    if (existing === undefined) {
      if (!column.traits.isNullable) throw refuse(entity, name, 'is new and required: rows that are there have no value for it (make it nullable)');
      return [addColumn(entity, name, column)];
    }
    checkColumn(entity, name, existing, recorded[physicalName]);
    return [];
  });
}

function checkKey(entity: Entity, present: readonly Present[]): void {
  const key = present
    .filter((column) => column['pk'] !== 0n)
    .sort((a, b) => Number(a['pk']) - Number(b['pk']))
    .map((column) => String(column['name']));
  if (key.join() !== entity.key.map((name) => physical(entity, name)).join())
    throw new DaoError('ERR_DAO_SCHEMA', `${entity.name}: the table has another key`, { entity: entity.name });
}

function checkColumn(entity: Entity, name: string, existing: Present, recorded: Partial<ColumnDefinition> | undefined): void {
  const wanted = definitionOf(entity)[physical(entity, name)];
  const column = entity.columns[name];
  if (wanted === undefined || column === undefined || String(existing['type']).toUpperCase() !== storageType(column.kind))
    throw refuse(entity, name, 'has another type in the table');
  if ((existing['required'] === 1n) === wanted.isNullable)
    throw refuse(
      entity,
      name,
      wanted.isNullable ? 'is required in the table and nullable in the entity' : 'is nullable in the table and required in the entity',
    );
  if (recorded === undefined) return;
  const widens = wanted.kind === 'int64' && (recorded.kind === 'int' || recorded.kind === 'id');
  if (recorded.kind !== wanted.kind && !widens) throw refuse(entity, name, `was a ${recorded.kind ?? '?'} and is now a ${wanted.kind}`);
  if (recorded.scale !== wanted.scale || (recorded.precision ?? 0) > wanted.precision) throw refuse(entity, name, 'has another precision');
  if ((recorded.maxLength ?? 0) > wanted.maxLength) throw refuse(entity, name, 'would be shorter than it was');
}

function refuse(entity: Entity, name: string, why: string): DaoError {
  return new DaoError('ERR_DAO_SCHEMA', `${entity.name}.${name} ${why}`, { entity: entity.name, columns: [name] });
}

function indexSteps(connection: SqliteConnection, entity: Entity): readonly string[] {
  // Only indexes that we named: one that somebody made by hand stays.
  const rows = connection.records(
    `select name from pragma_index_list(?) where origin = 'c' and (name like 'uq\\_%' escape '\\' or name like 'ix\\_%' escape '\\')`,
    [entity.table],
  );
  const present = new Set(rows.map((row) => String(row['name'])));
  const wanted = new Map(entity.indexes.map((index) => [indexName(entity, index), index]));
  const dropped = [...present].filter((name) => !wanted.has(name) && name.startsWith(`${name.slice(0, 2)}_${entity.table.slice(0, 18)}_`)).map(dropIndex);
  const created = [...wanted].filter(([name]) => !present.has(name)).map(([, index]) => createIndex(entity, index));
  return [...dropped, ...created];
}
