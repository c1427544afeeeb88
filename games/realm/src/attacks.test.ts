// Made from the definitions of the operations, so that one that is added is attacked too: OWASP API1, API3 and API5:2023; ASVS 5 §8.2.2, §15.3.3.
import { MidgardError, type Operation } from '@midgard/game-kit';
import { type OpenGame, openGame, playerCaller } from '@midgard/game-kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from './realm.ts';
import { idPaths, objectPaths, sampleInput } from './test/sample-input.ts';

const WithId = z.looseObject({ id: z.string() });

/** What any player may ask, since it is nobody's own: reviewed by a person, so another one fails the test until it is, too. */
const nobodysOwn: ReadonlySet<string> = new Set(['season.get', 'season.ranking', 'season.place', 'auth.login', 'auth.refresh', 'auth.verify', 'auth.logout']);

/** What stands in the rows of the victim and nowhere else. */
const marks = [
  'Sigyn of the marks',
  'marked-external-id',
  'marked-attribute',
  '777771',
  'marked-sword',
  'Marked hero',
  'marked-product',
  'marked-deed',
  'marked-kind',
];

/** What one player has, by the first part of the routes to it. */
type Belongings = Readonly<Record<'players' | 'characters' | 'orders' | 'seasons', string>>;

let game: OpenGame;
let mine: Belongings;
let victims: Belongings;

beforeAll(async () => {
  game = await openGame(realm);
  const seasons = await idOf('season.open', { name: 'Winter', startsAt: '2025-12-01T00:00:00Z', endsAt: '2026-12-01T00:00:00Z' });
  mine = await settle(seasons, ['Loki', 'loki', 'mischief', '5', 'dagger', 'Trickster', 'gem', 'pranks', 'shown']);
  victims = await settle(seasons, marks);
});
afterAll(() => game[Symbol.asyncDispose]());

async function idOf(operation: string, input: object): Promise<string> {
  return WithId.parse(await game.call(operation, input)).id;
}

/** Makes a player who has something of everything. */
async function settle(seasons: string, [name, externalId, attribute, amount, itemType, hero, product, deed, kind]: readonly string[]): Promise<Belongings> {
  const players = await idOf('player.create', { name, externalId, attributes: { attribute }, password: `a password of ${name}` });
  const key = (what: string): object => ({ idempotencyKey: `settle-${what}-${players}`, reason: 'test' });
  await game.call('wallet.credit', { playerId: players, currency: 'gold', amount, ...key('wallet') });
  await game.call('item.grant', { playerId: players, itemType, quantity: 2, ...key('item') });
  const characters = await idOf('character.create', { playerId: players, name: hero, class: 'bard' });
  const orders = await idOf('order.create', { playerId: players, product, quantity: 1, currency: 'EUR', amount: 1, idempotencyKey: `settle-order-${players}` });
  await game.call('orderEvent.record', { id: orders, kind, idempotencyKey: `settle-event-${players}` });
  await game.call('counter.add', { playerId: players, name: deed, amount: 7 });
  return { players, characters, orders, seasons };
}

/** The id that belongs at a place of an operation's input. */
function idFor({ http }: Operation, path: string, whose: Belongings): string {
  if (/playerId$/i.test(path)) return whose.players;
  const [, collection = ''] = /^[A-Z]+ \/([a-z-]+)/.exec(http) ?? [];
  const id = Object.entries(whose).find(([name]) => name === collection)?.[1];
  if (id === undefined) throw new Error(`whose is the ${path} of ${http}?`);
  return id;
}

/** Inputs in which at least one id, in every choice of places, is the victim's, and the others are the attacker's own. */
function attacksOn(operation: Operation): readonly object[] {
  const paths = idPaths(operation);
  if (paths.length === 0) return [sampleInput(operation, () => '')];
  return Array.from({ length: 2 ** paths.length - 1 }, (_, choice) =>
    sampleInput(operation, (path) => idFor(operation, path, ((choice + 1) >> paths.indexOf(path)) & 1 ? victims : mine)),
  );
}

