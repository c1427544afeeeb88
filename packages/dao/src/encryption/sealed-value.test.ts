import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, bytes, json, text } from '../column.ts';
import { placeOf } from './place.ts';
import { fromPlain, toPlain } from './plain-bytes.ts';
import { searchHash, searchKey } from './search-hash.ts';
import { dataKeyOf, open, seal, sealedOverheadBytes } from './sealed-value.ts';

const dataKey = { id: 7, key: createSecretKey(randomBytes(32)) };
const place = placeOf('contact', 'note_enc', null, [1n]);

/** Texts that a column takes: well-formed, also with quotes, brackets and what looks like another place. */
const wellFormed = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('"', ',', '[', ']', '\\', '1', 'null') }));

function roundTrip(column: Column, value: unknown): unknown {
  const plain = open(dataKey.key, place, seal(dataKey, place, toPlain(column, value)));
  return plain === undefined ? plain : fromPlain(column, plain);
}

test('any text, document and bytes come back from what is stored', () => {
  fc.assert(
    fc.property(wellFormed, (value) => {
      expect(roundTrip(text(4000), value)).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.json(), (value) => {
      expect(roundTrip(json(), JSON.parse(value))).toEqual(JSON.parse(value));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (value) => {
      expect(roundTrip(bytes(), value)).toEqual(value);
    }),
  );
});

test('no nonce comes twice', () => {
  const nonces = Array.from({ length: 1000 }, () => seal(dataKey, place, Buffer.from('a secret')).subarray(5, 17).toString('hex'));
  expect(new Set(nonces).size).toBe(1000);
});

test('a stored value with any one bit flipped is refused', () => {
  const sealed = seal(dataKey, place, Buffer.from('a secret'));
  expect(open(dataKey.key, place, sealed)?.toString()).toBe('a secret');
  // The first five bytes name format and data key: see keyring.test.ts.
  for (let bit = 5 * 8; bit < sealed.length * 8; bit += 1) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(open(dataKey.key, place, changed), `bit ${bit}`).toBeUndefined();
  }
});

test('a stored value that was cut or made longer anywhere is refused', () => {
  const sealed = seal(dataKey, place, Buffer.from('a secret'));
  for (let length = 0; length < sealed.length; length += 1) expect(open(dataKey.key, place, sealed.subarray(0, length)), `${length} bytes`).toBeUndefined();
  for (let length = 0; length < sealedOverheadBytes; length += 1) expect(dataKeyOf(sealed.subarray(0, length))).toBeUndefined();
  expect(open(dataKey.key, place, Buffer.concat([sealed, Buffer.of(0)]))).toBeUndefined();
});

test('a stored value is refused with another key, and as one of another format', () => {
  const sealed = seal(dataKey, place, Buffer.from('a secret'));
  expect(open(createSecretKey(randomBytes(32)), place, sealed)).toBeUndefined();
  expect(dataKeyOf(sealed)).toBe(7);
  expect(dataKeyOf(Buffer.concat([Buffer.of(2), sealed.subarray(1)]))).toBeUndefined();
});

test('two places are the same bytes only where table, column, hash and every part of the key are the same', () => {
  const parts = fc.tuple(wellFormed, wellFormed, fc.option(wellFormed), fc.array(wellFormed, { minLength: 1, maxLength: 3 }));
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      expect(placeOf(...one).equals(placeOf(...other))).toBe(isSame);
    }),
    { numRuns: 2000 },
  );
  expect(placeOf('a', 'b', null, ['1', '23']).equals(placeOf('a', 'b', null, ['12', '3']))).toBe(false);
  expect(placeOf('a', 'b', null, ['1']).equals(placeOf('a', 'b', 'null', ['1']))).toBe(false);
});

const hash = (...[key, table, column]: Parameters<typeof searchKey>): string => searchHash(searchKey(key, table, column), Buffer.from('a'));

test('a value has one hash in its column, and others in other columns, in other tables and under another root', () => {
  const root = createSecretKey(Buffer.alloc(32, 1));
  expect(hash(root, 'contact', 'email_enc')).toBe(hash(root, 'contact', 'email_enc'));
  const others = [
    hash(root, 'contact', 'email_enc'),
    hash(root, 'contact', 'name_enc'),
    hash(root, 'letter', 'email_enc'),
    hash(createSecretKey(Buffer.alloc(32)), 'contact', 'email_enc'),
  ];
  expect(new Set(others).size).toBe(4);
});
