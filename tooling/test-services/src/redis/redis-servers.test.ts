import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findRedis, startRedisCluster, startRedisSentinel, startTlsRedis, until } from '../index.ts';

/** Servers agree on a failover by time-outs of seconds, and on a busy machine not at the first try. */
const timeout = 60_000;

describe.skipIf(findRedis() === undefined)('private Redis servers (need a redis-server binary)', () => {
  test('a cluster has three masters, and a slot can be moved with its keys', { timeout }, async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.remove());
    const from = await cluster.masterOf('key');
    const to = cluster.masters.find((master) => master !== from)!;
    await cluster.admin(from).set('key', 'value');
    await cluster.moveSlot(await cluster.slotOf('key'), to);
    expect(await cluster.masterOf('key')).toBe(to);
    expect(await cluster.admin(to).get('key')).toBe('value');
    await expect(cluster.admin(from).get('key')).rejects.toThrow('MOVED');
  });

  test('a replica takes the place of a master that died', { timeout }, async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.remove());
    const [master] = cluster.masters;
    const replica = await cluster.addReplica(master!);
    await master!.stop('SIGKILL');
    expect(master!.isRunning).toBe(false);
    await until(async () => (await cluster.admin(replica).info('replication')).includes('role:master'));
  });

  test('a sentinel makes the replica the master when that dies', { timeout }, async () => {
    const { master, address, masterName, remove } = await startRedisSentinel();
    onTestFinished(remove);
    const [host = '', port] = address.split(':');
    const client = new Redis({ sentinels: [{ host, port: Number(port) }], name: masterName, maxRetriesPerRequest: null }).on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    await client.set('key', 'value');
    await client.wait(1, 5000);
    await master.stop('SIGKILL');
    await until(async () => (await client.get('key')) === 'value');
  });

  test('a server with TLS is believed by who has its authority, and by nobody else', async () => {
    const { url, ca, remove } = await startTlsRedis();
    onTestFinished(remove);
    const client = new Redis(url, { tls: { ca } });
    onTestFinished(() => client.disconnect());
    expect(await client.ping()).toBe('PONG');
    const stranger = new Redis(url, { retryStrategy: null, lazyConnect: true }).on('error', () => undefined);
    await expect(stranger.connect()).rejects.toThrow();
  });
});
