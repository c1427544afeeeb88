import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { ProcessGathering } from './processes.ts';
import { Registry, type RegistryOptions } from './registry.ts';

function gathered(options: RegistryOptions = {}): { registry: Registry; processes: ProcessGathering } {
  const registry = new Registry(options);
  const processes = new ProcessGathering(registry);
  onTestFinished(() => processes.stop());
  return { registry, processes };
}

function start(): ChildProcess {
  const child = fork(new URL('test/counting-process.ts', import.meta.url), { execArgv: ['--conditions=@midgard/source'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function count(child: ChildProcess, amount: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const heard = (message: unknown): void => {
    if (message !== 'counted') return;
    child.off('message', heard);
    resolve();
  };
  child.on('message', heard);
  child.send({ count: amount });
  await promise;
}

async function valuesOf(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.scrape()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

test('several processes are one page, and no counter falls when one is killed and started again', async () => {
  const { registry, processes } = gathered();
  const children = [start(), start()] as const;
  for (const [at, child] of children.entries()) processes.add(`worker ${at}`, child);
  await Promise.all(children.map((child) => count(child, 100)));
  expect(await valuesOf(registry)).toEqual({ 'work_total{kind="0"}': 100, 'work_total{kind="1"}': 100, players: 100, open: 2 });

  children[0].kill('SIGKILL');
  await once(children[0], 'exit');
  const next = start();
  processes.add('worker 0', next);
  await count(next, 10);
  await count(children[1], 10);
  expect(await valuesOf(registry)).toEqual({ 'work_total{kind="0"}': 110, 'work_total{kind="1"}': 110, players: 100, open: 2 });
});

test('one that ends in order has told all', async () => {
  const { registry, processes } = gathered();
  const child = start();
  processes.add('worker 0', child);
  await count(child, 7);
  child.send({ end: true });
  await once(child, 'exit');
  expect(await valuesOf(registry)).toMatchObject({ 'work_total{kind="0"}': 4, 'work_total{kind="1"}': 3, open: 0 });
});

test('one that does not answer in time is shown as it last answered, and that is counted', async () => {
  const { registry, processes } = gathered({ clock: { now: () => Date.now(), after: (_milliseconds, run) => (late.push(run), () => undefined) } });
  const late: (() => void)[] = [];
  const children = [start(), start()] as const;
  for (const [at, child] of children.entries()) processes.add(`worker ${at}`, child);
  await Promise.all(children.map((child) => count(child, 10)));
  await valuesOf(registry);
  children[1].send({ hang: true });
  await Promise.all(children.map((child) => count(child, 10)));
  const asked = once(children[0], 'message');
  const page = registry.scrape();
  await asked;
  late.at(-1)?.();
  expect(await page).toContain('work_total{kind="0"} 15\n');
  expect(registry.expose()).toContain('metrics_collect_errors_total 1\n');
});
