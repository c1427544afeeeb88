import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { ServiceProcess } from './testing/service-process.ts';
import { Storm } from './testing/storm.ts';

test('after a kill -9 in the middle of trades, every coin and item is where the acknowledgements say', { timeout: 180_000 }, async () => {
  await using service = new ServiceProcess();
  const { tcpPort, baseUrl, key } = await service.start();
  const storm = new Storm();
  await storm.prepare({ port: tcpPort, key, clients: 50, players: 20 });
  const ending = new AbortController();
  const running = storm.run(ending.signal);
  await until(() => storm.acknowledged > 50);
  await sleep(Math.random() * 500);
  await service.end('SIGKILL');
  const before = storm.acknowledged;
  await service.start({ tcp: tcpPort, http: Number(new URL(baseUrl).port) });
  // What was under way is asked again, and they go on.
  await until(() => storm.acknowledged > before + 50);
  ending.abort();
  const { faults } = await running;
  expect(faults).toEqual([]);

  const held = await storm.holdings();
  await storm.close();
  for (const asset of storm.books.assets()) expect([asset, held.get(asset) ?? 0n]).toEqual([asset, storm.books.total(asset)]);
  await service.end('SIGTERM');
  const doctor = await service.command('doctor', '--ledger', '--json');
  expect(JSON.parse(doctor.stdout)).toMatchObject({ isWell: true, databases: [{ name: 'service' }, { name: 'realm', ledger: { violations: [] } }] });
});
