import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it, vi } from 'vitest';
import { CodecError, crc32c, decodeValue, encodeFrame, encodeValue, FrameDecoder, Kind, openBody } from './index.ts';
import type { EncodeOptions, Frame, FrameHeader } from './index.ts';

interface FrameSpec {
  readonly header: Required<FrameHeader>;
  readonly payload: Uint8Array;
  readonly options: EncodeOptions;
}

const hex = (digits: number): fc.Arbitrary<string> => fc.string({ unit: fc.nat(15).map((digit) => digit.toString(16)), minLength: digits, maxLength: digits });

const anyOptions: fc.Arbitrary<EncodeOptions> = fc.record(
  {
    compression: fc.constantFrom(null, 'zstd', 'deflate'),
    checksum: fc.boolean(),
    compressAboveBytes: fc.constantFrom(0, 64),
    encoding: fc.constantFrom('msgpack', 'json', 'protobuf'),
    trace: fc.record({ traceId: hex(32), spanId: hex(16), flags: fc.nat(255) }),
  },
  { requiredKeys: [] },
);

// Runs of one byte compress, random bytes do not: both ways must be walked.
const anyPayload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.nat(255), fc.nat(5000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
);

const anyFrame: fc.Arbitrary<FrameSpec> = fc
  .record({
    header: fc.record({
      kind: fc.constantFrom(...Object.values(Kind)),
      priority: fc.constantFrom(0, 1, 2),
      requestId: fc.nat(0xffff_ffff),
      game: fc.nat(0xffff),
      operation: fc.nat(0xffff),
    }),
    payload: anyPayload,
    options: anyOptions,
  })
  .map((spec) => (spec.header.kind === Kind.ping || spec.header.kind === Kind.pong ? { ...spec, payload: spec.payload.subarray(0, 125) } : spec));

function encode({ header, payload, options }: FrameSpec): Buffer {
  return encodeFrame(header, payload, options);
}

function framesOf(chunks: readonly Uint8Array[], decoder: FrameDecoder = new FrameDecoder()): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) decoder.decode(chunk, (frame) => frames.push(frame));
  return frames;
}

function onlyFrameOf(bytes: Buffer): Frame {
  const [frame, ...more] = framesOf([bytes]);
  expect(more).toEqual([]);
  if (frame === undefined) throw new Error('there is no frame');
  return frame;
}

