import { expect, test } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOf } from './json-schema.ts';

test('describes what may be written: defaults are optional, unknown keys are refused, bounds are kept', () => {
  const schema = z.object({
    port: z.int().min(1).default(8080).describe('TCP port'),
    games: z.record(z.string(), z.object({ on: z.boolean() })).default({}),
    when: z.date().optional(),
  });
  const described = jsonSchemaOf(schema);
  expect(described).toMatchObject({
    type: 'object',
    additionalProperties: false,
    properties: {
      port: { type: 'integer', minimum: 1, default: 8080, description: 'TCP port' },
      games: { additionalProperties: { type: 'object', additionalProperties: false, required: ['on'] } },
    },
  });
  expect(described['required']).toBeUndefined();
  expect(JSON.parse(JSON.stringify(described))).toEqual(described);
});

test('an open object stays open', () => {
  expect(jsonSchemaOf(z.looseObject({}))['additionalProperties']).not.toBe(false);
});
