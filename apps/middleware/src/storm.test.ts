import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ServiceProcess } from './testing/service-process.ts';
import { Storm } from './testing/storm.ts';

test('after a kill -9 in the middle of trades, every coin and item is where the acknowledgements say', { timeout: 120_000 }, async () => {
  await using service = new ServiceProcess();
  const { tcpPort, baseUrl, key } = await service.start();
  const storm = new Storm();
  await storm.prepare({ port: tcpPort, key, clients: 50, players: 20 });
  const running = storm.run(AbortSignal.timeout(2500));
  await sleep(1000);
  await service.end('SIGKILL');
  await service.start({ tcp: tcpPort, http: Number(new URL(baseUrl).port) });
  const { acknowledged, faults } = await running;
  expect(faults).toEqual([]);
  expect(acknowledged).toBeGreaterThan(50);

  const held = await storm.holdings();
  await storm.close();
  for (const asset of storm.books.assets()) expect([asset, held.get(asset) ?? 0n]).toEqual([asset, storm.books.total(asset)]);
  await service.end('SIGTERM');
  const doctor = await service.command('doctor', '--ledger', '--json');
  expect(JSON.parse(doctor.stdout)).toMatchObject({ isWell: true, databases: [{ name: 'service' }, { name: 'realm', ledger: { violations: [] } }] });
});
