import { generateSigningKey, KeyRing, Tokens } from '@midgard/auth';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../define-game.ts';
import { standardEntities } from '../entities/index.ts';
import { credential, refreshToken } from '../entities/credential.ts';
import { outbox } from '../entities/bookkeeping.ts';
import { codeOf, fieldsOf, idOf } from '../test/answers.ts';
import { type OpenGame, openGame } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';
import { standardOperations } from './index.ts';

const password = 'correct horse 🐎 battery';

async function withPlayer(game: OpenGame): Promise<string> {
  return idOf(game.call('player.create', { name: 'Mira', password }));
}

function logIn(game: OpenGame, name = 'Mira', secret = password): Promise<unknown> {
  return game.call('auth.login', { name, password: secret }, null);
}

function renew(game: OpenGame, token: unknown): Promise<unknown> {
  return game.call('auth.refresh', { refreshToken: token }, null);
}

test('a player logs in by name and password, and the token tells who it is', async () => {
  const keys = await KeyRing.from([await generateSigningKey()]);
  const clock = { now: () => Date.UTC(2026, 0, 1) };
  await using game = await openGame(standardGame, { tokens: new Tokens({ keys, issuer: 'https://midgard.example', audience: 'midgard', clock }) });
  const id = await withPlayer(game);
  const answer = await fieldsOf(logIn(game));
  expect(answer).toMatchObject({ expiresIn: 900, player: { id, name: 'Mira', lastLoginAt: '2026-01-01T00:00:00.000Z' } });
  expect(await game.call('auth.verify', { accessToken: answer['accessToken'] })).toEqual({
    subject: `test:player:${id}`,
    playerId: id,
    roles: ['player'],
    expiresAt: '2026-01-01T00:15:00.000Z',
  });
  expect(await codeOf(game.call('auth.verify', { accessToken: `${z.string().parse(answer['accessToken'])}x` }))).toBe(3003);
});

test('a wrong name, a wrong password and a player without one are told alike', async () => {
  await using game = await openGame(standardGame);
  await withPlayer(game);
  await game.call('player.create', { name: 'Open' });
  for (const [name, secret] of [
    ['Nobody', password],
    ['Mira', 'wrong'],
    ['Open', password],
  ] as const)
    expect(await codeOf(logIn(game, name, secret))).toBe(3003);
});

test('a password is stored as an argon2id hash and nowhere else', async () => {
  await using game = await openGame(standardGame);
  const id = await withPlayer(game);
  await logIn(game);
  const rows = await game.database.read(async (session) => Promise.all(standardEntities.map((entity) => session.dao(entity).find())));
  const stored = JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(stored).not.toContain(password);
  const hashes = await game.database.read((session) => session.dao(credential).get(BigInt(id)));
  expect(hashes?.passwordHash).toMatch(/^\$argon2id\$/);
  expect(stored.split('argon2id')).toHaveLength(2);
});

test('tokens are in no outbox row, and refresh tokens are stored hashed', async () => {
  await using game = await openGame(standardGame);
  await withPlayer(game);
  const answer = await fieldsOf(logIn(game));
  await game.database.read(async (session) => {
    const tokens = await session.dao(refreshToken).find();
    expect(tokens.map(({ hash }) => hash)).not.toContain(answer['refreshToken']);
    expect((await session.dao(outbox).find()).map(({ event }) => event)).toEqual(['player.create']);
  });
});

test('the name to log in with is unique, follows a rename and is free after a deletion', async () => {
  await using game = await openGame(standardGame);
  const id = await withPlayer(game);
  expect(await codeOf(game.call('player.create', { name: 'Mira', password }))).toBe(2005);
  const other = await idOf(game.call('player.create', { name: 'Other', password }));
  expect(await codeOf(game.call('player.update', { id: other, name: 'Mira' }))).toBe(2005);
  await game.call('player.update', { id, name: 'Mirabel' });
  expect(await codeOf(logIn(game))).toBe(3003);
  expect(await codeOf(logIn(game, 'Mirabel'))).toBe(0);
  await game.call('player.delete', { id });
  expect(await codeOf(logIn(game, 'Mirabel'))).toBe(3003);
  expect(await codeOf(game.call('player.create', { name: 'Mirabel', password }))).toBe(0);
});

