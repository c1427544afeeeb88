import type { Operation } from '@midgard/game-kit';
import { z } from 'zod';
import type { JsonSchema } from './coercion.ts';

/** The JSON Schema of what a caller sends. */
export function inputSchemaOf({ input }: Pick<Operation, 'input'>): JsonSchema {
  return jsonSchemaOf(input, 'input');
}

/** The JSON Schema of what a caller gets. */
export function outputSchemaOf({ output }: Pick<Operation, 'output'>): JsonSchema {
  return jsonSchemaOf(output, 'output');
}

/**
 * The JSON Schema (2020-12, as OpenAPI 3.1 takes it) of one side of a zod schema. What JSON cannot hold
 * stands as the text that goes over the wire: 64-bit integers as digits, times as ISO 8601.
 */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...jsonSchema } = z.toJSONSchema(schema, {
    io,
    unrepresentable: ({ zodSchema }) => {
      const { type } = zodSchema._zod.def;
      if (type === 'bigint') return { type: 'string', pattern: String.raw`^-?\d+$` };
      return type === 'date' ? { type: 'string', format: 'date-time' } : 'any';
    },
    override: ({ jsonSchema: each }) => withoutNoise(each),
  });
  return jsonSchema;
}

/** Takes out what is true of every JSON number and date, and says nothing to whoever reads the document. */
function withoutNoise(schema: { minimum?: number; maximum?: number; format?: string; pattern?: string }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format === 'date-time') delete schema.pattern;
}
