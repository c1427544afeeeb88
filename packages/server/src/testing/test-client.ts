import type { Encoding, EncodeOptions, Frame, FrameHeader } from '@midgard/codec';
import { decodeValue, encodeFrame, encodeValue, FrameDecoder, Kind, openBody } from '@midgard/codec';
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** A frame as a test looks at it. */
export interface Received {
  readonly kind: number;
  readonly flags: number;
  readonly priority: number;
  readonly requestId: number;
  readonly game: number;
  readonly operation: number;
  readonly encoding: Encoding;
  readonly body: unknown;
}

/** A client of few lines for tests: it sends what it is told, also what is wrong, and keeps what comes. */
export class TestClient {
  readonly socket: Socket;
  /** Everything that was received and not yet taken. */
  readonly received: Received[] = [];
  /** Resolves when the server has closed its side. */
  readonly ended: Promise<void>;
  sealing: EncodeOptions = {};
  #waiting: ((frame: Received | null) => void)[] = [];
  #hasEnded = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new FrameDecoder({ maxFrameBytes: 16 * 1024 * 1024, from: 'server' });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => decoder.decode(chunk, (frame) => this.#take(frame)));
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.#hasEnded = true;
        for (const resolve of this.#waiting.splice(0)) resolve(null);
        ended.resolve();
      });
    }
  }

  static async open(port: number): Promise<TestClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    const client = new TestClient(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  send(header: FrameHeader, value: unknown, options: EncodeOptions = {}): void {
    const encoding = options.encoding ?? (header.kind === Kind.hello ? 'json' : (this.sealing.encoding ?? 'msgpack'));
    this.socket.write(encodeFrame(header, encodeValue(value, encoding), { ...this.sealing, ...options, encoding }));
  }

  request(requestId: number, operation: number, input: unknown, options: EncodeOptions & { game?: number } = {}): void {
    const { game = 7, ...sealing } = options;
    this.send({ kind: Kind.request, requestId, game, operation }, input, sealing);
  }

  /** The next frame; null once the server has closed. */
  async next(): Promise<Received | null> {
    const frame = this.received.shift();
    if (frame !== undefined) return frame;
    if (this.#hasEnded) return null;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The next so many frames. */
  async take(count: number): Promise<Received[]> {
    const frames: Received[] = [];
    while (frames.length < count) {
      const frame = await this.next();
      if (frame === null) break;
      frames.push(frame);
    }
    return frames;
  }

  /** Everything until the server closes. */
  async rest(): Promise<Received[]> {
    return this.take(Number.POSITIVE_INFINITY);
  }

  async call(requestId: number, operation: number, input: unknown, options: EncodeOptions & { game?: number } = {}): Promise<Received | null> {
    this.request(requestId, operation, input, options);
    return this.next();
  }

  async hello(fields: Record<string, unknown> = {}): Promise<Received | null> {
    this.send(
      { kind: Kind.hello },
      { client: 'test/1', auth: { kind: 'apiKey', key: 'server' }, encodings: ['msgpack', 'json'], compression: [], checksum: false, ...fields },
    );
    return this.next();
  }

  close(): void {
    this.socket.destroy();
  }

  #take(frame: Frame): void {
    const { payload, encoding } = openBody(frame, { compression: this.sealing.compression ?? null, maxFrameBytes: 16 * 1024 * 1024 });
    const { kind, flags, priority, requestId, game, operation } = frame;
    const isBytes = kind === Kind.ping || kind === Kind.pong;
    const received = { kind, flags, priority, requestId, game, operation, encoding, body: isBytes ? Buffer.from(payload) : decodeValue(payload, encoding) };
    const resolve = this.#waiting.shift();
    if (resolve === undefined) this.received.push(received);
    else resolve(received);
  }
}
