import type { JsonSchema } from '../coercion.ts';
import { isSchema } from '../coercion.ts';
import type { OperationRoute } from '../operation-routes.ts';
import { propertiesOf } from '../operation-routes.ts';
import { type Components, errorResponseName } from './components.ts';
import { exampleOf } from './example.ts';

/** Fields that HTTP carries in a header. */
const headerFields: ReadonlySet<string> = new Set(['idempotencyKey', 'expectedVersion']);

/**
 * Describes one operation of a game.
 *
 * @param route the compiled route
 * @param game the game's id
 * @param components takes the named schemas
 */
export function describeOperation(route: OperationRoute, game: string, components: Components): JsonSchema {
  const { operation, takesBody } = route;
  const name = `${game}.${operation.name}`;
  const parameters = [...pathParameters(route), ...(takesBody ? [] : queryParameters(route)), ...headerParameters(route)];
  return {
    operationId: name,
    tags: [game],
    summary: operation.summary ?? operation.name,
    description: descriptionOf(route),
    ...(operation.isPublic && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(takesBody && { requestBody: requestBodyOf(route, components.add(`${name}.input`, bodySchemaOf(route))) }),
    responses: { ...successOf(route, components.add(`${name}.output`, route.outputSchema)), ...errorsOf(route) },
  };
}

function descriptionOf({ operation }: OperationRoute): string {
  const permission = operation.permission === null ? 'Public.' : `Needs \`${operation.permission}\`.`;
  return `${permission} Operation ${operation.code} over TCP.`;
}

function pathParameters({ pattern, inputSchema }: OperationRoute): readonly JsonSchema[] {
  const fields = propertiesOf(inputSchema);
  return pattern.parameters.map((name) => ({ name, in: 'path', required: true, schema: fields.get(name) }));
}

function queryParameters({ pattern, inputSchema }: OperationRoute): readonly JsonSchema[] {
  const required = requiredOf(inputSchema);
  return [...propertiesOf(inputSchema)]
    .filter(([name]) => !pattern.parameters.includes(name) && !headerFields.has(name))
    .map(([name, schema]) => ({ name, in: 'query', required: required.has(name) && !hasDefault(schema), schema }));
}

function headerParameters(route: OperationRoute): readonly JsonSchema[] {
  const { idempotent, isVersioned } = route.operation;
  return [
    ...(idempotent === 'no' ? [] : [{ $ref: `#/components/parameters/Idempotency${idempotent === 'required' ? 'Required' : 'Optional'}` }]),
    ...(isVersioned ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
    ...(isConditional(route) ? [{ $ref: '#/components/parameters/IfNoneMatch' }] : []),
  ];
}

/** The header parameters that operations refer to. */
export const headerComponents: Readonly<Record<string, JsonSchema>> = {
  IdempotencyRequired: idempotencyHeader(true),
  IdempotencyOptional: idempotencyHeader(false),
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The version that the change expects; another one is refused with 2006.',
    schema: { type: 'string', pattern: String.raw`^(W/)?"\d+"$` },
    example: '"3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The entity tag that the caller has; answered with 304 while it is current.',
    schema: { type: 'string' },
    example: '"3"',
  },
};

function idempotencyHeader(required: boolean): JsonSchema {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    required,
    description: 'A repeated key gives the first answer again; with another input it is refused with 2009.',
    schema: { type: 'string', minLength: 8, maxLength: 128 },
    example: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  };
}

/** The input without what stands in the path and in headers. */
function bodySchemaOf({ inputSchema, pattern }: OperationRoute): JsonSchema {
  const isElsewhere = (name: string): boolean => pattern.parameters.includes(name) || headerFields.has(name);
  const properties = Object.fromEntries([...propertiesOf(inputSchema)].filter(([name]) => !isElsewhere(name)));
  const required = [...requiredOf(inputSchema)].filter((name) => !isElsewhere(name));
  return { ...inputSchema, properties, required };
}

function requestBodyOf({ inputSchema, pattern }: OperationRoute, schema: JsonSchema): JsonSchema {
  const needed = [...requiredOf(inputSchema)].filter((name) => !pattern.parameters.includes(name) && !headerFields.has(name));
  const fields = [...propertiesOf(inputSchema)].filter(([name]) => needed.includes(name));
  const example = Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(name, field)]));
  return { required: needed.length > 0, content: { 'application/json': { schema, example } } };
}

/** Only an answer with a version has an entity tag that a caller could send back. */
function isConditional({ operation, outputSchema }: OperationRoute): boolean {
  return operation.kind === 'read' && propertiesOf(outputSchema).has('version');
}

function successOf(route: OperationRoute, schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const { createdAt, operation, outputSchema } = route;
  const status = createdAt === null ? '200' : '201';
  const headers = {
    'X-Request-Id': { schema: { type: 'string' } },
    ...(propertiesOf(outputSchema).has('version') && { ETag: { description: 'the version, quoted', schema: { type: 'string' } } }),
    ...(createdAt !== null && { Location: { description: 'where the new row can be read', schema: { type: 'string', format: 'uri-reference' } } }),
  };
  const success = { description: operation.summary ?? 'done', headers, content: { 'application/json': { schema } } };
  return { [status]: success, ...(isConditional(route) && { '304': { description: 'the caller has the current version' } }) };
}

function errorsOf({ operation, takesBody }: OperationRoute): Readonly<Record<string, JsonSchema>> {
  const statuses = [400, 404, 429, 500, 503, 504];
  if (!operation.isPublic) statuses.push(403);
  statuses.push(401);
  if (takesBody) statuses.push(413);
  if (operation.kind === 'write') statuses.push(409, 422);
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${errorResponseName(status)}` }]));
}

function requiredOf({ required }: JsonSchema): ReadonlySet<string> {
  return new Set(Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []);
}

function hasDefault(schema: unknown): boolean {
  return isSchema(schema) && 'default' in schema;
}
