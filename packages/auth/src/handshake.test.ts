import { createHmac, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { Handshake, signHandshake, type HandshakeProof } from './handshake.ts';
import { bitFlips, FakeClock, refusal } from './test/support.ts';

const secret = Buffer.alloc(32, 3);
let clock: FakeClock;
let handshake: Handshake;
beforeEach(() => {
  clock = new FakeClock();
  handshake = new Handshake({
    clock,
    secretOf: async (id) =>
      id === 'arena-1' ? { secret, role: 'game-server', games: ['realm'] } : id === 'weak' ? { secret: Buffer.alloc(31), role: 'web', games: [] } : undefined,
  });
});

function proof(change: Partial<HandshakeProof> = {}, key: Uint8Array = secret): HandshakeProof {
  const unsigned = { serverId: 'arena-1', timestamp: clock.ms, nonce: randomBytes(16).toString('base64url'), ...change };
  return { signature: signHandshake({ ...unsigned, secret: key }), ...unsigned };
}

test('a right proof is accepted, and its signature is the one that the protocol page gives', async () => {
  const sent = proof();
  expect(sent.signature).toBe(createHmac('sha256', secret).update(`arena-1\n${clock.ms}\n${sent.nonce}`).digest('base64url'));
  expect(await handshake.verifyHmac(sent)).toEqual({
    subject: 'server:arena-1',
    kind: 'service',
    roles: ['game-server'],
    games: ['realm'],
    playerId: null,
    expiresAt: null,
    issuedAt: null,
    sessionId: null,
  });
});

describe('replay', () => {
  test('a replayed nonce is refused for as long as its timestamp is good', async () => {
    const sent = proof({ timestamp: clock.ms + 60_000 });
    await handshake.verifyHmac(sent);
    for (const _ of Array.from({ length: 12 })) {
      expect(await refusal(handshake.verifyHmac(sent))).toBe('ERR_AUTH_INVALID');
      clock.ms += 10_000;
      // Other traffic sweeps what is old.
      await handshake.verifyHmac(proof());
    }
    expect(await refusal(handshake.verifyHmac(sent))).toBe('ERR_AUTH_INVALID');
  });

  test('of two equal proofs at the same time one is accepted', async () => {
    const sent = proof();
    const answers = await Promise.all([refusal(handshake.verifyHmac(sent)), refusal(handshake.verifyHmac(sent)), refusal(handshake.verifyHmac(sent))]);
    expect(answers.sort()).toEqual(['ERR_AUTH_INVALID', 'ERR_AUTH_INVALID', 'accepted']);
  });

  test('a wrong signature does not use the nonce up', async () => {
    const sent = proof();
    expect(await refusal(handshake.verifyHmac({ ...sent, signature: 'A'.repeat(43) }))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(handshake.verifyHmac(sent))).toBe('accepted');
  });

  test('a full memory refuses and forgets no nonce', async () => {
    const small = new Handshake({ clock, maxNonces: 2, secretOf: async () => ({ secret, role: 'web', games: '*' }) });
    const first = proof();
    await small.verifyHmac(first);
    await small.verifyHmac(proof());
    expect(await refusal(small.verifyHmac(proof()))).toBe('ERR_AUTH_LIMITED');
    expect(await refusal(small.verifyHmac(first))).toBe('ERR_AUTH_INVALID');
    clock.ms += 240_001;
    expect(await refusal(small.verifyHmac(proof()))).toBe('accepted');
  });

  test('a flood of nonces takes bounded memory, and none of it is accepted twice', async () => {
    const small = new Handshake({ clock, maxNonces: 500, secretOf: async (id) => (id === 'arena-1' ? { secret, role: 'web', games: '*' } : undefined) });
    const strangers = Array.from({ length: 2000 }, (_, at) =>
      at % 2 === 0 ? { ...proof(), serverId: `nobody-${at}` } : { ...proof(), signature: 'A'.repeat(43) },
    );
    for (const sent of strangers) expect(await refusal(small.verifyHmac(sent))).toBe('ERR_AUTH_INVALID');
    // Who has no secret has filled nothing: all of the room is left.
    const flood = Array.from({ length: 2000 }, () => proof());
    const first = [];
    for (const sent of flood) first.push(await refusal(small.verifyHmac(sent)));
    expect(Map.groupBy(first, (code) => code).get('accepted')).toHaveLength(500);
    expect(new Set(first)).toEqual(new Set(['accepted', 'ERR_AUTH_LIMITED']));
    const again = [];
    for (const sent of flood) again.push(await refusal(small.verifyHmac(sent)));
    expect(again).not.toContain('accepted');
  });
});

test.each([
  [-61_000, 'ERR_AUTH_INVALID'],
  [-60_001, 'ERR_AUTH_INVALID'],
  [-60_000, 'accepted'],
  [0, 'accepted'],
  [60_000, 'accepted'],
  [60_001, 'ERR_AUTH_INVALID'],
  [61_000, 'ERR_AUTH_INVALID'],
])('a timestamp %i ms off: %s', async (offset, answer) => {
  expect(await refusal(handshake.verifyHmac(proof({ timestamp: clock.ms + offset })))).toBe(answer);
});

test('a signature with a bit flipped at any position, cut or lengthened is refused', async () => {
  const sent = proof();
  const wrong = [...bitFlips(sent.signature), ...Array.from(sent.signature, (_, i) => sent.signature.slice(0, i)), `${sent.signature}=`, `${sent.signature}A`];
  for (const signature of wrong) expect(await refusal(handshake.verifyHmac({ ...sent, signature })), signature).toBe('ERR_AUTH_INVALID');
  expect(await refusal(handshake.verifyHmac(sent))).toBe('accepted');
});

test('a signature is good for no other server, time or nonce', async () => {
  const sent = proof();
  for (const change of [{ serverId: 'arena-2' }, { timestamp: sent.timestamp + 1 }, { nonce: randomBytes(16).toString('base64url') }]) {
    expect(await refusal(handshake.verifyHmac({ ...sent, ...change }))).toBe('ERR_AUTH_INVALID');
  }
});

test('an unknown server is refused, also with a signature under the stand-in secret', async () => {
  expect(await refusal(handshake.verifyHmac(proof({ serverId: 'nobody' }, new Uint8Array(32))))).toBe('ERR_AUTH_INVALID');
});

test.each([
  ['a nonce under 16 bytes', { nonce: 'A'.repeat(21) }],
  ['a nonce over 128 characters', { nonce: 'A'.repeat(129) }],
  ['a nonce with a line break', { nonce: `${'A'.repeat(22)}\n` }],
  ['a server id with a line break', { serverId: 'arena-1\n5' }],
  ['an empty server id', { serverId: '' }],
  ['a timestamp of NaN', { timestamp: Number.NaN }],
  ['a fraction of a millisecond', { timestamp: 0.5 }],
])('%s is refused', async (_name, change) => {
  expect(await refusal(handshake.verifyHmac(proof(change)))).toBe('ERR_AUTH_INVALID');
});

test('a weak secret is a mistake of the set-up, and so is a window of 0', async () => {
  expect(await refusal(handshake.verifyHmac(proof({ serverId: 'weak' }, Buffer.alloc(31))))).toBe('ERR_AUTH_OPTIONS');
  expect(() => new Handshake({ secretOf: async () => undefined, windowMs: 0 })).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
});
