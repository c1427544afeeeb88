import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { fileCases } from './test/file-cases.ts';
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
