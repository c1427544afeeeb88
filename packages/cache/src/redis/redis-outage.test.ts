import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  findRedis,
  quickest,
  startRedis,
  startRedisSentinel,
  startTcpProxy,
  startTlsRedis,
  until,
  type RedisServer,
  type RedisSettings,
} from '@midgard/test-services';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { redisConformance, tierOfTest } from '../test/redis-tiers.ts';
import { RedisTier } from './redis-tier.ts';

const longMs = 60_000;
const timeout = 60_000;
const value = (key: string, text = key) => ({ key, bytes: Buffer.from(text), ttlMs: longMs });
const unreachable = { code: 'ERR_CACHE_TIER' };

async function redisOfTest(settings?: RedisSettings): Promise<RedisServer> {
  const redis = await startRedis(settings);
  onTestFinished(() => redis.remove());
  return redis;
}

function adminOf({ url }: { readonly url: string }): Redis {
  const admin = new Redis(url).on('error', () => undefined);
  onTestFinished(() => admin.disconnect());
  return admin;
}

async function textAt(tier: RedisTier, key: string): Promise<string | undefined> {
  const [record] = await tier.read([key]);
  return record && Buffer.from(record.bytes).toString();
}

async function leaseOn(tier: RedisTier, key: string): Promise<number> {
  const [answer] = await tier.lease([{ key }], longMs);
  expect(answer).toMatchObject({ kind: 'leased' });
  return answer?.kind === 'leased' ? answer.version : 0;
}

/** Every method once. */
function allCalls(tier: RedisTier): readonly (() => Promise<unknown>)[] {
  return [
    () => tier.read(['k']),
    () => tier.read(['k', 'l']),
    () => tier.lease([{ key: 'k' }], longMs),
    () => tier.store([{ ...value('k'), version: 1 }]),
    () => tier.release([{ key: 'k', version: 1 }]),
    () => tier.put([value('k')]),
    () => tier.invalidate(['k']),
    () => tier.versions(['k']),
  ];
}

