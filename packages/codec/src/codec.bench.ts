/**
 * What the hot ways of the codec cost, each beside a named peer. `pnpm bench` prints the table and, with a path as its
 * argument, writes the same as JSON. Ratios hold across machines, times do not.
 */
import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { crc32c, decodeValue, encodeFrame, encodeValue, Flag, FrameDecoder, frameBytes, Kind, openBody, writeFrame } from './index.ts';

interface Contest {
  readonly what: string;
  readonly peer: string;
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
}

const roundMs = 20;
const rounds = 12;

const player = {
  id: '9007199254740993',
  name: 'player 7',
  externalId: null,
  level: 7,
  experience: '12345678901',
  status: 'active',
  attributes: { guild: 'north', title: 'knight', score: 1.5, tags: ['a', 'b', 'c'] },
  lastLoginAt: '2026-11-20T10:00:00.000Z',
  version: 3,
  createdAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
};
const list = { items: Array.from({ length: 50 }, (_, index) => ({ ...player, id: String(index) })), nextCursor: null };

const payload = Buffer.alloc(200, 'x');
const chunk = Buffer.concat(Array.from({ length: 300 }, (_, requestId) => encodeFrame({ kind: Kind.request, requestId, game: 2, operation: 1 }, payload)));
const pieces = Array.from({ length: Math.ceil(chunk.length / 4000) }, (_, index) => chunk.subarray(index * 4000, index * 4000 + 4000));

/** How a decoder is often written: put everything together, then cut. */
class ConcatDecoder {
  #rest = Buffer.alloc(0);

  decode(bytes: Buffer, onFrame: (frame: { kind: number; requestId: number; body: Buffer }) => void): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
      const end = 4 + this.#rest.readUInt32BE(0);
      onFrame({ kind: this.#rest.readUInt8(5), requestId: this.#rest.readUInt32BE(8), body: Buffer.from(this.#rest.subarray(16, end)) });
      this.#rest = this.#rest.subarray(end);
    }
  }
}

let sink = 0;
const ours = new FrameDecoder();
const naive = new ConcatDecoder();
const out = Buffer.alloc(65_536);
const fields = { kind: Kind.response, flags: 0, priority: 0, requestId: 1, game: 2, operation: 1 };
const sealed = { ...fields, flags: Flag.checksum };

function naiveFrame(): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(12 + payload.length, 0);
  header.set([1, 1, 0, 0], 4);
  header.writeUInt32BE(1, 8);
  header.writeUInt16BE(2, 12);
  header.writeUInt16BE(1, 14);
  return Buffer.concat([header, payload]);
}

