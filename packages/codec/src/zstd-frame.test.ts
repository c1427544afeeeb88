import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { zstdFrameBytes } from './zstd-frame.ts';

const settings = fc.record({
  [constants.ZSTD_c_checksumFlag]: fc.constantFrom(0, 1),
  [constants.ZSTD_c_contentSizeFlag]: fc.constantFrom(0, 1),
  [constants.ZSTD_c_compressionLevel]: fc.integer({ min: 1, max: 10 }),
});
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.tuple(fc.nat(255), fc.integer({ min: 0, max: 400_000 })).map(([byte, length]) => new Uint8Array(length).fill(byte)),
);

test('the frame ends where its last byte is, whatever stands behind it', () => {
  fc.assert(
    fc.property(payload, settings, fc.uint8Array({ maxLength: 20 }), (bytes, params, behind) => {
      const frame = zstdCompressSync(bytes, { params });
      expect(zstdFrameBytes(Buffer.concat([frame, behind]))).toBe(frame.length);
    }),
  );
});

test('a frame that is cut ends beyond its payload', () => {
  const frame = zstdCompressSync(Buffer.from('Ægir '.repeat(100)));
  for (let length = 0; length < frame.length; length++) expect(zstdFrameBytes(frame.subarray(0, length))).toBeGreaterThan(length);
});

test('any bytes are walked to an end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(zstdFrameBytes(bytes)).toBeGreaterThan(0);
    }),
  );
});
