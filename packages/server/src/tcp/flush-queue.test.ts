import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FlushQueue } from './flush-queue.ts';

function counting(): { readonly one: { flush(): void }; readonly flushed: () => number } {
  let flushed = 0;
  return { one: { flush: () => (flushed += 1) }, flushed: () => flushed };
}

test('what one turn brings is flushed when it is over', async () => {
  const queue = new FlushQueue(3);
  const [first, second] = [counting(), counting()];
  queue.add(first.one);
  queue.add(second.one);
  expect([first.flushed(), second.flushed()]).toEqual([0, 0]);
  await turn();
  expect([first.flushed(), second.flushed()]).toEqual([1, 1]);
  queue.add(first.one);
  await turn();
  expect([first.flushed(), second.flushed()]).toEqual([2, 1]);
});

test('no more than so many wait at a time, and those that come after them wait in their turn', async () => {
  const queue = new FlushQueue(3);
  const all = Array.from({ length: 7 }, counting);
  for (const { one } of all) queue.add(one);
  expect(all.map(({ flushed }) => flushed())).toEqual([1, 1, 1, 1, 1, 1, 0]);
  await turn();
  expect(all.map(({ flushed }) => flushed())).toEqual([1, 1, 1, 1, 1, 1, 1]);
});
