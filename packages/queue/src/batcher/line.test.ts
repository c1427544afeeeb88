import { expect, test } from 'vitest';
import { Item } from './item.ts';
import { Line } from './line.ts';

test('what was taken holds nothing of what came after it', () => {
  const line = new Line<string, void>();
  const items = ['a', 'b', 'c'].map((value, i) => new Item<string, void>(value, 1, i, 0, 0));
  for (const item of items) line.push(item);
  expect(line.take(2, Infinity)).toEqual(items.slice(0, 2));
  expect(items.map(({ next }) => next)).toEqual([undefined, undefined, undefined]);
  expect([line.size, line.bytes, line.first]).toEqual([1, 1, items[2]]);
});
