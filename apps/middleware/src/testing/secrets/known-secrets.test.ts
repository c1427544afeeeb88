import { describe, expect, test } from 'vitest';
import { KnownSecrets } from './known-secrets.ts';

const secret = 'Pässwörd "of" Freyja/Sessrumnir+0815';
const known = new KnownSecrets();
known.plant('password', secret);

describe('a planted secret is found', () => {
  test.each<[string, string]>([
    ['as it is', secret],
    ['in lower case', secret.toLowerCase()],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON within JSON', JSON.stringify({ body: JSON.stringify({ secret }) })],
    ['in a URL', encodeURIComponent(secret)],
    ['in a URL with small escapes', encodeURIComponent(secret).replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())],
    ['read byte by byte', Buffer.from(secret).toString('latin1')],
    ['in hex', Buffer.from(secret).toString('hex')],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 behind one byte', Buffer.from(`:${secret}`).toString('base64')],
    ['in base64url behind two bytes', Buffer.from(`a:${secret}:b`).toString('base64url')],
    ['cut at its end', secret.slice(0, -7)],
    ['cut at its beginning', secret.slice(7)],
  ])('%s', (_name, text) => {
    expect(known.foundIn(`before ${text} after`)).toEqual(['password']);
  });
});

test('another text holds none, and what is too short is refused', () => {
  expect(known.foundIn('Password of somebody else')).toEqual([]);
  expect(() => known.plant('pin', '123456')).toThrow('pin');
});
