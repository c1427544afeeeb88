import { bool, bytes, decimal, defineEntity, id, int, int64, json, text, timestamp } from '@midgard/dao';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEntry, type DeferredWrite, encodeEntry } from './log-entry.ts';

const everything = defineEntity('everything', {
  columns: {
    id: id(),
    big: int64(),
    small: int(),
    name: text(64),
    price: decimal(10, 2),
    isOn: bool(),
    data: json(),
    at: timestamp(),
    blob: bytes(100),
    maybe: timestamp().nullable(),
    left: int64().nullable(),
  },
  key: ['id'],
});
const entities = new Map([[everything.name, everything]]);

const row = fc.record(
  {
    id: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    small: fc.integer(),
    name: fc.string({ maxLength: 20 }).filter((value) => !value.includes('\0')),
    price: fc.constantFrom('0.10', '-12.00'),
    isOn: fc.boolean(),
    data: fc.jsonValue({ maxDepth: 3 }).map((value): unknown => JSON.parse(JSON.stringify(value))),
    at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    blob: fc.uint8Array({ maxLength: 40 }),
    maybe: fc.constantFrom(null, new Date(5)),
    left: fc.constantFrom(null, 4n),
  },
  { requiredKeys: ['id', 'big', 'small', 'name', 'price', 'isOn', 'data', 'at', 'blob', 'maybe'] },
);
const write = fc.record<DeferredWrite>({
  operation: fc.constant('test.write'),
  keyed: fc.constantFrom(undefined, { key: 'a key of a caller', inputHash: 'ff' }),
  output: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
  event: fc.constantFrom(undefined, { id: 2n ** 60n + 1n, name: 'test.write' }),
  acceptedAt: fc.nat(),
  changes: fc.array(
    fc.oneof(
      row.map((given) => ({ kind: 'insert' as const, entity: everything, row: given })),
      row.map((given) => ({ kind: 'add' as const, entity: everything, row: given, columns: ['big', 'small'] })),
      fc.tuple(row, fc.nat()).map(([given, version]) => ({ kind: 'save' as const, entity: everything, row: given, version })),
    ),
    { maxLength: 3 },
  ),
});

test('a write reads back from the log as it was written, with every kind of column', () => {
  fc.assert(
    fc.property(write, (given) => {
      expect(decodeEntry(encodeEntry(given), entities)).toEqual(given);
    }),
  );
});

test('a member named __proto__ is a member like any other', () => {
  const output = JSON.parse('{"__proto__":[1]}');
  const given: DeferredWrite = { operation: 'test.write', keyed: undefined, output, event: undefined, acceptedAt: 0, changes: [] };
  expect(JSON.stringify(decodeEntry(encodeEntry(given), entities).output)).toBe('{"__proto__":[1]}');
});

test.each([
  ['another kind of entry', { v: 2 }],
  ['no entry', 'text'],
  ['an entity that is gone', { v: 1, operation: 'o', output: null, acceptedAt: 1, changes: [{ kind: 'insert', entity: 'gone', row: {} }] }],
  ['a column that is gone', { v: 1, operation: 'o', output: null, acceptedAt: 1, changes: [{ kind: 'insert', entity: 'everything', row: { gone: 1 } }] }],
  ['a value that does not fit', { v: 1, operation: 'o', output: null, acceptedAt: 1, changes: [{ kind: 'insert', entity: 'everything', row: { id: '-1' } }] }],
])('%s is told and not guessed at', (_, entry) => {
  expect(() => decodeEntry(Buffer.from(JSON.stringify(entry)), entities)).toThrow();
});
