import { expect, test } from 'vitest';
import type { MergeRule } from '../../dialects/dialect.ts';
import type { Entity } from '../../entity.ts';
import { EntityStatements } from '../../statements/entity-statements.ts';
import { holding, reserved, sample, sampleRow } from '../../testing/sample.ts';
import type { OracleCell } from './cell.ts';
import { flavor } from './drizzle.ts';
import { lintOracleSql } from './test/lint.ts';

type Statements = EntityStatements<OracleCell>;
type Shape = readonly [kind: string, render: (statements: Statements) => string];

const now = new Date(0);
const sampleValues = { ...sampleRow(1n), note: null, rank: null, extra: null, seenAt: null, version: 1, createdAt: now, updatedAt: now };
const holdingValues = { bag: 1n, slot: 'a', owner: 1n, quantity: 1n, version: 1 };
const reservedValues = { select: 1n, level: 1, user: 'a', group: null, order: 1, index: 1, date: now, from: 'a' };

const rows = (values: Readonly<Record<string, unknown>>, count: number): Readonly<Record<string, unknown>>[] => Array.from({ length: count }, () => values);
const page = { where: [], descending: false, after: null, limit: 51 };

/** What every entity has. */
function common(key: readonly unknown[], values: Readonly<Record<string, unknown>>, add: MergeRule): readonly Shape[] {
  return [
    ['get', (of) => of.get(key).text],
    ['get for update', (of) => of.getMany([key], true).text],
    ['getMany', (of) => of.getMany([key, key, key]).text],
    ['count of all', (of) => of.count([]).text],
    ['insert', (of) => of.insert([values]).text],
    ['upsert', (of) => of.merge([values], { kind: 'replace' }).text],
    ['addMany', (of) => of.merge(rows(values, 2), add).text],
    ['saveNewer', (of) => of.merge([values], { kind: 'raise' }).text],
    ['delete', (of) => of.delete(key, []).text],
  ];
}

const ofSample: readonly Shape[] = [
  ...common([1n], sampleValues, { kind: 'add', columns: [{ column: 'balance', min: 0n, max: 1n }] }),
  [
    'find by every operator',
    (of) =>
      of.count([
        { column: 'level', operator: 'eq', values: [1] },
        { column: 'level', operator: 'ne', values: [1] },
        { column: 'balance', operator: 'gt', values: [1n] },
        { column: 'amount', operator: 'gte', values: ['1'] },
        { column: 'at', operator: 'lt', values: [now] },
        { column: 'seenAt', operator: 'lte', values: [now] },
        { column: 'name', operator: 'in', values: ['a', 'b', 'c'] },
        { column: 'note', operator: 'isNull', values: [] },
        { column: 'rank', operator: 'isNotNull', values: [] },
        { column: 'id', operator: 'never', values: [] },
      ]).text,
  ],
  ['first page, nullable order', (of) => of.select({ ...page, orderBy: ['rank', 'id'] }).text],
  ['first page, nullable order, backwards', (of) => of.select({ ...page, orderBy: ['rank', 'id'], descending: true }).text],
  ['next page of three columns', (of) => of.select({ ...page, orderBy: ['isActive', 'level', 'id'], after: [true, 1, 1n] }).text],
  [
    'next page with a condition, backwards',
    (of) =>
      of.select({ where: [{ column: 'level', operator: 'gte', values: [1] }], orderBy: ['level', 'id'], descending: true, after: [1, 1n], limit: 2 }).text,
  ],
  [
    'update of a version',
    (of) =>
      of.update({ key: [1n], where: [{ column: 'version', operator: 'eq', values: [1] }], set: { name: 'a', data: {}, updatedAt: now }, add: { version: 1n } })
        .text,
  ],
  [
    'increment within bounds',
    (of) =>
      of.update({
        key: [1n],
        where: [
          { column: 'balance', operator: 'gte', values: [1n] },
          { column: 'balance', operator: 'lte', values: [9n] },
        ],
        set: { updatedAt: now },
        add: { balance: 1n, version: 1n },
      }).text,
  ],
];
const ofHolding = common([1n, 'a'], holdingValues, { kind: 'add', columns: [{ column: 'quantity', min: 0n, max: 1n }] });
const ofReserved: readonly Shape[] = [
  ...common([1n], reservedValues, { kind: 'add', columns: [{ column: 'order', min: 0n, max: 1n }] }),
  ['next page', (of) => of.select({ ...page, orderBy: ['order', 'from', 'select'], after: [1, 'a', 1n] }).text],
];

test.each<readonly [entity: Entity, shapes: readonly Shape[]]>([
  [sample, ofSample],
  [holding, ofHolding],
  [reserved, ofReserved],
])('statements of $name are as they were reviewed, and as our rules want them', async (entity, shapes) => {
  const statements: Statements = new EntityStatements(entity, flavor);
  const texts = shapes.map(([kind, render]) => [kind, render(statements)] as const);
  // The grammar is held against these files in test/grammar.test.ts: the tables that it needs cost seconds in each test file that parses.
  await expect(texts.map(([kind, text]) => `-- ${kind}\n${text}\n`).join('\n')).toMatchFileSnapshot(`test/golden/${entity.name}.sql`);
  expect(texts.flatMap(([kind, text]) => lintOracleSql(text).map((finding) => ({ kind, ...finding })))).toEqual([]);
});
