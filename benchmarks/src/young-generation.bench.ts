/**
 * What the size of V8's young generation does to the whole service: reads of a cached player over TCP (50 connections,
 * 16 requests in flight each), then writes (half wallet.credit, half order.create, 4 in flight each), for several settings of
 * `memory.youngGenerationMb` beside Node's own default (0).
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:memory`; `--sizes 0,16,32 --rounds 7 --seconds 2`, `--main <file>` for a built service.
 *
 * The rounds are interleaved, so that what else the machine does meets every size; the median and the least disturbed round
 * of each are printed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encodeFrame, encodeValue, FrameDecoder, Kind } from '@midgard/codec';

const root = path.resolve(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '0,8,16,32,64,128' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '50' },
    main: { type: 'string', default: path.join(root, 'apps/middleware/src/main.ts') },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);

/** What V8's trace says of one collection: only what stopped the program counts. */
const pause = /ms: (?:Scavenge|Mark-Compact)[^\n]*?MB, (?:pooled: [\d.]+ MB, )?([\d.]+) \/ /g;
const banner = /TCP\s+\S+:(\d+)\s+HTTP\s+(http:\/\/[^/\s]+)[\s\S]*?Key\s+(\S+)/;

class Service implements Disposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'midgard-bench-'));
  readonly #child: ChildProcess;
  #printed = '';
  port = 0;
  baseUrl = '';
  key = '';

  constructor(megabytes: number) {
    this.#child = spawn(process.execPath, ['--conditions=@midgard/source', '--trace-gc', values.main, 'start'], {
      cwd: this.#folder,
      env: {
        PATH: process.env['PATH'],
        MIDGARD_SERVER_TCP_PORT: '0',
        MIDGARD_SERVER_HTTP_PORT: '0',
        MIDGARD_LOG_LEVEL: 'error',
        MIDGARD_MEMORY_YOUNG_GENERATION_MB: String(megabytes),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#printed += text));
  }

  async isUp(): Promise<void> {
    for (let match; ; await once(this.#child.stdout!, 'data')) {
      match = banner.exec(this.#printed);
      if (match === null) continue;
      [, , this.baseUrl = '', this.key = ''] = match;
      this.port = Number(match[1]);
      return;
    }
  }

  pauses(): number[] {
    return [...this.#printed.matchAll(pause)].map(([, ms]) => Number(ms));
  }

  residentMb(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1]) / 1024;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function request(operation: number, input: object): Buffer {
  return encodeFrame({ kind: Kind.request, requestId: 7, game: 2, operation }, encodeValue(input, 'msgpack'));
}

const reads = (playerId: string) => {
  const batch = Buffer.concat(Array.from({ length: 16 }, () => request(1, { id: playerId })));
  return { depth: 16, next: () => batch };
};

const writes = (playerId: string) => {
  const credit = () => request(51, { playerId, currency: 'gold', amount: 1, reason: 'bench', idempotencyKey: randomUUID() });
  const order = () => request(40, { playerId, product: 'gems-100', quantity: 1, currency: 'EUR', amount: '499', idempotencyKey: randomUUID() });
  return { depth: 4, next: () => Buffer.concat([credit(), order(), credit(), order()]) };
};

type Load = ReturnType<typeof reads>;

async function open({ port, key }: Service): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const hello = { client: 'bench/1', auth: { kind: 'apiKey', key }, encodings: ['msgpack'], compression: [], checksum: false };
  socket.write(encodeFrame({ kind: Kind.hello }, encodeValue(hello, 'json')));
  await once(socket, 'data');
  return socket;
}

/** Sends a batch, and the next when the last is answered. @returns milliseconds of each batch */
function drive(socket: Socket, { depth, next }: Load, endsAt: number): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const decoder = new FrameDecoder({ from: 'server' });
  const took: number[] = [];
  let missing = depth;
  let sentAt = performance.now();
  socket.on('error', reject);
  socket.on('data', (chunk) =>
    decoder.decode(chunk, ({ kind }) => {
      if (kind !== Kind.response) reject(new Error('a request was refused: the figures would be those of refusals'));
      missing -= 1;
      if (missing > 0) return;
      const now = performance.now();
      took.push(now - sentAt);
      missing = depth;
      sentAt = now;
      if (now < endsAt) socket.write(next());
      else socket.end(() => resolve(took));
    }),
  );
  socket.write(next());
  return promise;
}

interface Figures {
  /** Answers a second. */
  readonly rate: number;
  /** Of a whole batch, in milliseconds. */
  readonly p99: number;
  /** Part of the time that the program stood still for a collection, in percent. */
  readonly stopped: number;
  readonly longestPause: number;
  readonly residentMb: number;
}

async function measure(service: Service, load: Load, forSeconds: number): Promise<Figures> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(service)));
  const before = service.pauses().length;
  const startedAt = performance.now();
  const took = (await Promise.all(sockets.map((socket) => drive(socket, load, startedAt + forSeconds * 1000)))).flat();
  const elapsedMs = performance.now() - startedAt;
  // The last lines of the trace are still in the pipe.
  await sleep(50);
  const pauses = service.pauses().slice(before);
  return {
    rate: (took.length * load.depth * 1000) / elapsedMs,
    p99: took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN,
    stopped: (pauses.reduce((sum, ms) => sum + ms, 0) / elapsedMs) * 100,
    longestPause: Math.max(0, ...pauses),
    residentMb: service.residentMb(),
  };
}

