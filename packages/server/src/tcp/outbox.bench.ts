/**
 * Whether the outbox's buffer pool pays: 16 answers of 200 bytes gathered and handed to a socket that takes them, with pooled
 * buffers and with a new one each time. `node --conditions=@midgard/source --expose-gc src/tcp/outbox.bench.ts`
 */
import { Socket } from 'node:net';
import process from 'node:process';
import { Kind } from '@midgard/codec';
import { Arena } from '../hot/arena.ts';
import { Outbox } from './outbox.ts';
import { bufferBytes, type OutputBuffer, OutputBuffers } from './output-buffers.ts';

const answers = 16;
const flushes = 100_000;
const rounds = 7;
const payload = Buffer.alloc(200, 'x');
const sealing = { compression: null, checksum: false, maxFrameBytes: 1_048_576 } as const;
const fields = { kind: Kind.response, requestId: 7, game: 2, operation: 1 } as const;
const arena = new Arena(16 * bufferBytes);

class NewEachTime extends OutputBuffers {
  override acquire(): OutputBuffer {
    return { bytes: Buffer.allocUnsafeSlow(bufferBytes), base: -1 };
  }
}

/** Takes everything at once. */
class TakingSocket extends Socket {
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

async function nanosecondsEach(buffers: OutputBuffers): Promise<number> {
  const outbox = new Outbox(new TakingSocket(), buffers);
  globalThis.gc?.();
  const begin = process.hrtime.bigint();
  for (let flush = 0; flush < flushes; flush += 1) {
    for (let answer = 0; answer < answers; answer += 1) outbox.add(fields, payload, 'msgpack', sealing);
    outbox.flush();
    // The socket says that it has taken a buffer in the next tick, as a real one does.
    if (flush % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
  }
  return Number(process.hrtime.bigint() - begin) / flushes;
}

const times = { pool: [] as number[], none: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  times.pool.push(await nanosecondsEach(new OutputBuffers(arena, { start: 0 })));
  times.none.push(await nanosecondsEach(new NewEachTime(arena, { start: 0 })));
}
const median = (values: number[]): number => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
const [pool, none] = [median(times.pool), median(times.none)];
process.stdout.write(
  `a flush of ${answers} answers: pooled buffers ${Math.round(pool)} ns, a new buffer each ${Math.round(none)} ns, ratio ${(none / pool).toFixed(2)}\n`,
);
