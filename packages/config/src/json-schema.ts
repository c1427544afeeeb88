import { z } from 'zod';

/**
 * The JSON Schema (2020-12) of a configuration file, so that an editor completes and checks it.
 *
 * Describes what may be written (defaults are optional) and, like {@link loadConfig}, refuses unknown keys. What JSON
 * Schema cannot say (a transform, a refinement) is left open.
 *
 * @param schema the schema given to {@link loadConfig}
 * @returns plain JSON data
 */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const described = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.core.$ZodObject) jsonSchema.additionalProperties ??= false;
    },
  });
  return { ...described };
}
