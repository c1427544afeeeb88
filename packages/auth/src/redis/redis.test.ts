import { randomBytes } from 'node:crypto';
import { findRedis, startRedis, startRedisCluster, until } from '@midgard/test-services';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Handshake, type HandshakeOptions, type HandshakeProof, signHandshake } from '../handshake.ts';
import { FakeClock, refusal } from '../test/support.ts';
import { redisBudget, redisNonces } from './index.ts';

const timeout = 60_000;
const secret = Buffer.alloc(32, 3);
const clock = new FakeClock();

async function redisOfTest(): Promise<Awaited<ReturnType<typeof startRedis>>> {
  const redis = await startRedis();
  onTestFinished(() => redis.remove());
  return redis;
}

function clientOf(url: string): Redis {
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 });
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

async function ready(client: Redis | Cluster): Promise<void> {
  await until(async () => client.status === 'ready');
}

function instance(sharedNonces: NonNullable<HandshakeOptions['sharedNonces']>): Handshake {
  return new Handshake({ clock, sharedNonces, secretOf: async () => ({ secret, role: 'game-server', games: '*' }) });
}

function proof(): HandshakeProof {
  const unsigned = { serverId: 'arena-1', timestamp: clock.ms, nonce: randomBytes(16).toString('base64url') };
  return { ...unsigned, signature: signHandshake({ ...unsigned, secret }) };
}

describe.skipIf(findRedis() === undefined)('instances on one Redis', () => {
  test('accept a handshake once between them, however many get it at the same time', { timeout }, async () => {
    const { url } = await redisOfTest();
    const instances = await Promise.all(
      [1, 2, 3].map(async () => {
        const client = clientOf(url);
        await ready(client);
        return instance(redisNonces({ client }));
      }),
    );
    for (let i = 0; i < 20; i += 1) {
      const sent = proof();
      const answers = await Promise.all(instances.map((one) => refusal(one.verifyHmac(sent))));
      expect(answers.toSorted()).toEqual(['ERR_AUTH_INVALID', 'ERR_AUTH_INVALID', 'accepted']);
    }
  });

  test('remember a nonce for as long as its timestamp is good', { timeout }, async () => {
    const { url } = await redisOfTest();
    const client = clientOf(url);
    await ready(client);
    await instance(redisNonces({ client, prefix: 'mine' })).verifyHmac(proof());
    const [key = ''] = await client.keys('mine:*');
    const lifeMs = await client.pttl(key);
    expect(lifeMs).toBeGreaterThan(110_000);
    expect(lifeMs).toBeLessThanOrEqual(120_000);
  });

  test('keep a limit together, each key for itself, and begin anew when its window is over', { timeout }, async () => {
    const { url } = await redisOfTest();
    const [client, admin] = [clientOf(url), clientOf(url)];
    await Promise.all([ready(client), ready(admin)]);
    // A window of 200 s: it must not end between two questions.
    const rate = { perSecond: 0.1, burst: 20 };
    const [one, other] = [redisBudget({ client, name: 'login', rate }), redisBudget({ client: admin, name: 'login', rate })];
    expect([await one.take('a', 15), await other.take('a', 5), await one.take('b', 1)]).toEqual([0, 0, 0]);
    const waitMs = await other.take('a', 1);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(200_000);
    expect(await one.take('b', 1)).toBe(0);
    for (const key of await admin.keys('*')) await admin.pexpire(key, 1);
    await until(async () => (await one.take('a', 1)) === 0);
  });

  test('are told at once that it is away, and handshakes go on or do not, as they were set up', { timeout }, async () => {
    const redis = await redisOfTest();
    const client = clientOf(redis.url);
    await ready(client);
    const budget = redisBudget({ client, name: 'login', rate: { perSecond: 1, burst: 1 } });
    await redis.stop('SIGKILL');
    await until(async () => client.status !== 'ready');
    await expect(budget.take('a', 1)).rejects.toThrow();
    const sent = proof();
    const open = instance(redisNonces({ client }));
    expect(await refusal(open.verifyHmac(sent))).toBe('accepted');
    expect(await refusal(open.verifyHmac(sent))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(instance(redisNonces({ client, whenAway: 'refuse' })).verifyHmac(proof()))).toBe('ERR_AUTH_LIMITED');
    await redis.start();
    await ready(client);
    expect(await budget.take('a', 1)).toBe(0);
  });

  test('or on one Redis Cluster', { timeout }, async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.remove());
    const client = new Cluster(cluster.masters.map(({ port }) => ({ host: '127.0.0.1', port })));
    onTestFinished(() => client.disconnect());
    await ready(client);
    const budget = redisBudget({ client, name: 'login', rate: { perSecond: 1, burst: 2 } });
    expect([await budget.take('a', 1), await budget.take('b', 1), await budget.take('a', 1)]).toEqual([0, 0, 0]);
    expect(await budget.take('a', 1)).toBeGreaterThan(0);
    const sent = proof();
    expect(await refusal(instance(redisNonces({ client })).verifyHmac(sent))).toBe('accepted');
    expect(await refusal(instance(redisNonces({ client })).verifyHmac(sent))).toBe('ERR_AUTH_INVALID');
  });
});
