import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { redisOfTest } from '../test/servers.ts';
import { findRedis } from '@midgard/test-services';
import { RedisQueue } from './redis-queue.ts';
import { checkServer, type Allowances, type Askable } from './server-check.ts';

/** A Redis that tells only this much. */
function teller(info: string, config: Readonly<Record<string, unknown>> = {}): Askable {
  const refused = Promise.reject(new Error('NOPERM'));
  refused.catch(() => undefined);
  return {
    info: () => (info === '' ? refused : Promise.resolve(info)),
    config: (_get: string, name: string) => (name in config ? Promise.resolve(config[name]) : refused),
  };
}

const good = '# Memory\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\naof_enabled:1\r\n';

test.each<readonly [string, Askable, Allowances, string | undefined]>([
  ['both right', teller(good), {}, undefined],
  ['evicting', teller(good.replace('noeviction', 'allkeys-lru')), {}, 'ERR_QUEUE_REDIS_POLICY'],
  ['evicting and allowed to', teller(good.replace('noeviction', 'allkeys-lru')), { eviction: true }, undefined],
  ['without append-only file', teller(good.replace('aof_enabled:1', 'aof_enabled:0')), {}, 'ERR_QUEUE_REDIS_DURABILITY'],
  ['without append-only file and allowed to', teller(good.replace('aof_enabled:1', 'aof_enabled:0')), { noAppendOnlyFile: true }, undefined],
  ['one allowance is not the other', teller(good.replace('noeviction', 'allkeys-lru')), { noAppendOnlyFile: true }, 'ERR_QUEUE_REDIS_POLICY'],
  ['silent', teller(''), {}, 'ERR_QUEUE_REDIS_POLICY'],
  ['silent on the file', teller('maxmemory_policy:noeviction\r\n'), {}, 'ERR_QUEUE_REDIS_DURABILITY'],
  [
    'INFO without the fields, CONFIG with lists',
    teller('x:1\r\n', { 'maxmemory-policy': ['maxmemory-policy', 'noeviction'], appendonly: ['appendonly', 'yes'] }),
    {},
    undefined,
  ],
  ['CONFIG with maps', teller('', { 'maxmemory-policy': { 'maxmemory-policy': 'noeviction' }, appendonly: { appendonly: 'yes' } }), {}, undefined],
  ['CONFIG says no', teller('', { 'maxmemory-policy': ['', 'noeviction'], appendonly: ['', 'no'] }), {}, 'ERR_QUEUE_REDIS_DURABILITY'],
  ['CONFIG says nothing', teller('', { 'maxmemory-policy': [], appendonly: null }), {}, 'ERR_QUEUE_REDIS_POLICY'],
])('a Redis that is %s', async (_name, redis, allow, code) => {
  const checking = checkServer(redis, allow);
  if (code === undefined) await expect(checking).resolves.toBeUndefined();
  else await expect(checking).rejects.toMatchObject({ code });
});

describe.skipIf(findRedis() === undefined)('against a real Redis (needs a redis-server binary)', () => {
  const common = { name: 'jobs', parse: (data: unknown) => data };

  test('a cache is no place for jobs: the message says what was found and what is expected', async () => {
    const server = await redisOfTest({ 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' });
    const opened = (allow: Allowances): Promise<unknown> => RedisQueue.open({ ...common, url: server.url, allow });
    await expect(opened({})).rejects.toMatchObject({ code: 'ERR_QUEUE_REDIS_POLICY', message: expect.stringMatching(/allkeys-lru.*noeviction/) });
    await expect(opened({ eviction: true })).rejects.toMatchObject({
      code: 'ERR_QUEUE_REDIS_DURABILITY',
      message: expect.stringMatching(/is no .*must be yes/),
    });
    const warn = vi.spyOn(console, 'warn').mockReturnValue(); // BullMQ has the last word.
    const queue = await RedisQueue.open({ ...common, url: server.url, allow: { eviction: true, noAppendOnlyFile: true } });
    await queue.add(1);
    await queue.close();
    warn.mockRestore();
  });

  test('a managed Redis that refuses CONFIG is read by INFO', async () => {
    const server = await redisOfTest();
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-config');
    const queue = await RedisQueue.open({ ...common, url: server.url.replace('//', '//app:secret@') });
    await queue.add(1);
    await queue.close();
  });
});
