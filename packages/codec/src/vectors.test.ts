import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CodecError,
  crc32c,
  decodeValue,
  encodeFrame,
  encodeValue,
  encodingOf,
  FrameDecoder,
  frameBytes,
  Kind,
  negotiate,
  openBody,
  parseErrorBody,
  parseGoodbye,
  parseHello,
  parseWelcome,
  writeFrame,
} from './index.ts';
import type { Compression, Encoding, Frame, TraceContext } from './index.ts';

interface FrameVector {
  name: string;
  hex: string;
  kind: keyof typeof Kind;
  flags: number;
  priority: 0 | 1 | 2;
  requestId: number;
  game: number;
  operation: number;
  encoding: Encoding;
  checksum: boolean;
  compression: Compression | null;
  trace: TraceContext | null;
  payload: string;
  value?: unknown;
}
interface RefusedVector {
  name: string;
  hex: string;
  code: 1003 | 1009 | 2001;
  step?: 'open';
  from?: 'client' | 'server';
  maxFrameBytes?: number;
  checksum?: boolean;
  compression?: Compression;
  encodings?: Encoding[];
}
interface BodyVector {
  name: string;
  encoding: Encoding;
  hex: string;
  value?: unknown;
  bigint?: string;
  canonical?: boolean;
  code?: 2001;
}
interface HelloVector {
  name: string;
  json: unknown;
  path?: string;
}
interface CrcVector {
  name: string;
  hex: string;
  crc32c: string;
}

// The vectors are our own: their shape is taken at its word, and a wrong one fails a test below.
function load<T>(file: string): T[] {
  const vectors: T[] = JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'));
  return vectors;
}

const codes = { ERR_CODEC_PROTOCOL: 1003, ERR_CODEC_TOO_LARGE: 1009, ERR_CODEC_BODY: 2001, ERR_CODEC_ARGUMENT: 1000 } as const;

function codeOf(run: () => unknown): number | 'accepted' {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof CodecError) return codes[error.code];
    throw error;
  }
}

function decodeAll(hex: string, options?: ConstructorParameters<typeof FrameDecoder>[0]): Frame[] {
  const frames: Frame[] = [];
  new FrameDecoder(options).decode(Buffer.from(hex, 'hex'), (frame) => frames.push(frame));
  return frames;
}

function decodeOne(hex: string): Frame {
  const [frame, ...more] = decodeAll(hex);
  expect(more).toEqual([]);
  if (frame === undefined) throw new Error('there is no frame');
  return frame;
}

const frames = load<FrameVector>('frames.json');
const refused = load<RefusedVector>('refused-frames.json');

describe('vectors/frames.json', () => {
  it.each(frames)('decodes: $name', (vector) => {
    const frame = decodeOne(vector.hex);
    const { flags, priority, requestId, game, operation } = vector;
    expect(frame).toMatchObject({ kind: Kind[vector.kind], flags, priority, requestId, game, operation });
    const opened = openBody(frame, { compression: vector.compression, checksum: vector.checksum });
    expect(opened.payload.toString('hex')).toBe(vector.payload);
    expect(opened.trace ?? null).toEqual(vector.trace);
    expect(opened.encoding).toBe(vector.encoding);
    expect(encodingOf(flags)).toBe(vector.encoding);
    if ('value' in vector) expect(decodeValue(opened.payload, opened.encoding)).toEqual(vector.value);
  });

  it.each(frames)('encodes: $name', (vector) => {
    const payload = 'value' in vector ? encodeValue(vector.value, vector.encoding) : Buffer.from(vector.payload, 'hex');
    const { priority, requestId, game, operation, encoding, checksum, compression, trace } = vector;
    const options = { encoding, checksum, compression, compressAboveBytes: 0, ...(trace === null ? {} : { trace }) };
    const frame = encodeFrame({ kind: Kind[vector.kind], priority, requestId, game, operation }, payload, options);
    if (compression === null) {
      expect(frame.toString('hex')).toBe(vector.hex);
      return;
    }
    // Compressors differ in their bytes: what counts is that it opens to the same.
    const again = decodeOne(frame.toString('hex'));
    expect(openBody(again, { compression, checksum }).payload.toString('hex')).toBe(vector.payload);
  });

  it.each(frames)('writes back what it decoded: $name', (vector) => {
    const frame = decodeOne(vector.hex);
    const body = vector.checksum ? frame.body.subarray(0, -4) : frame.body;
    const target = Buffer.alloc(frameBytes(body.length, frame.flags) + 3, 0xee);
    expect(writeFrame(target, 3, frame, body)).toBe(target.length);
    expect(target.toString('hex')).toBe(`eeeeee${vector.hex}`);
  });

  const parsers = new Map<string, (payload: Uint8Array, encoding: Encoding) => unknown>([
    ['hello', parseHello],
    ['welcome', parseWelcome],
    ['goodbye', parseGoodbye],
    ['error', parseErrorBody],
  ]);

  it.each(frames.filter(({ kind }) => parsers.has(kind)))('parses: $name', ({ kind, payload, encoding, value }) => {
    expect(parsers.get(kind)?.(Buffer.from(payload, 'hex'), encoding)).toEqual(value);
  });

  it('holds every kind, every flag and every encoding', () => {
    expect(new Set(frames.map(({ kind }) => kind))).toEqual(new Set(Object.keys(Kind)));
    expect(frames.reduce((bits, { flags }) => bits | flags, 0)).toBe(0x37);
  });
});

