import process from 'node:process';
import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { OrderStorm } from '../testing/order-storm.ts';
import { ServiceProcess } from '../testing/service-process.ts';

/** The process that has a place now. */
function pidOf(service: ServiceProcess, place: number): number {
  const last = service.logs.findLast(({ msg, worker }) => msg === 'a worker serves' && worker === place);
  return Number(last?.['pid']);
}

test('two workers on one file: no acknowledged order is lost or doubled, whichever of them is killed or replaced', { timeout: 240_000 }, async () => {
  await using service = new ServiceProcess({ MIDGARD_WORKERS: '2', MIDGARD_SHUTDOWN_GRACE_MS: '3000' });
  const { tcpPort, key } = await service.start();
  const storm = new OrderStorm({ perSecond: 300, folder: service.folder });
  await storm.prepare({ port: tcpPort, key, clients: 8 });
  const ending = new AbortController();
  const running = storm.run(ending.signal);
  for (const place of [0, 1]) {
    const before = storm.total;
    await until(() => storm.total > before + 200);
    const victim = pidOf(service, place);
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => pidOf(service, place) !== victim, { timeout: 90_000 }).toBe(true);
  }
  service.signal('SIGUSR2');
  await expect.poll(() => service.logs.some(({ msg }) => msg === 'all workers were replaced'), { timeout: 90_000 }).toBe(true);
  const before = storm.total;
  await until(() => storm.total > before + 200);
  ending.abort();
  await running;
  expect([...storm.faults]).toEqual([]);
  const { lost, doubled, checked } = await storm.look(storm.take());
  expect([lost, doubled]).toEqual([0, 0]);
  expect(checked).toBeGreaterThan(600);
  await expect.poll(() => storm.counted(), { timeout: 20_000 }).toBe(storm.acknowledged.count);
  await storm.close();
  expect(await service.end('SIGTERM')).toBe(0);
  const doctor = await service.command('doctor', '--ledger', '--json');
  expect(JSON.parse(doctor.stdout)).toMatchObject({ isWell: true });
});
