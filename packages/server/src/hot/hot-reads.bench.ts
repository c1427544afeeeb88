/**
 * Where the time of the hot way goes, without sockets: nanoseconds a request for chunks of 1, 16 and 64 requests, to one key and to 100,000 at
 * random, beside a Map from the request's text to a buffer (the least that one would write by hand).
 * `node --conditions=@midgard/source src/hot/hot-reads.bench.ts`
 */
import { Socket } from 'node:net';
import process from 'node:process';
import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { defineGame, standardEntities, standardOperations } from '@midgard/game-kit';
import { Budgets } from '../budgets.ts';
import { noopMetrics } from '../metrics.ts';
import { Rights } from '../rights.ts';
import { GameRouter } from '../router.ts';
import { Session } from '../session.ts';
import { noShedding } from '../shedding.ts';
import { Outbox } from '../tcp/outbox.ts';
import { bufferBytes, OutputBuffers } from '../tcp/output-buffers.ts';
import { principal } from '../testing/principals.ts';
import { AnswerStore } from './answer-store.ts';
import { Arena } from './arena.ts';
import { hotTerms, type HotCaller } from './hot-caller.ts';
import { HotReads } from './hot-reads.ts';
import { HotRules } from './hot-rules.ts';

const rounds = 7;
const requestsEach = 1 << 19;
const answerBytes = 220;
const capacity = 64 * 1024 * 1024;

const handler = defineGame({
  manifest: { id: 'bench', number: 2, version: '1.0.0', title: 'Bench' },
  entities: [...standardEntities],
  operations: standardOperations(),
});
const rights = new Rights();
const server = principal();
const router = new GameRouter();
router.add({ handler, publicConfig: undefined, events: undefined, execute: async () => undefined, orderKeys: () => [] });
const makeLimiter = (): never => {
  throw new RangeError('nobody is limited here');
};
const budgets = new Budgets({ roles: {}, operations: {}, makeLimiter });
const rules = new HotRules({ router, rights, budgets, shedding: noShedding, tracing: undefined, isOver: () => false });
const arena = new Arena(capacity + 64 * bufferBytes);
const store = new AnswerStore(arena, { capacity, seed: 1 });
const hot = new HotReads({ arena, store, rules, clock: Date, timers: performance, metrics: noopMetrics });
const buffers = new OutputBuffers(arena, { start: capacity });

/** Takes everything at once, and costs nothing. */
class TakingSocket extends Socket {
  override write(): boolean {
    return true;
  }
}

class Caller implements HotCaller {
  readonly session = new Session({ principal: server, permissionsIn: rights.of(server), transport: 'tcp', address: '', budget: undefined });
  readonly outbox = new Outbox(new TakingSocket(), buffers);
  readonly terms = hotTerms({ encoding: 'msgpack', encodings: ['msgpack', 'json'], compression: null, checksum: false }, 1 << 20);
  readonly isFull = false;
  allowed = null;
  allowedBy = -1;
  /** One of two whose hashes are equal: of 100,000 keys about one pair. */
  taken = 0;
  takeFrames(): boolean {
    this.taken += 1;
    return true;
  }
}

const stamps = new Int32Array(200_000);
const cache = { holds: (slot: number, stamp: number): boolean => stamps[slot] === stamp, noteUses: (): void => undefined };
const inputOf = (key: number): Buffer => encodeValue({ id: String(382_304_210_332_418_048n + BigInt(key) * 37n) }, 'msgpack');

function fill(keys: number): void {
  store.clear();
  for (let key = 0; key < keys; key += 1) {
    const held = { answer: null, cache, grip: { ticket: { slot: key, stamp: 0 }, until: Infinity } };
    const request = { game: 2, operation: 1, encoding: 'msgpack' as const, input: inputOf(key), terms: new Caller().terms };
    hot.keep(request, Buffer.alloc(answerBytes, 'x'), held);
  }
}

function frame(key: number): Buffer {
  return encodeFrame({ kind: Kind.request, requestId: key, game: 2, operation: 1 }, inputOf(key));
}

function chunks(keys: number, depth: number): Buffer[] {
  return Array.from({ length: requestsEach / depth }, () => Buffer.concat(Array.from({ length: depth }, () => frame(Math.floor(Math.random() * keys)))));
}

function serve(all: readonly Buffer[], caller: Caller): void {
  for (const chunk of all) {
    hot.serve(chunk, [0, chunk.length], caller, 0);
    caller.outbox.flush();
    hot.finish(caller, 0);
  }
}

function byHand(all: readonly Buffer[], table: ReadonlyMap<string, Buffer>, out: Buffer): void {
  for (const chunk of all) {
    let used = 0;
    for (let at = 0; at < chunk.length;) {
      const size = chunk.readUInt32BE(at) + 4;
      const answer = table.get(chunk.toString('latin1', at + 12, at + size));
      if (answer === undefined) throw new RangeError('every answer is at hand');
      out.writeUInt32BE(answer.length + 12, used);
      chunk.copy(out, used + 4, at + 4, at + 16);
      out.set(answer, used + 16);
      used += 16 + answer.length;
      at += size;
    }
  }
}

function nanoseconds(work: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = process.hrtime.bigint();
    work();
    times.push(Number(process.hrtime.bigint() - begin) / requestsEach);
  }
  return times.toSorted((one, other) => one - other)[rounds >> 1] ?? Number.NaN;
}

process.stdout.write('ns a request              one key       100,000 keys\n');
for (const depth of [1, 16, 64]) {
  const cells: string[] = [];
  for (const keys of [1, 100_000]) {
    fill(keys);
    const all = chunks(keys, depth);
    const caller = new Caller();
    const ours = nanoseconds(() => serve(all, caller));
    if (caller.taken > requestsEach / 1000) throw new RangeError(`${caller.taken} requests were not answered here`);
    const table = new Map(
      Array.from({ length: keys }, (_, key) => [Buffer.concat([Buffer.from([0, 2, 0, 1]), inputOf(key)]).toString('latin1'), Buffer.alloc(answerBytes, 'x')]),
    );
    const out = Buffer.alloc(bufferBytes);
    const theirs = nanoseconds(() => byHand(all, table, out));
    cells.push(`${ours.toFixed(0).padStart(5)} (a Map ${theirs.toFixed(0).padStart(5)}, ratio ${(theirs / ours).toFixed(2)})`);
  }
  process.stdout.write(`chunks of ${String(depth).padStart(2)}   ${cells.join('   ')}\n`);
}