describe('vectors/refused-frames.json', () => {
  it.each(refused)('$code: $name', ({ hex, code, step, from, maxFrameBytes, checksum = false, compression = null, encodings }) => {
    const limit = maxFrameBytes === undefined ? {} : { maxFrameBytes };
    if (step === undefined) {
      expect(codeOf(() => decodeAll(hex, { ...limit, ...(from === undefined ? {} : { from }) }))).toBe(code);
      return;
    }
    const frame = decodeOne(hex);
    expect(codeOf(() => openBody(frame, { ...limit, checksum, compression, ...(encodings === undefined ? {} : { encodings }) }))).toBe(code);
  });

  it.each(refused.filter(({ step }) => step === undefined))('gives the same verdict byte by byte: $name', ({ hex, code, from, maxFrameBytes }) => {
    const decoder = new FrameDecoder({ ...(from === undefined ? {} : { from }), ...(maxFrameBytes === undefined ? {} : { maxFrameBytes }) });
    const bytes = Buffer.from(hex, 'hex');
    expect(codeOf(() => bytes.forEach((_, at) => decoder.decode(bytes.subarray(at, at + 1), () => {})))).toBe(code);
  });
});

describe('vectors/bodies.json', () => {
  const bodies = load<BodyVector>('bodies.json');

  it.each(bodies.filter(({ code }) => code === undefined))('decodes $name', ({ hex, encoding, value, bigint }) => {
    expect(decodeValue(Buffer.from(hex, 'hex'), encoding)).toEqual(bigint === undefined ? value : BigInt(bigint));
  });

  it.each(bodies.filter(({ canonical }) => canonical === true))('encodes $name', ({ hex, encoding, value }) => {
    expect(encodeValue(value, encoding).toString('hex')).toBe(hex);
  });

  it.each(bodies.filter(({ code }) => code !== undefined))('refuses $name', ({ hex, encoding, code }) => {
    expect(codeOf(() => decodeValue(Buffer.from(hex, 'hex'), encoding))).toBe(code);
  });
});

describe('vectors/hellos.json', () => {
  it.each(load<HelloVector>('hellos.json'))('$name', ({ json, path }) => {
    const payload = Buffer.from(JSON.stringify(json));
    if (path === undefined) expect(negotiate(parseHello(payload))).toBeTruthy();
    else expect(() => parseHello(payload)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_BODY', path }));
  });
});

describe('vectors/crc32c.json', () => {
  it.each(load<CrcVector>('crc32c.json'))('$name', ({ hex, crc32c: expected }) => {
    expect(crc32c(Buffer.from(hex, 'hex')).toString(16).padStart(8, '0')).toBe(expected);
  });
});
