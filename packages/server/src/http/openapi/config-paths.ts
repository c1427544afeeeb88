import type { GameRoute } from '../../router.ts';
import type { JsonSchema } from '../coercion.ts';
import { gamesPrefix } from '../operation-routes.ts';
import { configPath } from '../public-config/config-endpoints.ts';
import type { Components } from './components.ts';
import { errorResponseName } from './components.ts';

const listOutput: JsonSchema = {
  type: 'object',
  required: ['documents'],
  properties: {
    documents: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'etag', 'url', 'bytes'],
        properties: {
          name: { type: 'string' },
          etag: { type: 'string', description: 'of the document without a content coding' },
          url: { type: 'string', description: 'gives these bytes for ever, or 404' },
          bytes: { type: 'integer' },
        },
      },
    },
  },
};

const answerHeaders: JsonSchema = {
  ETag: { description: 'strong, another one for each content coding', schema: { type: 'string' } },
  'Cache-Control': { schema: { type: 'string' } },
  'Surrogate-Key': { description: 'what a CDN may be told to purge; also as Cache-Tag', schema: { type: 'string' } },
};

/** The paths of a game's public configuration; none where it has none. */
export function configPaths({ id, game }: GameRoute, components: Components): Readonly<Record<string, Record<string, unknown>>> {
  const names = game.publicConfig?.names ?? [];
  if (names.length === 0) return {};
  const path = `${gamesPrefix}${id}${configPath}`;
  const name = { name: 'name', in: 'path', required: true, schema: { type: 'string', enum: names } };
  const pinned = { name: 'v', in: 'query', required: false, description: 'the hash of one version, from the list', schema: { type: 'string' } };
  const list = answer('the list', components.add(`${id}.config.list.output`, listOutput));
  return {
    [path]: { get: described(id, 'config.list', 'the documents of the public configuration', [], { '200': list }, [400]) },
    [`${path}/{name}`]: {
      get: described(id, 'config.get', 'one document of the public configuration', [name, pinned], { '200': answer('the document', {}) }, [400, 404]),
    },
  };
}

function described(
  game: string,
  operation: string,
  summary: string,
  parameters: readonly JsonSchema[],
  answers: JsonSchema,
  problems: readonly number[],
): JsonSchema {
  return {
    operationId: `${game}.${operation}`,
    tags: [game],
    summary,
    description: 'Public, and kept by browsers and CDNs.',
    security: [],
    parameters: [...parameters, { $ref: '#/components/parameters/IfNoneMatch' }],
    responses: {
      ...answers,
      '304': { description: 'what the caller has is current', headers: answerHeaders },
      ...Object.fromEntries(problems.map((status) => [status, { $ref: `#/components/responses/${errorResponseName(status)}` }])),
    },
  };
}

function answer(description: string, schema: JsonSchema): JsonSchema {
  return { description, headers: answerHeaders, content: { 'application/json': { schema } } };
}
