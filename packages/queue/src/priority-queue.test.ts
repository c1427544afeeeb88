import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PriorityQueue } from './priority-queue.ts';
import { isCollected } from './test/garbage.ts';

/** The queue once more, as plainly as it can be said: a list that is sorted again on each push. */
class NaiveQueue {
  entries: { readonly item: number; readonly priority: number }[] = [];

  push(item: number, priority: number): void {
    this.entries = [...this.entries, { item, priority }].toSorted((a, b) => (a.priority === b.priority ? 0 : a.priority - b.priority));
  }

  pop(): number | undefined {
    return this.entries.shift()?.item;
  }
}

function drain<T>(queue: PriorityQueue<T>): (T | undefined)[] {
  return Array.from({ length: queue.size }, () => queue.pop());
}

describe('order', () => {
  test('the lowest number goes first', () => {
    const queue = new PriorityQueue<string>();
    for (const [item, priority] of [
      ['c', 3],
      ['last', Infinity],
      ['a', -1.5],
      ['first', -Infinity],
      ['b', 0],
    ] as const) {
      queue.push(item, priority);
    }
    expect(drain(queue)).toEqual(['first', 'a', 'b', 'c', 'last']);
  });

  test('equals go in the order in which they came, also after others have come and gone', () => {
    const queue = new PriorityQueue<number>();
    for (let i = 0; i < 100; i += 1) queue.push(i, i % 2);
    expect(queue.pop()).toBe(0);
    for (let i = 100; i < 200; i += 1) queue.push(i, i % 2);
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    expect(drain(queue)).toEqual([...numbers.filter((i) => i % 2 === 0 && i > 0), ...numbers.filter((i) => i % 2 === 1)]);
  });

  test('zero and minus zero are equals', () => {
    const queue = new PriorityQueue<string>();
    queue.push('first', 0);
    queue.push('second', -0);
    expect(drain(queue)).toEqual(['first', 'second']);
  });

  test('any sequence of calls gives what a sorted list gives', () => {
    const calls = fc.array(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -5, max: 5 }) }, { weight: 2, arbitrary: fc.constant('pop' as const) }), {
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(calls, (sequence) => {
        const queue = new PriorityQueue<number>();
        const naive = new NaiveQueue();
        for (const [at, call] of sequence.entries()) {
          if (call === 'pop') {
            expect(queue.pop()).toBe(naive.pop());
          } else {
            queue.push(at, call);
            naive.push(at, call);
          }
          expect(queue.size).toBe(naive.entries.length);
          expect(queue.peek()).toBe(naive.entries[0]?.item);
        }
        expect(drain(queue)).toEqual(naive.entries.map(({ item }) => item));
      }),
    );
  });
});

describe('edges', () => {
  test('an empty queue gives undefined and stays good', () => {
    const queue = new PriorityQueue<string>();
    expect([queue.pop(), queue.peek(), queue.size]).toEqual([undefined, undefined, 0]);
    queue.push('a', 1);
    expect([queue.peek(), queue.pop(), queue.pop(), queue.size]).toEqual(['a', 'a', undefined, 0]);
  });

  test('undefined may be an item', () => {
    const queue = new PriorityQueue<string | undefined>();
    queue.push('b', 2);
    queue.push(undefined, 1);
    expect([queue.size, queue.pop(), queue.size, queue.pop()]).toEqual([2, undefined, 1, 'b']);
  });

  test('a priority that cannot be compared is refused, and the queue is as before', () => {
    const queue = new PriorityQueue<string>();
    queue.push('a', 1);
    expect(() => queue.push('b', Number.NaN)).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
    expect([queue.size, queue.pop()]).toEqual([1, 'a']);
  });

  test('what has left is not kept alive', async () => {
    const queue = new PriorityQueue<object>();
    const references = Array.from({ length: 10 }, (_, i) => {
      const item = { i };
      queue.push(item, i);
      return new WeakRef(item);
    });
    for (let i = 0; i < 9; i += 1) queue.pop();
    const isGone = await Promise.all(references.map((reference) => isCollected(reference)));
    expect(isGone).toEqual(Array.from({ length: 10 }, (_, i) => i < 9));
    queue.clear();
    expect(await isCollected(references[9]!)).toBe(true);
  });

  test('clear leaves an empty queue that takes items again', () => {
    const queue = new PriorityQueue<number>();
    for (let i = 0; i < 1000; i += 1) queue.push(i, -i);
    queue.clear();
    expect([queue.size, queue.pop()]).toEqual([0, undefined]);
    for (let i = 0; i < 1000; i += 1) queue.push(i, -i);
    expect(drain(queue)).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i));
  });
});
