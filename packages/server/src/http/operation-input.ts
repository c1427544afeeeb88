import { invalidInput } from './invalid-input.ts';
import type { OperationRoute } from './operation-routes.ts';
import { parseIfMatch } from './request-headers.ts';

/** The places where an operation's input stands in a request. */
export interface InputParts {
  /** Decoded path parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The parsed body; undefined where there is none. */
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: string | undefined;
}

/**
 * Gathers the raw input of an operation: what a TCP client would have sent as one map.
 *
 * The same field in two places is refused unless both say the same, so that no proxy or log sees another request than we run.
 * Nothing is checked against the operation's schema here: the game's runtime does that for every transport.
 *
 * @throws {MidgardError} 2001: a field twice, a query where a body is meant, a body that is no object, a header that the operation does not take
 */
export function gatherInput(route: OperationRoute, { parameters, query, body, idempotencyKey, ifMatch }: InputParts): Record<string, unknown> {
  const input = route.takesBody ? fieldsOf(body, query) : coerced(route, query);
  for (const [name, text] of Object.entries(parameters)) put(input, name, coerce(route, name, text), 'the path');
  const version = parseIfMatch(ifMatch);
  if (version !== undefined) {
    if (!route.operation.isVersioned) throw invalidInput('header.if-match', 'this operation takes no version');
    put(input, 'expectedVersion', version, 'If-Match');
  }
  // Reads may be repeated anyway, so a client that sends a key with everything is left alone.
  if (idempotencyKey !== undefined && route.operation.kind === 'write') {
    if (route.operation.idempotent === 'no') throw invalidInput('header.idempotency-key', 'this operation takes no idempotency key');
    put(input, 'idempotencyKey', idempotencyKey, 'Idempotency-Key');
  }
  return input;
}

function fieldsOf(body: unknown, query: Readonly<Record<string, string>>): Record<string, unknown> {
  const [stray] = Object.keys(query);
  if (stray !== undefined) throw invalidInput(stray, 'unknown query field: this operation takes its input in the body');
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalidInput('body', 'not an object', 'object');
  return { ...body };
}

function coerced(route: OperationRoute, query: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, text]) => [name, coerce(route, name, text)]));
}

function coerce({ coercions }: OperationRoute, name: string, text: string): unknown {
  const coercion = coercions.get(name);
  return coercion === undefined ? text : coercion(text);
}

function put(input: Record<string, unknown>, name: string, value: unknown, place: string): void {
  if (Object.hasOwn(input, name) && !isSame(input[name], value)) throw invalidInput(name, `differs from the value in ${place}`);
  input[name] = value;
}

/** The same digits are the same id, whether they came as text or as a number. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'number' ? String(one) : one) === (typeof other === 'number' ? String(other) : other);
}
