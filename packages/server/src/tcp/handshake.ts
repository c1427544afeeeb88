import type { Agreement, Frame, Hello, Welcome } from '@midgard/codec';
import { CodecError, negotiate, openBody, parseHello } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { randomUUID } from 'node:crypto';
import { limitedAs } from '../addresses/address-set.ts';
import type { Session } from '../session.ts';
import type { ConnectionContext } from './context.ts';

/** What a handshake needs of the server. */
type HandshakeContext = Pick<ConnectionContext, 'dispatcher' | 'authenticator' | 'options' | 'handshakeLimiter'>;

/** Who says hello, as far as the network knows. */
export interface Peer {
  readonly address: string;
  /** Game servers that its certificate is for; undefined where it has shown none. */
  readonly certifiedServers: ReadonlySet<string> | undefined;
}

/** A hello that was accepted. */
export interface Handshake {
  readonly session: Session;
  readonly agreement: Agreement;
  readonly welcome: Welcome;
}

/**
 * Checks a hello: its shape, the address's limit, who speaks (a game server also by its certificate), and what both sides can do.
 * @throws {MidgardError} 3001 for a malformed hello, 3003 for a certificate of another server, 3005 over the limit, else what the authenticator says
 * @throws {CodecError} `ERR_CODEC_PROTOCOL`: the frame itself is wrong
 */
export async function shakeHands(frame: Frame, { address, certifiedServers }: Peer, context: HandshakeContext): Promise<Handshake> {
  const { dispatcher, authenticator, options, handshakeLimiter } = context;
  const { payload } = openBody(frame, { compression: null, checksum: false, maxFrameBytes: options.maxFrameBytes });
  const verdict = await handshakeLimiter?.take(limitedAs(address));
  if (verdict !== undefined && !verdict.allowed) {
    throw new MidgardError('rateLimited', 'too many handshakes from this address', { details: { retryAfterMs: verdict.retryAfterMs } });
  }
  const { hello, agreement } = readHello(payload);
  // Bound to its certificate (after RFC 8705 §3): a secret that leaked is of no use without the key beside it, nor one server's key for another's secret.
  if (hello.auth.kind === 'hmac' && certifiedServers?.has(hello.auth.serverId) === false) {
    throw new MidgardError('credentialInvalid', 'the client certificate is for another server');
  }
  const session = dispatcher.openSession(await authenticator.fromHello(hello.auth, address), 'tcp', address);
  return { session, agreement, welcome: welcomeFor(session, agreement, context) };
}

function readHello(payload: Uint8Array): { hello: Hello; agreement: Agreement } {
  try {
    const hello = parseHello(payload);
    return { hello, agreement: negotiate(hello) };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const options = error.path === undefined ? {} : { details: { path: error.path } };
    throw new MidgardError('notAuthenticated', `malformed hello: ${error.message}`, { ...options, cause: error });
  }
}

function welcomeFor(session: Session, agreement: Agreement, { dispatcher, options }: HandshakeContext): Welcome {
  const games = dispatcher.router.routes().filter(({ id }) => session.mayUseGame(id));
  return {
    session: randomUUID(),
    server: options.serverName,
    encoding: agreement.encoding,
    compression: agreement.compression,
    checksum: agreement.checksum,
    heartbeatMs: options.heartbeatMs,
    maxFrameBytes: options.maxFrameBytes,
    maxInFlight: options.maxInFlight,
    games: games.map(({ id, number, version }) => ({ game: id, number, version })),
  };
}
