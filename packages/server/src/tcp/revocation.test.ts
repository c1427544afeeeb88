import { Revocations } from '@midgard/auth';
import { Kind } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import type { Authenticator } from '../authenticator.ts';
import { start, until } from '../testing/harness.ts';
import { principal } from '../testing/principals.ts';
import { SessionIndex } from './session-index.ts';

const revokedFrame = { kind: Kind.error, requestId: 0, body: { code: 3003, message: 'the token or key has been revoked' } };

/** Keys are named `<subject>/<session>`; a hello waits for `admitted` to let it in. */
function authenticatorOf(admitted: Promise<void> = Promise.resolve()): Authenticator & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async fromHello(auth) {
      const [subject = '', session] = (auth.kind === 'apiKey' ? auth.key : '').split('/');
      const caller = principal({ subject, sessionId: session ?? null, issuedAt: 1000 });
      asked.push(subject);
      await admitted;
      return caller;
    },
    fromHttp: async () => Promise.reject(new MidgardError('notAuthenticated', 'TCP only')),
  };
}

function ended(subject: string, sessionId: string | null = null) {
  return { subject, sessionId, issuedUntil: 2000, forgetAt: Infinity };
}

const as = (key: string) => ({ auth: { kind: 'apiKey', key } });

async function setUp(options: Parameters<typeof start>[0] = {}) {
  const revocations = new Revocations();
  const harness = await start({ revocations, authenticator: authenticatorOf(), ...options });
  revocations.onRevoked(({ subject }) => harness.server.endSessions(subject, (caller) => revocations.isRevoked(caller)));
  return { ...harness, revocations };
}

test('a revoked key ends all of its connections with 3003 and nobody else', async () => {
  const { open, revocations, server } = await setUp();
  const [one, two, other] = [await open(as('key:a')), await open(as('key:a')), await open(as('key:b'))];
  revocations.add(ended('key:a'));
  for (const client of [one, two]) expect(await client.rest()).toEqual([expect.objectContaining(revokedFrame)]);
  expect((await other.call(1, 1, { id: '1' }))?.kind).toBe(Kind.response);
  await until(() => server.connections === 1);
});

test("a log-out ends the connections of that log-in and not the player's others", async () => {
  const { open, revocations } = await setUp();
  const [phone, desktop] = [await open(as('realm:player:1/realm:7')), await open(as('realm:player:1/realm:8'))];
  revocations.add(ended('realm:player:1', 'realm:7'));
  expect(await phone.rest()).toEqual([expect.objectContaining(revokedFrame)]);
  expect((await desktop.call(1, 1, { id: '1' }))?.kind).toBe(Kind.response);
});

test('what takes the right from many ends the connections of all of them, and of nobody else', async () => {
  const { open, server } = await setUp();
  const [one, two, other] = [await open(as('realm:player:1/realm:7')), await open(as('realm:player:2/realm:8')), await open(as('key:b'))];
  expect(server.endSessionsWhere(({ sessionId }) => sessionId !== null)).toBe(2);
  for (const client of [one, two]) expect(await client.rest()).toEqual([expect.objectContaining(revokedFrame)]);
  expect((await other.call(1, 1, { id: '1' }))?.kind).toBe(Kind.response);
});

test('what is in flight at that moment is not answered any more', async () => {
  const { open, revocations, game } = await setUp();
  const client = await open(as('key:a'));
  client.request(5, 100, {});
  await until(() => game.gate.waiting === 1);
  revocations.add(ended('key:a'));
  expect(await client.rest()).toEqual([expect.objectContaining(revokedFrame)]);
  game.gate.open();
});

test('a hello that is being checked when its token is revoked does not get in', async () => {
  const admitted = Promise.withResolvers<void>();
  const authenticator = authenticatorOf(admitted.promise);
  const { connect, revocations, metrics } = await setUp({ authenticator });
  const client = await connect();
  const answer = client.hello(as('key:a'));
  await until(() => authenticator.asked.length === 1);
  revocations.add(ended('key:a'));
  admitted.resolve();
  expect(await answer).toMatchObject(revokedFrame);
  expect(metrics.handshakes).toEqual([3003]);
});

test('each request asks, too: revoked with nobody to end the connection, nothing more is answered', async () => {
  const revocations = new Revocations();
  const { open } = await start({ revocations, authenticator: authenticatorOf() });
  const client = await open(as('key:a'));
  revocations.add(ended('key:a'));
  expect(await client.call(9, 1, { id: '1' })).toMatchObject({ kind: Kind.error, requestId: 9, body: { code: 3003 } });
  expect(await client.call(10, 1, [{ game: 'fake', operation: 'player.get', input: { id: '1' } }], { game: 0 })).toMatchObject({ body: { code: 3003 } });
});

test('to end sessions of nobody is no matter', async () => {
  const { server } = await setUp();
  expect(server.endSessions('nobody', () => true)).toBe(0);
});

test('the index finds each and keeps nothing of those that are gone', () => {
  const index = new SessionIndex<{ readonly n: number }>();
  const all = Array.from({ length: 6 }, (_, n) => ({ n }));
  for (const each of all) index.add(`s${each.n % 2}`, each);
  expect(index.of('s0').map(({ n }) => n)).toEqual([0, 2, 4]);
  for (const each of all) index.delete(`s${each.n % 2}`, each);
  expect([index.of('s0'), index.of('s1'), index.size]).toEqual([[], [], 0]);
  const [one, other] = [{ n: 7 }, { n: 8 }];
  index.add('s', one);
  index.delete('s', other);
  expect(index.of('s')).toEqual([one]);
});
