import { assert, constantFrom, integer, json as anyJson, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonFault } from './json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('agrees with JSON.parse about what is JSON, whatever is done to a good text', () => {
  const edit = record({
    at: nat(),
    cut: integer({ min: 0, max: 3 }),
    put: constantFrom('', '"', '\\', '{', '}', ']', ',', ':', '0', '-', '.', 'e', 'nul', ' ', '\n', '\u0000'),
  });
  assert(
    property(anyJson(), edit, (json, { at, cut, put }) => {
      const start = at % (json.length + 1);
      const text = json.slice(0, start) + put + json.slice(start + cut);
      const { position, message } = findJsonFault(text);
      expect(message === 'no fault').toBe(isJson(text));
      expect(position).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 2000 },
  );
});

test('what stands before the fault can be gone on with', () => {
  expect(findJsonFault('{"a": [1, 2, x]}')).toEqual({ position: 13, message: 'value expected' });
  expect(findJsonFault('{"a": 1')).toEqual({ position: 7, message: 'ends where , or } is expected' });
  expect(findJsonFault('')).toEqual({ position: 0, message: 'ends where value is expected' });
});

test('a megabyte in one string is walked without a stack', () => {
  const text = `"${'x\\n'.repeat(400_000)}`;
  expect(findJsonFault(text)).toEqual({ position: 0, message: 'value expected' });
});
