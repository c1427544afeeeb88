import { errorTable } from '@midgard/errors';
import type { JsonSchema } from '../coercion.ts';
import { isSchema } from '../coercion.ts';

/**
 * Collects the named schemas of the document.
 *
 * Two operations that answer with the same thing share one entry: the document stays short, and generated clients have one type for it.
 */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>();
  readonly #names = new Map<string, string>();

  /**
   * @param name such as `realm.player.get.output`; the characters that a component's name may have
   * @param schema self-contained, with its own `$defs`
   * @returns a reference to the schema
   */
  add(name: string, schema: JsonSchema): JsonSchema {
    const text = JSON.stringify(schema);
    const known = this.#names.get(text);
    if (known === undefined) {
      this.#names.set(text, name);
      this.#schemas.set(name, withoutDefinitions(schema, name));
      for (const [key, definition] of definitionsOf(schema)) this.#schemas.set(`${name}.${key}`, withoutDefinitions(definition, name));
    }
    return { $ref: `#/components/schemas/${known ?? name}` };
  }

  /** Everything collected, in order of arrival. */
  toJSON(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(this.#schemas);
  }
}

/** The error object, with the codes that can stand in it. */
export const problemSchema: JsonSchema = {
  type: 'object',
  description: 'RFC 9457 problem with the three fields that an error has on every transport: code, message, details.',
  required: ['type', 'title', 'status', 'detail', 'code', 'message', 'instance'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'urn:midgard:error:<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: {
      type: 'integer',
      enum: Object.values(errorTable).map(({ code }) => code),
      description: Object.values(errorTable)
        .map(({ code, title }) => `${code} ${title}`)
        .join('; '),
    },
    message: { type: 'string' },
    details: { description: 'For code 2001: {issues: [{path, message, expected?}]}' },
    instance: { type: 'string', description: 'urn:midgard:request:<request id>' },
  },
};

/** Every status that the error table can lead to, by the reason that people know it for. */
export const errorResponses: Readonly<Record<number, JsonSchema>> = Object.fromEntries(
  [...statuses()].map(([status, meaning]) => [
    status,
    {
      description: meaning,
      ...((status === 429 || status === 503) && { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'seconds' } } }),
      ...(status === 401 && { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } }),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]),
);

/** Names a response of {@link errorResponses} among the components. */
export function errorResponseName(status: number): string {
  return `Error${status}`;
}

function statuses(): ReadonlyMap<number, string> {
  const meanings = new Map<number, string>();
  for (const { http, code, title } of Object.values(errorTable)) {
    if (http === null) continue;
    const earlier = meanings.get(http);
    meanings.set(http, earlier === undefined ? `${code} ${title}` : `${earlier}; ${code} ${title}`);
  }
  return meanings.set(405, '2004 the path does not have this method');
}

function definitionsOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const definitions = isSchema(schema['$defs']) ? schema['$defs'] : {};
  return Object.entries(definitions).flatMap(([key, value]) => (isSchema(value) ? [[key, value] as const] : []));
}

/** Rewrites references, which in a component are read from the root of the whole document. */
function withoutDefinitions(schema: JsonSchema, name: string): JsonSchema {
  const { $defs: _moved, ...rest } = schema;
  const rewritten = rewrite(rest, name);
  return isSchema(rewritten) ? rewritten : rest;
}

function rewrite(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((each) => rewrite(each, name));
  if (!isSchema(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === '$ref' && typeof each === 'string' ? referenceTo(each, name) : rewrite(each, name)]),
  );
}

function referenceTo(ref: string, name: string): string {
  const key = ref.replace(/^#(?:\/\$defs\/)?/, '');
  return `#/components/schemas/${key === '' ? name : `${name}.${key}`}`;
}