async function round(megabytes: number) {
  using service = new Service(megabytes);
  await service.isUp();
  const response = await fetch(`${service.baseUrl}/api/v1/games/realm/players`, {
    method: 'POST',
    headers: { 'X-API-Key': service.key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'Astrid', attributes: { hair: 'red', title: 'of the northern shore' } }),
  });
  const [, id = ''] = /"id":"(\d+)"/.exec(await response.text()) ?? [];
  const idleMb = service.residentMb();
  await measure(service, reads(id), 1);
  return { idleMb, reads: await measure(service, reads(id), seconds), writes: await measure(service, writes(id), seconds) };
}

type Round = Awaited<ReturnType<typeof round>>;

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function summaryOf(rounds: readonly Round[], kind: 'reads' | 'writes') {
  const all = (figure: keyof Figures) => rounds.map((one) => one[kind][figure]);
  const least = (figure: keyof Figures) => Math.min(...all(figure));
  return {
    rate: { median: median(all('rate')), best: Math.max(...all('rate')) },
    p99: { median: median(all('p99')), best: least('p99') },
    stopped: { median: median(all('stopped')), best: least('stopped') },
    longestPause: { median: median(all('longestPause')), best: least('longestPause') },
    residentMb: { median: median(all('residentMb')), best: least('residentMb') },
  };
}

const sizes = values.sizes.split(',').map(Number);
const rounds = new Map<number, Round[]>(sizes.map((size) => [size, []]));
for (let n = 0; n < Number(values.rounds); n++) for (const [size, done] of rounds) done.push(await round(size));

const results = [...rounds].map(([megabytes, done]) => ({
  megabytes,
  idleMb: median(done.map(({ idleMb }) => idleMb)),
  reads: summaryOf(done, 'reads'),
  writes: summaryOf(done, 'writes'),
}));
const pair = ({ median: middle, best }: { median: number; best: number }, digits = 1): string =>
  `${middle.toFixed(digits)} (${best.toFixed(digits)})`.padStart(19);
process.stdout.write(`${values.rounds} rounds: median (best)\n`);
for (const kind of ['reads', 'writes'] as const) {
  process.stdout.write(
    `${kind.padEnd(8)}${['answers/s', 'P99 ms', 'stopped %', 'longest pause ms', 'resident MB'].map((head) => head.padStart(19)).join('')}\n`,
  );
  for (const { megabytes, [kind]: of } of results) {
    const columns = [pair(of.rate, 0), pair(of.p99), pair(of.stopped), pair(of.longestPause), pair(of.residentMb, 0)];
    process.stdout.write(`${(megabytes === 0 ? 'default' : `${megabytes} MB`).padEnd(8)}${columns.join('')}\n`);
  }
}
const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
mkdirSync(path.join(root, 'benchmarks/results'), { recursive: true });
writeFileSync(
  path.join(root, 'benchmarks/results/young-generation.json'),
  `${JSON.stringify({ at: new Date().toISOString(), machine, connections, seconds, rounds: Number(values.rounds), results }, null, 2)}\n`,
);
