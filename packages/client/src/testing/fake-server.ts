import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { EncodeOptions, Frame, FrameHeader, Hello, Welcome } from '@midgard/codec';
import { decodeValue, encodeFrame, encodeValue, encodingOf, FrameDecoder, Kind, negotiate, openBody, parseHello } from '@midgard/codec';

/** A request as the script of a test sees it. */
export interface FakeRequest {
  readonly peer: FakePeer;
  readonly frame: Frame;
  readonly input: unknown;
}

export interface FakeServerOptions {
  readonly welcome?: Partial<Welcome>;
  /** Refuses the hello with this code, or answers nothing at all. */
  readonly onHello?: (peer: FakePeer) => { readonly refuse: number } | 'silence' | undefined;
  /** Default: answers with the input. */
  readonly onRequest?: (request: FakeRequest) => void;
}

/** A server on a real socket that does what a test tells it, well-behaved or not. */
export class FakeServer {
  readonly peers: FakePeer[] = [];
  readonly requests: FakeRequest[] = [];
  options: FakeServerOptions;
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];

  constructor(options: FakeServerOptions = {}) {
    this.options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.peers.push(new FakePeer(socket, this));
    });
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const peer of this.peers) peer.socket.destroy();
    await closed;
  }

  peer(index: number): FakePeer {
    return existing(this.peers[index]);
  }

  request(index: number): FakeRequest {
    return existing(this.requests[index]);
  }

  /** Resolves once something has happened on any connection that makes the condition true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('not there yet');
  return value;
}

export class FakePeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  hello: Hello | undefined;
  isClosed = false;
  #agreed: EncodeOptions = {};
  readonly #server: FakeServer;

  constructor(socket: Socket, server: FakeServer) {
    this.socket = socket;
    this.#server = server;
    const decoder = new FrameDecoder({ from: 'client' });
    socket.on('data', (chunk) => {
      decoder.decode(chunk, (frame) => this.#receive(frame));
      server.changed();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      server.changed();
    });
  }

  send(header: FrameHeader, value: unknown, options: EncodeOptions = {}): void {
    this.socket.write(this.frame(header, value, options));
  }

  frame(header: FrameHeader, value: unknown, options: EncodeOptions = {}): Buffer {
    const encoding = options.encoding ?? this.#agreed.encoding ?? 'json';
    return encodeFrame(header, encodeValue(value, encoding), { ...this.#agreed, ...options, encoding });
  }

  answer({ frame }: FakeRequest, value: unknown): void {
    this.send({ kind: Kind.response, requestId: frame.requestId }, value, { encoding: encodingOf(frame.flags) });
  }

  refuse({ frame }: FakeRequest, code: number): void {
    this.send({ kind: Kind.error, requestId: frame.requestId }, { code, message: `refused with ${code}` });
  }

  ping(body: string): void {
    this.socket.write(encodeFrame({ kind: Kind.ping }, Buffer.from(body), this.#agreed));
  }

  goodbye(): void {
    this.send({ kind: Kind.goodbye }, { code: 1008, reason: 'restart' }, { encoding: 'json' });
  }

  ofKind(kind: number): Frame[] {
    return this.frames.filter((frame) => frame.kind === kind);
  }

  payloads(kind: number): string[] {
    return this.ofKind(kind).map((frame) => openBody(frame, this.#agreed).payload.toString());
  }

  #receive(frame: Frame): void {
    this.frames.push(frame);
    if (frame.kind === Kind.hello) return this.#greet(frame);
    if (frame.kind !== Kind.request) return;
    const { payload, encoding } = openBody(frame, this.#agreed);
    const request = { peer: this, frame, input: decodeValue(payload, encoding) };
    this.#server.requests.push(request);
    const { onRequest } = this.#server.options;
    if (onRequest === undefined) this.answer(request, request.input);
    else onRequest(request);
  }

  #greet(frame: Frame): void {
    this.hello = parseHello(openBody(frame).payload);
    const reaction = this.#server.options.onHello?.(this);
    if (reaction === 'silence') return;
    if (reaction !== undefined) {
      const refusal = encodeValue({ code: reaction.refuse, message: 'refused' }, 'json');
      this.socket.end(encodeFrame({ kind: Kind.error }, refusal, { encoding: 'json' }));
      return;
    }
    const { encoding, compression, checksum } = negotiate(this.hello);
    const welcome: Welcome = {
      session: `s${this.#server.peers.length}`,
      server: 'fake/1',
      encoding,
      compression,
      checksum,
      heartbeatMs: 30_000,
      maxFrameBytes: 1 << 20,
      maxInFlight: 1024,
      games: [{ game: 'toy', number: 7, version: '1.0.0' }],
      ...this.#server.options.welcome,
    };
    this.socket.write(encodeFrame({ kind: Kind.welcome }, encodeValue(welcome, 'json')));
    this.#agreed = { encoding, compression, checksum };
  }
}
