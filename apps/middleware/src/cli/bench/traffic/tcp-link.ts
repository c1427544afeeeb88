import { createConnection, type Socket } from 'node:net';
import {
  decodeValue,
  encodeFrame,
  encodeValue,
  encodingOf,
  type Frame,
  FrameDecoder,
  Kind,
  openBody,
  parseErrorBody,
  parseGoodbye,
  parseWelcome,
  type Welcome,
} from '@midgard/codec';
import { version } from '../../../version.ts';
import { SetupError } from '../../../setup-error.ts';
import { BenchError } from '../bench-error.ts';
import { addressOf } from '../plan.ts';
import type { Call } from './call.ts';
import { DONE, type Link, type LinkKind, type LinkListener, type LinkPlan, LOST, UNREADABLE } from './link.ts';
import { refusal, unreachable } from './refusal.ts';

const requestIdOffset = 8;
/** So long a service may take for its welcome. */
const welcomeMs = 10_000;
const outputBytes = 65_536;
const nothing = (): undefined => undefined;

/** Links that speak the binary protocol on a socket, without a client in between: it would be measured too. */
export const tcpLinks: LinkKind = {
  open: async (plan, listener) => {
    if (plan.target.over !== 'tcp') throw new BenchError('ERR_BENCH_CONNECT', 'the target is not one for TCP');
    const { host, port } = plan.target;
    const socket = createConnection({ host, port, noDelay: true });
    const decoder = new FrameDecoder({ from: 'server' });
    const welcome = await greet(socket, decoder, plan);
    return new TcpLink(socket, decoder, gameNumber(welcome, plan), plan.depth, listener);
  },
};

function greet(socket: Socket, decoder: FrameDecoder, { target, key }: LinkPlan): Promise<Welcome> {
  const address = addressOf(target);
  const { promise, resolve, reject } = Promise.withResolvers<Welcome>();
  const refuse = (error: Error): void => {
    socket.destroy();
    reject(error);
  };
  socket.setTimeout(welcomeMs, () => refuse(unreachable(address, new Error(`no welcome within ${welcomeMs} ms`))));
  socket.once('error', (error) => refuse(unreachable(address, error)));
  socket.once('close', () => reject(unreachable(address, new Error('the connection was closed without a welcome'))));
  socket.on('data', (chunk) => {
    try {
      decoder.decode(chunk, (frame) => {
        if (frame.kind === Kind.welcome) resolve(parseWelcome(openBody(frame).payload));
        else refuse(refusal(address, noticeOf(frame)));
      });
    } catch (error) {
      refuse(unreachable(address, error));
    }
  });
  const hello = { client: `midgard-bench/${version}`, auth: { kind: 'apiKey', key }, encodings: ['msgpack'], compression: [], checksum: false };
  socket.write(encodeFrame({ kind: Kind.hello }, encodeValue(hello, 'json')));
  return promise.finally(() => socket.setTimeout(0).removeAllListeners());
}

/** An error frame, or a goodbye, of a service that takes no more connections. */
function noticeOf(frame: Frame): { readonly code: number; readonly message: string } {
  const { payload, encoding } = openBody(frame);
  if (frame.kind === Kind.error) return parseErrorBody(payload, encoding);
  const { code, reason } = parseGoodbye(payload);
  return { code, message: reason };
}

function gameNumber({ games, maxInFlight }: Welcome, { target, game, depth }: LinkPlan): number {
  if (depth > maxInFlight) {
    throw new SetupError('ERR_SETUP_ARGUMENT', `--depth ${depth} is more than the ${maxInFlight} in flight that ${addressOf(target)} allows a connection`);
  }
  const found = games.find((each) => each.game === game);
  if (found !== undefined) return found.number;
  const others = games.map((each) => each.game).join(', ');
  throw new SetupError(
    'ERR_SETUP_ARGUMENT',
    `${addressOf(target)} has no game ${game} for this key; choose one with --game: ${others === '' ? 'there is none' : others}`,
  );
}

class TcpLink implements Link {
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #game: number;
  readonly #listener: LinkListener;
  /** By slot, whether its request is unanswered. */
  readonly #isPending: Uint8Array;
  #output = Buffer.allocUnsafeSlow(outputBytes);
  #filled = 0;
  #isClosed = false;

  constructor(socket: Socket, decoder: FrameDecoder, game: number, depth: number, listener: LinkListener) {
    this.#socket = socket;
    this.#decoder = decoder;
    this.#game = game;
    this.#listener = listener;
    this.#isPending = new Uint8Array(depth);
    socket.on('data', (chunk) => this.#take(chunk));
    // What breaks the connection is told by its end.
    socket.on('error', nothing).on('close', () => this.#end());
  }

  send(slot: number, call: Call): void {
    const frame = call.frame(this.#game);
    if (this.#filled + frame.length > outputBytes) this.flush();
    this.#isPending[slot] = 1;
    this.#output.set(frame, this.#filled);
    this.#output.writeUInt32BE(slot, this.#filled + requestIdOffset);
    this.#filled += frame.length;
  }

  flush(): void {
    if (this.#filled === 0 || this.#isClosed) return;
    this.#socket.write(this.#output.subarray(0, this.#filled));
    this.#filled = 0;
    // What the kernel has not taken is still to be read from this memory.
    if (this.#socket.writableLength > 0) this.#output = Buffer.allocUnsafeSlow(outputBytes);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    try {
      this.#decoder.decode(chunk, (frame) => this.#receive(frame));
    } catch {
      this.#socket.destroy();
      return;
    }
    this.#listener.settled();
  }

  #receive(frame: Frame): void {
    const slot = frame.requestId;
    if (frame.kind === Kind.ping) this.#socket.write(encodeFrame({ kind: Kind.pong }, openBody(frame).payload));
    if ((frame.kind !== Kind.response && frame.kind !== Kind.error) || this.#isPending[slot] !== 1) return;
    this.#isPending[slot] = 0;
    if (frame.kind === Kind.response) this.#listener.answered(slot, DONE, () => decodeValue(openBody(frame).payload, encodingOf(frame.flags)));
    else this.#listener.answered(slot, codeOf(frame), nothing);
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isPending.forEach((isPending, slot) => {
      if (isPending === 1) this.#listener.answered(slot, LOST, nothing);
    });
    this.#isPending.fill(0);
    this.#listener.lost();
  }
}

function codeOf(frame: Frame): number {
  try {
    const { payload, encoding } = openBody(frame);
    return parseErrorBody(payload, encoding).code;
  } catch {
    return UNREADABLE;
  }
}
