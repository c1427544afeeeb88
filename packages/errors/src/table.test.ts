import { describe, expect, test } from 'vitest';
import { errorNameOf, errorTable, httpStatusOf, isErrorCode, isErrorName } from './table.ts';

/** protocol.md, row by row. */
const protocolTable: readonly (readonly [number, number | null])[] = [
  [1000, 500],
  [1001, 503],
  [1002, 503],
  [1003, 400],
  [1004, 504],
  [1005, 503],
  [1006, 429],
  [1007, null],
  [1008, 503],
  [1009, 413],
  [2001, 400],
  [2002, 404],
  [2003, 404],
  [2004, 404],
  [2005, 409],
  [2006, 409],
  [2007, 422],
  [2008, 409],
  [2009, 422],
  [2010, 409],
  [3001, 401],
  [3002, 401],
  [3003, 401],
  [3004, 403],
  [3005, 429],
];

describe('error table', () => {
  test('holds exactly the rows of protocol.md', () => {
    const rows = Object.values(errorTable)
      .map(({ code, http }) => [code, http])
      .toSorted(([a], [b]) => Number(a) - Number(b));
    expect(rows).toEqual(protocolTable);
  });

  test('cannot be changed by whoever imports it', () => {
    expect(Object.isFrozen(errorTable)).toBe(true);
    expect(Object.values(errorTable).every((row) => Object.isFrozen(row))).toBe(true);
  });

  test('name and code lead to each other', () => {
    for (const [name, { code }] of Object.entries(errorTable)) {
      expect(errorNameOf(code)).toBe(name);
      expect(isErrorCode(code)).toBe(true);
    }
  });

  test.each([0, 999, 1010, 2011, 3006, -1000, 1000.5, Number.NaN])('%s is no code', (code) => {
    expect(isErrorCode(code)).toBe(false);
    expect(errorNameOf(code)).toBeUndefined();
    expect(httpStatusOf(code)).toBe(500);
  });

  test('a code that HTTP has no word for is still answered with a status', () => {
    expect(httpStatusOf(1007)).toBe(500);
    expect(httpStatusOf(2006)).toBe(409);
  });

  test.each(['toString', '__proto__', 'constructor', 'Internal', ''])('%j is no name', (name) => {
    expect(isErrorName(name)).toBe(false);
  });
});
