import type { Operation } from '@midgard/game-kit';
import { ServerError } from '../errors.ts';
import type { GameRoute } from '../router.ts';
import type { Coercion, JsonSchema } from './coercion.ts';
import { coercionOf, isSchema } from './coercion.ts';
import type { RoutePattern } from './route-table.ts';
import { parseRoute, RouteTable } from './route-table.ts';
import { inputSchemaOf, outputSchemaOf } from './schemas.ts';

/** Where the operations of the games stand. */
export const gamesPrefix = '/api/v1/games/';

/** One operation as HTTP serves it, compiled once. */
export interface OperationRoute {
  readonly operation: Operation;
  readonly pattern: RoutePattern;
  /** The pattern's path from the root, such as `/api/v1/games/realm/players/:id`. */
  readonly path: string;
  /** POST, PUT and PATCH carry their input in a JSON body, GET and DELETE in the query. */
  readonly takesBody: boolean;
  /** How the text of a path or query field becomes a value. */
  readonly coercions: ReadonlyMap<string, Coercion>;
  /** Where the thing that this operation creates can be read; null where it creates none. */
  readonly createdAt: RoutePattern | null;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
}

/** The routes of a game: a list for the document, a table for requests. */
export interface OperationRoutes {
  readonly list: readonly OperationRoute[];
  readonly table: RouteTable<OperationRoute>;
}

const bodyMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const compiled = new WeakMap<GameRoute, OperationRoutes>();

/**
 * The routes of a game, compiled on first use and kept as long as the game is.
 *
 * @throws {ServerError} `ERR_SERVER_ROUTE`: a definition cannot be read, two clash, or a path names a field that the input has not
 */
export function routesOf(game: GameRoute): OperationRoutes {
  const known = compiled.get(game);
  if (known !== undefined) return known;
  const { operations } = game.game.handler;
  const readers = new Map(operations.filter(({ name }) => name.endsWith('.get')).map((each) => [each.name, each]));
  const list = operations.map((operation) => compile(`${gamesPrefix}${game.id}`, operation, readers));
  const table = new RouteTable<OperationRoute>();
  for (const route of list) table.add(route.pattern, route);
  const routes: OperationRoutes = { list, table };
  compiled.set(game, routes);
  return routes;
}

/**
 * The routes of operations that belong to no game: their paths begin at the root.
 *
 * @throws {ServerError} `ERR_SERVER_ROUTE`: a definition cannot be read
 */
export function serviceRoutes(operations: readonly Operation[]): readonly OperationRoute[] {
  return operations.map((operation) => compile('', operation, new Map()));
}

/** @param prefix of its path */
function compile(prefix: string, operation: Operation, readers: ReadonlyMap<string, Operation>): OperationRoute {
  const pattern = parseRoute(operation.http);
  const inputSchema = inputSchemaOf(operation);
  const fields = propertiesOf(inputSchema);
  const missing = pattern.parameters.find((name) => !fields.has(name));
  if (missing !== undefined) {
    throw new ServerError('ERR_SERVER_ROUTE', `operation "${operation.name}" has the path parameter "${missing}", which its input has not`);
  }
  return {
    operation,
    pattern,
    path: `${prefix}/${pattern.segments.join('/')}`,
    takesBody: bodyMethods.has(pattern.method),
    coercions: new Map([...fields].map(([name, schema]) => [name, coercionOf(schema, (ref) => resolve(inputSchema, ref))])),
    createdAt: creationOf(operation, pattern, readers),
    inputSchema,
    outputSchema: outputSchemaOf(operation),
  };
}

/** `player.create` is read back by `player.get`, where a game has both. */
function creationOf({ name }: Operation, { method }: RoutePattern, readers: ReadonlyMap<string, Operation>): RoutePattern | null {
  if (method !== 'POST' || !name.endsWith('.create')) return null;
  const reader = readers.get(name.replace(/create$/, 'get'));
  return reader === undefined ? null : parseRoute(reader.http);
}

/** The fields of an object's schema. */
export function propertiesOf(schema: JsonSchema): ReadonlyMap<string, unknown> {
  return new Map(isSchema(schema['properties']) ? Object.entries(schema['properties']) : []);
}

function resolve(root: JsonSchema, ref: string): unknown {
  const steps = ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '');
  let at: unknown = root;
  for (const step of steps) at = isSchema(at) ? at[step] : undefined;
  return at;
}
