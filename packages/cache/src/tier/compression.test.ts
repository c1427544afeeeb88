import { zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Compression } from './compression.ts';

const refused = expect.objectContaining({ code: 'ERR_CACHE_ENCODING' });
const repeated = Buffer.from('gold '.repeat(10_000));
const random = Uint8Array.from({ length: 20_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 0xff);

test('what comes out is what went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 5000 }), (bytes, times, minBytes) => {
      const compression = new Compression({ minBytes });
      const value = Buffer.concat(Array.from({ length: times }, () => bytes));
      expect(new Uint8Array(compression.unpack(compression.pack(value)))).toEqual(new Uint8Array(value));
    }),
  );
});

test('small values and such as do not shrink cost one byte', () => {
  const compression = new Compression();
  expect(compression.pack(Buffer.alloc(4095)).length).toBe(4096);
  expect(compression.pack(Buffer.alloc(4096)).length).toBeLessThan(100);
  const noise = Uint8Array.from({ length: 20_000 }, () => Math.floor(Math.random() * 256));
  expect(compression.pack(noise).length).toBe(noise.length + 1);
});

test('a few bytes that unpack to many are refused', () => {
  const bomb = new Compression().pack(Buffer.alloc(50_000_000));
  expect(bomb.length).toBeLessThan(10_000);
  expect(() => new Compression({ maxBytes: 1_000_000 }).unpack(bomb)).toThrow(refused);
  expect(new Compression({ maxBytes: repeated.length }).unpack(new Compression().pack(repeated)).length).toBe(repeated.length);
  expect(() => new Compression({ maxBytes: repeated.length - 1 }).unpack(new Compression().pack(repeated))).toThrow(refused);
});

test('too large a value is refused before it is stored, and when it is read', () => {
  const compression = new Compression({ maxBytes: 1000 });
  expect(() => compression.pack(Buffer.alloc(1001))).toThrow(refused);
  expect(() => compression.unpack(new Compression().pack(random))).toThrow(refused);
});

test.each<readonly [string, Uint8Array]>([
  ['nothing', new Uint8Array(0)],
  ['an unknown kind', Uint8Array.of(7, 1, 2)],
  ['no zstd', Uint8Array.of(1, 1, 2, 3)],
  ['half of it', new Compression().pack(repeated).subarray(0, 20)],
  ['more behind it', Buffer.concat([new Compression().pack(repeated), Buffer.from('x')])],
  ['a window of 128 MiB', Buffer.concat([Buffer.of(1), zstdCompressSync(Buffer.alloc(200_000_000), { params: { 101: 27 } })])],
])('%s is refused', (_, bytes) => {
  expect(() => new Compression({ maxBytes: 2 ** 30 }).unpack(bytes)).toThrow(refused);
});

test.each([{ minBytes: -1 }, { maxBytes: Number.NaN }])('%o is refused', (options) => {
  expect(() => new Compression(options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' }));
});
