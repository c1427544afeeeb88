import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { holding, sample } from '../../testing/sample.ts';
import { render } from '../../migrations/ddl.ts';
import { diffTable } from '../../migrations/diff.ts';
import { sqliteDdl } from './schema.ts';
import { statementsIn } from '../../statements/entity-statements.ts';
import { flavor } from './drizzle.ts';

const statementsOf = statementsIn(flavor);

function planOf(entity: typeof sample | typeof holding, orderBy: readonly string[], after: readonly unknown[], descending: boolean): string {
  const raw = new DatabaseSync(':memory:');
  onTestFinished(() => raw.close());
  for (const step of diffTable(sqliteDdl, entity, undefined, {})) raw.exec(render(sqliteDdl, step));
  const { text, values } = statementsOf(entity).select({ where: [], orderBy, descending, after, limit: 10 });
  return raw
    .prepare(`explain query plan ${text}`)
    .all(...values)
    .map((row) => row['detail'])
    .join('; ');
}

test.each([false, true])('a page goes to its place by all of its order, without a sort (descending: %s)', (descending) => {
  const way = descending ? '<' : '>';
  expect(planOf(sample, ['id'], [1n], descending)).toBe(`SEARCH sample USING PRIMARY KEY (id${way}?)`);
  expect(planOf(sample, ['level', 'id'], [1, 1n], descending)).toMatch(new RegExp(`^SEARCH sample USING INDEX \\S+ \\(\\(level,id\\)${way}\\(\\?,\\?\\)\\)$`));
  expect(planOf(holding, ['bag', 'slot'], [1n, 'a'], descending)).toBe(`SEARCH holding USING PRIMARY KEY ((bag,slot)${way}(?,?))`);
});
