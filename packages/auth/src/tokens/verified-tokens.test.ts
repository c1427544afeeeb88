import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyRing } from '../keys/key-ring.ts';
import { generateSigningKey } from '../keys/signing-key.ts';
import { audience, forgery, issuer, keyFor, partsOf, player } from '../test/forge.ts';
import { refusal } from '../test/support.ts';
import { Revocations } from './revocations.ts';
import { Tokens } from './tokens.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const principalFor = (subject: string) => ({
  subject,
  kind: 'service' as const,
  roles: [],
  games: '*' as const,
  playerId: null,
  expiresAt: null,
  issuedAt: null,
  sessionId: null,
});

const entry = (token: string) => ({ token, principal: principalFor(token), goodUntil: 1 });

// https://github.com/nearform/fast-jwt/issues/588: two tokens of one cache key got each other's claims.
describe('fast-jwt #588: what is filed alike is not taken for the same', () => {
  test('tokens that agree in the signature, by which they are filed, are told apart', () => {
    const verified = new VerifiedTokens(0);
    const signature = 's'.repeat(86);
    verified.add({ token: `h.alice.${signature}`, principal: principalFor('alice'), goodUntil: 1 }, 0);
    expect(verified.find(`h.mallory.${signature}`, 0)).toBeUndefined();
    verified.add({ token: `h.mallory.${signature}`, principal: principalFor('mallory'), goodUntil: 1 }, 0);
    expect(verified.find(`h.mallory.${signature}`, 0)?.principal.subject).toBe('mallory');
    expect(verified.find(`h.alice.${signature}`, 0)).toBeUndefined();
  });

  test("another player's claims before a remembered signature are refused, and the right token goes on", async () => {
    const { tokens, header, claims, forge } = await forgery(await keyFor('EdDSA'));
    const token = forge(header(), claims());
    await tokens.verify(token);
    const other = partsOf(forge(header(), claims({ sub: 'realm:player:1', player: '1', roles: ['admin'] })));
    expect(await refusal(tokens.verify(`${other.header}.${other.payload}.${partsOf(token).signature}`))).toBe('ERR_AUTH_INVALID');
    expect((await tokens.verify(token)).playerId).toBe(42n);
  });

  test('tokens of one player, one session and one second are each their own', async () => {
    const { tokens } = await forgery(await keyFor('EdDSA'));
    const requests = [
      { ...player, roles: ['player'] as const },
      { ...player, roles: ['player', 'viewer'] as const },
    ];
    const made = await Promise.all(requests.map((request) => tokens.issueAccess(request)));
    for (let round = 0; round < 2; round += 1) {
      expect(await Promise.all(made.map(async (token) => (await tokens.verify(token)).roles))).toEqual(requests.map(({ roles }) => roles));
    }
  });

  test('what one verifier remembers says nothing to another of other keys, issuer or audience', async () => {
    const { tokens, keys, clock } = await forgery(await keyFor('EdDSA'));
    const others = [
      new Tokens({ keys, issuer: 'other', audience, clock }),
      new Tokens({ keys, issuer, audience: 'other', clock }),
      new Tokens({ keys: await KeyRing.from([await generateSigningKey()], { clock }), issuer, audience, clock }),
    ];
    const token = await tokens.issueAccess(player);
    await tokens.verify(token);
    for (const other of others) expect(await refusal(other.verify(token))).toBe('ERR_AUTH_INVALID');
  });
});

test('property: whatever tokens are verified, altered, revoked and asked again in any order, each gives its own player or is refused', async () => {
  const { keys, clock } = await forgery(await keyFor('EdDSA'));
  const issuing = new Tokens({ keys, issuer, audience, clock });
  const players = [1n, 2n, 3n, 4n, 5n];
  const made = await Promise.all(players.map((playerId) => issuing.issueAccess({ ...player, playerId, sessionId: String(playerId) })));
  const which = fc.nat({ max: players.length - 1 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), which }),
    fc.record({ kind: fc.constant('revoke' as const), which }),
    fc.record({ kind: fc.constant('splice' as const), which, other: which, at: fc.nat({ max: 700 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const revocations = new Revocations({ clock });
      const tokens = new Tokens({ keys, issuer, audience, clock, revocations });
      const ended = new Set<number>();
      for (const each of steps) {
        const token = made[each.which] ?? '';
        if (each.kind === 'revoke') {
          ended.add(each.which);
          revocations.add({ subject: '', sessionId: `realm:${players[each.which]}`, issuedUntil: Infinity, forgetAt: clock.ms + 1 });
        } else if (each.kind === 'ask') {
          const answer = await tokens.verify(token).then(
            ({ playerId }) => playerId,
            () => null,
          );
          expect(answer).toBe(ended.has(each.which) ? null : players[each.which]);
        } else {
          const mixed = token.slice(0, each.at) + (made[each.other] ?? '').slice(each.at);
          const owner = made.indexOf(mixed);
          const answer = await tokens.verify(mixed).then(
            ({ playerId }) => playerId,
            () => null,
          );
          expect(answer).toBe(owner === -1 || ended.has(owner) ? null : players[owner]);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('what was verified before a key was taken away is not found after it, however late it is filed', () => {
  const verified = new VerifiedTokens(0);
  verified.add(entry('before'), 0);
  verified.add(entry('late'), 0);
  verified.add(entry('after'), 1);
  expect(['before', 'late', 'after'].map((token) => verified.find(token, 1)?.token)).toEqual([undefined, undefined, 'after']);
  verified.add(entry('later still'), 0);
  expect(verified.find('later still', 1)).toBeUndefined();
});