function tableCrc(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (oneTable[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
const oneTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

const packr = new Packr({ useRecords: false, variableMapSize: true });
const large = Buffer.alloc(65_536, 'midgard');
const encoded = { player: encodeValue(player, 'msgpack'), list: encodeValue(list, 'msgpack') };
const text = { player: encodeValue(player, 'json'), list: encodeValue(list, 'json') };
const frameLength = frameBytes(payload.length, 0);

const contests: readonly Contest[] = [
  {
    what: 'decode 300 frames of 216 B, one chunk',
    peer: 'Buffer.concat decoder',
    ours: () => ours.decode(chunk, (frame) => (sink += frame.requestId)),
    theirs: () => naive.decode(chunk, (frame) => (sink += frame.requestId)),
  },
  {
    what: 'decode 300 frames of 216 B, cut at 4,000 B',
    peer: 'Buffer.concat decoder',
    ours: () => pieces.forEach((piece) => ours.decode(piece, (frame) => (sink += frame.requestId))),
    theirs: () => pieces.forEach((piece) => naive.decode(piece, (frame) => (sink += frame.requestId))),
  },
  {
    what: 'decode and open 300 frames',
    peer: 'Buffer.concat decoder',
    ours: () => ours.decode(chunk, (frame) => (sink += openBody(frame).payload.length)),
    theirs: () => naive.decode(chunk, (frame) => (sink += frame.body.length)),
  },
  {
    what: 'write 300 frames of 216 B in place',
    peer: 'Buffer.concat a frame',
    ours: () => {
      for (let at = 0, n = 0; n < 300; n++) at = writeFrame(out, at, fields, payload);
    },
    theirs: () => {
      for (let n = 0; n < 300; n++) sink += naiveFrame().length;
    },
  },
  {
    what: 'write 280 frames of 220 B with CRC in place',
    peer: 'without CRC',
    ours: () => {
      for (let at = 0, n = 0; n < 280; n++) at = writeFrame(out, at, sealed, payload);
    },
    theirs: () => {
      for (let at = 0, n = 0; n < 280; n++) at = writeFrame(out, at, fields, payload);
    },
  },
  {
    what: 'encodeFrame, 216 B',
    peer: 'Buffer.concat a frame',
    ours: () => (sink += encodeFrame({ kind: Kind.response, requestId: 1, game: 2, operation: 1 }, payload).length - frameLength),
    theirs: () => (sink += naiveFrame().length),
  },
  { what: 'crc32c of 200 B', peer: 'node:zlib crc32 (another CRC)', ours: () => (sink += crc32c(payload)), theirs: () => (sink += crc32(payload)) },
  { what: 'crc32c of 64 KiB', peer: 'node:zlib crc32 (another CRC)', ours: () => (sink += crc32c(large)), theirs: () => (sink += crc32(large)) },
  { what: 'crc32c of 64 KiB', peer: 'one table, byte by byte', ours: () => (sink += crc32c(large)), theirs: () => (sink += tableCrc(large)) },
  {
    what: 'decodeValue msgpack, a player',
    peer: 'msgpackr.unpack',
    ours: () => decodeValue(encoded.player, 'msgpack'),
    theirs: () => packr.unpack(encoded.player),
  },
  {
    what: 'decodeValue msgpack, 50 players',
    peer: 'msgpackr.unpack',
    ours: () => decodeValue(encoded.list, 'msgpack'),
    theirs: () => packr.unpack(encoded.list),
  },
  { what: 'encodeValue msgpack, a player', peer: 'msgpackr.pack', ours: () => encodeValue(player, 'msgpack'), theirs: () => packr.pack(player) },
  { what: 'encodeValue msgpack, 50 players', peer: 'msgpackr.pack', ours: () => encodeValue(list, 'msgpack'), theirs: () => packr.pack(list) },
  { what: 'decodeValue json, a player', peer: 'JSON.parse', ours: () => decodeValue(text.player, 'json'), theirs: () => JSON.parse(text.player.toString()) },
  { what: 'decodeValue json, 50 players', peer: 'JSON.parse', ours: () => decodeValue(text.list, 'json'), theirs: () => JSON.parse(text.list.toString()) },
  { what: 'encodeValue json, a player', peer: 'JSON.stringify', ours: () => encodeValue(player, 'json'), theirs: () => Buffer.from(JSON.stringify(player)) },
  {
    what: 'decodeValue msgpack, a player',
    peer: 'decodeValue json',
    ours: () => decodeValue(encoded.player, 'msgpack'),
    theirs: () => decodeValue(text.player, 'json'),
  },
  { what: 'encodeValue msgpack, a player', peer: 'encodeValue json', ours: () => encodeValue(player, 'msgpack'), theirs: () => encodeValue(player, 'json') },
];

/** Nanoseconds of a call: runs for one round and takes the mean. */
function measure(run: () => unknown): number {
  const start = performance.now();
  let calls = 0;
  let now = start;
  for (; now - start < roundMs; now = performance.now()) {
    for (let n = 0; n < 64; n++) run();
    calls += 64;
  }
  return ((now - start) * 1e6) / calls;
}

/** Both in turn, so that noise hits both; the best round of each counts. */
function race({ what, peer, ours, theirs }: Contest): { what: string; peer: string; ns: number; peerNs: number; ratio: number } {
  let ns = Number.POSITIVE_INFINITY;
  let peerNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    ns = Math.min(ns, measure(ours));
    peerNs = Math.min(peerNs, measure(theirs));
  }
  return { what, peer, ns, peerNs, ratio: ns / peerNs };
}

const results = contests.map(race);
for (const { what, peer, ns, peerNs, ratio } of results) {
  console.log(`${what.padEnd(46)} ${ns.toFixed(0).padStart(8)} ns   ${peer.padEnd(30)} ${peerNs.toFixed(0).padStart(8)} ns   ${ratio.toFixed(2)} × its time`);
}
const file = process.argv[2];
if (file !== undefined) writeFileSync(file, `${JSON.stringify({ sink: sink > 0, results }, null, 2)}\n`);
