import type { EncodeOptions } from '@midgard/codec';
import { openGame, type OpenGame } from '@midgard/game-kit/testing';
import { expect, onTestFinished, test } from 'vitest';
import { type HotServer, plainGame, serveHot } from '../testing/hot-server.ts';
import { settle } from '../testing/little-world.ts';
import type { TestClient } from '../testing/test-client.ts';

const encodings = ['msgpack', 'json'] as const;
const compressions = [null, 'zstd', 'deflate'] as const;
const checksums = [false, true];
const settings = encodings.flatMap((encoding) => compressions.flatMap((compression) => checksums.map((checksum) => ({ encoding, compression, checksum }))));

/** Bytes as they came, so that not only their meaning is compared. */
class Tape {
  readonly #client: TestClient;
  #bytes = Buffer.alloc(0);
  #waiting: { readonly frames: number; readonly resolve: (bytes: Buffer) => void } | undefined;

  constructor(client: TestClient) {
    this.#client = client;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#settle();
    });
  }

  /** Sends requests in one piece. @returns their answers, as bytes, in the order of their request ids */
  async ask(requests: readonly [requestId: number, operation: number, input: object][], options: EncodeOptions): Promise<Buffer> {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    this.#client.socket.cork();
    for (const [requestId, operation, input] of requests) this.#client.request(requestId, operation, input, { ...options, game: 3 });
    this.#client.socket.uncork();
    this.#waiting = { frames: requests.length, resolve };
    this.#settle();
    return sorted(framesOf(await promise));
  }

  #settle(): void {
    if (this.#waiting === undefined || framesOf(this.#bytes).length < this.#waiting.frames) return;
    this.#waiting.resolve(this.#bytes);
    this.#waiting = undefined;
    this.#bytes = Buffer.alloc(0);
  }
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    frames.push(bytes.subarray(at, at + 4 + bytes.readUInt32BE(at)));
  }
  return frames;
}

function sorted(frames: readonly Buffer[]): Buffer {
  return Buffer.concat(frames.toSorted((one, other) => one.readUInt32BE(8) - other.readUInt32BE(8)));
}

async function world(): Promise<{ open: OpenGame; hot: HotServer; full: HotServer }> {
  const open = await openGame(plainGame);
  onTestFinished(() => open[Symbol.asyncDispose]());
  return { open, hot: await serveHot({ open }), full: await serveHot({ open, tcp: { keptAnswerBytes: 0 } }) };
}

test.each(settings)(
  'both ways give the same bytes, whatever is asked and changed: $encoding, compression $compression, checksum $checksum',
  async (setting) => {
    const { open, hot, full } = await world();
    const { asked, change } = await settle(open);
    const hello = { compression: setting.compression === null ? [] : [setting.compression], checksum: setting.checksum };
    const [quick, slow] = [new Tape(await hot.connect(hello)), new Tape(await full.connect(hello))];
    const codes = new Map(plainGame.operations.map(({ name, code }) => [name, code]));
    for (let round = 0; round < 6; round += 1) {
      // Each of them twice in a row, so that the second finds what the first has left.
      for (let time = 0; time < 3; time += 1) {
        const requests = asked.map(([name, input], at) => [round * 1000 + time * 100 + at, codes.get(name) ?? 0, input] as [number, number, object]);
        const options = { encoding: setting.encoding, compression: setting.compression, checksum: setting.checksum };
        expect((await quick.ask(requests, options)).toString('hex')).toBe((await slow.ask(requests, options)).toString('hex'));
      }
      await change(round);
    }
    const answered = new Set(hot.metrics.reads.map(({ operation }) => operation));
    expect([...answered].sort()).toEqual(
      plainGame.operations
        .filter(({ cache }) => cache !== undefined)
        .map(({ name }) => name)
        .sort(),
    );
    expect(full.hot()).toBe(0);
  },
);
