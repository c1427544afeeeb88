import { expect, test } from 'vitest';
import { Registry } from '../registry.ts';
import { setApart } from './apart.ts';

function process(open: number, memory: number): Registry {
  const registry = new Registry();
  registry.counter({ name: 'work_total', help: 'x' }).labels({}).add(open);
  const gauge = registry.gauge({ name: 'memory', help: 'x', labels: ['kind'] });
  gauge.labels({ kind: 'heap' }).set(memory);
  gauge.labels({ kind: 'native' }).set(1);
  registry.gauge({ name: 'memory_limit', help: 'x' }).labels({}).set(9);
  return registry;
}

test('what is of one process has a series for each, and the rest adds up', async () => {
  const whole = new Registry();
  for (const [at, registry] of [process(1, 100), process(2, 200)].entries()) {
    const snapshot = setApart(await registry.snapshot(), { label: 'worker', value: `${at}`, isApart: (name) => name.startsWith('memory') });
    whole.merge(`worker ${at}`, JSON.parse(JSON.stringify(snapshot)));
  }
  const lines = (await whole.scrape()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines.toSorted()).toEqual([
    'memory_limit{worker="0"} 9',
    'memory_limit{worker="1"} 9',
    'memory{kind="heap",worker="0"} 100',
    'memory{kind="heap",worker="1"} 200',
    'memory{kind="native",worker="0"} 1',
    'memory{kind="native",worker="1"} 1',
    'work_total 3',
  ]);
});
