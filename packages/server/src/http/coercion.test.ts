import { expect, test } from 'vitest';
import { z } from 'zod';
import { coercionOf } from './coercion.ts';

const coerce = (schema: z.ZodType, text: string): unknown => coercionOf(z.toJSONSchema(schema, { io: 'input' }), () => undefined)(text);

test.each([
  [z.int(), '42', 42],
  [z.int(), '-7', -7],
  [z.number(), '1.5', 1.5],
  [z.int().default(5), '6', 6],
  [z.int().nullable(), '6', 6],
  [z.int().optional(), '6', 6],
  [z.int(), '', ''],
  [z.int(), '1e3', '1e3'],
  [z.int(), '0x10', '0x10'],
  [z.int(), '007', '007'],
  [z.int(), ' 1', ' 1'],
  [z.int(), 'NaN', 'NaN'],
  [z.int(), '99999999999999999', '99999999999999999'],
  [z.boolean(), 'true', true],
  [z.boolean(), 'false', false],
  [z.boolean(), '1', '1'],
  [z.string(), '42', '42'],
  [z.string(), 'true', 'true'],
  [z.union([z.string(), z.int()]), '9223372036854775807', '9223372036854775807'],
  [z.enum(['id', 'level']), 'level', 'level'],
  [z.literal(3), '3', 3],
  [z.array(z.int()), '1,2', [1, 2]],
  [z.array(z.string()), 'a', ['a']],
  [z.array(z.string()), '', []],
  [z.unknown(), '1', '1'],
])('%# text becomes what the schema asks for', (schema, text, value) => {
  expect(coerce(schema, text)).toEqual(value);
});
