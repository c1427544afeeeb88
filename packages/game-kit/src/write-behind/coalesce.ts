import type { Entity } from '@midgard/dao';
import type { ChangedRow, DeferredChange } from './deferred-change.ts';

/** Changes of one entity that need no order among them: each key is in it once. */
export interface ChangeGroup {
  readonly entity: Entity;
  readonly kind: DeferredChange['kind'];
  /** Columns that are added to; none where nothing is. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly row: ChangedRow; readonly version: number }[];
}

interface OpenGroup {
  readonly entity: Entity;
  readonly kind: DeferredChange['kind'];
  readonly columns: readonly string[];
  readonly rows: Map<string, { row: ChangedRow; version: number }>;
}

/**
 * Makes of a run of changes the fewest groups that leave the same rows behind: sums of one key become one sum, and of several
 * saves of one key the last is left. Groups are in the order in which they must be written. O(changes).
 *
 * @see https://github.com/NetEase/pomelo/issues/309 for what happens where each change is written on its own
 */
export function coalesce(changes: Iterable<DeferredChange>): ChangeGroup[] {
  const closed: OpenGroup[] = [];
  const open = new Map<Entity, OpenGroup[]>();
  for (const change of changes) {
    const groups = computed(open, change.entity);
    const key = keyOf(change);
    const home = groups.find((group) => group.kind === change.kind && sameColumns(group, change));
    const isElsewhere = groups.some((group) => group !== home && group.rows.has(key));
    if (home !== undefined && !isElsewhere && join(home, key, change)) continue;
    // The key has another kind of change before this one: what is open is written first, so that a row's changes keep their order.
    if (isElsewhere || home !== undefined) closed.push(...groups.splice(0));
    groups.push({ entity: change.entity, kind: change.kind, columns: columnsOf(change), rows: new Map([[key, valueOf(change)]]) });
  }
  return [...closed, ...[...open.values()].flat()].map(({ rows, ...group }) => ({ ...group, rows: [...rows.values()] }));
}

/** @returns false where the group holds this key and cannot take it twice */
function join({ rows }: OpenGroup, key: string, change: DeferredChange): boolean {
  const known = rows.get(key);
  if (known !== undefined && change.kind === 'insert') return false;
  rows.set(key, known !== undefined && change.kind === 'add' ? { row: sum(known.row, change), version: 0 } : valueOf(change));
  return true;
}

function sum(before: ChangedRow, { row, columns }: Extract<DeferredChange, { kind: 'add' }>): ChangedRow {
  const sums = columns.map((name) => {
    const [one, other] = [before[name], row[name]];
    return [name, typeof one === 'bigint' && typeof other === 'bigint' ? one + other : Number(one) + Number(other)];
  });
  return { ...before, ...Object.fromEntries(sums) };
}

function valueOf(change: DeferredChange): { row: ChangedRow; version: number } {
  return { row: change.row, version: change.kind === 'save' ? change.version : 0 };
}

function columnsOf(change: DeferredChange): readonly string[] {
  return change.kind === 'add' ? change.columns : [];
}

function sameColumns({ columns }: OpenGroup, change: DeferredChange): boolean {
  const others = columnsOf(change);
  return columns.length === others.length && columns.every((name, at) => name === others[at]);
}

function keyOf({ entity, row }: DeferredChange): string {
  return JSON.stringify(entity.key.map((name) => String(row[name])));
}

function computed(open: Map<Entity, OpenGroup[]>, entity: Entity): OpenGroup[] {
  const known = open.get(entity);
  if (known !== undefined) return known;
  const groups: OpenGroup[] = [];
  open.set(entity, groups);
  return groups;
}
