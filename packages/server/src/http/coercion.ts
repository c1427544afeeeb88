/** A JSON Schema as zod generates it; only read, never trusted to have a shape. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Turns the text of a query or path field into the value that the field's schema asks for. */
export type Coercion = (text: string) => unknown;

const numberForm = /^-?(?:0|[1-9]\d{0,15})(?:\.\d+)?$/;

/**
 * Chooses how a field's text becomes a value: query strings and paths have no types, the operation's schema has.
 *
 * A field that may be a string stays text, so ids of 64 bits never pass through a float. Text that does not have the form
 * stays text too: then the schema refuses it and names the field. Lists are written with commas (`?ids=1,2`).
 *
 * @param schema the field's JSON Schema
 * @param resolve follows a `$ref`
 */
export function coercionOf(schema: unknown, resolve: (ref: string) => unknown): Coercion {
  const types = typesOf(schema, resolve, 0);
  if (types.has('string') || types.size === 0) return (text) => text;
  const item = types.has('array') ? coercionOf(itemsOf(schema), resolve) : undefined;
  return (text) => {
    if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
    if ((types.has('integer') || types.has('number')) && numberForm.test(text)) return Number(text);
    if (item !== undefined) return text === '' ? [] : text.split(',').map((each) => item(each));
    return text;
  };
}

/** Whether a value can be read by key. */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typesOf(schema: unknown, resolve: (ref: string) => unknown, depth: number): ReadonlySet<string> {
  const types = new Set<string>();
  if (!isSchema(schema) || depth > 8) return types;
  const { type, $ref: ref } = schema;
  if (typeof ref === 'string') return typesOf(resolve(ref), resolve, depth + 1);
  for (const each of Array.isArray(type) ? type : [type]) if (typeof each === 'string') types.add(each);
  for (const value of alternativesOf(schema)) for (const each of typesOf(value, resolve, depth + 1)) types.add(each);
  return types;
}

function alternativesOf(schema: JsonSchema): readonly unknown[] {
  const literals = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : [];
  const listed = [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap((each): unknown[] => (Array.isArray(each) ? each : []));
  return [...listed, ...literals.map((value) => ({ type: typeof value }))];
}

function itemsOf(schema: unknown): unknown {
  return isSchema(schema) ? schema['items'] : undefined;
}
