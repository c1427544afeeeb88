import { type Database, firstIdAt, IdGenerator, openDatabase } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { mysqlForTests } from '@midgard/test-services';
import { afterAll, expect, test } from 'vitest';
import { outbox } from '../entities/bookkeeping.ts';
import { GameRuntime } from '../runtime/game-runtime.ts';
import { freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { ManualClock, openGame, service } from '../testing/open-game.ts';
import type { Timers } from '../write-behind/timers.ts';
import type { Following, GameEvent, GameEvents } from './game-event.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

/** Timers that never fire by themselves: what was to be polled is polled when a test says so. */
class HeldTimers implements Timers {
  readonly #held = new Set<() => void>();

  get held(): number {
    return this.#held.size;
  }

  after(_delayMs: number, callback: () => void): () => void {
    this.#held.add(callback);
    return () => this.#held.delete(callback);
  }

  fire(): void {
    for (const callback of this.#held) {
      this.#held.delete(callback);
      callback();
    }
  }
}

/** Someone who listens, and keeps what was heard. */
class Listener implements AsyncDisposable {
  readonly heard: GameEvent[] = [];
  readonly #following: Following;
  #wanted: { readonly count: number; readonly resolve: () => void } | undefined;

  private constructor(following: Following) {
    this.#following = following;
  }

  static async open(events: GameEvents, keep = 1000): Promise<Listener> {
    const early: { of?: Listener } = {};
    const following = await events.follow({ heard: (told) => early.of?.hear(told) }, { keep });
    const listener = new Listener(following);
    early.of = listener;
    following.begin();
    return listener;
  }

  get latest(): readonly number[] {
    return this.#following.latest.map(({ sequence }) => sequence);
  }

  /** What a client that comes back with an id gets, as far as it is known by now. */
  behind(last: number): GameEvent[] {
    return [...this.#following.latest, ...this.heard].filter(({ sequence }) => sequence > last);
  }

  get head(): number {
    return this.#following.head;
  }

  hear(told: readonly GameEvent[]): void {
    this.heard.push(...told);
    if (this.#wanted !== undefined && this.heard.length >= this.#wanted.count) this.#wanted.resolve();
  }

  catchUp(): Promise<void> {
    return this.#following.catchUp();
  }

  until(count: number): Promise<void> {
    if (this.heard.length >= count) return Promise.resolve();
    return new Promise((resolve) => (this.#wanted = { count, resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following.stop();
  }
}

const namesOf = (events: readonly GameEvent[]): string[] => events.map(({ sequence, event }) => `${sequence} ${event}`);

test('what is committed here is heard at once and in order, with what the write answered', async () => {
  await using game = await openGame(standardGame, { timers: new HeldTimers() });
  await using listener = await Listener.open(game.runtime.events);
  const playerId = await idOf(game.call('player.create', { name: 'Ann' }));
  const credited = await game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'r', ...freshKey() });
  await expect(game.call('wallet.debit', { playerId, currency: 'gold', amount: 50, reason: 'r', ...freshKey() })).rejects.toMatchObject({ code: 2007 });
  await listener.until(2);
  expect(namesOf(listener.heard)).toEqual(['1 player.create', '2 wallet.credit']);
  expect(listener.heard[1]).toMatchObject({ payload: credited, at: game.clock.now() });
});

test('while nobody listens nothing is asked, and afterwards neither', async () => {
  const timers = new HeldTimers();
  await using game = await openGame(standardGame, { timers });
  await game.call('player.create', { name: 'Ann' });
  expect(timers.held).toBe(0);
  const listener = await Listener.open(game.runtime.events);
  await game.call('player.create', { name: 'Bob' });
  await listener.until(1);
  await listener[Symbol.asyncDispose]();
  timers.fire();
  await game.call('player.create', { name: 'Cid' });
  await game.runtime.stop();
  expect([listener.heard.length, timers.held]).toEqual([1, 0]);
  const unpublished = await game.database.read((session) => session.dao(outbox).count({ sequence: null }));
  expect(unpublished).toBe(1);
});

test('who catches up has heard of what another instance committed before, without waiting for the next look', async () => {
  await using game = await openGame(standardGame, { timers: new HeldTimers() });
  await using listener = await Listener.open(game.runtime.events);
  await listener.catchUp();
  const other = new GameRuntime(standardGame, { database: game.database, ids: new IdGenerator({ instance: 1 }) });
  await other.start();
  for (const name of ['Ann', 'Bob']) await other.execute({ operation: other.operation('player.create')!, input: { name }, caller: service });
  expect(listener.heard).toEqual([]);
  // Also one that is asked for while another is under way.
  await Promise.all([listener.catchUp(), listener.catchUp()]);
  expect(namesOf(listener.heard)).toEqual(['1 player.create', '2 player.create']);
  await other.stop();
});

test('what happened while nobody listened is there for those who come back, as far as it is kept', async () => {
  await using game = await openGame(standardGame, { timers: new HeldTimers() });
  for (let at = 1; at <= 5; at += 1) await game.call('player.create', { name: `Player ${at}` });
  await using all = await Listener.open(game.runtime.events);
  await using some = await Listener.open(game.runtime.events, 2);
  expect([all.latest, all.head, some.latest, some.head]).toEqual([[1, 2, 3, 4, 5], 5, [4, 5], 5]);
});

test('of very many old rows only the newest are published, and a hole tells so; later looks leave them alone', async () => {
  const clock = new ManualClock();
  const database = await temporaryDatabase({ clock });
  await using game = await openGame(standardGame, { database, timers: new HeldTimers(), clock });
  const rows = Array.from({ length: 50 }, (_, at) => ({ id: firstIdAt(clock.now() - (60 - at) * 120_000), event: 'player.update', payload: { at } }));
  await database.transaction((session) => session.dao(outbox).insertMany(rows));
  const first = await Listener.open(game.runtime.events, 10);
  // Number 1 is left out: whoever knew of something before does not come behind it unnoticed.
  expect([first.latest, first.head]).toEqual([[2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 11]);
  await first[Symbol.asyncDispose]();
  await game.call('player.create', { name: 'Ann' });
  await using second = await Listener.open(game.runtime.events, 10);
  expect([second.latest.at(-1), second.head]).toEqual([12, 12]);
});

/** Instances of a game over one database, each with its own connection and ids. */
async function instances(url: string, count: number): Promise<{ runtimes: GameRuntime[]; databases: Database[] } & AsyncDisposable> {
  const databases = await Promise.all(Array.from({ length: count }, () => openDatabase(url, { timeoutMs: 60_000 })));
  const runtimes = databases.map((database, instance) => new GameRuntime(standardGame, { database, ids: new IdGenerator({ instance }) }));
  for (const runtime of runtimes) await runtime.start();
  const close = async (): Promise<void> => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await Promise.all(databases.map((database) => database.close()));
  };
  return { runtimes, databases, [Symbol.asyncDispose]: close };
}

test.skipIf(missing !== '')(
  `listeners at two instances hear all that was committed at either, each once, in one order, also one who goes from the one to the other${missing}`,
  { timeout: 120_000 },
  async () => {
    await using game = await instances('url' in mysql ? await mysql.freshDatabase() : '', 2);
    const [one, other] = [game.runtimes[0]!, game.runtimes[1]!];
    await using atOne = await Listener.open(one.events);
    await using atOther = await Listener.open(other.events);
    const writes = 200;
    const create = async (at: number): Promise<unknown> => {
      const runtime = at % 2 === 0 ? one : other;
      return runtime.execute({ operation: runtime.operation('player.create')!, input: { name: `Player ${at}` }, caller: service });
    };
    const wanderer: GameEvent[] = [];
    const wander = async (): Promise<void> => {
      for (let turn = 0; wanderer.length < writes; turn += 1) {
        const last = wanderer.at(-1)?.sequence ?? 0;
        const listener = await Listener.open(turn % 2 === 0 ? one.events : other.events);
        while (listener.behind(last).length === 0) await new Promise((resolve) => setImmediate(resolve));
        wanderer.push(...listener.behind(last));
        await listener[Symbol.asyncDispose]();
      }
    };
    const work = Promise.all(
      Array.from({ length: 10 }, async (_, lane) => {
        for (let at = lane; at < writes; at += 10) await create(at);
      }),
    );
    await Promise.all([work, wander(), atOne.until(writes), atOther.until(writes)]);
    const wanted = Array.from({ length: writes }, (_, at) => at + 1);
    for (const events of [atOne.heard, atOther.heard, wanderer]) {
      expect(events.map(({ sequence }) => sequence)).toEqual(wanted);
      expect(events).toEqual(atOne.heard);
    }
    expect(new Set(atOne.heard.map(({ payload }) => Object(payload).name)).size).toBe(writes);
  },
);
