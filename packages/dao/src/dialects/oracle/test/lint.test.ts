import { expect, test } from 'vitest';
import { lintOracleSql, rules } from './lint.ts';

const row = '"A", "B"';
const merge = (set: string): string =>
  `merge into "T" "X" using (select cast(:1 as NUMBER(19)) "A" from DUAL) "S" on ("X"."A" = "S"."A") when matched then update set ${set} when not matched then insert ("A") values ("S"."A")`;
const inList = (length: number): string => `select "A" from "T" where "A" in (${Array.from({ length }, (_, at) => `:${at + 1}`).join(', ')})`;

/** For each rule a statement that breaks it, and one that looks like it and does not. */
const cases: readonly (readonly [rule: string, broken: string, kept: string])[] = [
  ['select-without-from', 'select :1', 'select :1 from DUAL'],
  ['select-without-from', `select ${row} from "T" where "A" in (select :1)`, `select ${row} from "T" where "A" in (select "B" from "U")`],
  ['alias-as', 'select "A" from "T" as "X"', 'select cast("A" as NUMBER(10)) from "T" "X"'],
  ['alias-as', 'update "T" as "X" set "A" = :1', 'update "T" "X" set "A" = cast(:1 as NUMBER(10))'],
  ['row-comparison', `select ${row} from "T" where (${row}) > (:1, :2)`, `select ${row} from "T" where ("A" > :1 or ("A" = :2 and "B" > :3))`],
  ['row-comparison', `select ${row} from "T" where "C" = :1 and (${row}) = (:2, :3)`, `select ${row} from "T" where coalesce(${row}) > :1`],
  ['fetch-for-update', 'select "A" from "T" fetch next :1 rows only for update', 'select "A" from "T" where "A" = :1 for update'],
  ['many-rows-of-values', `insert into "T" (${row}) values (:1, :2), (:3, :4)`, `insert into "T" (${row}) values (:1, cast(:2 as NUMBER(10)))`],
  ['long-list', inList(1001), inList(1000)],
  ['merge-of-key', merge('"X"."A" = "S"."A"'), merge('"X"."B" = "S"."A"')],
  ['merge-of-key', merge('"X"."B" = "S"."B", "A" = "S"."A"'), merge('"B" = "S"."A", "C" = "S"."A" + :2')],
  ['returning-without-into', 'update "T" set "A" = :1 returning "A"', 'update "T" set "A" = :1 returning "A" into :2'],
  ['select-star', 'select * from "T"', 'select count(*) from "T" where "A" * 2 = :1'],
  ['select-star', 'select "A", "T".* from "T"', 'select "A", "B" from "T"'],
  ['limit', 'select "A" from "T" limit :1', 'select "A" from "T" fetch next :1 rows only'],
  ['on-conflict', 'insert into "T" ("A") values (:1) on conflict ("A") do nothing', 'insert into "CONFLICT" ("A") values (:1)'],
  ['on-duplicate', 'insert into "T" ("A") values (:1) on duplicate key update "A" = :2', 'insert into "DUPLICATE" ("A") values (:1)'],
  ['release-savepoint', 'release savepoint "MIDGARD"', 'savepoint "RELEASE"'],
  ['begin-transaction', 'begin', 'set transaction read only'],
  ['begin-transaction', 'start transaction', 'commit'],
  ['except', 'select "A" from "T" except select "A" from "U"', 'select "A" from "T" union all select "A" from "U"'],
  ['long-name', `select "${'A'.repeat(31)}" from "T"`, `select "${'A'.repeat(30)}" from "T"`],
  ['lower-case-name', 'select "a" from "T"', 'select "A_1" from "T"'],
  ['lower-case-name', 'select "A B" from "T"', 'select "ORDER" from "LEVEL"'],
  ['unquoted-name', 'select name from "T"', 'SELECT "NAME" FROM "T"'],
  ['unquoted-name', 'select now() from DUAL', 'select count(*) from DUAL'],
  ['reserved-word', 'select level from "T"', 'select "LEVEL" from "T"'],
  ['reserved-word', 'select uid from DUAL', 'select "UID" from "T"'],
  ['reserved-word', 'select "A" from "T" where date > :1', 'select cast(:1 as DATE) from DUAL'],
  ['reserved-word', 'select number from "T"', 'set transaction isolation level serializable'],
  ['reserved-word', 'select mode from "T"', 'lock table "T" in exclusive mode'],
  ['empty-text', `select "A" from "T" where "A" = ''`, 'select "A" from "T" where "A" is null'],
  ['text-literal', `select "A" from "T" where "A" = 'it''s'`, `select to_char("A", 'YYYY-MM-DD HH24:MI:SS.FF3') from "T"`],
  ['number-literal', 'select "A" from "T" where "A" = 4711', 'select "A" from "T" where 1 = 0'],
  ['number-literal', 'select "A" from "T" where "A" = 1.5', 'update "T" set "A" = "A" + 1'],
  ['boolean-literal', 'select "A" from "T" where "A" = true', 'select "A" from "T" where "TRUE" = :1'],
  ['bind-order', 'select "A" from "T" where "A" = :1 and "B" = :1', 'select "A" from "T" where "A" = :1 and "B" = :2'],
  ['bind-order', 'select "A" from "T" where "A" = :name', `select to_timestamp(:1, 'YYYY-MM-DD HH24:MI:SS.FF3') from DUAL`],
  ['foreign-bind', 'select "A" from "T" where "A" = ?', 'select "A" from "T" where "A" = :1'],
  ['foreign-bind', 'select "A" from "T" where "A" = $1', 'select "A" from "T" where "A$1" != :1'],
  ['foreign-character', 'select `A` from "T"', 'select "A" from "T" where "A" <> :1'],
  ['comment', 'select "A" from "T" -- all', 'select "A" - -1 from "T"'],
  ['comment', 'select /*+ FULL */ "A" from "T"', 'select "A" / 2 * 3 from "T"'],
  ['semicolon', 'select "A" from "T";', 'select "A" from "T"'],
  ['foreign-type', 'create table "T" ("A" bigint)', 'create table "T" ("A" NUMBER(19))'],
  ['length-without-unit', 'create table "T" ("A" VARCHAR2(64))', 'create table "T" ("A" VARCHAR2(64 CHAR))'],
  ['default-behind-not-null', 'create table "T" ("A" NUMBER(1) not null default 0)', 'create table "T" ("A" NUMBER(1) default 0 not null)'],
  ['cascade', 'drop table "T" cascade', 'drop table "T" cascade constraints'],
  ['if-exists', 'drop table if exists "T"', 'select "A" from "T" where exists (select "B" from "U")'],
  ['if-exists', 'create table if not exists "T" ("A" NUMBER(1))', 'create table "T" ("A" NUMBER(1))'],
  ['add-column', 'alter table "T" add column "A" NUMBER(1)', 'alter table "T" add ("A" NUMBER(1))'],
  ['alter-column', 'alter table "T" alter column "A" NUMBER(1)', 'alter table "T" modify ("A" NUMBER(1))'],
  ['auto-increment', 'create table "T" ("A" NUMBER(1) auto_increment)', 'create table "T" ("AUTO_INCREMENT" NUMBER(1))'],
];

test.each(cases)('%s is found in %j, and not in %j', (rule, broken, kept) => {
  expect(lintOracleSql(broken).map((finding) => finding.rule)).toContain(rule);
  expect(lintOracleSql(kept).map((finding) => finding.rule)).not.toContain(rule);
});

test('every rule has a case, and a name of its own', () => {
  const ids = rules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(cases.map(([rule]) => rule))).toEqual(new Set(ids));
});

test('a finding says where it is and what Oracle would say', () => {
  expect(lintOracleSql('select "A"\nfrom "T"\n limit :1')).toEqual([
    { rule: 'limit', ora: 'ORA-00933', line: 3, column: 2, detail: expect.stringContaining('LIMIT') },
    { rule: 'unquoted-name', ora: 'ORA-00904', line: 3, column: 2, detail: expect.stringContaining('LIMIT') },
  ]);
});

test('of a statement written by hand only what Oracle refuses is found', () => {
  expect(lintOracleSql(`select name from sample where note = 'x' and rank = 4711`, true)).toEqual([]);
  expect(lintOracleSql('select name from sample where level = :1', true)).toMatchObject([{ rule: 'reserved-word', column: 31 }]);
});
