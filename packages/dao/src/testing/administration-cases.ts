import { expect, test } from 'vitest';
import { type OpenForTest, onFresh, samples } from './sample.ts';

/** What an operator asks: what it is, and what was migrated. */
export function administrationCases(open: OpenForTest): void {
  test('version names the product and its number', () =>
    onFresh(open, async (database) => {
      expect(await database.version()).toMatch(/^(SQLite|MariaDB|MySQL|Oracle Database) \d+(\.\d+)+$/);
    }));

  test('a closed database tells no version', () =>
    onFresh(open, async (database) => {
      await database.close();
      await expect(database.version()).rejects.toMatchObject({ code: 'ERR_DAO_CLOSED' });
    }));

  test('migrate tells what it ran, which is what was planned, and nothing where nothing was left to do', async () => {
    await using database = await open();
    const planned = await database.plan(samples);
    expect(planned.length).toBeGreaterThanOrEqual(samples.length);
    expect(await database.migrate(samples)).toEqual(planned);
    expect([await database.plan(samples), await database.migrate(samples)]).toEqual([[], []]);
  });
}
