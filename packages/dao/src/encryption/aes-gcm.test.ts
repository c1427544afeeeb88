import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decrypt, encrypt } from './aes-gcm.ts';

const Hex = z.string().transform((text) => Buffer.from(text, 'hex'));
const Group = z.object({
  keySize: z.number(),
  ivSize: z.number(),
  tagSize: z.number(),
  tests: z.array(z.object({ tcId: z.number(), result: z.string(), key: Hex, iv: Hex, aad: Hex, msg: Hex, ct: Hex, tag: Hex })),
});

// Test cases 13 and 14 of McGrew and Viega, "The Galois/Counter Mode of Operation": all bytes are zero.
test.each([
  ['nothing', 0, '', '530f8afbc74536b9a963b4f1c4cb738b'],
  ['a block of zeros', 16, 'cea7403d4d606b6e074ec5d3baf39d18', 'd0d1c8a799996bf0265b98b5d48ab919'],
])('%s under a key of zeros is what the paper says', (_what, length, ciphertext, tag) => {
  const [key, nonce, plain] = [createSecretKey(Buffer.alloc(32)), Buffer.alloc(12), Buffer.alloc(length)];
  const sealed = Buffer.from(ciphertext + tag, 'hex');
  expect(Buffer.concat(encrypt(key, nonce, Buffer.alloc(0), plain))).toEqual(sealed);
  expect(decrypt(key, nonce, Buffer.alloc(0), sealed)).toEqual(plain);
});

// Project Wycheproof's vectors (github.com/C2SP/wycheproof, testvectors_v1), read from a folder that the variable names: they are no part
// of this repository.
const file = path.join(process.env['MIDGARD_TEST_WYCHEPROOF'] ?? '', 'aes_gcm_test.json');

describe.skipIf(!existsSync(file))('Wycheproof: keys of 256 bits, nonces of 96, tags of 128 (needs MIDGARD_TEST_WYCHEPROOF)', () => {
  const groups = existsSync(file) ? z.object({ testGroups: z.array(Group) }).parse(JSON.parse(readFileSync(file, 'utf8'))).testGroups : [];
  const vectors = groups.filter(({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128).flatMap(({ tests }) => tests);

  test.each(vectors)('$tcId is $result', ({ result, key, iv, aad, msg, ct, tag }) => {
    const secret = createSecretKey(key);
    const sealed = Buffer.concat([ct, tag]);
    expect(decrypt(secret, iv, aad, sealed)).toEqual(result === 'valid' ? msg : undefined);
    if (result === 'valid') expect(Buffer.concat(encrypt(secret, iv, aad, msg))).toEqual(sealed);
  });
});
