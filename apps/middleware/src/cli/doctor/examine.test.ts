import { temporaryDatabase } from '@midgard/dao/testing';
import { expect, test } from 'vitest';
import { serviceEntities } from '../../database/service-database.ts';
import type { ListedDatabase } from '../listed-databases.ts';
import { examine } from './examine.ts';

const listed = (open: ListedDatabase['open']): ListedDatabase => ({
  name: 'realm',
  shownUrl: 'sqlite:x',
  entities: serviceEntities,
  folder: undefined,
  isAtStart: true,
  handler: undefined,
  open,
});

test('a database that says nothing at all is given up at the deadline', async () => {
  const { findings, trouble } = await examine(
    listed(() => new Promise(() => undefined)),
    20,
  );
  expect(findings).toBeUndefined();
  expect(trouble).toMatchObject({ reason: 'no answer within 20 ms', advice: expect.stringContaining('firewall') });
});

test('one that is opened after the deadline is closed again', async () => {
  const late = Promise.withResolvers<void>();
  const database = await temporaryDatabase();
  const silent = listed(async () => {
    await late.promise;
    return database;
  });
  await examine(silent, 20);
  late.resolve();
  await expect.poll(() => database.ping().then(String, String)).toContain('closed');
});

test('one that answers is told by its version and what it lacks', async () => {
  await using database = await temporaryDatabase();
  const { findings, trouble } = await examine(
    listed(async () => database),
    5000,
  );
  expect(trouble).toBeUndefined();
  expect(findings).toMatchObject({ dialect: 'sqlite', version: expect.stringMatching(/^SQLite 3/), servers: [] });
  expect(findings?.pendingStatements).toBeGreaterThan(0);
});
