import { open } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { collectProcess } from './process.ts';
import { Registry } from './registry.ts';
import { numbersOf } from './test/reading.ts';

test('a process reports CPU, memory, event loop, handles and version, all of them numbers', () => {
  const registry = new Registry();
  onTestFinished(collectProcess(registry));
  const values = numbersOf(registry.expose());
  expect([...values.values()].every(Number.isFinite)).toBe(true);
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_space_size_total_bytes{space="new"}',
    'nodejs_heap_space_size_used_bytes{space="old"}',
    'process_start_time_seconds',
    `nodejs_version_info{version="${process.version}"}`,
  ]) {
    expect(values.get(name), name).toBeGreaterThan(0);
  }
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_utilization', 'process_open_fds']) {
    expect(values.get(name), name).toBeGreaterThanOrEqual(0);
  }
});

test('CPU time is that of the process, at each reading', () => {
  const registry = new Registry();
  onTestFinished(collectProcess(registry));
  for (let reading = 0; reading < 3; reading += 1) {
    const before = process.cpuUsage();
    const values = numbersOf(registry.expose());
    const after = process.cpuUsage();
    expect(values.get('process_cpu_seconds_total')).toBeGreaterThan((before.user + before.system) / 1e6 - 1e-6);
    expect(values.get('process_cpu_seconds_total')).toBeLessThan((after.user + after.system) / 1e6 + 1e-6);
  }
});

test.skipIf(process.platform !== 'linux')('open files are counted, each when it is opened and closed', async () => {
  const registry = new Registry();
  onTestFinished(collectProcess(registry));
  const count = (): number => numbersOf(registry.expose()).get('process_open_fds') ?? 0;
  const before = count();
  const files = await Promise.all(Array.from({ length: 20 }, () => open(import.meta.filename)));
  expect(count()).toBe(before + 20);
  await Promise.all(files.map((file) => file.close()));
  expect(count()).toBe(before);
});

test('after the end nothing is asked any more', () => {
  const registry = new Registry();
  collectProcess(registry)();
  expect(numbersOf(registry.expose()).get('process_resident_memory_bytes')).toBe(0);
});
