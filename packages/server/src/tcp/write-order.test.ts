import { array, assert as check, asyncProperty, constantFrom, nat, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { WriteOrder } from './write-order.ts';

test('work that shares a key runs in the order of arrival, also when its keys overlap only in part', async () => {
  const order = new WriteOrder();
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = order.run(['a'], async () => {
    await gate.promise;
    seen.push('first');
  });
  const both = order.run(['a', 'b'], async () => seen.push('both'));
  const second = order.run(['b'], async () => seen.push('second'));
  const other = order.run(['c'], async () => seen.push('other'));
  await other;
  gate.resolve();
  await Promise.all([first, both, second]);
  expect(seen).toEqual(['other', 'first', 'both', 'second']);
});

test('work without keys starts at once', async () => {
  const order = new WriteOrder();
  const never = order.run(['a'], () => new Promise(() => undefined));
  expect(await order.run([], async () => 'read')).toBe('read');
  expect(never).toBeInstanceOf(Promise);
});

test('failed work fails alone and lets the next one run', async () => {
  const order = new WriteOrder();
  const failed = order.run(['a'], async () => {
    throw new RangeError('no');
  });
  const next = order.run(['a'], async () => 'done');
  await expect(failed).rejects.toThrow(RangeError);
  expect(await next).toBe('done');
});

test('nothing is kept once all work is over', async () => {
  const order = new WriteOrder();
  await Promise.all(Array.from({ length: 100 }, (_, n) => order.run([`k${n % 7}`, `k${n % 3}`], async () => n)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(order.size).toBe(0);
});

test('for any keys, two pieces of work with a key in common never overlap and keep their order', async () => {
  const keys = uniqueArray(constantFrom<string>('a', 'b', 'c', 'd'), { maxLength: 3 });
  await check(
    asyncProperty(array(tuple(keys, nat(3)), { maxLength: 30 }), async (pieces) => {
      const order = new WriteOrder();
      const running = new Set<string>();
      const started: number[] = [];
      const run = async (own: string[], turns: number, n: number): Promise<void> => {
        for (const key of own) expect(running.has(key)).toBe(false);
        for (const key of own) running.add(key);
        started.push(n);
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        for (const key of own) running.delete(key);
      };
      await Promise.all(pieces.map(([own, turns], n) => order.run(own, () => run(own, turns, n))));
      for (const key of ['a', 'b', 'c', 'd']) {
        const ofKey = started.filter((n) => pieces[n]?.[0].includes(key));
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
      }
    }),
  );
});
