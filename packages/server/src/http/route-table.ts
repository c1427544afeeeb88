import { ServerError } from '../errors.ts';
import { decodeSegment } from './query.ts';

/** A path of a route: `/players/:id` as its segments. */
export interface RoutePattern {
  readonly method: string;
  /** Segments from the left; a parameter starts with a colon. */
  readonly segments: readonly string[];
  /** Names of the parameters, from the left. */
  readonly parameters: readonly string[];
}

/** What a look-up found: a target, or the methods that the path has instead (empty: no such path). */
export type RouteMatch<T> =
  | { readonly target: T; readonly parameters: Readonly<Record<string, string>> }
  | { readonly target: null; readonly allow: readonly string[] };

interface Entry<T> {
  readonly target: T;
  readonly names: readonly string[];
}

interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  parameter: Node<T> | null;
  readonly methods: Map<string, Entry<T>>;
}

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const segmentForm = /^(?::[A-Za-z]\w*|[\w.~-]+)$/;

/**
 * Reads a definition such as `GET /players/:id`.
 *
 * @throws {ServerError} `ERR_SERVER_ROUTE`: not a method and a path, or a parameter twice
 */
export function parseRoute(definition: string): RoutePattern {
  const [method = '', path = '', ...rest] = definition.split(' ');
  const segments = path.split('/').slice(1);
  const parameters = segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1));
  const isSound = rest.length === 0 && methods.has(method) && path.startsWith('/') && segments.every((each) => segmentForm.test(each));
  if (!isSound || new Set(parameters).size < parameters.length) {
    throw new ServerError('ERR_SERVER_ROUTE', `"${definition}" is no route; write it like "GET /players/:id"`);
  }
  return { method, segments, parameters };
}

/**
 * The routes of one game as a tree of segments. A fixed segment wins over a parameter. A look-up takes O(segments).
 *
 * Games come and go while the server runs, so each has a table of its own instead of a place in the one router.
 */
export class RouteTable<T> {
  readonly #root: Node<T> = emptyNode();

  /** @throws {ServerError} `ERR_SERVER_ROUTE`: method and path are taken */
  add(pattern: RoutePattern, target: T): void {
    let node = this.#root;
    for (const segment of pattern.segments) {
      if (segment.startsWith(':')) node = node.parameter ??= emptyNode();
      else node = child(node, segment);
    }
    if (node.methods.has(pattern.method)) {
      throw new ServerError('ERR_SERVER_ROUTE', `two operations have the route "${pattern.method} /${pattern.segments.join('/')}"`);
    }
    node.methods.set(pattern.method, { target, names: pattern.parameters });
  }

  /**
   * @param method in upper case; HEAD finds what GET does
   * @param path still percent-encoded, with its leading slash
   * @throws {MidgardError} 2001: an escape in a parameter that is not UTF-8
   */
  find(method: string, path: string): RouteMatch<T> {
    const values: string[] = [];
    const node = walk(this.#root, path.split('/'), 1, values);
    const entry = node?.methods.get(method === 'HEAD' ? 'GET' : method);
    if (entry === undefined) return { target: null, allow: allowed(node) };
    const parameters: Record<string, string> = {};
    for (const [index, name] of entry.names.entries()) parameters[name] = decodeSegment(values[index] ?? '');
    return { target: entry.target, parameters };
  }
}

function walk<T>(node: Node<T>, segments: readonly string[], index: number, values: string[]): Node<T> | null {
  const segment = segments[index];
  if (segment === undefined) return node.methods.size > 0 ? node : null;
  const fixed = node.fixed.get(segment);
  const found = fixed === undefined ? null : walk(fixed, segments, index + 1, values);
  if (found !== null || node.parameter === null || segment === '') return found;
  values.push(segment);
  const last = walk(node.parameter, segments, index + 1, values);
  if (last === null) values.pop();
  return last;
}

function allowed<T>(node: Node<T> | null): readonly string[] {
  const names = [...(node?.methods.keys() ?? [])];
  return names.includes('GET') ? [...names, 'HEAD'] : names;
}

function child<T>(node: Node<T>, segment: string): Node<T> {
  const existing = node.fixed.get(segment);
  if (existing !== undefined) return existing;
  const created = emptyNode<T>();
  node.fixed.set(segment, created);
  return created;
}

function emptyNode<T>(): Node<T> {
  return { fixed: new Map(), parameter: null, methods: new Map() };
}
