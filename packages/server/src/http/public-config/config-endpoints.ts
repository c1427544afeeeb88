import { MidgardError } from '@midgard/errors';
import type { PublicConfig, PublishedDocument } from '@midgard/game-kit';
import type { GameRoute } from '../../router.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Exchange } from '../exchange.ts';
import { invalidInput } from '../invalid-input.ts';
import type { Endpoint } from '../operation-endpoint.ts';
import { gamesPrefix } from '../operation-routes.ts';
import { decodeSegment, parseQuery } from '../query.ts';
import type { Reply } from '../reply.ts';
import { matchesIfNoneMatch } from '../request-headers.ts';
import { cacheControl, surrogateHeaders } from './cache-headers.ts';
import { indexDocument } from './index-document.ts';
import { chooseRepresentation, representationsOf } from './representations.ts';

/** Where the public configuration stands, below the path of its game. */
export const configPath = '/config';

/**
 * Serves the public configuration of the games: to everybody, without credentials, in bytes that were made beforehand, with all that a
 * browser and a CDN must know to keep them.
 */
export class ConfigEndpoints {
  /** The documents of the games that are there are encoded now. */
  constructor({ dispatcher }: Pick<HttpDependencies, 'dispatcher'>) {
    for (const { game } of dispatcher.router.routes()) {
      for (const document of game.publicConfig?.documents ?? []) void representationsOf(document);
    }
  }

  /**
   * Finds what stands at the path of a game's configuration.
   *
   * @param rest the path below the game's, with its slash
   * @returns undefined where the path is another one, or the game has no public configuration
   * @throws {MidgardError} 2001: a name that is not UTF-8
   */
  find(exchange: Exchange, { id, game }: GameRoute, rest: string): Endpoint | undefined {
    const { publicConfig } = game;
    const [, first, segment, ...more] = rest.split('/');
    if (publicConfig === undefined || publicConfig.names.length === 0 || `/${first}` !== configPath || more.length > 0) return undefined;
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return { allow: ['GET', 'HEAD'] };
    const route = `${gamesPrefix}${id}${configPath}`;
    if (segment === undefined) exchange.aim(id, 'config.list', route);
    else exchange.aim(id, 'config.get', `${route}/:name`);
    if (segment === undefined) return { answer: () => list(exchange, id, publicConfig) };
    const name = decodeSegment(segment);
    return { answer: () => get(exchange, id, publicConfig.get(name)) };
  }
}

function list(exchange: Exchange, game: string, { documents }: PublicConfig): Promise<Reply> {
  const [stray] = Object.keys(parseQuery(exchange.query));
  if (stray !== undefined) throw invalidInput(stray, 'unknown query field');
  return reply(exchange, game, indexDocument(exchange.path, documents), false);
}

async function get(exchange: Exchange, game: string, document: PublishedDocument | undefined): Promise<Reply> {
  const { v: pinned, ...others } = parseQuery(exchange.query);
  const [stray] = Object.keys(others);
  if (stray !== undefined) throw invalidInput(stray, 'unknown query field');
  if (document === undefined) throw new MidgardError('notFound', 'the game has no such document');
  // While instances are renewed one by one the other version may be asked for here. To answer with this one would put it under that address for a year.
  if (pinned !== undefined && pinned !== document.hash) throw new MidgardError('notFound', 'this version is not served (any more, or yet)');
  return reply(exchange, game, document, pinned !== undefined);
}

async function reply(exchange: Exchange, game: string, document: PublishedDocument, isPinned: boolean): Promise<Reply> {
  const chosen = chooseRepresentation(await representationsOf(document), exchange.header('accept-encoding'));
  if (chosen === undefined) throw new MidgardError('internal', '');
  const { coding, bytes, etag } = chosen;
  const headers = {
    ETag: etag,
    'Cache-Control': cacheControl(document.freshness, isPinned),
    ...surrogateHeaders(game, document.name),
    Vary: 'Accept-Encoding',
    // Public means public: any page may read it, and one answer serves pages of all origins.
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'ETag',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  };
  if (matchesIfNoneMatch(exchange.header('if-none-match'), etag)) return { status: 304, body: null, headers, isShared: true };
  const ofBody = { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length), ...(coding !== undefined && { 'Content-Encoding': coding }) };
  return { status: 200, body: bytes, headers: { ...headers, ...ofBody }, isShared: true };
}
