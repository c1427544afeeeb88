import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizedStatement } from './normalize.ts';

const cases: readonly (readonly [title: string, text: string, normal: string])[] = [
  ['a list', 'select "a" from "t" where "b" in (?, ?, ?)', 'select "a" from "t" where "b" in (?, …)'],
  ['a list of one', 'select "a" from "t" where "b" in (?)', 'select "a" from "t" where "b" in (?, …)'],
  ['numbered placeholders', 'select "A" from "T" where "B" = :1 and "C" in (:2, :3)', 'select "A" from "T" where "B" = ? and "C" in (?, …)'],
  ['rows', 'insert into `t` (`a`, `b`) values (?, ?), (?, ?), (?, ?)', 'insert into `t` (`a`, `b`) values (?, …), …'],
  ['rows with casts', 'insert into "t" values (cast(? as x), ?), (cast(? as x), ?)', 'insert into "t" values (cast(? as x), ?), …'],
  ['composite keys', 'select 1 from t where (("A" = :1 and "B" = :2) or ("A" = :3 and "B" = :4))', 'select ? from t where (("A" = ? and "B" = ?), …)'],
  [
    'rows of a merge',
    'using (select :1, :2 from DUAL union all select :3, :4 from DUAL union all select :5, :6 from DUAL) "S"',
    'using (select ?, ? from DUAL union all select ?, ? from DUAL …) "S"',
  ],
  [
    'rows of a merge with casts',
    'select ? from DUAL union all select cast(:3 as NUMBER(19)) from DUAL',
    'select ? from DUAL union all select cast(? as NUMBER(?, …)) from DUAL',
  ],
  ['literals', "select a1 from t2 where c = 'it''s 5' and d = -1.5e3 and e = 'x'", 'select a1 from t2 where c = ? and d = -? and e = ?'],
  ['names that look like literals', 'select "it\'s", `5`, "a""1" from t', 'select "it\'s", `5`, "a""1" from t'],
  ['white space', 'select\n  a\n  from t ', 'select a from t'],
];

test.each(cases)('%s come to one text', (_title, text, normal) => {
  expect(normalizedStatement(text)).toBe(normal);
});

test('no literal is left, whatever it is made of', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom("'", '"', '`', '-', 'x', '9', ' ', '(', ','), maxLength: 12 }), { minLength: 1, maxLength: 5 }),
      (values) => {
        const literals = values.map((value) => `'secret${value.replaceAll("'", "''")}'`);
        expect(normalizedStatement(`select a from t where b in (${literals.join(', ')})`)).toBe('select a from t where b in (?, …)');
      },
    ),
  );
});

test('a statement of a hundred thousand characters is cut, at once', () => {
  const rows = Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 ? '(?, ?)' : '(?, (?))')).join(', ');
  expect(normalizedStatement(`insert into t values ${rows}`).length).toBeLessThanOrEqual(2000);
});
