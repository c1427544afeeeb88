import { describe, expect, it } from 'vitest';
import { encodeValue, negotiate, parseErrorBody, parseGoodbye, parseHello, parseWelcome } from './index.ts';
import type { Hello, Welcome } from './index.ts';

const hello: Hello = {
  client: 'test/1',
  auth: { kind: 'apiKey', key: 'k' },
  encodings: ['json', 'msgpack'],
  compression: ['deflate', 'zstd'],
  checksum: true,
};
const welcome: Welcome = {
  session: 's',
  server: 'midgard/1',
  encoding: 'json',
  compression: null,
  checksum: false,
  heartbeatMs: 30_000,
  maxFrameBytes: 1_048_576,
  maxInFlight: 1024,
  games: [{ game: 'realm', number: 2, version: '1.0.0' }],
};
const fault = (path: string): unknown => expect.objectContaining({ code: 'ERR_CODEC_BODY', path });

describe('an agreement', () => {
  it("takes the first of the client's names that the server has", () => {
    expect(negotiate(hello)).toEqual({ encoding: 'json', encodings: ['json', 'msgpack'], compression: 'deflate', checksum: true });
    expect(negotiate(hello, { encodings: ['msgpack'], compression: ['zstd'], checksum: false })).toMatchObject({
      encoding: 'msgpack',
      compression: 'zstd',
      checksum: false,
    });
  });

  it('never takes Protocol Buffers, but remembers that the hello named it', () => {
    const agreement = negotiate({ ...hello, encodings: ['protobuf', 'msgpack'] }, { encodings: ['protobuf', 'msgpack'] });
    expect(agreement).toMatchObject({ encoding: 'msgpack', encodings: ['protobuf', 'msgpack'] });
  });

  it('has no compression where none is in common, and no checksum that nobody asked for', () => {
    expect(negotiate({ ...hello, compression: [], checksum: false })).toMatchObject({ compression: null, checksum: false });
  });

  it('fails without a common encoding', () => {
    expect(() => negotiate({ ...hello, encodings: ['protobuf'] })).toThrow(fault('encodings'));
    expect(() => negotiate({ ...hello, encodings: [] })).toThrow(fault('encodings'));
  });
});

describe('a hello', () => {
  it('comes back as it was', () => {
    expect(parseHello(encodeValue(hello, 'json'))).toEqual(hello);
  });

  it('leaves out names that this version does not know, and doubles', () => {
    const parsed = parseHello(encodeValue({ ...hello, encodings: ['cbor', 'json', 'json'], compression: ['br'] }, 'json'));
    expect(parsed).toMatchObject({ encodings: ['json'], compression: [] });
  });

  it('that is no JSON is a bad body', () => {
    expect(() => parseHello(Buffer.from('{'))).toThrow(expect.objectContaining({ code: 'ERR_CODEC_BODY' }));
  });
});

describe('a welcome', () => {
  it('comes back as it was', () => {
    expect(parseWelcome(encodeValue(welcome, 'json'))).toEqual(welcome);
  });

  it.each([
    ['encoding', { encoding: 'cbor' }],
    ['compression', { compression: 'br' }],
    ['checksum', { checksum: 1 }],
    ['heartbeatMs', { heartbeatMs: '1' }],
    ['maxInFlight', { maxInFlight: -1 }],
    ['games', { games: {} }],
    ['games.0.number', { games: [{ game: 'realm', number: '2', version: '1' }] }],
    ['session', { session: '' }],
  ])('with a bad %s names it', (path, change) => {
    expect(() => parseWelcome(encodeValue({ ...welcome, ...change }, 'json'))).toThrow(fault(path));
  });
});

describe('a goodbye or an error', () => {
  it('comes back as it was', () => {
    expect(parseGoodbye(encodeValue({ code: 1008, reason: '' }, 'json'))).toEqual({ code: 1008, reason: '' });
    for (const encoding of ['json', 'msgpack'] as const) {
      const error = { code: 2001, message: 'invalid input', details: { path: 'id' } };
      expect(parseErrorBody(encodeValue(error, encoding), encoding)).toEqual(error);
    }
    expect(parseErrorBody(encodeValue({ code: 1000, message: 'x' }, 'json'), 'json')).not.toHaveProperty('details');
  });

  it('names the field at fault', () => {
    expect(() => parseGoodbye(Buffer.from('{"code":"1"}'))).toThrow(fault('code'));
    expect(() => parseErrorBody(Buffer.from('{"code":1,"message":2}'), 'json')).toThrow(fault('message'));
    expect(() => parseErrorBody(Buffer.from('[]'), 'json')).toThrow(fault(''));
  });
});
