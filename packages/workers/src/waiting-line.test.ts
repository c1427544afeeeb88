import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Place, WaitingLine } from './waiting-line.ts';

test('property: first come, first served, and whoever leaves from the middle is gone', () => {
  const step = fc.record({ action: fc.constantFrom('push', 'push', 'shift', 'remove'), which: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const line = new WaitingLine<number>();
      const places: Place<number>[] = [];
      let model: number[] = [];
      for (const [id, { action, which }] of steps.entries()) {
        const place = places[which];
        if (action === 'push') {
          places.push(line.push(id));
          model.push(id);
        } else if (action === 'shift') {
          expect(line.shift()).toBe(model.shift());
        } else if (place !== undefined) {
          expect(line.remove(place)).toBe(model.includes(place.value));
          model = model.filter((value) => value !== place.value);
        }
        expect(line.size).toBe(model.length);
        expect(line.first).toBe(model[0]);
      }
      expect(Array.from({ length: model.length + 1 }, () => line.shift())).toEqual([...model, undefined]);
    }),
  );
});

test('a place in another line is not in this one', () => {
  const [one, other] = [new WaitingLine<string>(), new WaitingLine<string>()];
  const place = one.push('a');
  expect(other.remove(place)).toBe(false);
  expect(one.size).toBe(1);
});