describe.skipIf(findRedis() === undefined)('RedisTier when its Redis fails (needs a redis-server binary)', () => {
  test('a Redis that is killed fails every call, and is used again within two seconds of its return', { timeout }, async () => {
    const redis = await redisOfTest();
    const heard: string[] = [];
    const listener = { connected: () => void heard.push('connected'), lost: () => void heard.push('lost') };
    const tier = await tierOfTest({ url: redis.url, listener });
    const usedAgainMs = await quickest(2000, async () => {
      await redis.stop('SIGKILL');
      for (const call of allCalls(tier)) await expect(call()).rejects.toMatchObject(unreachable);
      await redis.start();
      const back = performance.now();
      await until(async () => (await tier.read(['k'])).length === 1);
      return performance.now() - back;
    });
    expect(usedAgainMs).toBeLessThan(2000);
    for (const call of allCalls(tier)) await call();
    expect(heard.slice(0, 3)).toEqual(['connected', 'lost', 'connected']);
  });

  test('what is under way when Redis dies fails then, and is not sent again', { timeout }, async () => {
    const redis = await redisOfTest();
    const tier = await tierOfTest({ url: redis.url });
    await redis.freeze();
    const putting = tier.put([value('k')]);
    putting.catch(() => undefined);
    await redis.stop('SIGKILL');
    await expect(putting).rejects.toMatchObject(unreachable);
    await redis.start();
    await until(async () => (await tier.versions(['k']))[0] === 0);
  });

  test('a frozen Redis costs a call its time-out, and soon nothing; once it answers it is used again', { timeout }, async () => {
    const redis = await redisOfTest();
    const tier = await tierOfTest({ url: redis.url, timeoutMs: 150 });
    // Which a busy machine may not answer in time.
    await until(() => tier.put([value('k')]).then(Boolean));
    const usedAgainMs = await quickest(2000, async () => {
      await redis.freeze();
      for (const call of allCalls(tier)) await expect(call()).rejects.toMatchObject(unreachable);
      let slowReads = 0;
      await until(async () => {
        const begun = performance.now();
        await expect(tier.read(['k'])).rejects.toMatchObject(unreachable);
        const isSpared = performance.now() - begun < 75;
        if (!isSpared) slowReads += 1;
        return isSpared;
      });
      // The calls of before have shown that nothing is answered.
      expect(slowReads).toBeLessThan(10);
      redis.thaw();
      const back = performance.now();
      await until(async () => (await tier.read(['k']))[0] !== undefined);
      return performance.now() - back;
    });
    expect(usedAgainMs).toBeLessThan(2000);
  });

  test('opening waits for Redis no longer than told, and what was opened without it works once it is there', { timeout }, async () => {
    const redis = await redisOfTest();
    await redis.stop();
    const tier = await tierOfTest({ url: redis.url, connectWithinMs: 50 });
    await expect(tier.read(['k'])).rejects.toMatchObject(unreachable);
    await redis.start();
    await until(async () => (await tier.read(['k'])).length === 1);
  });

  test('a Redis that was restarted begins empty: nothing that it loads from its disk is believed', { timeout }, async () => {
    const redis = await redisOfTest({ appendonly: 'yes', appendfsync: 'always' });
    const admin = adminOf(redis);
    const tier = await tierOfTest({ url: redis.url, prefix: 'disk' });
    const [old = 0] = await tier.put([value('value')]);
    const [fallen = 0] = await tier.invalidate(['fallen']);
    const lease = await leaseOn(tier, 'lease');
    const [replaced = 0] = await tier.put([value('replaced')]);
    await tier.lease([{ key: 'replaced', replaces: replaced }], longMs);
    await redis.stop('SIGKILL');
    await redis.start();
    const keys = ['value', 'fallen', 'lease', 'replaced'];
    await until(async () => (await tier.read(keys)).length === keys.length);
    expect(await admin.exists(...keys.map((key) => `disk:1:${key}`))).toBe(keys.length);

    expect(await tier.read(keys)).toEqual(keys.map(() => undefined));
    for (const key of keys) expect(await tier.read([key])).toEqual([undefined]);
    expect(await tier.versions(keys)).toEqual(keys.map(() => 0));
    expect(await tier.store([{ ...value('lease'), version: lease }])).toEqual([undefined]);
    await tier.release([{ key: 'lease', version: lease }]);
    const answers = await tier.lease(
      keys.map((key) => ({ key })),
      longMs,
    );
    expect(answers.map(({ kind }) => kind)).toEqual(keys.map(() => 'leased'));
    const versions = answers.map((answer) => (answer.kind === 'leased' ? answer.version : 0));
    for (const [i, before] of [old, fallen, lease, replaced].entries()) expect(versions[i]).toBeGreaterThan(before);
    expect(await tier.store(keys.map((key, i) => ({ ...value(key), version: versions[i]! })))).toEqual(versions);
    expect(await textAt(tier, 'value')).toBe('value');
  });

  test('a lease from before a restart that is still there in the file is of no use', { timeout }, async () => {
    const redis = await redisOfTest({ appendonly: 'yes', appendfsync: 'always' });
    const tier = await tierOfTest({ url: redis.url });
    const version = await leaseOn(tier, 'k');
    await redis.stop('SIGKILL');
    await redis.start();
    await until(async () => (await tier.versions(['k'])).length === 1);
    expect(await tier.store([{ ...value('k', 'outdated'), version }])).toEqual([undefined]);
    expect(await textAt(tier, 'k')).toBeUndefined();
  });

  test('a Redis that forgot its scripts is taught them again', { timeout }, async () => {
    const redis = await redisOfTest();
    const tier = await tierOfTest({ url: redis.url });
    for (const call of allCalls(tier)) await call();
    await adminOf(redis).script('FLUSH');
    for (const call of allCalls(tier)) await call();
    await adminOf(redis).script('FLUSH');
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    await tier.put(keys.map((key) => value(key)));
    expect((await tier.read(keys)).map((record) => record && Buffer.from(record.bytes).toString())).toEqual(keys);
  });

  test('answers that are lost on the way: the call fails, and what it asked for may have been done', { timeout }, async () => {
    const redis = await redisOfTest();
    const proxy = await startTcpProxy(redis.port);
    onTestFinished(() => proxy.remove());
    const prefix = 'lossy';
    const [tier, witness] = [
      await tierOfTest({ url: `redis://127.0.0.1:${proxy.port}`, prefix, timeoutMs: 150 }),
      await tierOfTest({ url: redis.url, prefix }),
    ];
    await until(() => tier.put([value('taught the script')]).then(Boolean));
    proxy.swallow('answers');
    await expect(tier.put([value('k')])).rejects.toMatchObject(unreachable);
    await until(async () => (await textAt(witness, 'k')) === 'k');
    proxy.swallow('nothing');
    await until(async () => (await textAt(tier, 'k')) === 'k');
  });

  test('a key of another kind, and bytes that are no record of ours, do no harm', { timeout }, async () => {
    const redis = await redisOfTest();
    const admin = adminOf(redis);
    const tier = await tierOfTest({ url: redis.url, prefix: 'foreign' });
    await admin.set('foreign:1:text', 'V');
    await admin.set('foreign:1:long', 'V'.repeat(100));
    await admin.hset('foreign:1:hash', 'a', 'b');
    expect(await tier.read(['text', 'long'])).toEqual([undefined, undefined]);
    expect(await tier.versions(['text', 'long'])).toEqual([0, 0]);
    await leaseOn(tier, 'text');
    await leaseOn(tier, 'long');
    await expect(tier.lease([{ key: 'hash' }], longMs)).rejects.toMatchObject(unreachable);
    expect(await tier.read(['hash', 'text'])).toEqual([undefined, undefined]);
  });

  test('versions go on rising where the clock of the server was set back', { timeout }, async () => {
    const redis = await redisOfTest();
    const tier = await tierOfTest({ url: redis.url, prefix: 'clock' });
    const ahead = (Date.now() + 3_600_000) * 1000;
    const record = Buffer.alloc(41);
    record.write('Nanyepoch');
    record.writeBigUInt64BE(BigInt(ahead), 9);
    record.writeBigUInt64BE(BigInt(ahead + 5), 17);
    for (const key of ['put', 'invalidate', 'lease']) await adminOf(redis).set(`clock:1:${key}`, record);
    expect(await tier.put([value('put')])).toEqual([ahead + 6]);
    expect(await tier.invalidate(['invalidate'])).toEqual([ahead + 6]);
    expect(await leaseOn(tier, 'lease')).toBe(ahead + 6);
    expect(await tier.put([value('put')])).toEqual([ahead + 7]);
  });

  test('a new schema and another prefix read nothing of the old', { timeout }, async () => {
    const redis = await redisOfTest();
    const options = { url: redis.url, prefix: 'game' };
    const old = await tierOfTest({ ...options, schema: 1 });
    await old.put([value('k')]);
    for (const other of [
      { ...options, schema: 2 },
      { url: redis.url, prefix: 'game:1' },
    ])
      expect(await textAt(await tierOfTest(other), 'k')).toBeUndefined();
    expect(await textAt(await tierOfTest({ ...options, schema: 1 }), 'k')).toBe('k');
  });

  test('no error tells a password', { timeout }, async () => {
    const redis = await redisOfTest();
    const admin = adminOf(redis);
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>right:secret', '~*', '&*', '+@all');
    const errors: unknown[] = [];
    const caught = (error: unknown): void => void errors.push(error);
    const listener = { lost: (_: string, error: Error | undefined) => caught(error) };
    const open = (url: string): Promise<RedisTier> => tierOfTest({ url, connectWithinMs: 100, listener });
    const url = (password: string): string => redis.url.replace('//', `//app:${password}@`);
    await (await open(url('wrong%3Asecret'))).read(['k']).catch(caught);
    await open(url('wrong%3Asecret').replace('redis:', 'http:')).catch(caught);
    await open('redis://app:wrong%3Asecret@[not a host').catch(caught);
    await open(url('wrong%3Asecret').replace(/:\d+$/, ':70000')).catch(caught);
    const given = await tierOfTest({ url: redis.url, username: 'app', password: 'wrong:secret', connectWithinMs: 100, listener });
    await given.read(['k']).catch(caught);
    expect(errors).toHaveLength(5);
    const tier = await open(url('right%3Asecret'));
    await tier.put([value('k')]);
    await admin.call('ACL', 'SETUSER', 'app', '>other', '<right:secret');
    await admin.call('CLIENT', 'KILL', 'USER', 'app');
    await until(async () => {
      await tier.read(['k']).catch(caught);
      return errors.length > 8;
    });
    const told = inspect(errors, { depth: 20, showHidden: true });
    expect(told).toContain('ERR_CACHE_TIER');
    expect(told).toContain('ERR_CACHE_OPTIONS');
    expect(told).toContain('WRONGPASS');
    expect(told).not.toMatch(/(wrong|right)(:|%3A)secret/);
  });
});

