import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChangeGroup, coalesce } from './coalesce.ts';
import type { DeferredChange } from './deferred-change.ts';
import { counter, note, place } from './test/deferring-game.ts';

const add = (playerId: bigint, value: bigint): DeferredChange => ({
  kind: 'add',
  entity: counter,
  row: { playerId, name: 'kills', value },
  columns: ['value'],
});

const save = (x: bigint, version: number): DeferredChange => ({ kind: 'save', entity: place, row: { playerId: 1n, x, area: 'a' }, version });
const insert = (id: bigint): DeferredChange => ({ kind: 'insert', entity: note, row: { id, playerId: 1n, text: `${id}` } });
const step = (level: number): DeferredChange => ({ kind: 'add', entity: counter, row: { playerId: 1n, name: 'a', level }, columns: ['level'] });

test('several writes of one key before a flush become one (pomelo#309)', () => {
  const groups = coalesce([add(1n, 5n), add(2n, 1n), add(1n, -2n), add(1n, 4n)]);
  expect(groups).toEqual([
    {
      kind: 'add',
      entity: counter,
      columns: ['value'],
      rows: [
        { row: { playerId: 1n, name: 'kills', value: 7n }, version: 0 },
        { row: { playerId: 2n, name: 'kills', value: 1n }, version: 0 },
      ],
    },
  ]);
});

test('of several saves of one key the last is written, and inserts of many keys are one statement', () => {
  const groups = coalesce([save(1n, 2), insert(1n), save(2n, 3), insert(2n)]);
  expect(groups.map(({ kind, rows }) => [kind, rows.map(({ row, version }) => [row['x'] ?? row['id'], version])])).toEqual([
    ['save', [[2n, 3]]],
    [
      'insert',
      [
        [1n, 0],
        [2n, 0],
      ],
    ],
  ]);
});

test('numbers that are no bigints are added, too', () => {
  expect(coalesce([step(1), step(2)])[0]?.rows[0]?.row).toMatchObject({ level: 3 });
});

function keyOf(row: Readonly<Record<string, unknown>>): string {
  return `${String(row['playerId'])}/${String(row['name'])}`;
}

type Rows = Map<string, Record<string, unknown>>;

/** What one change does to the rows; a second insert of a key is a fault that nothing goes past. */
function make(
  rows: Rows,
  { kind, row, columns, version }: { kind: string; row: Readonly<Record<string, unknown>>; columns: readonly string[]; version: number },
): void {
  const key = keyOf(row);
  const known = rows.get(key);
  if (kind === 'insert') {
    if (known !== undefined) throw new Error('duplicate');
    rows.set(key, { ...row, version: 1 });
  } else if (kind === 'save') {
    if (known === undefined || Number(known['version']) < version) rows.set(key, { ...row, version });
  } else if (known === undefined) {
    rows.set(key, { ...row, version: 1 });
  } else {
    const sums = columns.map((name) => [name, BigInt(String(known[name])) + BigInt(String(row[name]))]);
    rows.set(key, { ...known, ...Object.fromEntries(sums), version: known['version'] });
  }
}

const changes = fc.array(
  fc.record({
    kind: fc.constantFrom('insert' as const, 'add' as const, 'save' as const),
    playerId: fc.bigInt({ min: 1n, max: 3n }),
    name: fc.constantFrom('a', 'b'),
    value: fc.bigInt({ min: -9n, max: 9n }),
    other: fc.bigInt({ min: -9n, max: 9n }),
    columns: fc.constantFrom(['value'], ['other'], ['value', 'other']),
  }),
  { maxLength: 40 },
);

test('what is joined leaves the same rows as one change after the other', () => {
  fc.assert(
    fc.property(changes, (plan) => {
      const inserted = new Set<string>();
      const versions = new Map<string, number>();
      const all = plan.flatMap(({ kind, columns, ...row }): DeferredChange[] => {
        const key = keyOf(row);
        if (kind === 'insert' && versions.has(key)) return [];
        inserted.add(key);
        // As the operation does: one more than the version that it saw.
        const version = (versions.get(key) ?? 0) + 1;
        versions.set(key, version);
        if (kind === 'add') return [{ kind, entity: counter, row, columns }];
        return kind === 'save' ? [{ kind, entity: counter, row, version }] : [{ kind, entity: counter, row }];
      });
      const one: Rows = new Map();
      for (const change of all) make(one, { columns: [], version: 0, ...change });
      const joined: Rows = new Map();
      const groups: ChangeGroup[] = coalesce(all);
      for (const { kind, columns, rows } of groups) {
        const keys = rows.map(({ row }) => keyOf(row));
        expect(new Set(keys).size).toBe(keys.length);
        for (const { row, version } of rows) make(joined, { kind, row, columns, version });
      }
      expect(joined).toEqual(one);
    }),
  );
});
