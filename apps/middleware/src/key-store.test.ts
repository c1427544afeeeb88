import type { ApiKeyRecord } from '@midgard/auth';
import { openDatabase } from '@midgard/dao';
import { expect, test, vi } from 'vitest';
import { ServiceAudit } from './audit/service-audit.ts';
import { readSettings } from './config.ts';
import { serviceEntities } from './database/service-database.ts';
import { apiKeyStore } from './key-store.ts';

const record: ApiKeyRecord = {
  id: 'k1',
  hash: 'h',
  role: 'viewer',
  games: ['realm'],
  operations: null,
  label: '',
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  replacedBy: null,
};

test('keys are never read from a replica: what another instance has revoked would still be good there', async () => {
  await using database = await openDatabase('sqlite::memory:');
  await database.migrate(serviceEntities);
  const read = vi.spyOn(database, 'read');
  const store = apiKeyStore(database, ServiceAudit.ofCommand(readSettings({}).config));
  await store.insert(record);
  expect(await store.find('k1')).toMatchObject({ id: 'k1', revokedAt: null });
  await store.revoke('k1', 5);
  expect(await store.list()).toMatchObject([{ id: 'k1', revokedAt: 5 }]);
  expect(read.mock.calls.map(([, options]) => options)).toEqual([{ freshness: 'newest' }, { freshness: 'newest' }]);
});
