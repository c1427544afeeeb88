import { type Condition, requireColumn } from './conditions.ts';
import type { RowValues } from './dialects/dialect.ts';
import type { Entity } from './entity.ts';
import { DaoError } from './errors.ts';
import { managedError, notFound, versionCondition, versionConflict } from './rows.ts';
import type { DaoSession, SessionParts } from './session.ts';
import { checkValue, integerBounds } from './values.ts';

interface Patching {
  readonly key: readonly unknown[];
  readonly patch: RowValues;
  readonly expectedVersion: number | undefined;
}

/** `Dao.update`: one UPDATE; only when it found no row is a second look needed to say why. */
export async function changeRow(entity: Entity, session: DaoSession, parts: SessionParts, { key, patch, expectedVersion }: Patching): Promise<RowValues> {
  checkPatch(entity, patch);
  const change = { key, where: versionCondition(entity, expectedVersion), set: { ...patch, ...touched(entity, parts) }, add: versionStep(entity) };
  if (Object.keys(change.set).length + Object.keys(change.add).length === 0)
    throw new DaoError('ERR_DAO_INPUT', `${entity.name}: nothing to change`, { entity: entity.name });
  // Moving a row to another cached thing changes the one that it leaves, too.
  const isMoved = entity.cacheBy.some((column) => Object.hasOwn(patch, column));
  const before = isMoved ? await session.writer().get(entity, key) : undefined;
  const after = await session.writer().update(entity, change);
  if (after === undefined) throw await whyNotUpdated(entity, session, key, expectedVersion);
  if (before !== undefined) session.noteChange(entity, before);
  session.noteChange(entity, after);
  return after;
}

function checkPatch(entity: Entity, patch: RowValues): void {
  for (const [name, value] of Object.entries(patch)) {
    const column = requireColumn(entity, name);
    if (column.traits.role !== null) throw managedError(entity, name);
    if (entity.key.includes(name))
      throw new DaoError('ERR_DAO_INPUT', `${entity.name}.${name}: a key does not change`, { entity: entity.name, columns: [name] });
    checkValue(entity, name, column, value);
  }
}

function touched(entity: Entity, parts: SessionParts): RowValues {
  return entity.managed.updatedAt === undefined ? {} : { [entity.managed.updatedAt]: new Date(parts.clock.now()) };
}

function versionStep(entity: Entity): Readonly<Record<string, bigint>> {
  return entity.managed.version === undefined ? {} : { [entity.managed.version]: 1n };
}

async function whyNotUpdated(entity: Entity, session: DaoSession, key: readonly unknown[], expectedVersion: number | undefined): Promise<DaoError> {
  const exists = expectedVersion !== undefined && (await session.reader().get(entity, key)) !== undefined;
  return exists ? versionConflict(entity) : notFound(entity);
}

interface Incrementing {
  readonly key: readonly unknown[];
  readonly deltas: RowValues;
  readonly min: bigint | undefined;
}

/** One column's step with the least and greatest value that it may start from. */
interface Step {
  readonly column: string;
  readonly delta: bigint;
  readonly least: bigint;
  readonly greatest: bigint;
}

/** `Dao.increment`: the bounds are part of the UPDATE, so nothing can come between test and change, and nothing overflows. */
export async function incrementRow(entity: Entity, session: DaoSession, parts: SessionParts, { key, deltas, min }: Incrementing): Promise<RowValues> {
  const steps = Object.entries(deltas).map(([name, delta]) => stepOf(entity, name, delta, min));
  if (steps.length === 0) throw new DaoError('ERR_DAO_INPUT', `${entity.name}: nothing to increment`, { entity: entity.name });
  const add = { ...versionStep(entity), ...Object.fromEntries(steps.map(({ column, delta }) => [column, delta])) };
  const after = await session.writer().update(entity, { key, where: steps.flatMap(stepConditions), set: touched(entity, parts), add });
  if (after === undefined) throw await whyNotIncremented(entity, session, key, steps);
  session.noteChange(entity, after);
  return after;
}

function stepOf(entity: Entity, name: string, value: unknown, min: bigint | undefined): Step {
  const bounds = countedBounds(entity, name);
  const delta = toDelta(entity, name, requireColumn(entity, name).kind === 'int', value);
  const floor = min !== undefined && min > bounds.min ? min : bounds.min;
  return { column: name, delta, least: floor - delta, greatest: bounds.max - delta };
}

/**
 * @returns the least and the greatest value of a column that can be counted in
 * @throws {DaoError} `ERR_DAO_INPUT`: it is no integer, may be null, is part of the key, or the library's own
 */
export function countedBounds(entity: Entity, name: string): { readonly min: bigint; readonly max: bigint } {
  const { kind, traits } = requireColumn(entity, name);
  if (traits.role !== null) throw managedError(entity, name);
  const isPlain = !traits.isNullable && traits.secrecy === 'plain';
  if ((kind === 'id' || kind === 'int64' || kind === 'int') && isPlain && !entity.key.includes(name) && !entity.cacheBy.includes(name))
    return integerBounds[kind];
  throw new DaoError('ERR_DAO_INPUT', `${entity.name}.${name}: only integers that are never null, not encrypted and no key can be incremented`, {
    entity: entity.name,
    columns: [name],
  });
}

function toDelta(entity: Entity, name: string, isInt: boolean, value: unknown): bigint {
  const delta = isInt && typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof delta === 'bigint' && (!isInt || typeof value === 'number') && delta >= integerBounds.int64.min && delta <= integerBounds.int64.max) return delta;
  throw new DaoError('ERR_DAO_RANGE', `${entity.name}.${name}: not a valid step`, { entity: entity.name, columns: [name] });
}

/** Bounds outside of 64 bits cannot be bound: they are met by every row or by none. */
function stepConditions({ column, least, greatest }: Step): readonly Condition[] {
  const { min, max } = integerBounds.int64;
  if (least > max || greatest < min) return [{ column, operator: 'never', values: [] }];
  const conditions: Condition[] = [];
  if (least > min) conditions.push({ column, operator: 'gte', values: [least] });
  if (greatest < max) conditions.push({ column, operator: 'lte', values: [greatest] });
  return conditions;
}

async function whyNotIncremented(entity: Entity, session: DaoSession, key: readonly unknown[], steps: readonly Step[]): Promise<DaoError> {
  const row = await session.reader().get(entity, key);
  if (row === undefined) return notFound(entity);
  const isAbove = ({ column, greatest }: Step): boolean => BigInt(String(row[column])) > greatest;
  const tooGreat = steps.find(isAbove);
  if (tooGreat !== undefined)
    return new DaoError('ERR_DAO_RANGE', `${entity.name}.${tooGreat.column}: would be above its greatest value`, {
      entity: entity.name,
      columns: [tooGreat.column],
    });
  const tooSmall = steps.find(({ column, least }) => BigInt(String(row[column])) < least);
  return new DaoError('ERR_DAO_INSUFFICIENT', `${entity.name}: would be below its least value`, {
    entity: entity.name,
    columns: tooSmall === undefined ? [] : [tooSmall.column],
  });
}
