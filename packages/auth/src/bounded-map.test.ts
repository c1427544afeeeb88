import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

test('model: it holds what the last sets put there, oldest out first', () => {
  const step = fc.record({ isDelete: fc.boolean(), key: fc.nat(12).map(String) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 200 }), (maxEntries, steps) => {
      const map = new BoundedMap<number>(maxEntries);
      const model: { key: string; value: number }[] = [];
      for (const [value, { isDelete, key }] of steps.entries()) {
        const at = model.findIndex((entry) => entry.key === key);
        if (isDelete) {
          map.delete(key);
          if (at >= 0) model.splice(at, 1);
        } else {
          map.set(key, value);
          if (at >= 0) model.splice(at, 1, { key, value });
          else model.push({ key, value });
          if (model.length > maxEntries) model.shift();
        }
        expect(map.size).toBe(model.length);
        for (let i = 0; i <= 12; i += 1) expect(map.get(String(i))).toBe(model.find((entry) => entry.key === String(i))?.value);
      }
    }),
  );
});
