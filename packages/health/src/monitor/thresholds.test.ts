import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckedStatus, Status } from './component.ts';
import { Thresholds } from './thresholds.ts';

const order: readonly CheckedStatus[] = ['up', 'degraded', 'down'];
const rank = (status: Status): number => order.findIndex((other) => other === status);

/** The promise read aloud, over the whole history. */
function model(history: readonly CheckedStatus[], fall: number, rise: number): Status {
  return history.reduce<Status>((status, _, at) => {
    const ranks = history.slice(0, at + 1).map(rank);
    if (status === 'unknown') return order[ranks[0] ?? 0] ?? 'unknown';
    const lastToFall = ranks.slice(-fall);
    if (lastToFall.length === fall && lastToFall.every((each) => each > rank(status))) return order[Math.min(...lastToFall)] ?? status;
    const lastToRise = ranks.slice(-rise);
    if (lastToRise.length === rise && lastToRise.every((each) => each < rank(status))) return order[Math.max(...lastToRise)] ?? status;
    return status;
  }, 'unknown');
}

function statusesOf(results: readonly CheckedStatus[], fall: number, rise: number): Status[] {
  const thresholds = new Thresholds({ fall, rise });
  return results.map((result) => thresholds.add(result));
}

describe('thresholds', () => {
  test('the first result counts at once', () => {
    expect(statusesOf(['down'], 3, 2)).toEqual(['down']);
  });

  test('a blip moves nothing, and a row of them does', () => {
    expect(statusesOf(['up', 'down', 'down', 'up', 'down', 'down', 'down'], 3, 2)).toEqual(['up', 'up', 'up', 'up', 'up', 'up', 'down']);
  });

  test('one good answer of something that is down does not bring it back, two do', () => {
    expect(statusesOf(['down', 'up', 'down', 'up', 'up'], 3, 2)).toEqual(['down', 'down', 'down', 'down', 'up']);
  });

  test('any results give the status that the promise names', () => {
    const bound = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...order), { maxLength: 60 }), bound, bound, (results, fall, rise) => {
        const expected = results.map((_, at) => model(results.slice(0, at + 1), fall, rise));
        expect(statusesOf(results, fall, rise)).toEqual(expected);
      }),
    );
  });
});