test('a refresh token is good once: its second use ends the family for good', async () => {
  await using game = await openGame(standardGame);
  await withPlayer(game);
  const first = (await fieldsOf(logIn(game)))['refreshToken'];
  const other = (await fieldsOf(logIn(game)))['refreshToken'];
  const second = (await fieldsOf(renew(game, first)))['refreshToken'];
  const third = (await fieldsOf(renew(game, second)))['refreshToken'];
  expect(await codeOf(renew(game, first))).toBe(3003);
  expect(await codeOf(renew(game, third))).toBe(3003);
  expect(await codeOf(renew(game, other))).toBe(0);
});

test('of many uses of one refresh token at the same time one wins, and even it is ended', async () => {
  await using game = await openGame(standardGame);
  await withPlayer(game);
  const { refreshToken: token } = await fieldsOf(logIn(game));
  const answers = await Promise.allSettled([renew(game, token), renew(game, token), renew(game, token)]);
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const answer of answers)
    if (answer.status === 'fulfilled') expect(await codeOf(renew(game, Reflect.get(Object(answer.value), 'refreshToken')))).toBe(3003);
});

test('a refresh token expires, and old ones are swept away by the next log-in', async () => {
  await using game = await openGame(standardGame, { refreshTtlSeconds: 60 });
  await withPlayer(game);
  const { refreshToken: token } = await fieldsOf(logIn(game));
  game.clock.advance(60_000);
  expect(await codeOf(renew(game, token))).toBe(3002);
  game.clock.advance(1);
  await logIn(game);
  expect(await game.database.read((session) => session.dao(refreshToken).count())).toBe(1);
});

test('logging out ends the log-in, and an unknown token is out already', async () => {
  await using game = await openGame(standardGame);
  await withPlayer(game);
  const { refreshToken: token } = await fieldsOf(logIn(game));
  for (const known of [token, 'unknown']) expect(await game.call('auth.logout', { refreshToken: known })).toEqual({ loggedOut: true });
  expect(await codeOf(renew(game, token))).toBe(3003);
});

test('a banned player does not get in, by no way', async () => {
  await using game = await openGame(standardGame);
  const id = await withPlayer(game);
  const { refreshToken: token, accessToken } = await fieldsOf(logIn(game));
  await game.call('player.update', { id, status: 'banned' });
  expect(await codeOf(logIn(game))).toBe(3004);
  expect(await codeOf(renew(game, token))).toBe(3004);
  expect(await codeOf(game.call('auth.verify', { accessToken }))).toBe(3003);
});

test('a token of another game is not valid here', async () => {
  await using game = await openGame(standardGame);
  const id = await withPlayer(game);
  expect(await codeOf(game.call('auth.verify', { accessToken: `access other ${id}` }))).toBe(3003);
});

test('a game may log players in its own way', async () => {
  const own = defineGame({
    manifest: standardGame.manifest,
    entities: standardEntities,
    operations: standardOperations(),
    hooks: { login: async ({ read }, { name }) => read(async ({ players }) => (await players.require(BigInt(name))).id) },
  });
  await using game = await openGame(own);
  const id = await idOf(game.call('player.create', { name: 'Ticket' }));
  expect(await fieldsOf(logIn(game, id, 'ticket'))).toMatchObject({ player: { id } });
});

test('without tokens there is no log-in', async () => {
  await using game = await openGame(standardGame, { tokens: undefined });
  await withPlayer(game);
  expect(await codeOf(logIn(game))).toBe(3004);
});

test('the time of a log-in does not tell whether there is such a player', async () => {
  await using game = await openGame(standardGame, { loginThrottle: false });
  await withPlayer(game);
  const took = async (name: string): Promise<number> => {
    const from = performance.now();
    expect(await codeOf(logIn(game, name, 'a wrong password'))).toBe(3003);
    return performance.now() - from;
  };
  // One after the other, so that whatever else the machine does, it does to both.
  const ratios: number[] = [];
  for (let i = 0; i < 7; i += 1) ratios.push((await took('Mira')) / (await took('Nobody')));
  const median = ratios.toSorted((a, b) => a - b)[3] ?? 0;
  // Without the same work for both it would be above a hundred; threads that give way to others take now more and now less.
  expect(median).toBeGreaterThan(0.1);
  expect(median).toBeLessThan(10);
});
