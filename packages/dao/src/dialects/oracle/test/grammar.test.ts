import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkOracleSql } from './check.ts';
import { parseOracleSql } from './grammar.ts';

test.each([
  'select "A" from "T" where "A" > :1 or ("A" = :2 and "B" > :3) order by "A" asc, "B" asc nulls first offset :4 rows fetch next :5 rows only',
  'merge into "T" "X" using (select cast(:1 as NUMBER(19)) "A", :2 "B" from DUAL union all select cast(:3 as NUMBER(19)), :4 from DUAL) "S" on ("X"."A" = "S"."A") when matched then update set "X"."B" = "S"."B" where "X"."B" < "S"."B" when not matched then insert ("A", "B") values ("S"."A", "S"."B")',
  'update "T" set "A" = :1, "B" = "B" + :2 where "C" = :3 returning "A" into :4',
  'create table "T" ("A" NUMBER(19) not null, "B" VARCHAR2(64 CHAR), "C" CLOB check ("C" is json), "D" TIMESTAMP(3), constraint "PK_T" primary key ("A"))',
  'set transaction isolation level serializable',
])('a statement of Oracle is taken: %s', { timeout: 60_000 }, (text) => {
  expect(checkOracleSql(text)).toEqual([]);
});

test.each([
  ['select "A" from "T" limit 1', 27],
  ['select "A" from "T" as "X"', 21],
  ['insert into "T" ("A") values (:1) on conflict do nothing', 35],
  ['select `A` from "T"', 8],
  ['insert into "T" ("A") values (:1), (:2)', 34],
  ['delete from "T" where "A" = :1 returning "A"', 45],
  ['selekt "A" from "T"', 8],
])('no statement of Oracle: %s, from character %i', (text, column) => {
  expect(parseOracleSql(text)[0]).toMatchObject({ rule: 'grammar', line: 1, column });
});

const golden = path.join(import.meta.dirname, 'golden');
const reviewed = readdirSync(golden).flatMap((file) =>
  readFileSync(path.join(golden, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'))
    .map((text) => ({ file, text })),
);

test('every statement that was reviewed is one of Oracle', { timeout: 120_000 }, () => {
  expect(reviewed.length).toBeGreaterThan(30);
  expect(reviewed.flatMap(({ file, text }) => parseOracleSql(text).map((finding) => ({ file, text, ...finding })))).toEqual([]);
});

test(
  'a statement that differs from one that was taken in a name, a bind or the length of a list is looked at as itself where it is wrong',
  { timeout: 60_000 },
  () => {
    expect(parseOracleSql('select "A", "B", "C" from "T" where "A" in (:1, :2, :3)')).toEqual([]);
    expect(parseOracleSql('select "A", "B", "C", from "T" where "A" in (:1, :2, :3)')[0]).toMatchObject({ rule: 'grammar', line: 1, column: 21 });
    expect(parseOracleSql('select "A", "B", "C" from "T" where "A" in (:1, :2, :3,)')[0]).toMatchObject({ rule: 'grammar' });
  },
);
