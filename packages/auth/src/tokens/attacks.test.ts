// What RFC 8725 §2 lists, RFC 7515 §10 and what was found in other libraries, each against every algorithm that we sign with.
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { KeyRing } from '../keys/key-ring.ts';
import type { KeyAlgorithm } from '../keys/signing-key.ts';
import { type Forgery, forgery, keyFor, part, partsOf, player, signatureOf } from '../test/forge.ts';
import { bitFlips, refusal } from '../test/support.ts';

const algorithms: readonly KeyAlgorithm[] = ['EdDSA', 'ES256', 'HS256'];
const keysOf = new Map(await Promise.all(algorithms.map(async (alg) => [alg, await keyFor(alg)] as const)));

/** The same bytes to a decoder that is generous, but no base64url. */
const odd = (text: string): string[] => [
  `${text}=`,
  `${text}==`,
  ` ${text}`,
  `${text.slice(0, 9)} ${text.slice(9)}`,
  `${text.slice(0, 9)}\n${text.slice(9)}`,
  `${text}?`,
  `${text}A`.slice(0, text.length - (text.length % 4) + 1),
];

describe.each(algorithms)('against a ring of %s', (alg) => {
  let world: Forgery;
  beforeEach(async () => {
    const jwk = keysOf.get(alg);
    if (jwk === undefined) throw new Error('no key');
    world = await forgery(jwk);
  });

  const refused = async (token: string, name = token): Promise<void> => {
    expect(await refusal(world.tokens.verify(token)), name).toBe('ERR_AUTH_INVALID');
  };

  test('a token that our own helper forged is accepted, so that the attacks fail for their own reason', async () => {
    expect(await refusal(world.tokens.verify(world.forge(world.header(), world.claims())))).toBe('accepted');
  });

  test.each(['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'no\u0000ne'])('alg %j is refused', async (none) => {
    const input = `${part(world.header({ alg: none }))}.${part(world.claims())}`;
    for (const token of [`${input}.`, input, `${input}.${part('x')}`, `${input}.${signatureOf(world.jwk, input)}`]) await refused(token);
  });

  test('another algorithm name over a right signature is refused: the key has its own', async () => {
    for (const other of [
      'EdDSA',
      'Ed25519',
      'ES256',
      'HS256',
      'HS512',
      'RS256',
      'PS256',
      'ES384',
      'ES256K',
      'eddsa',
      'es256',
      'hs256',
      '',
      7,
      null,
      undefined,
    ]) {
      if (other !== alg) await refused(world.forge(world.header({ alg: other }), world.claims()), String(other));
    }
  });

  test('a kid with something injected is refused, and finds no file, row or prototype', async () => {
    const { kid } = world.jwk;
    const injected = [
      '../../../../dev/null',
      '/proc/self/environ',
      'file:///dev/null',
      'key|/bin/true',
      `${kid}\u0000`,
      ` ${kid}`,
      kid.toUpperCase(),
      `${kid}\n`,
      "' OR 1=1 --",
      `' UNION SELECT 'key' --`,
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '',
      'a'.repeat(6000),
      7,
      true,
      null,
      [kid],
      { kid },
      undefined,
    ];
    for (const each of injected) await refused(world.forge(world.header({ kid: each }), world.claims()), JSON.stringify(each));
  });

  test("the attacker's own key in the header, by jwk, jku, x5c or x5u, is not followed (RFC 8725 §3.10)", async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' });
    const own = { ...jwk, kid: world.jwk.kid, alg: 'EdDSA' };
    for (const fields of [
      { jwk: own },
      { jwk: own, kid: undefined },
      { jku: 'https://evil.test/jwks.json' },
      { jku: 'http://127.0.0.1:1/jwks.json', kid: 'evil' },
      { x5u: 'https://evil.test/cert.pem' },
      { x5c: [publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] },
      { kid: 'evil' },
      {},
    ]) {
      const input = `${part(world.header({ alg: 'EdDSA', ...fields }))}.${part(world.claims())}`;
      await refused(`${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`, JSON.stringify(fields));
    }
  });

  test('critical headers that we do not know are refused (RFC 7515 §4.1.11)', async () => {
    for (const fields of [{ crit: ['exp'], exp: 1 }, { crit: [] }, { crit: ['kid'] }, { crit: 'exp' }, { crit: null }, { crit: ['b64'], b64: true }]) {
      await refused(world.forge(world.header(fields), world.claims()), JSON.stringify(fields));
    }
  });

  test('an unencoded payload is refused, declared critical or not (RFC 7797)', async () => {
    for (const fields of [{ b64: false }, { b64: false, crit: ['b64'] }]) {
      await refused(world.forge(world.header(fields), world.claims()));
      const input = `${part(world.header(fields))}.${JSON.stringify(world.claims())}`;
      await refused(`${input}.${signatureOf(world.jwk, input)}`);
    }
  });

  test('an encrypted token (JWE) where a signed one is expected is refused', async () => {
    const secret = Buffer.alloc(32, 7);
    const text = new TextEncoder().encode(JSON.stringify(world.claims()));
    for (const typ of ['at+jwt', 'JWT']) {
      const jwe = await new CompactEncrypt(text).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: world.jwk.kid, typ }).encrypt(secret);
      await refused(jwe);
    }
    const { header, payload, signature } = partsOf(await world.tokens.issueAccess(player));
    await refused(`${header}..${payload}.${signature}.`);
    await refused(`${header}.${payload}.${signature}.${header}.${payload}`);
  });

  test('the JSON serialisations of a JWS are refused', async () => {
    const { header, payload, signature } = partsOf(await world.tokens.issueAccess(player));
    await refused(JSON.stringify({ protected: header, payload, signature }));
    await refused(JSON.stringify({ payload, signatures: [{ protected: header, signature }] }));
  });

  test('a bit flipped at any position is refused, whether or not the right token is remembered', async () => {
    const token = await world.tokens.issueAccess(player);
    for (const wrong of bitFlips(token)) await refused(wrong);
    await world.tokens.verify(token);
    for (const wrong of bitFlips(token)) await refused(wrong);
  });

  test('a token cut at any position, at either end, or lengthened is refused', async () => {
    const token = await world.tokens.issueAccess(player);
    await world.tokens.verify(token);
    for (let length = 0; length < token.length; length += 1) {
      await refused(token.slice(0, length));
      await refused(token.slice(token.length - length));
    }
    for (const tail of ['A', '=', '==', '.', '\n', ' ', '\u0000', '.e30']) {
      await refused(token + tail);
      await refused(tail + token);
    }
  });

  test('parts of two good tokens make no third', async () => {
    const [one, other] = await Promise.all([player, { ...player, playerId: 43n }].map((request) => world.tokens.issueAccess(request)));
    const [a, b] = [partsOf(one ?? ''), partsOf(other ?? '')];
    await world.tokens.verify(one ?? '');
    await world.tokens.verify(other ?? '');
    await refused(`${a.header}.${b.payload}.${a.signature}`);
    await refused(`${a.header}.${a.payload}.${b.signature}`);
  });

  test('other spellings of the same signature are refused (RFC 4648 §3.5)', async () => {
    const token = await world.tokens.issueAccess(player);
    const { signature } = partsOf(token);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twins = Array.from(alphabet, (last) => token.slice(0, -1) + last).filter(
      (twin) => twin !== token && Buffer.from(partsOf(twin).signature, 'base64url').equals(Buffer.from(signature, 'base64url')),
    );
    expect(twins.length).toBe(alg === 'HS256' ? 3 : 15);
    for (const twin of twins) await refused(twin);
    const classic = signature.replaceAll('-', '+').replaceAll('_', '/');
    if (classic !== signature) await refused(token.slice(0, -signature.length) + classic);
    await refused(`${token.slice(0, -10)} ${token.slice(-10)}`);
  });

  test('padding, white space or another alphabet in a signed part is refused, although decoders read over it (RFC 7515 §2)', async () => {
    const [header, claims] = [part(world.header()), part(world.claims())];
    for (const each of odd(header)) await refused(`${each}.${claims}.${signatureOf(world.jwk, `${each}.${claims}`)}`);
    for (const each of odd(claims)) await refused(`${header}.${each}.${signatureOf(world.jwk, `${header}.${each}`)}`);
  });

  test('a member that stands twice is read once and the same for the choice of the key and for the check', async () => {
    const { kid } = world.jwk;
    const twice = (text: string): string => {
      const input = `${part(text)}.${part(world.claims())}`;
      return `${input}.${signatureOf(world.jwk, input)}`;
    };
    await refused(twice(`{"alg":"${alg}","alg":"none","typ":"at+jwt","kid":"${kid}"}`));
    await refused(twice(`{"alg":"${alg}","typ":"at+jwt","kid":"${kid}","kid":"evil"}`));
    // The last counts, in the header and in the claims (RFC 7515 §4, RFC 7519 §4).
    expect(await refusal(world.tokens.verify(twice(`{"alg":"none","alg":"${alg}","typ":"at+jwt","kid":"evil","kid":"${kid}"}`)))).toBe('accepted');
    const claims = JSON.stringify(world.claims()).replace('"player":"42"', '"player":"42","player":"43"');
    await refused(world.forge(world.header(), claims));
  });

  test('claims and headers named like parts of a prototype give nothing', async () => {
    const claims = JSON.stringify({ ...world.claims({ player: undefined, roles: undefined }), x: 0 }).replace('"x":0', '"__proto__":{"roles":["admin"]}');
    await refused(world.forge(world.header(), claims));
    await refused(world.forge(`{"alg":"${alg}","typ":"at+jwt","__proto__":{"kid":"${world.jwk.kid}"}}`, world.claims()));
    expect(Reflect.get({}, 'roles')).toBeUndefined();
  });

  test('a huge token is refused before anything of it is read', async () => {
    await refused(world.forge(world.header(), world.claims({ roles: Array.from({ length: 2000 }, () => 'player') })), 'large claims');
    await refused('a'.repeat(50_000_000), 'large text');
    await refused(`${'['.repeat(4000)}.${'['.repeat(4000)}.a`, 'deep brackets');
    await refused(world.forge(`${'{"a":'.repeat(900)}1${'}'.repeat(900)}`, world.claims()), 'deep header');
  });

  test.each([
    ['empty', ''],
    ['one dot', '.'],
    ['two dots', '..'],
    ['many dots', '.'.repeat(8000)],
    ['no JSON', 'a.b.c'],
    ['JSON null', `${part('null')}.${part('null')}.`],
    ['not ASCII', 'ä.ö.ü'],
    ['half of a surrogate pair', '\ud800.\ud800.\ud800'],
  ])('a text that is %s is refused', async (_name, token) => {
    await refused(token);
  });
});

