import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Compression, Encoding, Frame, Hello, HelloAuth, Welcome } from '@midgard/codec';
import { encodeFrame, encodeValue, FrameDecoder, Kind, openBody, parseWelcome } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { readError } from './built-in.ts';
import { ClientError } from './client-error.ts';
import type { Timers } from './timers.ts';

/** What a connection is opened with. */
export interface HandshakeOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  /** Asked anew for each connection, since a signed hello can be used once and a token runs out. */
  readonly auth: () => HelloAuth | Promise<HelloAuth>;
  readonly name: string;
  readonly encoding: Encoding;
  readonly compression: readonly Compression[];
  readonly checksum: boolean;
  readonly maxFrameBytes: number;
  readonly timeoutMs: number;
  readonly timers: Timers;
}

/** A socket behind its welcome. */
export interface Greeted {
  readonly socket: Socket;
  readonly decoder: FrameDecoder;
  readonly welcome: Welcome;
  /** Frames that came in one chunk with the welcome. */
  readonly early: readonly Frame[];
}

/**
 * Dials, says hello and reads the welcome.
 *
 * The caller must add its own listeners to the socket as soon as the promise resolves, before any other wait: the
 * socket flows, and what arrives then is not kept.
 *
 * @param options whom to greet and how
 * @param signal breaks it off
 * @throws {ClientError} `ERR_CLIENT_CONNECT`: no connection, or no welcome in time; `ERR_CLIENT_PROTOCOL`: something else than a welcome
 * @throws {MidgardError} 3001–3005: the server refused the hello
 */
export async function shakeHands(options: HandshakeOptions, signal: AbortSignal): Promise<Greeted> {
  const auth = await options.auth();
  if (signal.aborted) throw calledOff();
  const socket = dial(options);
  socket.setNoDelay(true);
  const decoder = new FrameDecoder({ maxFrameBytes: options.maxFrameBytes, from: 'server' });
  try {
    const [first, ...early] = await firstFrames(socket, decoder, helloFrame(options, auth), { ...options, signal });
    return { socket, decoder, welcome: readWelcome(first), early };
  } catch (error) {
    // A socket that breaks once more while it is being destroyed must find a listener.
    socket.on('error', () => {}).destroy();
    throw error;
  }
}

function dial({ host, port, tls }: HandshakeOptions): Socket {
  if (tls === undefined) return connectTcp({ host, port });
  // An address is no server name (RFC 6066).
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ minVersion: 'TLSv1.3', ...name, ...tls, host, port });
}

function helloFrame({ name, encoding, compression, checksum }: HandshakeOptions, auth: HelloAuth): Buffer {
  const hello: Hello = { client: name, auth, encodings: [encoding], compression, checksum };
  return encodeFrame({ kind: Kind.hello }, encodeValue(hello, 'json'));
}

function firstFrames(
  socket: Socket,
  decoder: FrameDecoder,
  hello: Buffer,
  { timers, timeoutMs, tls, signal }: HandshakeOptions & { readonly signal: AbortSignal },
): Promise<Frame[]> {
  const connected = tls === undefined ? 'connect' : 'secureConnect';
  return new Promise((resolve, reject) => {
    const frames: Frame[] = [];
    const greet = (): void => void socket.write(hello);
    const onData = (chunk: Buffer): void => {
      try {
        decoder.decode(chunk, (frame) => frames.push(frame));
      } catch (error) {
        return finish(new ClientError('ERR_CLIENT_PROTOCOL', 'the server does not speak the protocol', error));
      }
      if (frames.length > 0) finish();
    };
    const onError = (error: Error): void => finish(new ClientError('ERR_CLIENT_CONNECT', 'no connection to the server', error));
    const onClose = (): void => finish(new ClientError('ERR_CLIENT_CONNECT', 'the server closed the connection before its welcome'));
    const onAbort = (): void => finish(calledOff());
    const timer = timers.after(timeoutMs, () => finish(new ClientError('ERR_CLIENT_CONNECT', `no welcome within ${timeoutMs} ms`)));
    // Only these listeners go: a socket has some of its own.
    const finish = (error?: ClientError): void => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      socket.off(connected, greet).off('data', onData).off('error', onError).off('close', onClose);
      if (error === undefined) resolve(frames);
      else reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on(connected, greet).on('data', onData).on('error', onError).on('close', onClose);
  });
}

function readWelcome(frame: Frame | undefined): Welcome {
  if (frame?.kind !== Kind.welcome && frame?.kind !== Kind.error) {
    throw new ClientError('ERR_CLIENT_PROTOCOL', 'the server answered the hello with something else than a welcome');
  }
  const answer = readAnswer(frame);
  if (answer instanceof MidgardError) throw answer;
  return answer;
}

/** Nothing is agreed on before the welcome, so its body is neither compressed nor summed. */
function readAnswer(frame: Frame): Welcome | MidgardError {
  try {
    const { payload, encoding } = openBody(frame);
    return frame.kind === Kind.error ? readError(payload, encoding) : parseWelcome(payload);
  } catch (error) {
    throw new ClientError('ERR_CLIENT_PROTOCOL', 'the answer to the hello cannot be read', error);
  }
}

function calledOff(): ClientError {
  return new ClientError('ERR_CLIENT_CONNECT', 'connecting was called off');
}
