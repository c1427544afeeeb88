// Round trips per second of the client against a bare socket that sends the same bytes back and forth without any
// protocol. Both servers run in a thread of their own and do the least that is possible.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as dial, createServer } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { encodeFrame, encodeValue, FrameDecoder, Kind, writeFrame } from '@midgard/codec';
import type { Frame, Welcome } from '@midgard/codec';
import { connect } from './tcp-client.ts';

const warmUpMs = 300;
const measureMs = 1500;
const depths = [1, 16, 128, 1024];
const input = { id: '1234567890123456789' };
const welcome: Welcome = {
  session: 's',
  server: 'bench/1',
  encoding: 'msgpack',
  compression: null,
  checksum: false,
  heartbeatMs: 30_000,
  maxFrameBytes: 1 << 20,
  maxInFlight: 1024,
  games: [],
};

/** Sends every request's body back as its answer, one write for each chunk that came in. */
function answerFrames(socket: Socket): void {
  const decoder = new FrameDecoder();
  let out = Buffer.allocUnsafe(1 << 18);
  let end = 0;
  const answer = (frame: Frame): void => {
    if (frame.kind === Kind.hello) socket.write(encodeFrame({ kind: Kind.welcome }, encodeValue(welcome, 'json')));
    if (frame.kind === Kind.request) end = writeFrame(out, end, { ...frame, kind: Kind.response }, frame.body);
  };
  socket.on('data', (chunk) => {
    decoder.decode(chunk, answer);
    if (end > 0) socket.write(out.subarray(0, end));
    if (socket.writableLength > 0) out = Buffer.allocUnsafe(1 << 18);
    end = 0;
  });
}

async function serve(): Promise<void> {
  const framed = createServer({ noDelay: true }, answerFrames).listen(0, '127.0.0.1');
  const bare = createServer({ noDelay: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await Promise.all([once(framed, 'listening'), once(bare, 'listening')]);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port, no window
  parentPort?.postMessage([framed, bare].map((server) => server.address()));
}

/** Runs `depth` loops of round trips side by side. */
async function measure(depth: number, roundTrip: () => Promise<unknown>): Promise<number> {
  let count = 0;
  let until = performance.now() + warmUpMs;
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      await roundTrip();
      count += 1;
    }
  };
  const run = (): Promise<void[]> => Promise.all(Array.from({ length: depth }, loop));
  await run();
  count = 0;
  const started = performance.now();
  until = started + measureMs;
  await run();
  return (count * 1000) / (performance.now() - started);
}

/** A bare socket: messages of a fixed size, one promise each, one write for all that are asked for in one turn. */
async function barePeer(port: number, bytes: number): Promise<{ roundTrip: () => Promise<void>; socket: Socket }> {
  const socket = dial({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const message = Buffer.alloc(bytes, 1);
  const waiting: (() => void)[] = [];
  let received = 0;
  let asked = 0;
  let head = 0;
  socket.on('data', (chunk) => {
    received += chunk.byteLength;
    for (; received >= bytes; received -= bytes) waiting[head++]?.();
    if (head <= 4096) return;
    waiting.splice(0, head);
    head = 0;
  });
  const flush = (): void => {
    socket.write(asked === 1 ? message : Buffer.alloc(bytes * asked, 1));
    asked = 0;
  };
  const roundTrip = (): Promise<void> => {
    if (asked === 0) process.nextTick(flush);
    asked += 1;
    return new Promise((resolve) => waiting.push(resolve));
  };
  return { roundTrip, socket };
}

async function main(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { execArgv: ['--conditions=@midgard/source'] });
  const [[framed, bare]] = await once(worker, 'message');
  const client = await connect({ port: framed.port, auth: { kind: 'apiKey', key: 'k' } });
  const peer = await barePeer(bare.port, 16 + encodeValue(input, 'msgpack').byteLength);
  console.log('in flight   client, trips/s   bare socket, trips/s   ratio');
  for (const depth of depths) {
    const ours = await measure(depth, () => client.request({ game: 2, operation: 1, input }));
    const theirs = await measure(depth, peer.roundTrip);
    const columns = [String(depth).padStart(9), ours.toFixed(0).padStart(17), theirs.toFixed(0).padStart(22), (ours / theirs).toFixed(2).padStart(7)];
    console.log(columns.join(' '));
  }
  await client.close();
  peer.socket.destroy();
  await worker.terminate();
}

await (isMainThread ? main() : serve());
