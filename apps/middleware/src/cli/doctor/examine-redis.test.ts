import { findRedis, startRedis } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { examineRedis, linesOfRedis } from './examine-redis.ts';

const settings = { prefix: 'midgard', timeoutMs: 10_000 };

test('where the configuration names no Redis there is nothing to say', async () => {
  expect(await examineRedis({ redis: settings })).toBeUndefined();
});

const missing = findRedis() === undefined ? ': no redis-server' : '';
test.skipIf(missing !== '')(`a Redis is told by how fast it answers, and one that does not by its reason, without its password${missing}`, async () => {
  const redis = await startRedis();
  expect(await examineRedis({ redis: { ...settings, url: redis.url } })).toMatchObject({ answersInMs: expect.any(Number), trouble: null });
  await redis.remove();
  const gone = await examineRedis({ redis: { ...settings, url: redis.url.replace('//', '//:p4ssword@') } });
  expect(gone).toMatchObject({ answersInMs: null, trouble: expect.any(String) });
  expect(JSON.stringify([gone, gone === undefined ? '' : linesOfRedis(gone)])).not.toContain('p4ssword');
});
