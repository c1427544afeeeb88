import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { coerce } from './coerce.ts';

describe('coerce', () => {
  test.each<[string, z.ZodType, unknown]>([
    ['12', z.int(), 12],
    [' -1.5e3 ', z.number(), -1500],
    ['0x10', z.number(), '0x10'],
    ['', z.number(), ''],
    ['Infinity', z.number(), 'Infinity'],
    ['12abc', z.number(), '12abc'],
    ['9223372036854775807', z.bigint(), 9223372036854775807n],
    ['TRUE', z.boolean(), true],
    ['0', z.boolean(), false],
    ['maybe', z.boolean(), 'maybe'],
    ['12', z.string(), '12'],
    ['', z.string(), ''],
    ['', z.string().nullable(), null],
    ['', z.int().nullable().default(null), null],
    ['3', z.literal([1, 3]), 3],
    ['a', z.enum(['a', 'b']), 'a'],
    ['1, 2,3', z.array(z.int()), [1, 2, 3]],
    ['[1, 2]', z.array(z.int()), [1, 2]],
    [' a , b c', z.array(z.string()), ['a', 'b c']],
    ['{"a": 1}', z.record(z.string(), z.int()), { a: 1 }],
    ['{a: 1', z.record(z.string(), z.int()), '{a: 1'],
    ['4', z.union([z.literal('auto'), z.int()]), 4],
    ['auto', z.union([z.int(), z.literal('auto')]), 'auto'],
    ['0', z.union([z.literal('auto'), z.int().min(1)]), 0],
    ['5', z.coerce.number(), 5],
    ['yes', z.stringbool(), 'yes'],
  ])('%j', (text, schema, expected) => {
    expect(coerce(text, schema)).toEqual(expected);
  });

  test('what a value is written as reads back as the value', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => Number(coerce(String(value), z.number())) === value));
    fc.assert(fc.property(fc.bigInt(), (value) => coerce(String(value), z.bigint()) === value));
    fc.assert(fc.property(fc.boolean(), (value) => coerce(String(value), z.boolean()) === value));
  });

  test('no text makes it throw', () => {
    const schema = z.union([z.int(), z.array(z.boolean()), z.record(z.string(), z.int()), z.null()]);
    fc.assert(fc.property(fc.string(), (text) => void coerce(text, schema)));
  });
});
