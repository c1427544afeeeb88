import { expect, test } from 'vitest';
import { id, int, text } from '../../column.ts';
import { defineEntity } from '../../entity.ts';
import { render, type Step } from '../../migrations/ddl.ts';
import { diffTable } from '../../migrations/diff.ts';
import { shapeOf } from '../../migrations/shape.ts';
import { event, thing } from '../../migrations/test/entities.ts';
import { reserved, samples } from '../../testing/sample.ts';
import { oracleDdl } from './schema.ts';
import { checkOracleSql } from './test/check.ts';

const rendered = (step: Step): string => render(oracleDdl, step);

test('a table has upper-case quoted names, and a named key', () => {
  expect(diffTable(oracleDdl, reserved, undefined, {}).map(rendered)).toMatchInlineSnapshot(`
    [
      "create table "ORDER" ("SELECT" number(19) not null, "LEVEL" number(10) not null, "USER" varchar2(32 char) not null, "GROUP" varchar2(32 char), "ORDER" number(10) not null, "INDEX" number(10) not null, "DATE" timestamp(3) not null, "FROM" varchar2(8 char) not null, constraint "PK_ORDER_3EEB7E96" primary key ("SELECT"))",
      "create index "IX_ORDER_8BE13081" on "ORDER" ("GROUP", "ORDER")",
    ]
  `);
  expect(diffTable(oracleDdl, samples[0] ?? reserved, undefined, {}).map(rendered)).toMatchInlineSnapshot(`
    [
      "create table "SAMPLE" ("ID" number(19) not null, "NAME" varchar2(64 char) not null, "LEVEL" number(10) not null, "BALANCE" number(19) not null, "AMOUNT" number(18,4) not null, "IS_ACTIVE" number(1) not null, "DATA" clob not null, "AT" timestamp(3) not null, "BLOB" raw(1025) not null, "NOTE" varchar2(4000 char), "RANK" number(10), "EXTRA" clob, "SEEN_AT" timestamp(3), "VERSION" number(10) not null, "CREATED_AT" timestamp(3) not null, "UPDATED_AT" timestamp(3) not null, constraint "PK_SAMPLE_AF2BDBE1" primary key ("ID"))",
      "create index "IX_SAMPLE_E3782039" on "SAMPLE" ("LEVEL", "ID")",
      "create unique index "UQ_SAMPLE_12447D72" on "SAMPLE" ("NOTE")",
    ]
  `);
});

test('every kind of step is a statement of Oracle', () => {
  const long = defineEntity('a_name_of_exactly_thirty_bytes', {
    columns: { id: id(), another_name_of_thirty_bytes_x: text(4000), count: int().nullable() },
    key: ['id'],
    indexes: [{ on: ['another_name_of_thirty_bytes_x'], unique: true }, { on: ['count'] }],
  });
  const kinds = ['createTable', 'dropTable', 'addColumn', 'changeColumn', 'dropColumn', 'createIndex', 'dropIndex'] as const;
  const statements = [...samples, long].flatMap((entity) => {
    const shape = shapeOf(entity);
    const names = { column: Object.keys(shape.columns)[0] ?? '', index: Object.keys(shape.indexes)[0] };
    const possible = kinds.filter((kind) => !kind.endsWith('Index') || names.index !== undefined);
    return possible.map((kind) => rendered({ kind, shape, name: kind.endsWith('Index') ? (names.index ?? '') : names.column }));
  });
  expect(statements.map((statement) => ({ statement, findings: checkOracleSql(statement) })).filter(({ findings }) => findings.length > 0)).toEqual([]);
});

test('partitions are as the grammar of Oracle has them, with indexes that go with a year', () => {
  const shape = shapeOf(event);
  const { partitions } = oracleDdl;
  const statements = [
    ...diffTable(oracleDdl, event, undefined, {}).map(rendered),
    ...(partitions?.addYears(shape, [2026, 2027]) ?? []),
    partitions?.dropYear(shape, 2024) ?? '',
  ];
  expect(statements).toMatchInlineSnapshot(`
    [
      "create table "EVENT" ("ID" number(19) not null, "KIND" varchar2(32 char) not null, "CREATED_AT" timestamp(3) not null, constraint "PK_EVENT_B8E1F80B" primary key ("ID") using index local) partition by range ("ID") (partition "PMAX" values less than (maxvalue))",
      "create index "IX_EVENT_CD745A4D" on "EVENT" ("KIND", "ID") local",
      "alter table "EVENT" split partition "PMAX" at (397177100697600000) into (partition "P2026", partition "PMAX") update indexes",
      "alter table "EVENT" split partition "PMAX" at (529448671641600000) into (partition "P2027", partition "PMAX") update indexes",
      "alter table "EVENT" drop partition "P2024" update indexes",
    ]
  `);
  expect(statements.flatMap((statement) => checkOracleSql(statement, { isHandWritten: true }))).toEqual([]);
});

test('a column widens without saying again that it is required', () => {
  const wide = thing({ name: text(20) });
  const [column] = Object.keys(shapeOf(wide).columns).slice(1);
  expect(rendered({ kind: 'changeColumn', shape: shapeOf(wide), name: column ?? '' })).toBe('alter table "THING" modify ("NAME" varchar2(20 char))');
});
