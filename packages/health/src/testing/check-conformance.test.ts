import { expect, test } from 'vitest';
import type { Check } from '../monitor/component.ts';
import { checkConformance } from './check-conformance.ts';

async function broken(check: Check): Promise<string[]> {
  const cases = checkConformance(() => check, { patienceMs: 20 });
  const outcomes = await Promise.all(
    cases.map(({ name, run }) =>
      run().then(
        () => [],
        () => [name],
      ),
    ),
  );
  return outcomes.flat();
}

test.each<[string, Check, number]>([
  ['that is sound', () => ({ status: 'up' }), 0],
  ['that throws once aborted', (signal) => (signal.aborted ? Promise.reject(new Error('aborted')) : { status: 'up' }), 0],
  ['that never ends', () => new Promise(() => {}), 4],
  ['that does not heed the abort', (signal) => (signal.aborted ? new Promise(() => {}) : { status: 'up' }), 1],
  ['whose reason is a sentence', () => ({ status: 'down', reason: 'no route to db1' }), 4],
  ['whose details are no numbers', () => ({ status: 'up', details: { lagMs: Number.NaN } }), 4],
])('a check %s breaks as many cases as it should', async (_, check, count) => {
  expect(await broken(check)).toHaveLength(count);
});
