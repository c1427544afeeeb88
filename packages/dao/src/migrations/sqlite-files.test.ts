import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { event } from './test/entities.ts';
import { fileCases, migrationFolder } from './test/file-cases.ts';
import { sqliteAccessTo } from './test/sqlite-access.ts';

describe('migration files of SQLite', () => {
  fileCases({
    dialect: 'sqlite',
    isTransactional: true,
    async fresh() {
      const folder = mkdtempSync(path.join(tmpdir(), 'midgard-files-'));
      const { access, close } = sqliteAccessTo(path.join(folder, 'x.db'));
      onTestFinished(() => {
        close();
        rmSync(folder, { recursive: true });
      });
      return access;
    },
  });
});

test('an open database takes migration files, and a file has no partitions to maintain', async () => {
  const folder = await migrationFolder('sqlite');
  await using database = await openDatabase('sqlite::memory:');
  expect(await database.migrateFiles(folder, { to: 1, isDryRun: true })).toMatchObject([{ version: 1, direction: 'forward' }]);
  expect(await database.plan([event])).not.toEqual([]);
  await database.migrateFiles(folder);
  expect(await database.plan([event])).toEqual([]);
  expect(await database.maintainPartitions([event], { keepYears: 0 })).toEqual([]);
});
