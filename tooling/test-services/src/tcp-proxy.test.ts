import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findRedis, startRedis, startTcpProxy, until } from './index.ts';

describe.skipIf(findRedis() === undefined)('a proxy before a server (needs a redis-server binary)', () => {
  test('swallows answers, and cuts', async () => {
    const server = await startRedis();
    onTestFinished(() => server.remove());
    const proxy = await startTcpProxy(server.port);
    onTestFinished(() => proxy.remove());
    const client = new Redis(proxy.port, { retryStrategy: null }).on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    expect(await client.incr('n')).toBe(1);
    proxy.swallow('answers');
    const lost = client.incr('n');
    const direct = new Redis(server.url);
    onTestFinished(() => direct.disconnect());
    await until(async () => (await direct.get('n')) === '2');
    proxy.cut();
    await expect(lost).rejects.toThrow();
    await until(() => proxy.connections === 0);
  });
});
