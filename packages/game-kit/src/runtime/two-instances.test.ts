import { type Database, IdGenerator, openDatabase } from '@midgard/dao';
import { MidgardError } from '@midgard/errors';
import { mysqlForTests } from '@midgard/test-services';
import { afterAll, describe, expect, test } from 'vitest';
import { idempotency, outbox } from '../entities/bookkeeping.ts';
import { gameOrder } from '../entities/order.ts';
import { item } from '../entities/item.ts';
import { codeOf, fieldsOf, freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { readableTokens, service } from '../testing/open-game.ts';
import type { LoginCredentials } from '../game.ts';
import { GameRuntime } from './game-runtime.ts';

/** Whose players log in elsewhere, each with the name of the account there. */
const game = { ...standardGame, hooks: { ...standardGame.hooks, login: (_: unknown, { name }: LoginCredentials) => ({ externalId: name, name }) } };
const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
const timeout = 120_000;
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

/** Two instances of the service over one database server; a call goes to the one or the other. */
class TwoInstances implements AsyncDisposable {
  readonly #instances: readonly { readonly runtime: GameRuntime; readonly database: Database }[];
  retries = 0;

  private constructor(instances: readonly { readonly runtime: GameRuntime; readonly database: Database }[]) {
    this.#instances = instances;
  }

  static async open(): Promise<TwoInstances> {
    const url = 'url' in mysql ? await mysql.freshDatabase() : '';
    const count: { of?: TwoInstances } = {};
    const retried = (): void => void (count.of!.retries += 1);
    const open = async (instance: number) => {
      // A busy machine may take its time; a lost update would show all the same.
      const database = await openDatabase(url, { listener: { retried }, timeoutMs: 60_000 });
      const runtime = new GameRuntime(game, { database, ids: new IdGenerator({ instance }), tokens: readableTokens });
      await runtime.start();
      return { runtime, database };
    };
    const two = new TwoInstances(await Promise.all([open(0), open(1)]));
    count.of = two;
    return two;
  }

  get database(): Database {
    return this.#instances[0]!.database;
  }

  get runtime(): GameRuntime {
    return this.#instances[0]!.runtime;
  }

  call(at: number, name: string, input: object): Promise<unknown> {
    const { runtime } = this.#instances[at % 2]!;
    return runtime.execute({ operation: runtime.operation(name)!, input, caller: service });
  }

  /** As a caller does who is told that his first request with this key still runs. */
  async callUntilAnswered(at: number, name: string, input: object): Promise<{ readonly code: number; readonly answer: string }> {
    for (;;) {
      try {
        return { code: 0, answer: JSON.stringify(await this.call(at, name, input)) };
      } catch (error) {
        if (!MidgardError.is(error)) throw error;
        if (error.code !== 2010) return { code: error.code, answer: '' };
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async players(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, (_, at) => idOf(this.call(at, 'player.create', { name: `Player ${at}` }))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#instances.map(({ runtime }) => runtime.stop()));
    await Promise.all(this.#instances.map(({ database }) => database.close()));
  }
}

describe.skipIf(missing !== '')(`two instances over one MySQL${missing}`, { timeout }, () => {
  test('of 200 calls at once with 50 keys each key moves its things once, with one answer, and nothing is lost or made', async () => {
    await using two = await TwoInstances.open();
    const players = await two.players(4);
    const setUp = players.map((playerId, at) => two.call(at, 'item.grant', { playerId, itemType: 'coin', quantity: 25, reason: 'start', ...freshKey() }));
    await Promise.all(setUp);
    const inputs = Array.from({ length: 50 }, (_, at) => {
      const [playerId, toPlayerId] = [players[at % 4], players[(at + 1 + (at % 3)) % 4]];
      return { playerId, toPlayerId, itemType: 'coin', quantity: 1 + (at % 9), reason: 'r', ...freshKey() };
    });
    const calls = Array.from({ length: 200 }, (_, at) => inputs[at % 50]!).map(async (input, at) => ({
      key: input.idempotencyKey,
      // Two calls of each key to either instance.
      ...(await two.callUntilAnswered(Math.floor(at / 50), 'item.transfer', input)),
    }));
    const outcomes = await Promise.all(calls);

    const answered = new Map<string, Set<string>>();
    for (const { key, code, answer } of outcomes) {
      expect([0, 2007]).toContain(code);
      if (code === 0) answered.set(key, (answered.get(key) ?? new Set()).add(answer));
    }
    for (const [key, answers] of answered) expect([key, answers.size]).toEqual([key, 1]);
    expect(answered.size).toBeGreaterThan(10);
    await two.database.read(async (session) => {
      expect(await session.dao(idempotency).count()).toBe(4 + answered.size);
      expect(await session.dao(outbox).count({ event: 'item.transfer' })).toBe(answered.size);
      const stacks = await session.dao(item).find();
      expect(stacks.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(100n);
    });
    expect((await two.runtime.ledgerReport()).violations).toEqual([]);
  });

  test('a key that is asked for at both instances at once runs once, whoever comes first', async () => {
    await using two = await TwoInstances.open();
    const [playerId] = await two.players(1);
    await two.call(0, 'wallet.credit', { playerId, currency: 'gold', amount: 20, reason: 'r', ...freshKey() });
    for (let round = 0; round < 20; round += 1) {
      // All that there is: a second debit would be refused, and not answered as the first.
      const debit = { playerId, currency: 'gold', amount: 20, reason: 'r', ...freshKey() };
      const [one, other] = await Promise.all([two.call(0, 'wallet.debit', debit), two.call(1, 'wallet.debit', debit)]);
      expect(other).toEqual(one);
      await two.call(round, 'wallet.credit', { playerId, currency: 'gold', amount: 20, reason: 'r', ...freshKey() });
    }
    expect((await two.runtime.ledgerReport()).violations).toEqual([]);
  });

  test("accounts that are opened at once, side by side, are in nobody's way", async () => {
    await using two = await TwoInstances.open();
    const players = await two.players(60);
    two.retries = 0;
    const money = players.map((playerId, at) => codeOf(two.call(at, 'wallet.credit', { playerId, currency: 'gold', amount: 1, reason: 'r', ...freshKey() })));
    const things = players.map((playerId, at) => codeOf(two.call(at, 'item.grant', { playerId, itemType: 'a', quantity: 1, reason: 'r', ...freshKey() })));
    expect(new Set(await Promise.all([...money, ...things]))).toEqual(new Set([0]));
    expect(two.retries).toBe(0);
  });

  test('what many change at once takes one change after the other, and none runs for nothing', async () => {
    await using two = await TwoInstances.open();
    const [playerId = ''] = await two.players(1);
    const characterId = await idOf(two.call(0, 'character.create', { playerId, name: 'c', class: 'mage' }));
    two.retries = 0;
    const times = Array.from({ length: 30 }, (_, at) => at);
    await Promise.all(
      times.flatMap((at) => [two.call(at, 'player.update', { id: playerId, level: at }), two.call(at + 1, 'character.update', { id: characterId, level: at })]),
    );
    expect(await fieldsOf(two.call(0, 'player.update', { id: playerId, level: 1 }))).toMatchObject({ version: 32 });
    expect(await fieldsOf(two.call(0, 'character.update', { id: characterId, level: 1 }))).toMatchObject({ version: 32 });
    expect(two.retries).toBe(0);
  });

  test('an order takes one of the steps that are asked for at once, and refuses the others by its states', async () => {
    await using two = await TwoInstances.open();
    const [playerId] = await two.players(1);
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        idOf(two.call(at, 'order.create', { playerId, product: 'p', quantity: 1, currency: 'EUR', amount: 1, ...freshKey() })),
      ),
    );
    for (const id of ids) await two.call(0, 'order.pay', { id, transactionId: `t-${id}`, ...freshKey() });
    two.retries = 0;
    for (const id of ids) {
      const steps = Array.from({ length: 6 }, (_, at) =>
        codeOf(two.call(at, at % 3 === 0 ? 'order.deliver' : 'order.refund', { id, ...(at % 3 === 0 ? {} : { reason: 'r' }), ...freshKey() })),
      );
      expect((await Promise.all(steps)).toSorted((one, other) => one - other)).toEqual([0, 2008, 2008, 2008, 2008, 2008]);
    }
    expect(two.retries).toBe(0);
    const orders = await two.database.read((session) => session.dao(gameOrder).find());
    expect(new Set(orders.map(({ version }) => version))).toEqual(new Set([3]));
  });

  test('of first log-ins of an account at the same time all are of one player', async () => {
    await using two = await TwoInstances.open();
    for (const name of ['steam:1', 'steam:2', 'steam:3']) {
      const answers = await Promise.all(Array.from({ length: 4 }, (_, at) => fieldsOf(two.call(at, 'auth.login', { name, password: 'ticket' }))));
      expect(new Set(answers.map(({ player }) => Reflect.get(Object(player), 'id'))).size).toBe(1);
    }
    expect(await two.call(0, 'player.list', {})).toMatchObject({ items: [{}, {}, {}] });
  });
});