describe.skipIf(findRedis() === undefined)('RedisTier through Sentinel and TLS (needs a redis-server binary)', () => {
  describe('TLS', () => {
    let redis: Awaited<ReturnType<typeof startTlsRedis>>;
    beforeAll(async () => void (redis = await startTlsRedis()), timeout);
    afterAll(() => redis.remove());
    const options = {
      get url() {
        return redis.url;
      },
      get tls() {
        return { ca: redis.ca };
      },
    };
    test.each(redisConformance(options))('$name', ({ run }) => run());
    test('a server that nobody known vouches for is not used', async () => {
      const tier = await tierOfTest({ url: redis.url, connectWithinMs: 200 });
      await expect(tier.read(['k'])).rejects.toMatchObject(unreachable);
    });
  });

  describe('Sentinel', () => {
    let sentinel: Awaited<ReturnType<typeof startRedisSentinel>>;
    beforeAll(async () => void (sentinel = await startRedisSentinel()), timeout);
    afterAll(() => sentinel.remove());
    const options = {
      get url() {
        return `redis-sentinel://${sentinel.address}#${sentinel.masterName}`;
      },
    };
    test.each(redisConformance(options))('$name', ({ run }) => run());

    test('after the master died the replica is used, and nothing that it has is believed', { timeout }, async () => {
      const prefix = 'failover';
      const tier = await tierOfTest({ url: options.url, prefix });
      // Many, since ioredis gives some of them up for good where a sentinel speaks while another is asked.
      const others = await Promise.all(Array.from({ length: 10 }, () => tierOfTest({ url: options.url, prefix })));
      await tier.put([value('k')]);
      const lease = await leaseOn(tier, 'lease');
      await until(async () => (await adminOf(sentinel.replica).dbsize()) >= 2);
      await sentinel.master.stop('SIGKILL');
      await until(async () => (await tier.read(['k'])).length === 1);
      expect(await textAt(tier, 'k')).toBeUndefined();
      await until(async () => (await tier.store([{ ...value('lease'), version: lease }]))[0] === undefined);
      expect(await leaseOn(tier, 'lease')).toBeGreaterThan(lease);
      await tier.put([value('k', 'new')]);
      for (const other of others) await until(async () => (await textAt(other, 'k')) === 'new');
    });
  });
});

