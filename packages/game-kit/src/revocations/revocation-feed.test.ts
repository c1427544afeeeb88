import { generateSigningKey, KeyRing, Revocations, Tokens } from '@midgard/auth';
import { type Database, IdGenerator } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { GameLog } from '../context.ts';
import { refreshToken, tokenRevocation } from '../entities/credential.ts';
import { codeOf, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { ManualClock, openGame } from '../testing/open-game.ts';
import { ManualTimers } from '../write-behind/test/manual-timers.ts';

const password = 'correct horse 🐎 battery';
const keys = await KeyRing.from([await generateSigningKey()]);
const Pair = z.looseObject({ accessToken: z.string(), refreshToken: z.string() });

let clock: ManualClock;
let database: Database;
let number: number;
beforeEach(async () => {
  clock = new ManualClock();
  database = await temporaryDatabase({ clock });
  number = 0;
});

afterEach(() => database.close());

/** An instance of the game: all of them have one database, and each its own memory. */
async function instance(at: ManualClock = clock) {
  const revocations = new Revocations({ clock: at });
  const tokens = new Tokens({ keys, issuer: 'midgard', audience: 'midgard', clock: at, revocations });
  const timers = new ManualTimers();
  const warnings: string[] = [];
  const log: GameLog = { debug: () => undefined, info: () => undefined, error: () => undefined, warn: (_, message) => warnings.push(message) };
  const ids = new IdGenerator({ clock: at, instance: number++ });
  const game = await openGame(standardGame, { database, clock: at, ids, tokens, revocations, timers, log });
  onTestFinished(() => game.runtime.stop());
  const call = (name: string, input: unknown, caller?: null) => game.call(name, input, caller);
  const accepts = async (token: string): Promise<boolean> =>
    tokens.verify(token).then(
      () => true,
      () => false,
    );
  /** Lets a quarter of a second pass, and the look that falls due end. */
  const look = async (): Promise<void> => {
    const before = timers.delays.length;
    timers.advance(250);
    while (timers.delays.length === before) await new Promise((resolve) => setImmediate(resolve));
  };
  const logIn = async () => Pair.parse(await call('auth.login', { name: 'Mira', password }, null));
  const renew = async (token: string) => Pair.parse(await call('auth.refresh', { refreshToken: token }, null));
  return { call, accepts, look, logIn, renew, revocations, timers, warnings };
}

async function pairOfInstances() {
  const [a, b] = [await instance(), await instance()];
  return { a, b, id: await idOf(a.call('player.create', { name: 'Mira', password })) };
}

const rows = (): Promise<number> => database.read((session) => session.dao(tokenRevocation).count());

describe('the access tokens of a log-in end with it, here at once and elsewhere by the next look', () => {
  test('by a log-out, also those of its earlier refreshes, and not those of another log-in', async () => {
    const { a, b } = await pairOfInstances();
    const [first, other] = [await a.logIn(), await b.logIn()];
    const second = await b.renew(first.refreshToken);
    for (const { accessToken } of [first, second]) expect([await a.accepts(accessToken), await b.accepts(accessToken)]).toEqual([true, true]);
    await a.call('auth.logout', { refreshToken: first.refreshToken });
    for (const { accessToken } of [first, second]) expect(await a.accepts(accessToken)).toBe(false);
    await b.look();
    for (const { accessToken } of [first, second]) expect(await b.accepts(accessToken)).toBe(false);
    expect([await a.accepts(other.accessToken), await b.accepts(other.accessToken)]).toEqual([true, true]);
  });

  test('by a refresh token that is used twice, as after a theft', async () => {
    const { a, b } = await pairOfInstances();
    const first = await a.logIn();
    const thief = await b.renew(first.refreshToken);
    expect(await codeOf(a.call('auth.refresh', { refreshToken: first.refreshToken }, null))).toBe(3003);
    expect(await a.accepts(thief.accessToken)).toBe(false);
    await b.look();
    expect(await b.accepts(thief.accessToken)).toBe(false);
    expect(await codeOf(b.call('auth.refresh', { refreshToken: thief.refreshToken }, null))).toBe(3003);
  });

  test('by a ban, all of the player, and the player may log in again once it is lifted', async () => {
    const { a, b, id } = await pairOfInstances();
    const [one, two] = [await a.logIn(), await b.logIn()];
    await a.call('player.update', { id, status: 'banned' });
    await b.look();
    for (const { accessToken } of [one, two]) expect([await a.accepts(accessToken), await b.accepts(accessToken)]).toEqual([false, false]);
    clock.advance(11_000);
    await a.call('player.update', { id, status: 'active' });
    const again = await b.logIn();
    expect([await a.accepts(again.accessToken), await b.accepts(again.accessToken)]).toEqual([true, true]);
  });

  test('by the deletion of the player', async () => {
    const { a, b, id } = await pairOfInstances();
    const { accessToken } = await a.logIn();
    await b.call('player.delete', { id });
    await a.look();
    expect([await a.accepts(accessToken), await b.accepts(accessToken)]).toEqual([false, false]);
  });

  test('and by nothing else: a new name, a level, a refused log-out', async () => {
    const { a, id } = await pairOfInstances();
    const { accessToken } = await a.logIn();
    await a.call('player.update', { id, level: 5, name: 'Mirabel' });
    await a.call('auth.logout', { refreshToken: 'unknown' });
    await a.look();
    expect(await a.accepts(accessToken)).toBe(true);
    expect(await rows()).toBe(0);
  });
});

test('a revocation outlives a restart: who starts later knows it before the first request', async () => {
  const { a } = await pairOfInstances();
  const { accessToken, refreshToken: token } = await a.logIn();
  await a.call('auth.logout', { refreshToken: token });
  clock.advance(60_000);
  expect(await (await instance()).accepts(accessToken)).toBe(false);
});

test('what an instance with a slow clock wrote is found, and what one with a fast clock had issued ends', async () => {
  const [slow, fast] = [new ManualClock(), new ManualClock()];
  fast.advance(4900);
  const [a, b] = [await instance(slow), await instance(fast)];
  const id = await idOf(a.call('player.create', { name: 'Mira', password }));
  const { accessToken } = await b.logIn();
  await a.call('player.update', { id, status: 'banned' });
  await b.look();
  expect([await a.accepts(accessToken), await b.accepts(accessToken)]).toEqual([false, false]);
});

test('a log-out and a log-in ended twice write one row, and rows go when no token could be good any more', async () => {
  const { a } = await pairOfInstances();
  const { refreshToken: token } = await a.logIn();
  for (let n = 0; n < 3; n += 1) await a.call('auth.logout', { refreshToken: token });
  expect(await rows()).toBe(1);
  clock.advance(905_000);
  await a.look();
  expect(await rows()).toBe(1);
  clock.advance(60_000);
  await a.look();
  expect(await rows()).toBe(0);
});

test('a family is ended also for the token that a refresh beside it was just making', async () => {
  const { a } = await pairOfInstances();
  const first = await a.logIn();
  const second = await a.renew(first.refreshToken);
  // As it stands after a race: the end was noted at the token before, and the new one was not seen.
  await database.transaction(async (session) => {
    const tokens = session.dao(refreshToken);
    const [used] = await tokens.find({ where: { usedAt: { ne: null } } });
    if (used !== undefined) await tokens.update(used.hash, { revokedAt: new Date(clock.now()) });
  });
  expect(await codeOf(a.call('auth.refresh', { refreshToken: second.refreshToken }, null))).toBe(3003);
});

test('while the database is away what is known stays refused, a warning says so once, and the looks go on', async () => {
  const { a, b } = await pairOfInstances();
  const { accessToken, refreshToken: token } = await a.logIn();
  await b.call('auth.logout', { refreshToken: token });
  await database.close();
  for (let n = 0; n < 3; n += 1) await b.look();
  expect(await b.accepts(accessToken)).toBe(false);
  expect(b.warnings).toHaveLength(1);
  expect(b.timers.delays.length).toBeGreaterThan(3);
});

test('many are told in pages', async () => {
  const { b } = await pairOfInstances();
  const forgetAt = new Date(clock.now() + 900_000);
  const many = Array.from({ length: 2500 }, (_, n) => ({
    id: BigInt(n + 1),
    playerId: 5n,
    familyId: BigInt(n + 1),
    revokedAt: new Date(clock.now()),
    forgetAt,
  }));
  await database.transaction((session) => session.dao(tokenRevocation).insertMany(many));
  await b.look();
  expect(b.revocations.size).toBe(2500);
});
