import { createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, encodeValue, type Frame, FrameDecoder, Kind } from '@midgard/codec';

/** A server of a few lines for tests of the load generator. */
export class TinyServer implements AsyncDisposable {
  readonly port: number;
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    this.port = address.port;
    server.on('connection', (socket) => this.sockets.add(socket));
  }

  /** @param serve gets each connection */
  static async start(serve: (socket: Socket) => void): Promise<TinyServer> {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      serve(socket);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TinyServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

/** Serves Midgard's frames: welcomes everybody and hands each request over. @param other gets frames that are neither */
export function framesOf(onRequest: (socket: Socket, request: Frame) => void, other: (socket: Socket, frame: Frame) => void = () => undefined) {
  return (socket: Socket): void => {
    const decoder = new FrameDecoder({ from: 'client' });
    socket.on('data', (chunk) =>
      decoder.decode(chunk, (frame) => {
        if (frame.kind === Kind.hello) socket.write(encodeFrame({ kind: Kind.welcome }, encodeValue({}, 'json')));
        else if (frame.kind === Kind.request) onRequest(socket, frame);
        else if (frame.kind === Kind.ping) socket.write(encodeFrame({ kind: Kind.pong }, frame.body));
        else other(socket, frame);
      }),
    );
  };
}

/** A good answer. */
export function response({ requestId }: Frame, body: Buffer = Buffer.from([0xc0])): Buffer {
  return encodeFrame({ kind: Kind.response, requestId }, body);
}

/** A refusal. */
export function refusal({ requestId }: Frame, code: number): Buffer {
  return encodeFrame({ kind: Kind.error, requestId }, encodeValue({ code, message: 'no' }, 'msgpack'));
}

/** Serves a protocol of lines: each gets the answer that is given for it. */
export function linesOf(end: string, answer: (line: string) => string) {
  return (socket: Socket): void => {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: unknown) => {
      const lines = `${text}${String(chunk)}`.split(end);
      text = lines.pop() ?? '';
      socket.write(lines.map(answer).join(''));
    });
  };
}
