import { describe, expect, it } from 'vitest';
import { encodeFrame, Flag, FrameDecoder, frameBytes, isSealed, Kind, openBody, sealChecksum, writeFrame } from './index.ts';
import type { Frame, FrameFields, FrameHeader } from './index.ts';

const ignore = (): void => {};
const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 };

function announce(length: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(length, 0);
  bytes[4] = 1;
  return bytes;
}

function decodeOne(bytes: Uint8Array): Frame {
  const frames: Frame[] = [];
  new FrameDecoder().decode(bytes, (frame) => frames.push(frame));
  const [frame, ...more] = frames;
  expect(more).toEqual([]);
  if (frame === undefined) throw new Error('there is no frame');
  return frame;
}

describe('a decoder', () => {
  it('hands out a whole frame as a view of the chunk and a cut one as a copy', () => {
    const chunk = Buffer.concat(['a', 'b', 'c'].map((text) => encodeFrame({ kind: Kind.ping }, Buffer.from(text))));
    const bodies: Buffer[] = [];
    const decoder = new FrameDecoder();
    decoder.decode(chunk.subarray(0, 20), (frame) => bodies.push(frame.body));
    decoder.decode(chunk.subarray(20), (frame) => bodies.push(frame.body));
    chunk.fill(0x7a);
    expect(bodies.map(String)).toEqual(['z', 'b', 'z']);
  });

  it('takes bytes one by one', () => {
    const stream = Buffer.concat([1, 2, 3].map((requestId) => encodeFrame({ kind: Kind.request, requestId }, Buffer.alloc(5000 * requestId, requestId))));
    const decoder = new FrameDecoder();
    const seen: [number, number][] = [];
    stream.forEach((_, at) => decoder.decode(stream.subarray(at, at + 1), (frame) => seen.push([frame.requestId, frame.body.length])));
    expect(seen).toEqual([
      [1, 5000],
      [2, 10_000],
      [3, 15_000],
    ]);
  });

  it('takes a plain Uint8Array that is part of a larger buffer', () => {
    const frame = encodeFrame({ kind: Kind.ping }, Buffer.from('abc'));
    const larger = new Uint8Array(frame.length + 9);
    larger.set(frame, 7);
    expect(decodeOne(larger.subarray(7, 7 + frame.length)).body.toString()).toBe('abc');
  });

  it('takes a frame of exactly the limit and refuses one byte more', () => {
    const decoder = new FrameDecoder({ maxFrameBytes: 100 });
    decoder.decode(encodeFrame({ kind: Kind.request }, Buffer.alloc(84)), ignore);
    expect(() => decoder.decode(encodeFrame({ kind: Kind.request }, Buffer.alloc(85)), ignore)).toThrow(
      expect.objectContaining({ code: 'ERR_CODEC_TOO_LARGE' }),
    );
  });

  it('holds no memory between frames, and no more than twice what came while one is cut', () => {
    const frame = encodeFrame({ kind: Kind.request }, Buffer.alloc(100_000));
    const decoder = new FrameDecoder({ maxFrameBytes: frame.length });
    for (let at = 0; at < frame.length; at += 999) {
      decoder.decode(frame.subarray(at, at + 999), ignore);
      expect(decoder.bufferedBytes).toBeLessThanOrEqual(Math.min(frame.length, Math.max(4096, 2 * (at + 999))));
    }
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('keeps no megabyte ready for one that is only announced', () => {
    const decoder = new FrameDecoder();
    decoder.decode(announce(1_048_572), ignore);
    expect(decoder.bufferedBytes).toBeLessThanOrEqual(4096);
    expect(decoder.error).toBeNull();
  });

  it('delivers the frames before a bad one, then stays failed and holds nothing', () => {
    const decoder = new FrameDecoder();
    const good = encodeFrame({ kind: Kind.ping }, Buffer.from('x'));
    let seen = 0;
    const push = (bytes: Buffer): void => decoder.decode(bytes, () => seen++);
    expect(() => push(Buffer.concat([good, announce(3), good]))).toThrow(expect.objectContaining({ code: 'ERR_CODEC_PROTOCOL' }));
    expect(() => push(good)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_PROTOCOL' }));
    expect(seen).toBe(1);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('fails with a handler that throws, and lets its error through', () => {
    const decoder = new FrameDecoder();
    const mine = new Error('mine');
    const frame = encodeFrame({ kind: Kind.ping }, Buffer.from('x'));
    expect(() =>
      decoder.decode(frame, () => {
        throw mine;
      }),
    ).toThrow(mine);
    expect(decoder.error).toMatchObject({ code: 'ERR_CODEC_PROTOCOL', cause: mine });
  });

  it.each([15, 2 ** 32, 1.5, Number.NaN])('refuses a limit of %s', (maxFrameBytes) => {
    expect(() => new FrameDecoder({ maxFrameBytes })).toThrow(expect.objectContaining({ code: 'ERR_CODEC_ARGUMENT' }));
  });
});

describe('encoding a frame', () => {
  const zeros = Buffer.alloc(5000);

  it('compresses what is long and shrinks, and nothing else', () => {
    const random = Buffer.from(Array.from({ length: 5000 }, (_, index) => (Math.imul(index, 2_654_435_761) >>> 13) & 0xff));
    const flagsOf = (header: FrameHeader, payload: Uint8Array): number =>
      decodeOne(encodeFrame(header, payload, { compression: 'zstd' })).flags & Flag.compressed;
    expect(flagsOf({ kind: Kind.request }, zeros)).toBe(Flag.compressed);
    expect(flagsOf({ kind: Kind.request }, zeros.subarray(0, 1024))).toBe(0);
    expect(flagsOf({ kind: Kind.welcome }, zeros)).toBe(0);
    const frame = decodeOne(encodeFrame({ kind: Kind.request }, random, { compression: 'deflate', compressAboveBytes: 0 }));
    expect(openBody(frame, { compression: 'deflate' }).payload).toEqual(random);
  });

  it('refuses what the peer would refuse: a frame above the limit, and a payload above it however well it shrinks', () => {
    const limits = { maxFrameBytes: 1000, compression: 'zstd' } as const;
    expect(() => encodeFrame({ kind: Kind.response }, Buffer.alloc(985), limits)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_TOO_LARGE' }));
    expect(() => encodeFrame({ kind: Kind.response }, zeros, limits)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_TOO_LARGE' }));
    expect(encodeFrame({ kind: Kind.response }, Buffer.alloc(984), limits)).toHaveLength(1000);
  });

  it.each<[string, FrameHeader]>([
    ['a request id of 2^32', { kind: Kind.request, requestId: 2 ** 32 }],
    ['a negative request id', { kind: Kind.request, requestId: -1 }],
    ['a broken request id', { kind: Kind.request, requestId: 1.5 }],
    ['a game number of 2^16', { kind: Kind.request, game: 65_536 }],
    ['an operation code of 2^16', { kind: Kind.request, operation: 65_536 }],
  ])('refuses %s', (_, header) => {
    expect(() => encodeFrame(header, Buffer.alloc(0))).toThrow(expect.objectContaining({ code: 'ERR_CODEC_ARGUMENT' }));
  });

  it.each([{ traceId: 'short' }, { traceId: trace.traceId.toUpperCase() }, { spanId: `${trace.spanId}0` }, { flags: 256 }])(
    'refuses the trace context with %o',
    (change) => {
      expect(() => encodeFrame({ kind: Kind.request }, Buffer.alloc(0), { trace: { ...trace, ...change } })).toThrow(
        expect.objectContaining({ code: 'ERR_CODEC_ARGUMENT' }),
      );
    },
  );

  it('refuses a ping above 125 bytes', () => {
    expect(() => encodeFrame({ kind: Kind.ping }, Buffer.alloc(126))).toThrow(expect.objectContaining({ code: 'ERR_CODEC_ARGUMENT' }));
  });
});

describe('writing a frame in place', () => {
  const fields: FrameFields = { kind: Kind.response, flags: Flag.checksum | 0x10, priority: 0, requestId: 7, game: 2, operation: 1 };

  it('gives the bytes of encodeFrame, frame behind frame', () => {
    const payload = Buffer.from('{"a":1}');
    const one = encodeFrame({ kind: Kind.response, requestId: 7, game: 2, operation: 1 }, payload, { encoding: 'json', checksum: true });
    const target = Buffer.alloc(2 * frameBytes(payload.length, fields.flags));
    expect(writeFrame(target, writeFrame(target, 0, fields, payload), fields, payload)).toBe(target.length);
    expect(target).toEqual(Buffer.concat([one, one]));
  });

  it('refuses a target that is too small before it writes', () => {
    const target = Buffer.alloc(20, 0x55);
    expect(() => writeFrame(target, 0, fields, Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'ERR_CODEC_ARGUMENT' }));
    expect(target).toEqual(Buffer.alloc(20, 0x55));
  });
});

describe('opening a body', () => {
  it('does not ask a hello or a welcome for a checksum, and everything else', () => {
    for (const kind of Object.values(Kind)) {
      const frame = decodeOne(encodeFrame({ kind }, Buffer.alloc(0)));
      const open = (): unknown => openBody(frame, { checksum: true });
      if (kind === Kind.hello || kind === Kind.welcome) expect(open).not.toThrow();
      else expect(open).toThrow(expect.objectContaining({ code: 'ERR_CODEC_PROTOCOL' }));
    }
  });

  it('asks no ping for a named encoding, and no hello for JSON bits', () => {
    const ping = decodeOne(encodeFrame({ kind: Kind.ping }, Buffer.from('x'), { encoding: 'msgpack' }));
    expect(openBody(ping, { encodings: ['json'] }).payload.toString()).toBe('x');
    const hello = { ...decodeOne(encodeFrame({ kind: Kind.hello }, Buffer.from('{}'))), flags: 0 };
    expect(openBody(hello, { encodings: [] }).encoding).toBe('json');
  });

  it('lets a Protocol Buffers body through that the hello named, for its decoder to refuse', () => {
    const frame = decodeOne(encodeFrame({ kind: Kind.request }, Buffer.from([8, 42]), { encoding: 'protobuf' }));
    expect(openBody(frame, { encodings: ['protobuf', 'json'] }).encoding).toBe('protobuf');
  });

  it('refuses a frame from elsewhere whose body is shorter than its flags say', () => {
    const frame = { ...decodeOne(encodeFrame({ kind: Kind.request }, Buffer.alloc(3))), flags: Flag.checksum };
    expect(() => openBody(frame)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_PROTOCOL' }));
  });

  it('takes a body that inflates to exactly the limit', () => {
    const frame = decodeOne(encodeFrame({ kind: Kind.request }, Buffer.alloc(5000), { compression: 'zstd' }));
    expect(openBody(frame, { compression: 'zstd', maxFrameBytes: 5000 }).payload).toHaveLength(5000);
    expect(() => openBody(frame, { compression: 'zstd', maxFrameBytes: 4999 })).toThrow(expect.objectContaining({ code: 'ERR_CODEC_TOO_LARGE' }));
  });
});

describe('a frame that was cut', () => {
  const frames = ['first', 'second', 'third'].map((text, at) => encodeFrame({ kind: Kind.request, requestId: at }, Buffer.from(text)));
  const stream = Buffer.concat(frames);

  it('is completed alone, wherever it was cut, and what follows it is left', () => {
    for (let cut = 1; cut < (frames[0]?.length ?? 0); cut += 1) {
      const ids: number[] = [];
      const decoder = new FrameDecoder();
      decoder.decode(stream.subarray(0, cut), ({ requestId }) => ids.push(requestId));
      const taken = decoder.complete(stream.subarray(cut), ({ requestId }) => ids.push(requestId));
      expect([taken, ids, decoder.bufferedBytes]).toEqual([(frames[0]?.length ?? 0) - cut, [0], 0]);
    }
  });

  it('takes all bytes as long as it is not whole, and none where nothing was cut', () => {
    const decoder = new FrameDecoder();
    expect(decoder.complete(stream, ignore)).toBe(0);
    decoder.decode(stream.subarray(0, 2), ignore);
    expect(decoder.complete(stream.subarray(2, 18), ignore)).toBe(16);
    expect(decoder.complete(stream.subarray(18), ignore)).toBe((frames[0]?.length ?? 0) - 18);
  });

  it('is judged as soon as its length is there, and fails the decoder', () => {
    const decoder = new FrameDecoder();
    decoder.decode(announce(5).subarray(0, 3), ignore);
    expect(() => decoder.complete(announce(5).subarray(3), ignore)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_PROTOCOL' }));
    expect(() => decoder.decode(stream, ignore)).toThrow(expect.objectContaining({ code: 'ERR_CODEC_PROTOCOL' }));
  });
});

describe('a checksum in place', () => {
  it('is that of a frame which was encoded with one, and tells every damaged byte', () => {
    const frame = encodeFrame({ kind: Kind.request, requestId: 7, game: 2, operation: 1 }, Buffer.from('payload'), { checksum: true });
    const around = Buffer.concat([Buffer.from('before'), frame, Buffer.from('behind')]);
    expect(isSealed(around, 6, 6 + frame.length)).toBe(true);
    for (let at = 10; at < 6 + frame.length; at += 1) {
      const damaged = Buffer.from(around);
      damaged[at] = (damaged[at] ?? 0) ^ 0x80;
      expect(isSealed(damaged, 6, 6 + frame.length)).toBe(false);
      sealChecksum(damaged, 6, 6 + frame.length);
      expect(isSealed(damaged, 6, 6 + frame.length)).toBe(true);
    }
  });
});