function cut(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const marks = [0, ...cuts.map((mark) => mark % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  return marks.slice(1).map((end, index) => stream.subarray(marks[index], end));
}

/** The code of the CodecError that is thrown, or null; anything else passes through and fails the test. */
function refusal(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
}

/** A valid stream with some of its bytes overwritten: it gets past the first checks where random bytes do not. */
const nearlyRight = fc
  .tuple(fc.array(anyFrame, { minLength: 1, maxLength: 4 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
  .map(([specs, changes]) => {
    const stream = Buffer.concat(specs.map(encode));
    for (const [at, byte] of changes) stream[at % stream.length] = byte;
    return stream;
  });

describe('frames', () => {
  it('come back from the wire as they were, whatever their sealing', () => {
    fc.assert(
      fc.property(anyFrame, (spec) => {
        const frame = onlyFrameOf(encode(spec));
        expect(frame).toMatchObject(spec.header);
        const opened = openBody(frame, { compression: spec.options.compression ?? null, checksum: spec.options.checksum ?? false });
        expect(Buffer.compare(opened.payload, spec.payload)).toBe(0);
        expect(opened.trace).toEqual(spec.options.trace);
        const isHandshake = [Kind.hello, Kind.welcome, Kind.goodbye].some((kind) => kind === spec.header.kind);
        expect(opened.encoding).toBe(isHandshake ? 'json' : (spec.options.encoding ?? 'msgpack'));
      }),
      { numRuns: 500 },
    );
  });

  it('are the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 40 }), (specs, cuts) => {
        const stream = Buffer.concat(specs.map(encode));
        const whole = framesOf([stream]);
        expect(whole).toHaveLength(specs.length);
        expect(framesOf(cut(stream, cuts))).toEqual(whole);
      }),
    );
  });

  it('and verdicts on a bad stream are the same however it is cut', () => {
    fc.assert(
      fc.property(nearlyRight, fc.array(fc.nat(), { maxLength: 40 }), (stream, cuts) => {
        const [whole, pieces] = [new FrameDecoder(), new FrameDecoder()];
        const [ofWhole, ofPieces]: [Frame[], Frame[]] = [[], []];
        const verdict = refusal(() => whole.decode(stream, (frame) => ofWhole.push(frame)));
        expect(refusal(() => cut(stream, cuts).forEach((chunk) => pieces.decode(chunk, (frame) => ofPieces.push(frame))))).toBe(verdict);
        expect(ofPieces).toEqual(ofWhole);
      }),
      { numRuns: 300 },
    );
  });

  it('made of any bytes give 1003 or 1009 and never take more memory than the limit', () => {
    const maxFrameBytes = 9000;
    const allocations = vi.spyOn(Buffer, 'allocUnsafe');
    const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), nearlyRight);
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(), { maxLength: 10 }), (bytes, cuts) => {
        const decoder = new FrameDecoder({ maxFrameBytes });
        const chunks = cut(Buffer.from(bytes), cuts);
        allocations.mockClear();
        const code = refusal(() => {
          for (const chunk of chunks) {
            framesOf([chunk], decoder);
            expect(decoder.bufferedBytes).toBeLessThanOrEqual(maxFrameBytes);
          }
        });
        expect([null, 'ERR_CODEC_PROTOCOL', 'ERR_CODEC_TOO_LARGE']).toContain(code);
        for (const [size] of allocations.mock.calls) expect(size).toBeLessThanOrEqual(maxFrameBytes);
      }),
      { numRuns: 500 },
    );
    allocations.mockRestore();
  });

  it('of any bytes open or are refused, and no payload is above the limit', () => {
    const maxFrameBytes = 4000;
    fc.assert(
      fc.property(nearlyRight, fc.constantFrom(null, 'zstd' as const, 'deflate' as const), fc.boolean(), (stream, compression, checksum) => {
        const frames: Frame[] = [];
        refusal(() => new FrameDecoder().decode(stream, (frame) => frames.push(frame)));
        for (const frame of frames) {
          const code = refusal(() => {
            const { payload } = openBody(frame, { compression, checksum, maxFrameBytes });
            if (frame.flags & 1) expect(payload.length).toBeLessThanOrEqual(maxFrameBytes);
          });
          expect([null, 'ERR_CODEC_PROTOCOL', 'ERR_CODEC_TOO_LARGE', 'ERR_CODEC_BODY']).toContain(code);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('change their checksum with every bit', () => {
    const frame = encodeFrame({ kind: Kind.request, requestId: 9 }, Buffer.from('payload'), { checksum: true });
    for (let bit = 8 * 8; bit < frame.length * 8; bit++) {
      const changed = Buffer.from(frame);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(refusal(() => framesOf([changed]).forEach((one) => openBody(one, { checksum: true })))).toBe('ERR_CODEC_PROTOCOL');
    }
  });
});

describe('a CRC-32C', () => {
  it('is the one of the table-free definition, whole or piece by piece', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, mark) => {
        let crc = ~0;
        for (const byte of bytes) {
          crc ^= byte;
          for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
        }
        expect(crc32c(bytes)).toBe(~crc >>> 0);
        expect(crc32c(bytes.subarray(mark), crc32c(bytes.subarray(0, mark)))).toBe(~crc >>> 0);
      }),
    );
  });
});

describe('values', () => {
  // -0 is written as 0, and a key __proto__ is refused: both stand in PROTOCOL.md.
  const anyText = fc.string({ unit: 'grapheme' });
  const anyKey = anyText.filter((key) => key !== '__proto__');
  const { value: anyValue } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom(null, true, false),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      anyText,
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(anyKey, tie('value'), { maxKeys: 20, noNullPrototype: true }),
    ),
  }));

  it.each(['msgpack', 'json'] as const)('come back from %s as they were', (encoding) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodeValue(encodeValue(value, encoding), encoding)).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('are read from MessagePack as msgpackr reads them, or refused', () => {
    const peer = new Packr({ useRecords: false });
    const narrow = (value: unknown): unknown => {
      if (typeof value === 'bigint') return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value;
      if (Array.isArray(value)) return value.map(narrow);
      const isMap = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
      return isMap ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, narrow(item)])) : value;
    };
    const changed = fc.tuple(anyValue, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })).map(([value, changes]) => {
      const bytes = Buffer.from(encodeValue(value, 'msgpack'));
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          changed,
          fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          let value: unknown;
          const code = refusal(() => (value = decodeValue(bytes, 'msgpack')));
          expect([null, 'ERR_CODEC_BODY']).toContain(code);
          if (code === null) expect(value).toEqual(narrow(peer.unpack(Buffer.from(bytes))));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of any JSON bytes decode or are refused', () => {
    const nearlyJson = fc.tuple(fc.json(), fc.nat(), fc.nat(127)).map(([text, at, byte]) => {
      const bytes = Buffer.from(text);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        expect([null, 'ERR_CODEC_BODY']).toContain(refusal(() => decodeValue(bytes, 'json')));
      }),
      { numRuns: 1000 },
    );
  });
});
