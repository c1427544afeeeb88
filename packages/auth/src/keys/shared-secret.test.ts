import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { sharedSecretKey } from './shared-secret.ts';

const secret = 'q7Zp3vUuJ0r6m1yWcT9xKd4eB8sLfNhA';

function codeOf(text: string): string {
  try {
    sharedSecretKey(text);
    return 'accepted';
  } catch (error) {
    return error instanceof AuthError ? error.code : String(error);
  }
}

test('a secret of 32 bytes is taken, a shorter one is not (RFC 7518 §3.2)', () => {
  expect(codeOf(secret)).toBe('accepted');
  expect(codeOf(secret.slice(1))).toBe('ERR_AUTH_OPTIONS');
  expect(codeOf('')).toBe('ERR_AUTH_OPTIONS');
});

test('its name tells nothing of it and differs from that of any other', () => {
  const { kid } = sharedSecretKey(secret);
  expect(sharedSecretKey(secret).kid).toBe(kid);
  expect(sharedSecretKey(`${secret}x`).kid).not.toBe(kid);
  expect(secret).not.toContain(kid);
});

// https://github.com/nearform/fast-jwt/issues/589: a public key behind white space was taken for a secret, and everybody could sign.
describe('fast-jwt #589: a public key is no secret, however it is dressed', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const ed25519 = generateKeyPairSync('ed25519').publicKey;
  const pems = [
    ...[rsa, p256, ed25519].map((key) => String(key.export({ format: 'pem', type: 'spki' }))),
    String(rsa.export({ format: 'pem', type: 'pkcs1' })),
  ];

  test.each(['', ' ', '\n', '\r\n', '\t', '\u00a0', '\ufeff', '# comment\n', '.', '\u0000', '\u200b'])('as PEM behind %j', (before) => {
    for (const pem of pems) {
      expect(codeOf(before + pem)).toBe('ERR_AUTH_OPTIONS');
      expect(codeOf(before + pem.toLowerCase())).toBe('ERR_AUTH_OPTIONS');
      expect(codeOf(before + pem.replaceAll('\n', ' '))).toBe('ERR_AUTH_OPTIONS');
    }
  });

  test('as JWK, as DER in base64 and as an OpenSSH line', () => {
    for (const key of [rsa, p256, ed25519]) {
      const der = key.export({ format: 'der', type: 'spki' });
      for (const text of [JSON.stringify(key.export({ format: 'jwk' })), der.toString('base64'), der.toString('base64url'), ` ${der.toString('base64')}\n`]) {
        expect(codeOf(text)).toBe('ERR_AUTH_OPTIONS');
      }
    }
    expect(codeOf('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me')).toBe('ERR_AUTH_OPTIONS');
  });
});
