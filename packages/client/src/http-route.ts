import { encodeValue } from '@midgard/codec';
import { isRecord } from './built-in.ts';
import { ClientError } from './client-error.ts';

/** One HTTP request, ready for `fetch`. */
export interface HttpCall {
  readonly method: string;
  /** Path and query below `/api/v1/games/{game}`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const bodiless = new Set(['GET', 'HEAD', 'DELETE']);

/**
 * Spreads an operation's input over its route: path parameters into the path, `idempotencyKey` and `expectedVersion`
 * into their headers, the rest into the query (GET, DELETE) or a JSON body.
 *
 * @param http such as `PATCH /players/:id`
 * @param input the operation's input, an object
 * @throws {ClientError} `ERR_CLIENT_ARGUMENT`: a path parameter is missing
 */
export function routeCall(http: string, input: unknown): HttpCall {
  const [method = 'GET', template = '/'] = http.split(' ');
  const { idempotencyKey, expectedVersion, ...rest } = isRecord(input) ? input : {};
  const fields: Record<string, unknown> = { ...rest };
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = scalarText(fields[name]);
    if (value === undefined || value === '') throw new ClientError('ERR_CLIENT_ARGUMENT', `${http} needs the field ${name}`);
    delete fields[name];
    return encodeURIComponent(value);
  });
  const headers: Record<string, string> = {};
  if (typeof idempotencyKey === 'string') headers['idempotency-key'] = idempotencyKey;
  if (expectedVersion !== undefined) headers['if-match'] = `"${scalarText(expectedVersion) ?? ''}"`;
  if (bodiless.has(method)) return { method, path: path + queryOf(fields), headers, body: undefined };
  headers['content-type'] = 'application/json';
  return { method, path, headers, body: encodeValue(fields, 'json').toString() };
}

function queryOf(fields: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    query.append(name, scalarText(value) ?? encodeValue(value, 'json').toString());
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return value instanceof Date ? value.toISOString() : undefined;
}