async function outcome(work: Promise<unknown>): Promise<{ readonly code: number; readonly text: string; readonly fields: readonly unknown[] }> {
  try {
    return { code: 0, text: JSON.stringify(await work), fields: [] };
  } catch (error) {
    if (!MidgardError.is(error)) throw error;
    const { code, message, details } = error;
    const issues = z.object({ issues: z.array(z.object({ path: z.string() })) }).safeParse(details).data?.issues ?? [];
    return { code, text: JSON.stringify({ message, details }), fields: issues.map(({ path }) => path) };
  }
}

/** All that a service can read of the victim. */
async function everythingOfTheVictim(): Promise<unknown[]> {
  const reads = realm.operations.filter(({ kind, owner }) => kind === 'read' && typeof owner === 'function');
  return Promise.all(
    reads.map((operation) =>
      game.call(
        operation.name,
        sampleInput(operation, (path) => idFor(operation, path, victims)),
      ),
    ),
  );
}

describe("a player's token with another player's ids", () => {
  test.each(realm.operations.map((operation) => [operation.name, operation] as const))('%s', async (name, operation) => {
    expect(operation.owner, 'say whose it is: a player, any or none').toBeDefined();
    if (operation.owner === 'any') expect([...nobodysOwn]).toContain(name);
    // Once by those who may, so that the answer waits in the cache for whoever asks next.
    const before = await everythingOfTheVictim();
    for (const mark of marks) expect(JSON.stringify(before)).toContain(mark);
    for (const input of attacksOn(operation)) {
      expect(operation.input.safeParse(input).error, 'the input itself is right').toBeUndefined();
      const { code, text } = await outcome(game.call(name, input, playerCaller(BigInt(mine.players))));
      if (operation.owner !== 'any') expect(code).toBe(3004);
      for (const mark of [...marks, victims.characters, victims.orders]) expect(text).not.toContain(mark);
    }
    expect(await everythingOfTheVictim()).toEqual(before);
  });

  test.each(realm.operations.filter(({ owner }) => typeof owner === 'function').map((operation) => [operation.name, operation] as const))(
    '%s of their own is theirs',
    async (name, operation) => {
      const input = sampleInput(operation, (path) => idFor(operation, path, mine));
      expect((await outcome(game.call(name, input, playerCaller(BigInt(mine.players))))).code).toBe(0);
    },
  );
});

const coveted = 'role roles permissions isAdmin admin scope owner ownerId tenant game games password_hash expectedVersion toString constructor'.split(' ');
/** Every column of every entity, and what else somebody would try. */
const unasked = [...new Set([...realm.entities.flatMap(({ columns }) => Object.keys(columns)), ...coveted])];

describe('a field that an input does not have is refused by its name', () => {
  test.each(realm.operations.map((operation) => [operation.name, operation] as const))('%s', async (name, operation) => {
    const input = (): Record<string, unknown> => sampleInput(operation, (path) => idFor(operation, path, victims));
    const before = await everythingOfTheVictim();
    for (const at of objectPaths(operation)) {
      const { shape } = at === '' ? operation.input : z.instanceof(z.ZodObject).parse(operation.input.shape[at]);
      for (const field of unasked.filter((each) => !Object.hasOwn(shape, each))) {
        const whole = input();
        const target = at === '' ? whole : z.record(z.string(), z.unknown()).parse(whole[at]);
        const raw = at === '' ? { ...whole, [field]: 'x' } : { ...whole, [at]: { ...target, [field]: 'x' } };
        const { code, fields } = await outcome(game.call(name, raw));
        expect([code, fields], field).toEqual([2001, [at === '' ? field : `${at}.${field}`]]);
      }
    }
    expect(await everythingOfTheVictim()).toEqual(before);
  });

  test('free attributes that are called like columns set none', async () => {
    const attributes = { id: '1', level: 99, experience: '99', status: 'banned', version: 7, createdAt: '2000-01-01T00:00:00.000Z', passwordHash: 'x' };
    const made = await game.call('player.create', { name: 'Narfi', attributes });
    expect(made).toMatchObject({ name: 'Narfi', level: 1, experience: '0', status: 'active', version: 1, attributes });
    expect(made).not.toMatchObject({ id: '1' });
    expect(made).not.toHaveProperty('passwordHash');
  });
});
