import type { Definition, GaugeMerge } from '../definition.ts';
import { unpackNumber } from '../pack.ts';
import type { Exemplar } from '../exemplar.ts';
import type { PackedCells } from '../kind.ts';

/** An object whose members are not known yet. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** Reads what another thread or process says of a metric; undefined where it is nothing of the kind. */
export function parseDefinition(value: unknown): Definition | undefined {
  const { type, name, help, labels, maxSeries, ...rest } = membersOf(value) ?? {};
  if (typeof name !== 'string' || typeof help !== 'string' || !isListOf(labels, isString) || typeof maxSeries !== 'number') return undefined;
  const common = { name, help, labels, maxSeries };
  const { merge, bounds, precision, windowMs, slots } = rest;
  if (type === 'counter') return { type, ...common };
  if (type === 'gauge' && isMerge(merge)) return { type, ...common, merge };
  if (type === 'histogram' && isListOf(bounds, isNumber)) return { type, ...common, bounds };
  if (type === 'distinct' && isNumber(precision) && isNumber(windowMs) && isNumber(slots)) return { type, ...common, precision, windowMs, slots };
  return undefined;
}

/** A series as a snapshot holds it: labels as text, cells, and what was traced, by place. */
export type SnapshotSeries = readonly [
  labels: string,
  cells: PackedCells,
  exemplars?: readonly (readonly [place: number, labels: string, value: number | string, at: number])[],
];

/** Reads a series of a snapshot; undefined where it is nothing of the kind. */
export function parseSeries(value: unknown): { labels: string; cells: PackedCells; exemplars: (Exemplar | undefined)[] } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [labels, cells, traced]: readonly unknown[] = value;
  if (!isString(labels) || !isListOf(cells, isPacked)) return undefined;
  const exemplars: (Exemplar | undefined)[] = [];
  for (const each of Array.isArray(traced) ? traced : []) {
    const [place, names, packed, at]: readonly unknown[] = Array.isArray(each) ? each : [];
    const number = unpackNumber(packed);
    if (isNumber(place) && isString(names) && number !== undefined && isNumber(at)) exemplars[place] = { labels: names, value: number, at };
  }
  return { labels, cells, exemplars };
}

/** Reads a series of a directory; undefined where it is nothing of the kind. */
export function parsePlace(value: unknown): { metric: number; labels: string; chunk: number; offset: number } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [metric, labels, chunk, offset]: readonly unknown[] = value;
  return isNumber(metric) && isString(labels) && isNumber(chunk) && isNumber(offset) ? { metric, labels, chunk, offset } : undefined;
}

function isListOf<T>(value: unknown, isOne: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every((each) => isOne(each));
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isPacked(value: unknown): value is number | string {
  return isString(value) || isNumber(value);
}

function isMerge(value: unknown): value is GaugeMerge {
  return value === 'sum' || value === 'min' || value === 'max' || value === 'last';
}
