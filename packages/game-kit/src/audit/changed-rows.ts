import type { Column, Entity } from '@midgard/dao';
import type { JsonValue } from '@midgard/errors';
import { redacted, redactor } from '@midgard/logging/redact';
import { isJson } from '../runtime/encode.ts';
import type { AnyRow, ChangedRow } from './change-log.ts';

/** More rows of one transaction are counted and not told. */
const MOST_ROWS = 100;
/** More of one text is cut. */
const MOST_CHARACTERS = 1000;
/** An entry that would be longer names its rows and columns only. */
const MOST_BYTES = 65_536;

const redact = redactor();

/** What a transaction changed, row by row and without secrets, as an entry of the audit log holds it. */
export function changedRows(rows: readonly ChangedRow[], statements: number): JsonValue {
  const told = rows.slice(0, MOST_ROWS);
  const more = { ...(rows.length > told.length && { moreRows: rows.length - told.length }), ...(statements > 0 && { statements }) };
  const whole = { rows: told.map(changedRow), ...more };
  if (Buffer.byteLength(JSON.stringify(whole)) <= MOST_BYTES) return whole;
  return { rows: told.map(({ entity, key, after }) => ({ entity: entity.name, key: shortened(key), columns: Object.keys(after ?? {}) })), ...more, cut: true };
}

function changedRow({ entity, key, before, after, added }: ChangedRow): JsonValue {
  const isChange = before !== null && before !== undefined && after !== null && after !== undefined;
  const columns = isChange ? Object.keys(after).filter((name) => !isEqual(before[name], after[name])) : undefined;
  return {
    entity: entity.name,
    key: shortened(key),
    ...(before !== undefined && { before: rowOf(entity, before, columns) }),
    ...(after !== undefined && { after: rowOf(entity, after, columns) }),
    ...(added !== undefined && { added: rowOf(entity, added, undefined) }),
  };
}

function rowOf(entity: Entity, row: AnyRow | null, columns: readonly string[] | undefined): JsonValue {
  if (row === null) return null;
  const open = Object.entries(row).filter(([name]) => columns?.includes(name) !== false);
  return withoutSecrets(Object.fromEntries(open.map(([name, value]) => [name, isSecret(name, entity.columns[name]) && value !== null ? redacted : value])));
}

/** Anything as JSON without secrets, long texts cut; for what an act is told to have done besides its rows. */
export function withoutSecrets(value: object): JsonValue {
  const clean = shortenedIn(redact(value));
  return isJson(clean) ? clean : null;
}

/** Hashes of secrets are none, and still nobody's business; what is encrypted at rest must not stand here in the clear. */
function isSecret(name: string, column: Column | undefined): boolean {
  return /hash$/i.test(name) || (column !== undefined && column.traits.secrecy !== 'plain');
}

function shortenedIn(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value);
  if (Array.isArray(value)) return value.map(shortenedIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [[shortened(name), shortenedIn(member)]])));
}

function shortened(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MOST_CHARACTERS ? whole : `${whole.slice(0, MOST_CHARACTERS).toWellFormed()}[${whole.length - MOST_CHARACTERS} more]`;
}

function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other);
}
