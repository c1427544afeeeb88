import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from './index.ts';
import type { Encoding } from './index.ts';

const both = ['msgpack', 'json'] as const satisfies readonly Encoding[];
const body = expect.objectContaining({ code: 'ERR_CODEC_BODY' });
const argument = expect.objectContaining({ code: 'ERR_CODEC_ARGUMENT' });

function nested(levels: number, innermost: unknown = 1): unknown {
  return Array.from({ length: levels }).reduce<unknown>((inner) => [inner], innermost);
}

describe.each(both)('a value in %s', (encoding) => {
  const there = (value: unknown): unknown => decodeValue(encodeValue(value, encoding), encoding);

  it('carries 64-bit ids at their limits as digits', () => {
    expect(there({ ids: [1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n] })).toEqual({
      ids: ['1', '9223372036854775807', '-9223372036854775808'],
    });
  });

  it('carries a date as ISO text in UTC with milliseconds', () => {
    expect(there(new Date(1_795_168_800_123))).toBe('2026-11-20T10:00:00.123Z');
  });

  it('leaves out a key whose value is undefined and writes null for one in an array', () => {
    expect(there({ a: undefined, b: [undefined, 1], c: { d: undefined } })).toEqual({ b: [null, 1], c: {} });
  });

  it('carries a number that is not finite as null', () => {
    expect(there([Number.NaN, Number.POSITIVE_INFINITY, 1])).toEqual([null, null, 1]);
  });

  it('carries emoji whole and half a surrogate pair as U+FFFD', () => {
    expect(there({ '🎮': 'Zoë 👩‍👩‍👧‍👦', half: '\ud83c' })).toEqual({ '🎮': 'Zoë 👩‍👩‍👧‍👦', half: '\ufffd' });
  });

  it('takes 64 levels and refuses 65, both ways', () => {
    expect(there(nested(64))).toEqual(nested(64));
    expect(() => encodeValue(nested(65), encoding)).toThrow(argument);
    const bytes = encoding === 'json' ? Buffer.from(JSON.stringify(nested(65))) : Buffer.concat([Buffer.alloc(65, 0x91), Buffer.from([1])]);
    expect(() => decodeValue(bytes, encoding)).toThrow(body);
  });

  it.each([
    ['arrays', '['.repeat(100_000), Buffer.alloc(100_000, 0x91)],
    ['maps', '{"a":'.repeat(100_000), Buffer.from('81a161'.repeat(100_000), 'hex')],
  ] as const)('refuses 100,000 levels of %s without a stack overflow', (_, json, msgpack) => {
    expect(() => decodeValue(encoding === 'json' ? Buffer.from(json) : msgpack, encoding)).toThrow(body);
  });

  it('refuses a circular value as an argument', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = { inner: circular };
    expect(() => encodeValue(circular, encoding)).toThrow(argument);
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['an invalid date', new Date(Number.NaN)],
  ])('refuses %s as an argument', (_, value) => {
    expect(() => encodeValue({ value }, encoding)).toThrow(argument);
  });

  it('takes an object by its toJSON', () => {
    expect(there({ at: { toJSON: () => ({ id: 5n }) } })).toEqual({ at: { id: '5' } });
  });

  it('neither sends nor takes a key __proto__, so that nobody is polluted', () => {
    const own = JSON.parse('{"__proto__":{"isAdmin":true}}') as unknown;
    expect(() => encodeValue(own, encoding)).toThrow(argument);
    const decoded = there({ constructor: { prototype: { isAdmin: true } } });
    expect(decoded).toEqual({ constructor: { prototype: { isAdmin: true } } });
    expect({}).not.toHaveProperty('isAdmin');
  });

  it('leaves the value that it encodes as it was', () => {
    const value = Object.freeze({ id: 1n, list: Object.freeze([1n, undefined]) });
    encodeValue(value, encoding);
    expect(value).toEqual({ id: 1n, list: [1n, undefined] });
  });

  it('may be decoded from any Uint8Array, also one that is part of a larger buffer', () => {
    const bytes = encodeValue({ id: '1' }, encoding);
    const larger = new Uint8Array(bytes.length + 8).fill(0xff);
    larger.set(bytes, 5);
    expect(decodeValue(larger.subarray(5, 5 + bytes.length), encoding)).toEqual({ id: '1' });
  });
});

describe('bytes', () => {
  it('are binary in MessagePack and base64 in JSON', () => {
    expect(decodeValue(encodeValue({ blob: new Uint8Array([1, 2]) }, 'msgpack'), 'msgpack')).toEqual({ blob: Buffer.from([1, 2]) });
    expect(encodeValue({ blob: new Uint8Array([1, 2]) }, 'json').toString()).toBe('{"blob":"AQI="}');
  });

  it('that were decoded do not share memory with the body', () => {
    const body = encodeValue({ blob: new Uint8Array([1, 2]) }, 'msgpack');
    const decoded = decodeValue(body, 'msgpack');
    body.fill(0);
    expect(decoded).toEqual({ blob: Buffer.from([1, 2]) });
  });
});

describe('keys of MessagePack', () => {
  it('that fall into the same slot of the kept keys stay apart', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
    for (const name of [...names, ...names]) expect(decodeValue(encodeValue({ [name]: 1 }, 'msgpack'), 'msgpack')).toEqual({ [name]: 1 });
  });

  it('that are not UTF-8 are refused, even where a kept key has the same characters', () => {
    for (let index = 0; index < 20_000; index++) {
      const key = `é${index}`;
      decodeValue(encodeValue({ [key]: 1 }, 'msgpack'), 'msgpack');
      const broken = Buffer.concat([Buffer.from([0x81, 0xa0 + key.length]), Buffer.from(key, 'latin1'), Buffer.from([1])]);
      expect(() => decodeValue(broken, 'msgpack')).toThrow(body);
    }
  });

  it('that are not ASCII are told from ASCII ones of the same bytes', () => {
    for (const key of ['é', 'Ã©', 'ab', '', 'é']) expect(decodeValue(encodeValue({ [key]: 1 }, 'msgpack'), 'msgpack')).toEqual({ [key]: 1 });
  });
});

describe('levels of JSON', () => {
  it('are not counted inside a string, whatever it escapes', () => {
    const value = { text: `"${'['.repeat(100)}\\"${'{'.repeat(100)}\\\\` };
    expect(decodeValue(Buffer.from(JSON.stringify(value)), 'json')).toEqual(value);
  });

  it('are counted behind a string that ends in a backslash', () => {
    const text = `["${'x'.repeat(100)}\\\\",${'['.repeat(64)}${']'.repeat(64)}]`;
    expect(JSON.parse(text)).toHaveLength(2);
    expect(() => decodeValue(Buffer.from(text), 'json')).toThrow(body);
  });
});

describe('Protocol Buffers', () => {
  it('are refused cleanly: the body of a peer as a body, our own as an argument', () => {
    expect(() => decodeValue(Buffer.from([8, 42]), 'protobuf')).toThrow(body);
    expect(() => encodeValue({}, 'protobuf')).toThrow(argument);
  });
});
