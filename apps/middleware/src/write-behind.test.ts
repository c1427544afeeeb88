import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { OrderStorm } from './testing/order-storm.ts';
import { ServiceProcess } from './testing/service-process.ts';

test('after each kill -9 under load, every acknowledged order and order event is there exactly once', { timeout: 180_000 }, async () => {
  await using service = new ServiceProcess();
  const { tcpPort, baseUrl, key } = await service.start();
  const storm = new OrderStorm({ perSecond: 1000, folder: service.folder });
  await storm.prepare({ port: tcpPort, key, clients: 8 });
  const ending = new AbortController();
  const running = storm.run(ending.signal);
  for (let kill = 0; kill < 3; kill += 1) {
    // In the midst of it: a number of writes, and a time that is another for each kill.
    const before = storm.total;
    await until(() => storm.total > before + 50);
    await sleep(Math.random() * 500);
    await service.end('SIGKILL');
    const taken = storm.take();
    await service.start({ tcp: tcpPort, http: Number(new URL(baseUrl).port) });
    expect(await storm.look(taken)).toMatchObject({ lost: 0, doubled: 0 });
  }
  ending.abort();
  await running;
  expect([...storm.faults]).toEqual([]);
  expect(storm.acknowledged.event).toBeGreaterThan(0);
  expect(await storm.look(storm.take())).toMatchObject({ lost: 0, doubled: 0 });
  expect(await storm.counted()).toBe(storm.acknowledged.count);
  await storm.close();
});

test('writes that wait when the service is told to stop are made before it ends, and its figures tell of them', { timeout: 60_000 }, async () => {
  // A delay so long that nothing is made by itself.
  await using service = new ServiceProcess({ MIDGARD_WRITE_BEHIND_DELAY_MS: '3600000' });
  const { tcpPort, baseUrl, key } = await service.start();
  const client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key } });
  const { id: playerId } = await client.game(realm).call('player.create', { name: 'Astrid' });
  for (let count = 0; count < 100; count += 1) await client.game(realm).call('counter.add', { playerId, name: 'kills', amount: 2 });
  const figures = await (await fetch(`${baseUrl}/metrics`, { headers: { 'X-API-Key': key } })).text();
  expect(figures).toMatch(/^midgard_write_behind_depth\{game="realm"\} 100$/m);
  expect(figures).toMatch(/^midgard_durable_log_records_total\{game="realm"\} 100$/m);
  await client.close();
  expect(await service.end('SIGTERM')).toBe(0);
  expect(readdirSync(path.join(service.folder, 'data/write-behind/realm-0'))).toContain('checkpoint');

  const again = await service.start();
  const reader = await connect({ port: again.tcpPort, auth: { kind: 'apiKey', key } });
  expect(await reader.game(realm).call('counter.list', { playerId })).toEqual({ playerId, counters: { kills: '200' } });
  await reader.close();
});

test('switched off, the same operations are ordinary writes and no log is made', { timeout: 60_000 }, async () => {
  await using service = new ServiceProcess({ MIDGARD_WRITE_BEHIND_ENABLED: 'false' });
  const { tcpPort, key } = await service.start();
  const client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key } });
  const { id: playerId } = await client.game(realm).call('player.create', { name: 'Astrid' });
  await client.game(realm).call('counter.add', { playerId, name: 'kills', amount: 2 });
  expect(await client.game(realm).call('counter.list', { playerId })).toMatchObject({ counters: { kills: '2' } });
  await client.close();
  expect(readdirSync(path.join(service.folder, 'data'))).not.toContain('write-behind');
});
