import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxPassedOver, priorities, type Priority, PriorityLine } from './priority-line.ts';

interface Waiting {
  readonly enqueuedAt: number;
  readonly priority: Priority;
}

const waiting = (priority: Priority, enqueuedAt: number): Waiting => ({ priority, enqueuedAt });

const highs = (length: number): Priority[] => Array.from({ length }, () => 'high');

function line(...all: readonly Waiting[]): PriorityLine<Waiting> {
  const made = new PriorityLine<Waiting>();
  for (const one of all) made.push(one, one.priority);
  return made;
}

describe('order', () => {
  test('the most urgent first, within a priority who came first', () => {
    const made = line(waiting('low', 1), waiting('normal', 2), waiting('high', 3), waiting('normal', 4), waiting('high', 5));
    expect(Array.from({ length: 6 }, () => made.shift()?.enqueuedAt)).toEqual([3, 5, 2, 4, 1, undefined]);
  });

  test('under a flood of urgent tasks the others still get a turn, and one only', () => {
    const made = line(waiting('low', 1), waiting('normal', 2), waiting('low', 3), waiting('normal', 4));
    const served = Array.from({ length: 2 * (maxPassedOver + 1) + 1 }, (_, at) => {
      made.push(waiting('high', at + 5), 'high');
      return made.shift()?.priority;
    });
    expect(served).toEqual([...highs(maxPassedOver), 'low', 'normal', ...highs(maxPassedOver - 1), 'low', 'normal']);
  });

  test('property: whoever is first in its line is served within maxPassedOver + 2 turns, and nobody is lost', () => {
    const step = fc.oneof(fc.constantFrom(...priorities), fc.constant('shift' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const made = new PriorityLine<Waiting>();
        const model: Record<Priority, Waiting[]> = { high: [], normal: [], low: [] };
        const waitedTurns: Record<Priority, number> = { high: 0, normal: 0, low: 0 };
        const shift = (): void => {
          const next = made.shift();
          if (next === undefined) return;
          for (const priority of priorities) waitedTurns[priority] = model[priority].length > 0 && priority !== next.priority ? waitedTurns[priority] + 1 : 0;
          expect(model[next.priority].shift()).toBe(next);
          for (const priority of priorities) expect(waitedTurns[priority]).toBeLessThanOrEqual(maxPassedOver + 1);
        };
        for (const [at, what] of steps.entries()) {
          if (what === 'shift') {
            shift();
          } else {
            const one = waiting(what, at);
            made.push(one, what);
            model[what].push(one);
          }
          const all = priorities.flatMap((priority) => model[priority]);
          expect(made.size).toBe(all.length);
          expect(made.oldestEnqueuedAt).toBe(all.length === 0 ? undefined : Math.min(...all.map(({ enqueuedAt }) => enqueuedAt)));
        }
        while (made.size > 0) shift();
        expect(priorities.flatMap((priority) => model[priority])).toEqual([]);
      }),
    );
  });
});

test('one that leaves is not served', () => {
  const made = new PriorityLine<Waiting>();
  const place = made.push(waiting('normal', 1), 'normal');
  made.push(waiting('normal', 2), 'normal');
  expect(made.remove(place, 'normal')).toBe(true);
  expect(made.remove(place, 'normal')).toBe(false);
  expect(made.shift()?.enqueuedAt).toBe(2);
  expect(made.size).toBe(0);
});
