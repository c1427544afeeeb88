import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import type { Keys, RequestKind, Target } from '../load/plan.ts';
import type { StartedService } from './started-service.ts';

/** The number of the game Realm. */
const game = 2;
const operations = { 'player.get': 1, 'player.update': 3 } as const;
const unique = '0123456789abcdef';

/** The first frame of a connection with an API key. */
export function helloWith(key: string): Buffer {
  const hello = { client: 'bench/1', auth: { kind: 'apiKey', key }, encodings: ['msgpack'], compression: [], checksum: false };
  return encodeFrame({ kind: Kind.hello }, encodeValue(hello, 'json'));
}

function request(operation: keyof typeof operations, input: object): Buffer {
  return encodeFrame({ kind: Kind.request, requestId: 0, game, operation: operations[operation] }, encodeValue(input, 'msgpack'));
}

/** `player.get` of that player, or of each by its key. */
export function playerGet(id: string, weight = 1): RequestKind {
  const bytes = request('player.get', { id });
  return { bytes, weight, keyAt: bytes.indexOf(id) };
}

/** `player.update` that writes a text into the attributes which no other request has. */
export function playerUpdate(id: string, weight = 1): RequestKind {
  const bytes = request('player.update', { id, attributes: { hair: 'red', title: `of the ${unique}` } });
  return { bytes, weight, keyAt: bytes.indexOf(id), uniqueAt: bytes.indexOf(unique) };
}

/** Requests over TCP. @param requests where none is given the service's one player is read */
export function tcpTarget({ tcpPort, key, id }: StartedService, requests?: readonly RequestKind[], keys?: Keys): Target {
  return {
    protocol: 'midgard',
    port: tcpPort,
    hello: helloWith(key),
    requests: (requests ?? [playerGet(id)]).map((each) => keyed(each, keys)),
    ...(keys && { keys }),
  };
}

function keyed({ keyAt, ...request }: RequestKind, keys: Keys | undefined): RequestKind {
  return keys === undefined || keyAt === undefined ? request : { ...request, keyAt };
}

/** Where the service's one player is over HTTP. */
export function playerUrl({ baseUrl, id }: StartedService): string {
  return `${baseUrl}/api/v1/games/realm/players/${id}`;
}

/** Reads of the service's one player over HTTP. */
export function httpTarget(service: StartedService): Target {
  const url = new URL(playerUrl(service));
  return { protocol: 'http', port: Number(url.port), requests: [{ bytes: httpGet(url.pathname, `X-API-Key: ${service.key}\r\n`) }] };
}

/** A request over HTTP. @param headers with the ends of their lines */
export function httpGet(pathname: string, headers = ''): Buffer {
  return Buffer.from(`GET ${pathname} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
}
