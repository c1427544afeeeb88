import { findRedis, startRedisCluster, quickest, until, type RedisCluster } from '@midgard/test-services';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { redisConformance, tierOfTest } from '../test/redis-tiers.ts';
import { keySlot } from './key-slot.ts';
import type { RedisTier } from './redis-tier.ts';

const longMs = 60_000;
const timeout = 60_000;
const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`);
const value = (key: string) => ({ key, bytes: Buffer.from(key), ttlMs: longMs });

async function textsOf(tier: RedisTier): Promise<readonly (string | undefined)[]> {
  return (await tier.read(keys)).map((record) => record && Buffer.from(record.bytes).toString());
}

describe.skipIf(findRedis() === undefined)('RedisTier on a Redis Cluster of three masters (needs a redis-server binary)', () => {
  let cluster: RedisCluster;
  let url: string;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    url = `redis-cluster://${cluster.nodes.join(',')}`;
  }, timeout);
  afterAll(() => cluster.remove());

  describe('keeps the promises of a tier', () => {
    test.each(
      redisConformance({
        get url() {
          return url;
        },
      }),
    )('$name', ({ run }) => run());
  });

  test('slots are counted as the servers count them', async () => {
    const odd = ['', 'a', 'foo', '{a}b', 'x{a}y', '{}', '{}{a}', 'a{', '}{', '{{a}}', '日本語', 'x{ä}', '\u0000'];
    for (const key of odd.filter((key) => key !== '')) expect(keySlot(Buffer.from(key)), key).toBe(await cluster.slotOf(key));
  });

  test('one server of the cluster suffices to find the others', async () => {
    const tier = await tierOfTest({ url: `redis-cluster://${cluster.nodes[1]}` });
    await tier.put(keys.map(value));
    expect(await textsOf(tier)).toEqual(keys);
  });

  test('commands go on working while a slot moves and after, and the moved keys are loaded anew', { timeout }, async () => {
    const prefix = 'moving';
    const [tier, other] = [await tierOfTest({ url, prefix }), await tierOfTest({ url, prefix })];
    await tier.put(keys.map(value));
    const name = `${prefix}:1:${keys[0]}`;
    const [slot, from] = [await cluster.slotOf(name), await cluster.masterOf(name)];
    const to = cluster.masters.find((master) => master !== from)!;
    const others = keys.slice(1);

    await cluster.beginMove(slot, to);
    expect(await textsOf(tier)).toEqual([undefined, ...others]);
    const [answer] = await tier.lease([{ key: keys[0]! }], longMs);
    const version = answer?.kind === 'leased' ? answer.version : 0;
    expect(await other.lease([{ key: keys[0]! }], longMs)).toEqual([{ kind: 'busy' }]);
    expect(await other.store([{ ...value(keys[0]!), version }])).toEqual([version]);
    expect(await textsOf(tier)).toEqual(keys);
    await cluster.finishMove(slot, to);

    for (let turn = 0; turn < 20; turn += 1) {
      expect(await textsOf(turn % 2 === 0 ? tier : other)).toEqual(keys);
      await tier.invalidate([keys[0]!]);
      await other.put([value(keys[0]!)]);
    }
    expect(await cluster.masterOf(name)).toBe(to);
  });

  test('a server that dies fails what it holds and nothing else, and is used again within two seconds of its return', { timeout }, async () => {
    const tier = await tierOfTest({ url, timeoutMs: 1000, prefix: 'dying' });
    await tier.put(keys.map(value));
    const [dead] = cluster.masters;
    const portOf = async (key: string) => (await cluster.masterOf(`dying:1:${key}`)).port;
    const held = await Promise.all(keys.map(async (key) => (await portOf(key)) === dead!.port));
    const usedAgainMs = await quickest(2000, async () => {
      await dead!.stop('SIGKILL');
      const reads = await Promise.allSettled(keys.map((key) => tier.read([key])));
      expect(reads.map(({ status }) => status === 'rejected')).toEqual(held);
      await expect(tier.read(keys)).rejects.toMatchObject({ code: 'ERR_CACHE_TIER' });
      await dead!.start();
      // A server of a cluster that was restarted refuses everything for two seconds by itself.
      await until(async () => String(await cluster.admin(dead!).call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
      const back = performance.now();
      await until(async () => (await tier.read(keys)).length === keys.length);
      return performance.now() - back;
    });
    expect(usedAgainMs).toBeLessThan(2000);
    expect((await textsOf(tier)).map((text) => text === undefined)).toEqual(held);
  });

  test('what a replica has when it takes the place of a master is not believed', { timeout }, async () => {
    const own = await startRedisCluster();
    onTestFinished(() => own.remove());
    const tier = await tierOfTest({ url: `redis-cluster://${own.nodes.join(',')}`, timeoutMs: 1000, prefix: 'cache' });
    const [master] = own.masters;
    const replica = await own.addReplica(master!);
    await tier.put(keys.map(value));
    const isHere = await Promise.all(keys.map(async (key) => (await own.masterOf(`cache:1:${key}`)) === master));
    await until(async () => (await own.admin(replica).dbsize()) === (await own.admin(master!).dbsize()));
    await master!.stop('SIGKILL');
    await until(async () => (await textsOf(tier)).length === keys.length);
    expect((await textsOf(tier)).map((text) => text === undefined)).toEqual(isHere);
    await tier.put(keys.map(value));
    expect(await textsOf(tier)).toEqual(keys);
  });

  // The reason why RedisTier has its own idea of a cluster, and no automatic pipelines: https://github.com/redis/ioredis/issues/2075
  test('ioredis: with automatic pipelining a Cluster sends commands astray after a slot has moved', { timeout }, async () => {
    const nodes = cluster.masters.map(({ port }) => ({ host: '127.0.0.1', port }));
    const failuresOf = async (enableAutoPipelining: boolean): Promise<number> => {
      const client = new Cluster(nodes, { enableAutoPipelining });
      onTestFinished(() => client.disconnect());
      const [moved = '', stays = ''] = await neighbours(`pin ${enableAutoPipelining}`);
      await client.set(moved, '1');
      const from = await cluster.masterOf(moved);
      await cluster.moveSlot(
        await cluster.slotOf(moved),
        cluster.masters.find((master) => master !== from)!,
      );
      let failures = 0;
      for (let turn = 0; turn < 5; turn += 1) await Promise.all([client.get(moved), client.incr(stays)]).catch(() => (failures += 1));
      return failures;
    };
    /** Two keys of one server in two slots. */
    const neighbours = async (prefix: string): Promise<readonly string[]> => {
      const names = Array.from({ length: 10 }, (_, i) => `${prefix} ${i}`);
      const servers = await Promise.all(names.map((name) => cluster.masterOf(name)));
      return names.filter((_, i) => servers[i] === servers[0]);
    };
    expect(await failuresOf(false)).toBe(0);
    expect(await failuresOf(true)).toBe(5);
  });
});