describe('confusion of algorithms (RFC 8725 §2.1)', () => {
  test.each(['EdDSA', 'ES256'] as const)('HS256 with the public key of %s as its secret is refused in every spelling', async (alg) => {
    const jwk = await keyFor(alg);
    const secretRing = await keyFor('HS256');
    const { tokens, header, claims, clock } = await forgery(jwk);
    const both = await KeyRing.from([jwk, secretRing], { clock });
    const published = both.publicKeys().keys[0];
    const key: KeyObject = createPublicKey({ key: { ...published }, format: 'jwk' });
    const pem = String(key.export({ format: 'pem', type: 'spki' }));
    const der = key.export({ format: 'der', type: 'spki' });
    const secrets = [
      Buffer.from(jwk.x ?? '', 'base64url'),
      jwk.x ?? '',
      jwk.kid,
      der,
      der.toString('base64'),
      der.toString('base64url'),
      pem,
      pem.trim(),
      ` ${pem}`,
      `\n${pem}`,
      pem.replaceAll('\n', '\r\n'),
      JSON.stringify(published),
      JSON.stringify(both.publicKeys()),
      '',
    ];
    for (const kid of [jwk.kid, secretRing.kid]) {
      const input = `${part(header({ alg: 'HS256', kid }))}.${part(claims())}`;
      for (const secret of secrets) {
        const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
        expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_INVALID');
      }
    }
  });

  test('in a ring of all algorithms each key verifies under its own name only, whatever the header says', async () => {
    const jwks = await Promise.all(algorithms.map(keyFor));
    const [first] = jwks;
    if (first === undefined) throw new Error('no key');
    const { header, claims, keys, tokens } = await forgery(first);
    await keys.replace(jwks);
    for (const signer of jwks) {
      for (const named of jwks) {
        for (const alg of algorithms) {
          const input = `${part(header({ alg, kid: named.kid }))}.${part(claims())}`;
          const isRight = signer === named && alg === signer.alg;
          expect(await refusal(tokens.verify(`${input}.${signatureOf(signer, input)}`))).toBe(isRight ? 'accepted' : 'ERR_AUTH_INVALID');
        }
      }
    }
  });
});
