import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { PresentTable } from './diff.ts';
import { yearOf } from './partition-years.ts';
import type { Schema, SchemaAccess } from './schema.ts';
import { type TableShape, shapeOf } from './shape.ts';

/** Ids begin with this year; see `IdGenerator`. */
const firstYear = 2024;

/** What maintenance of partitions is to do. */
export interface PartitionOptions {
  /** Years after this one that get their partitions, 1 to 20 (1). */
  readonly yearsAhead?: number;
  /** Whole years before this one that stay, 0 to 100; the rows of older ones are DELETED. Default: all stay. */
  readonly keepYears?: number;
  /** Only tells what it would run. */
  readonly isDryRun?: boolean;
}

/** What {@link maintainPartitions} is to do, and when. */
export interface PartitionMaintenance extends PartitionOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Gives partitioned tables their coming years, and, only if told, drops years that are over. To be run about monthly, under the lock of
 * migrations. Until a year has its partition its rows lie in the last one, from which they are moved when it gets it.
 *
 * A database without partitions (SQLite) has nothing to maintain, and loses nothing either.
 *
 * @returns the statements, as they were run
 * @throws {DaoError} `ERR_DAO_SCHEMA`: a table is missing or not partitioned; `ERR_DAO_INPUT`: a number of years out of range
 */
export async function maintainPartitions(access: SchemaAccess, entities: readonly Entity[], maintenance: PartitionMaintenance): Promise<readonly string[]> {
  const { isDryRun = false } = maintenance;
  const years = yearsOf(maintenance);
  const shapes = entities.map(shapeOf).filter(({ partitionBy }) => partitionBy !== undefined);
  const work = async (schema: Schema): Promise<readonly string[]> => {
    const statements: string[] = [];
    for (const shape of shapes) statements.push(...planYears(schema, shape, { present: await schema.present(shape.table), ...years }));
    if (isDryRun) return statements;
    for (const statement of statements) await schema.change(statement);
    return statements;
  };
  return isDryRun ? access.look(work) : access.alone(work);
}

interface Years {
  /** The last one that gets a partition. */
  readonly last: number;
  /** The first one that stays. */
  readonly kept: number;
}

function yearsOf({ nowMs, yearsAhead = 1, keepYears }: PartitionMaintenance): Years {
  const thisYear = new Date(nowMs).getUTCFullYear();
  requireYears('yearsAhead', yearsAhead, { min: 1, max: 20 });
  if (keepYears !== undefined) requireYears('keepYears', keepYears, { min: 0, max: 100 });
  return { last: thisYear + yearsAhead, kept: keepYears === undefined ? 0 : thisYear - keepYears };
}

function requireYears(name: string, value: number, { min, max }: { min: number; max: number }): void {
  if (!Number.isInteger(value) || value < min || value > max) throw new DaoError('ERR_DAO_INPUT', `${name} must be an integer from ${min} to ${max}`);
}

function planYears({ ddl }: Schema, shape: TableShape, { present, last, kept }: Years & { readonly present: PresentTable | undefined }): readonly string[] {
  if (ddl.partitions === undefined) return [];
  if (present === undefined || present.partitions.length === 0)
    throw new DaoError('ERR_DAO_SCHEMA', `${shape.entity}: has no partitioned table; migrate first`, { entity: shape.entity });
  const years = present.partitions.flatMap((name) => yearOf(name) ?? []);
  const next = Math.max(firstYear, kept, ...years.map((year) => year + 1));
  const added = Array.from({ length: Math.max(0, last - next + 1) }, (_, index) => next + index);
  const { addYears, dropYear } = ddl.partitions;
  const dropped = years.filter((year) => year < kept);
  return [...(added.length === 0 ? [] : addYears(shape, added)), ...dropped.map((year) => dropYear(shape, year))];
}
