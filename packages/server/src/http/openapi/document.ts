import type { Operation } from '@midgard/game-kit';
import type { GameRoute } from '../../router.ts';
import type { JsonSchema } from '../coercion.ts';
import { routesOf, serviceRoutes } from '../operation-routes.ts';
import { configPaths } from './config-paths.ts';
import { systemPaths, ticketPath } from './system-paths.ts';
import { Components, errorResponseName, errorResponses, problemSchema } from './components.ts';
import { describeOperation, headerComponents } from './operation.ts';

/** What the document tells about the service itself. */
export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
}

/**
 * Writes the OpenAPI 3.1 document of everything that is served: the operations of the games that are on, the built-in ones, the probes.
 *
 * It is made from the same compiled routes that answer requests, so the two cannot differ.
 *
 * @param games the games that are on
 * @param info title and version of the service
 * @param options.service what can be asked of the service itself
 * @param options.hasTickets whether there are WebSockets
 */
export function openApiDocument(
  games: readonly GameRoute[],
  info: DocumentInfo,
  { service = [], hasTickets = false }: { readonly service?: readonly Operation[]; readonly hasTickets?: boolean } = {},
): JsonSchema {
  const components = new Components();
  components.add('Problem', problemSchema);
  const paths: Record<string, Record<string, unknown>> = { ...systemPaths(components), ...(hasTickets && ticketPath(components)) };
  for (const route of serviceRoutes(service)) {
    const path = `/${route.pattern.segments.join('/')}`;
    paths[path] = { ...paths[path], [route.pattern.method.toLowerCase()]: describeOperation(route, 'midgard', components) };
  }
  for (const game of games) {
    Object.assign(paths, configPaths(game, components));
    for (const route of routesOf(game).list) {
      const path = `/api/v1/games/${game.id}/${route.pattern.segments.map(templated).join('/')}`;
      paths[path] = { ...paths[path], [route.pattern.method.toLowerCase()]: describeOperation(route, game.id, components) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      ...info,
      description: 'Game data over HTTP. Ids and amounts are 64-bit integers written as digits; rows carry a version, which is their entity tag.',
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: [
      { name: 'midgard', description: 'the middleware itself' },
      ...games.map(({ id, version }) => ({ name: id, description: `game ${id}, version ${version}` })),
    ],
    paths,
    components: {
      schemas: components.toJSON(),
      parameters: headerComponents,
      responses: Object.fromEntries(Object.entries(errorResponses).map(([status, response]) => [errorResponseName(Number(status)), response])),
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'a key of `midgard keys create`' },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "a player's access token" },
      },
    },
  };
}

function templated(segment: string): string {
  return segment.startsWith(':') ? `{${segment.slice(1)}}` : segment;
}
