// The public vectors of Project Wycheproof (github.com/C2SP/wycheproof, testvectors_v1) through our own way of verification. They are
// read from a folder that MIDGARD_TEST_WYCHEPROOF names and are no part of this repository; what they look for is tested without
// them, too, in attacks.test.ts and key-ring.test.ts.
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { KeyRing } from '../keys/key-ring.ts';
import { part } from '../test/forge.ts';
import { verifyJws } from './verify-jws.ts';

const folder = process.env['MIDGARD_TEST_WYCHEPROOF'] ?? '';
const files = ['json_web_signature_test.json', 'json_web_crypto_test.json', 'json_web_key_test.json'];
const isHere = files.every((file) => existsSync(path.join(folder, file)));

type Json = Readonly<Record<string, unknown>>;

interface Vector {
  readonly name: string;
  readonly group: string;
  readonly keys: readonly Json[];
  readonly jws: string;
  readonly isValid: boolean;
}

function fields(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function read(file: string): Json {
  return fields(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
}

function vectors(file: string): readonly Vector[] {
  return list(read(file)['testGroups']).flatMap((each) => {
    const group = fields(each);
    const secret = fields(group['private'] ?? group['public']);
    const keys = (Array.isArray(secret['keys']) ? list(secret['keys']) : [secret]).map(fields);
    return list(group['tests']).map((vector) => {
      const { tcId, comment, jws, jwe, result } = fields(vector);
      const text = jws ?? jwe;
      const token = typeof text === 'string' ? text : JSON.stringify(text);
      return { name: `${String(tcId)} ${String(comment)}`, group: String(group['comment']), keys, jws: token, isValid: result === 'valid' };
    });
  });
}

/** A ring of the vector's keys as they are, but for the name of a pair: ours is its thumbprint, and the token keeps its own. */
async function verdict({ keys, jws }: Vector): Promise<'accepted' | 'refused' | 'unusable key'> {
  const named = await Promise.all(
    keys.map(async (key): Promise<Json> => (key['kty'] === 'oct' ? key : { ...key, kid: await calculateJwkThumbprint({ ...key }).catch(() => 'none') })),
  );
  try {
    const ring = await KeyRing.from(named);
    const byName = new Map(keys.map((key, index) => [key['kid'], String(named[index]?.['kid'])]));
    const verifier = (kid: string) => ring.verifier(byName.get(kid) ?? kid);
    await verifyJws(jws, { verifier });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return error.code === 'ERR_AUTH_OPTIONS' ? 'unusable key' : 'refused';
  }
}

/** Says what the vectors would show, where they are not: a skipped test would be scrolled past. */
if (!isHere) process.stdout.write('not verified by Wycheproof: MIDGARD_TEST_WYCHEPROOF does not name the folder of its vectors\n');

test('vectors are judged by whether we accept them, refuse them or have no use for their key', async () => {
  const secret = Buffer.alloc(32, 7);
  const key = { kty: 'oct', alg: 'HS256', kid: 'k', k: secret.toString('base64url') };
  const input = `${part({ alg: 'HS256', kid: 'k' })}.${part({ sub: 'somebody' })}`;
  const signature = createHmac('sha256', secret).update(input).digest('base64url');
  const vector = { name: '', group: '', keys: [key], jws: `${input}.${signature}`, isValid: true };
  expect(await verdict(vector)).toBe('accepted');
  expect(await verdict({ ...vector, jws: `${input}.${signature.slice(1)}` })).toBe('refused');
  expect(await verdict({ ...vector, keys: [{ ...key, alg: 'HS512' }] })).toBe('unusable key');
});

if (isHere) {
  test.each(files)('%s: nothing that is invalid is accepted', async (file) => {
    const all = vectors(file);
    expect(all.length).toBe(read(file)['numberOfTests']);
    // 367 and 370 of the signatures lost their padding on the way into the set: they are vector 357, which is valid, to the letter.
    const valid = new Set(all.filter(({ isValid }) => isValid).map(({ jws }) => jws));
    for (const vector of all) {
      if (!vector.isValid && !valid.has(vector.jws)) expect(await verdict(vector), `${vector.group}: ${vector.name}`).not.toBe('accepted');
    }
  });

  test('what is valid is accepted, but for algorithms that we have not and texts that are no base64url', async () => {
    let accepted = 0;
    const refused: string[] = [];
    for (const vector of files.flatMap(vectors).filter(({ isValid }) => isValid)) {
      const outcome = await verdict(vector);
      if (outcome === 'accepted') accepted += 1;
      // The set holds it to be a matter of taste whether a question mark is left out when base64url is read.
      else if (outcome === 'refused') refused.push(vector.name);
      else
        expect(
          vector.keys.some(({ alg }) => alg === 'EdDSA' || alg === 'ES256' || alg === 'HS256'),
          vector.name,
        ).toBe(false);
    }
    expect(refused).toEqual(['372 InvalidCharacterInsertedInHeader', '373 InvalidCharacterInsertedInPayload']);
    expect(accepted).toBeGreaterThan(10);
  });
}
