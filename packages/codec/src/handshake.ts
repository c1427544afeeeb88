import { listOf, countOf, flagOf, joinPath, shapeError, shapeOf, textOf } from './shape.ts';
import { decodeValue } from './value.ts';
import type { Compression, Encoding } from './wire.ts';
import type { Shape } from './shape.ts';

/** How a client proves who it is. */
export type HelloAuth =
  | { readonly kind: 'apiKey'; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'hmac';
      readonly serverId: string;
      /** Epoch milliseconds. */
      readonly timestamp: number;
      /** At least 16 random bytes in base64url. */
      readonly nonce: string;
      /** base64url(HMAC-SHA256(secret, serverId + "\n" + timestamp + "\n" + nonce)) */
      readonly signature: string;
    };

/** Body of a hello: the first frame of a client. */
export interface Hello {
  /** Name and version of the client. */
  readonly client: string;
  readonly auth: HelloAuth;
  /** Encodings that the client may use, the one it likes best first. */
  readonly encodings: readonly Encoding[];
  /** Algorithms that the client knows, the one it likes best first; empty: none. */
  readonly compression: readonly Compression[];
  /** Whether the client asks for a checksum on every frame. */
  readonly checksum: boolean;
}

/** A game that the server serves. */
export interface WelcomeGame {
  /** Id of the game, such as `realm`. */
  readonly game: string;
  /** Game number of its frames. */
  readonly number: number;
  readonly version: string;
}

/** Body of a welcome: the server's answer to a hello that it accepts. */
export interface Welcome {
  readonly session: string;
  /** Name and version of the server. */
  readonly server: string;
  /** Encoding of the connection: of pushes and of every error frame. */
  readonly encoding: Encoding;
  readonly compression: Compression | null;
  readonly checksum: boolean;
  readonly heartbeatMs: number;
  readonly maxFrameBytes: number;
  readonly maxInFlight: number;
  readonly games: readonly WelcomeGame[];
}

const maxTokenLength = 16_384;
const noncePattern = /^[\w-]{22,256}={0,2}$/;
const encodings: ReadonlySet<string> = new Set<Encoding>(['msgpack', 'json', 'protobuf']);
const compressions: ReadonlySet<string> = new Set<Compression>(['zstd', 'deflate']);

/**
 * Reads the body of a hello. Names of encodings and algorithms that this version does not know are left out, so that a newer
 * client can still say hello.
 *
 * @param payload opened body of a hello frame
 * @throws {CodecError} `ERR_CODEC_BODY` with the `path` of the first field at fault; `auth` is looked at first
 */
export function parseHello(payload: Uint8Array): Hello {
  const shape = shapeOf(decodeValue(payload, 'json'), '');
  return {
    auth: parseAuth(shapeOf(shape['auth'], 'auth')),
    client: textOf(shape, 'client', ''),
    encodings: known(listOf(shape, 'encodings', ''), isEncoding, 'encodings'),
    compression: known(listOf(shape, 'compression', '', []), isCompression, 'compression'),
    checksum: flagOf(shape, 'checksum', '', false),
  };
}

function parseAuth(auth: Shape): HelloAuth {
  const path = 'auth';
  switch (auth['kind']) {
    case 'apiKey':
      return { kind: 'apiKey', key: textOf(auth, 'key', path) };
    case 'token':
      return { kind: 'token', token: textOf(auth, 'token', path, maxTokenLength) };
    case 'hmac':
      return {
        kind: 'hmac',
        serverId: textOf(auth, 'serverId', path),
        timestamp: countOf(auth, 'timestamp', path),
        nonce: parseNonce(auth, path),
        signature: textOf(auth, 'signature', path),
      };
    default:
      throw shapeError('auth.kind', '"apiKey", "token" or "hmac"');
  }
}

function parseNonce(auth: Shape, path: string): string {
  const nonce = textOf(auth, 'nonce', path);
  if (!noncePattern.test(nonce)) throw shapeError(joinPath(path, 'nonce'), '16 bytes or more in base64url');
  return nonce;
}

/**
 * Reads the body of a welcome.
 *
 * @param payload opened body of a welcome frame
 * @throws {CodecError} `ERR_CODEC_BODY` with the `path` of the first field at fault
 */
export function parseWelcome(payload: Uint8Array): Welcome {
  const shape = shapeOf(decodeValue(payload, 'json'), '');
  return {
    session: textOf(shape, 'session', ''),
    server: textOf(shape, 'server', ''),
    encoding: one(shape['encoding'], isEncoding, 'encoding'),
    compression: shape['compression'] === null ? null : one(shape['compression'], isCompression, 'compression'),
    checksum: flagOf(shape, 'checksum', ''),
    heartbeatMs: countOf(shape, 'heartbeatMs', ''),
    maxFrameBytes: countOf(shape, 'maxFrameBytes', ''),
    maxInFlight: countOf(shape, 'maxInFlight', ''),
    games: listOf(shape, 'games', '').map(parseGame),
  };
}

function parseGame(value: unknown, index: number): WelcomeGame {
  const path = `games.${index}`;
  const shape = shapeOf(value, path);
  return { game: textOf(shape, 'game', path), number: countOf(shape, 'number', path), version: textOf(shape, 'version', path) };
}

function known<T extends string>(names: readonly unknown[], isKnown: (name: unknown) => name is T, path: string): readonly T[] {
  const bad = names.findIndex((name) => typeof name !== 'string');
  if (bad !== -1) throw shapeError(`${path}.${bad}`, 'text');
  return [...new Set(names.filter(isKnown))];
}

function one<T extends string>(name: unknown, isKnown: (name: unknown) => name is T, path: string): T {
  if (!isKnown(name)) throw shapeError(path, 'a name of this protocol version');
  return name;
}

function isEncoding(name: unknown): name is Encoding {
  return typeof name === 'string' && encodings.has(name);
}

function isCompression(name: unknown): name is Compression {
  return typeof name === 'string' && compressions.has(name);
}
