import { MidgardError } from '@midgard/errors';
import { describe, expect, test } from 'vitest';
import { defineGame } from '../define-game.ts';
import { auditEntry } from '../entities/audit.ts';
import { standardEntities } from '../entities/index.ts';
import type { Hooks } from '../game.ts';
import { codeOf, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { type OpenGame, openGame } from '../testing/open-game.ts';
import { standardOperations } from './index.ts';

const password = 'correct horse 🐎 battery';
const home = '192.0.2.7';
const abroad = '203.0.113.9';
const loginThrottle = { freeAttempts: 3, firstWaitMs: 1000, maxWaitMs: 60_000 };

function logIn({ runtime }: OpenGame, name: string, secret: string, address = abroad): Promise<unknown> {
  const operation = runtime.operation('auth.login');
  if (operation === undefined) throw new MidgardError('operationNotFound', '');
  return runtime.execute({ operation, input: { name, password: secret }, caller: null, origin: { transport: 'http', address } });
}

async function codesOf(game: OpenGame, times: number, name: string, secret = 'wrong', address = abroad): Promise<number[]> {
  const codes: number[] = [];
  for (let i = 0; i < times; i += 1) codes.push(await codeOf(logIn(game, name, secret, address)));
  return codes;
}

function withLogin(login: NonNullable<Hooks['login']>) {
  return defineGame({ manifest: standardGame.manifest, entities: standardEntities, operations: standardOperations(), hooks: { login } });
}

describe('after some wrong passwords in a row', () => {
  test.each(['Mira', 'Nobody'])('%s waits, known or not, and is told for how long', async (name) => {
    await using game = await openGame(standardGame, { loginThrottle });
    await game.call('player.create', { name: 'Mira', password });
    expect(await codesOf(game, 4, name)).toEqual([3003, 3003, 3003, 3005]);
    await expect(logIn(game, name, password)).rejects.toMatchObject({ code: 3005, details: { retryAfterMs: 1000 } });
    game.clock.advance(1000);
    expect(await codesOf(game, 2, name)).toEqual([3003, 3005]);
    await expect(logIn(game, name, password)).rejects.toMatchObject({ details: { retryAfterMs: 2000 } });
    expect(await codeOf(logIn(game, 'Other', 'wrong'))).toBe(3003);
  });

  test('the right one is good again after the wait, and then all is forgotten', async () => {
    await using game = await openGame(standardGame, { loginThrottle });
    await game.call('player.create', { name: 'Mira', password });
    await codesOf(game, 3, 'Mira');
    game.clock.advance(1000);
    expect(await codesOf(game, 1, 'Mira', password)).toEqual([0]);
    expect(await codesOf(game, 4, 'Mira')).toEqual([3003, 3003, 3003, 3005]);
  });

  test('strangers have locked out strangers, and nobody where the account was logged in to before', async () => {
    await using game = await openGame(standardGame, { loginThrottle });
    await game.call('player.create', { name: 'Mira', password });
    expect(await codesOf(game, 1, 'Mira', password, home)).toEqual([0]);
    expect((await codesOf(game, 9, 'Mira')).at(-1)).toBe(3005);
    expect(await codesOf(game, 1, 'Mira', password, home)).toEqual([0]);
    expect(await codesOf(game, 4, 'Mira', 'wrong', home)).toEqual([3003, 3003, 3003, 3005]);
  });

  test('a refused attempt asks neither the database nor for a hash', async () => {
    await using game = await openGame(standardGame, { loginThrottle });
    await codesOf(game, 3, 'Nobody');
    await game.database.close();
    expect(await codesOf(game, 1, 'Nobody')).toEqual([3005]);
  });
});

test('of many attempts at the same time no more are looked at than of as many in a row', async () => {
  await using game = await openGame(standardGame, { loginThrottle });
  const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(logIn(game, 'Mira', 'wrong'))));
  expect(codes.filter((code) => code === 3003)).toHaveLength(3);
  expect(codes.filter((code) => code === 3005)).toHaveLength(17);
});

test('the audit log has the attempts that were looked at, and is not filled with those that were refused', async () => {
  await using game = await openGame(standardGame, { loginThrottle });
  await codesOf(game, 30, 'Mira');
  const entries = await game.database.read((session) => session.dao(auditEntry).find());
  expect(entries.map(({ outcome, address }) => [outcome, address])).toEqual(Array.from({ length: 3 }, () => [3003, abroad]));
});

test('a game that logs in by a hook of its own waits too, and only for wrong credentials', async () => {
  let isAway = true;
  const own = withLogin(() => {
    throw isAway ? new MidgardError('timeout', 'the provider did not answer') : new MidgardError('credentialInvalid', '');
  });
  await using game = await openGame(own, { loginThrottle });
  expect(await codesOf(game, 9, 'Mira')).toEqual(Array.from({ length: 9 }, () => 1004));
  isAway = false;
  expect(await codesOf(game, 4, 'Mira')).toEqual([3003, 3003, 3003, 3005]);
});

describe('a game without passwords', () => {
  // As an identity provider would: a ticket names an account, whatever the player says.
  const accounts = new Map([
    ['ticket-of-mira', { externalId: 'steam:76561197960287930', name: ' Mira ', attributes: { via: 'steam' } }],
    ['ticket-without-a-name', { externalId: 'steam:1', name: '\u0007' }],
    ['ticket-without-an-id', { externalId: '', name: 'Noah' }],
  ]);
  const byTicket = withLogin((_, { password: ticket }) => {
    const account = accounts.get(ticket);
    if (account === undefined) throw new MidgardError('credentialInvalid', 'no such ticket');
    return account;
  });

  test("makes the player of a provider's account at its first log-in and finds it at the next", async () => {
    await using game = await openGame(byTicket);
    const first = await logIn(game, 'Mira', 'ticket-of-mira');
    expect(first).toMatchObject({ player: { externalId: 'steam:76561197960287930', name: 'Mira', attributes: { via: 'steam' }, status: 'active' } });
    const id = String(Reflect.get(Object(Reflect.get(Object(first), 'player')), 'id'));
    expect(await logIn(game, 'Renamed elsewhere', 'ticket-of-mira')).toMatchObject({ player: { id, name: 'Mira' } });
    await game.call('player.update', { id, status: 'banned' });
    expect(await codeOf(logIn(game, 'Mira', 'ticket-of-mira'))).toBe(3004);
  });

  test('finds a player who was made with the external id before', async () => {
    await using game = await openGame(byTicket);
    const id = await idOf(game.call('player.create', { name: 'Veteran', externalId: 'steam:76561197960287930' }));
    expect(await logIn(game, 'Mira', 'ticket-of-mira')).toMatchObject({ player: { id, name: 'Veteran' } });
  });

  test('makes one player of two first log-ins at the same time', async () => {
    await using game = await openGame(byTicket);
    await Promise.all([logIn(game, 'Mira', 'ticket-of-mira'), logIn(game, 'Mira', 'ticket-of-mira')]);
    expect(await game.call('player.list', {})).toMatchObject({ items: [{ name: 'Mira' }] });
  });

  test.each(['ticket-without-a-name', 'ticket-without-an-id'])('makes nobody of %s', async (ticket) => {
    await using game = await openGame(byTicket);
    expect(await codeOf(logIn(game, 'Mira', ticket))).toBe(2001);
    expect(await game.call('player.list', {})).toMatchObject({ items: [] });
  });
});
