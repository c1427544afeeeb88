import { createHash } from 'node:crypto';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { checkValue } from '../values.ts';
import { requireColumn } from '../conditions.ts';
import { hashKey } from './hash-ring.ts';

/** What a shard is chosen by: a player's id, for example. Its text counts, so 5n and '5' are the same key. */
export type ShardKey = bigint | number | string;

/** @returns the place on the ring of the shard key that a row has */
export function rowHash(entity: Entity, row: RowValues): bigint {
  return hashKey(String(row[entity.shardBy]));
}

/**
 * @returns a shard key as a value of the entity's column
 * @throws {DaoError} `ERR_DAO_RANGE`: it does not fit the column
 */
export function shardValue(entity: Entity, keyText: string): unknown {
  return columnValue(entity, entity.shardBy, keyText);
}

/** A row's key as texts, in the order of the entity's key. */
export function keyTexts(entity: Entity, row: RowValues): readonly string[] {
  return entity.key.map((name) => String(row[name]));
}

/** @returns the key that {@link keyTexts} made a list of */
export function keyFromTexts(entity: Entity, texts: readonly string[]): RowValues {
  return Object.fromEntries(entity.key.map((name, index) => [name, columnValue(entity, name, texts[index] ?? '')]));
}

/** A short name for a row, the same in every process. */
export function rowId(entity: Entity, texts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([entity.name, ...texts]))
    .digest('hex')
    .slice(0, 32);
}

function columnValue(entity: Entity, name: string, text: string): unknown {
  const column = requireColumn(entity, name);
  const isBig = column.kind === 'id' || column.kind === 'int64';
  if (column.kind !== 'text' && !/^-?\d{1,20}$/.test(text))
    throw new DaoError('ERR_DAO_RANGE', `${entity.name}.${name}: not a valid ${column.kind}`, { entity: entity.name, columns: [name] });
  const number = isBig ? BigInt(text) : Number(text);
  const value = column.kind === 'text' ? text : number;
  checkValue(entity, name, column, value);
  return value;
}