// The reason why invalidations go over a bus: https://github.com/redis/ioredis/issues/1995
test.skipIf(findRedis() === undefined)('ioredis: what client tracking pushes is dropped (needs a redis-server binary)', { timeout }, async () => {
  const redis = await redisOfTest();
  const [tracking, writer] = [adminOf(redis), adminOf(redis)];
  await tracking.call('CLIENT', 'TRACKING', 'ON');
  await tracking.get('k');
  const heard: unknown[] = [];
  const emit = tracking.emit.bind(tracking);
  tracking.emit = (name: string | symbol, ...args: unknown[]): boolean => {
    heard.push([name, ...args]);
    return emit(name, ...args);
  };
  const stream = Reflect.get(tracking, 'stream') as NodeJS.ReadableStream;
  const received: string[] = [];
  stream.on('data', (chunk: Buffer) => void received.push(chunk.toString()));
  await writer.set('k', 'v');
  await until(() => received.join('').includes('invalidate'));
  await tracking.ping();
  await sleep(0);
  expect(heard).toEqual([]);
});

test('numbers and URLs that make no sense are refused', async () => {
  const url = 'redis://127.0.0.1:1';
  const bad = [
    { url: 'http://localhost' },
    { url: 'redis://a,b' },
    { url: 'redis-sentinel://a' },
    { url: 'redis://a#master' },
    { url: 'redis-cluster://a/1' },
    { url: '' },
    { url, timeoutMs: 0 },
    { url, connectWithinMs: Number.NaN },
    { url, maxClockSkewMs: -1 },
  ];
  for (const options of bad) await expect(RedisTier.open(options), inspect(options)).rejects.toMatchObject({ code: 'ERR_CACHE_OPTIONS' });
});
