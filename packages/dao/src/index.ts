/** Entities defined once, and typed access to their rows. */
export { sql, type SQL } from 'drizzle-orm';
export type { Clock } from './clock.ts';
export { Column, bool, bytes, createdAt, decimal, id, int, int64, json, text, timestamp, updatedAt, version } from './column.ts';
export type { ColumnKind, ColumnTraits, InsertMode, JsonValue, ManagedRole } from './column.ts';
export type { Comparisons, Conditions, TextComparisons } from './conditions.ts';
export type { Dao, FindQuery, Increments, Page, PageQuery, VersionedRow, VersionOptions } from './dao.ts';
export { openDatabase } from './database.ts';
export type { DaoListener, Database, DatabaseOptions, RowChange, Session, WorkOptions } from './database.ts';
export { defineEntity } from './entity.ts';
export type { ColumnMap, Entity, EntityDefinition, Index, KeyKind, KeyOf, NewRow, Patch, Row } from './entity.ts';
export { DaoError } from './errors.ts';
export type { DaoErrorCode, DaoErrorOptions } from './errors.ts';
export { checkNewRow } from './rows.ts';
export { IdGenerator } from './id-generator.ts';
