import { Coherence, MemoryTier } from '@midgard/cache';
import { LocalHub } from '@midgard/cache/testing';
import { type Database, type Freshness, IdGenerator, type ReadOptions } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldsOf, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { deferringGame } from '../write-behind/test/deferring-game.ts';
import { ManualTimers } from '../write-behind/test/manual-timers.ts';
import { MemoryLog } from '../write-behind/test/memory-log.ts';
import type { GameHandler } from '../game.ts';
import { ManualClock, service } from '../testing/open-game.ts';
import { GameRuntime } from './game-runtime.ts';
import type { GameRuntimeOptions } from './runtime-options.ts';

const Page = z.object({ items: z.array(z.unknown()) });

let database: Database;
let clock: ManualClock;
let tier: MemoryTier;
let hub: LocalHub;
let loads: number;
let freshness: (Freshness | undefined)[];
beforeEach(async () => {
  clock = new ManualClock();
  const real = await temporaryDatabase({ clock });
  tier = new MemoryTier({ clock });
  hub = new LocalHub();
  loads = 0;
  freshness = [];
  const read = (work: Parameters<Database['read']>[0], options?: ReadOptions): Promise<unknown> => {
    loads += 1;
    freshness.push(options?.freshness);
    return real.read(work, options);
  };
  database = new Proxy(real, {
    get: (target, name) => (name === 'read' ? read : (Reflect.get(target, name, target).bind?.(target) ?? Reflect.get(target, name, target))),
  });
});
afterEach(() => database.close());

/** One of several processes on the same database, with a tier between them. */
class Instance {
  readonly runtime: GameRuntime;
  readonly #coherence: Coherence;

  private constructor(runtime: GameRuntime, coherence: Coherence) {
    this.runtime = runtime;
    this.#coherence = coherence;
  }

  static async start(handler: GameHandler = standardGame, options: Partial<GameRuntimeOptions> = {}): Promise<Instance> {
    const coherence = new Coherence({ tier, bus: hub.bus(), clock });
    await coherence.start();
    const instance = { database, ids: new IdGenerator({ clock, instance: 0 }), clock, cache: { coherence }, ...options };
    const runtime = new GameRuntime(handler, instance);
    await runtime.start();
    return new Instance(runtime, coherence);
  }

  call(name: string, input: object): Promise<unknown> {
    const operation = this.runtime.operation(name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    return this.runtime.execute({ operation, input, caller: service });
  }

  get state(): Coherence['state'] {
    return this.#coherence.state;
  }
}

describe('instances that share a tier', () => {
  test('load an answer once for all of them, from the primary', async () => {
    const [one, other] = [await Instance.start(), await Instance.start()];
    const id = await idOf(one.call('player.create', { name: 'Mira' }));
    loads = 0;
    freshness = [];
    const first = await one.call('player.get', { id });
    expect(await other.call('player.get', { id })).toEqual(first);
    expect(loads).toBe(1);
    expect(freshness).toEqual(['newest']);
  });

  test('see the writes of each other', async () => {
    const [one, other] = [await Instance.start(), await Instance.start()];
    const id = await idOf(one.call('player.create', { name: 'Mira' }));
    await other.call('player.get', { id });
    await one.call('player.update', { id, level: 7 });
    expect(await fieldsOf(other.call('player.get', { id }))).toMatchObject({ level: 7 });
  });

  test('do not read answers of another version of the game, and still hear of its writes', async () => {
    const newer = { ...standardGame, manifest: { ...standardGame.manifest, version: '99.0.0' } };
    const [one, other] = [await Instance.start(), await Instance.start(newer)];
    const id = await idOf(one.call('player.create', { name: 'Mira' }));
    await one.call('player.get', { id });
    loads = 0;
    await other.call('player.get', { id });
    expect(loads).toBe(1);
    await one.call('player.update', { id, level: 7 });
    expect(await fieldsOf(other.call('player.get', { id }))).toMatchObject({ level: 7 });
  });

  test('see a write-behind write of another once it is made', async () => {
    const timers = new ManualTimers();
    const one = await Instance.start(deferringGame, { writeBehind: { log: new MemoryLog(), timers } });
    const other = await Instance.start(deferringGame);
    expect(other.state).toBe('joined');
    await one.call('counter.add', { playerId: '7', name: 'kills', delta: 3 });
    expect(await other.call('counter.get', { playerId: '7' })).toEqual({});
    while (one.runtime.writeBehindFigures()?.depth !== 0) {
      clock.advance(100);
      timers.advance(100);
      await database.transaction(() => undefined);
    }
    expect(await other.call('counter.get', { playerId: '7' })).toEqual({ kills: '3' });
    await one.runtime.stop();
  });

  test('remember for a while that a thing does not exist, until it comes to be', async () => {
    const [one, other] = [await Instance.start(), await Instance.start()];
    const known = await one.call('player.get', { id: '41' }).catch((error: unknown) => error);
    loads = 0;
    const again = await other.call('player.get', { id: '41' }).catch((error: unknown) => error);
    expect(loads).toBe(0);
    expect(again).toEqual(known);
    expect(again).toMatchObject({ code: 2002, details: { entity: 'player', id: '41' } });
    clock.advance(10_000);
    await other.call('player.get', { id: '41' }).catch(() => undefined);
    expect(loads).toBe(1);
  });

  test('do not remember of one thing that another does not exist', async () => {
    const one = await Instance.start();
    for (let times = 0; times < 2; times += 1) {
      loads = 0;
      expect(await one.call('wallet.get', { playerId: '41' }).catch((error: unknown) => error)).toMatchObject({ details: { entity: 'player' } });
      expect(loads).toBe(1);
    }
  });

  test('spare the database a key that surely does not exist', async () => {
    const asked: string[] = [];
    const filter = { mightExist: (key: string) => (asked.push(key), key !== '41'), add: () => undefined, distrust: () => undefined };
    const one = await Instance.start(standardGame, { cache: { knownKeysOf: (entity) => (entity === 'player' ? filter : undefined) } });
    loads = 0;
    expect(await one.call('player.get', { id: '41' }).catch((error: unknown) => error)).toMatchObject({ code: 2002, details: { entity: 'player', id: '41' } });
    expect(loads).toBe(0);
    expect(asked).toEqual(['41']);
  });

  test('keep the lists of a player until a write of something of that player', async () => {
    const [one, other] = [await Instance.start(), await Instance.start()];
    const [mira, noah] = [await idOf(one.call('player.create', { name: 'Mira' })), await idOf(one.call('player.create', { name: 'Noah' }))];
    const list = async (playerId: string): Promise<unknown[]> => Page.parse(await other.call('character.list', { playerId })).items;
    expect([await list(mira), await list(noah)]).toEqual([[], []]);
    const id = await idOf(one.call('character.create', { playerId: mira, name: 'Storm', class: 'mage' }));
    expect(await list(mira)).toMatchObject([{ id, level: 1 }]);
    await one.call('character.update', { id, level: 2 });
    expect(await list(mira)).toMatchObject([{ id, level: 2 }]);
    loads = 0;
    expect([await list(mira), await list(noah)]).toMatchObject([[{ id }], []]);
    expect(loads).toBe(0);
    await one.call('character.delete', { id });
    expect(await list(mira)).toEqual([]);
  });

  test('see the orders of a player as they come and go on', async () => {
    const [one, other] = [await Instance.start(), await Instance.start()];
    const playerId = await idOf(one.call('player.create', { name: 'Mira' }));
    const states = async (): Promise<unknown[]> =>
      Page.parse(await other.call('order.list', { playerId })).items.map((order) => Reflect.get(Object(order), 'state'));
    const order = { playerId, product: 'gems', quantity: 1, currency: 'EUR', amount: 499, idempotencyKey: 'order-of-mira' };
    expect(await states()).toEqual([]);
    const id = await idOf(one.call('order.create', order));
    expect(await states()).toEqual(['created']);
    await one.call('order.pay', { id, transactionId: 't1', idempotencyKey: 'pay-of-mira' });
    expect(await states()).toEqual(['paid']);
  });

  test('do not ask about a list what is known of the rows in it', async () => {
    const added: string[] = [];
    const filter = { mightExist: () => false, add: (key: string) => void added.push(key), distrust: () => undefined };
    const one = await Instance.start(standardGame, { cache: { knownKeysOf: (entity) => (entity === 'character' ? filter : undefined) } });
    const playerId = await idOf(one.call('player.create', { name: 'Mira' }));
    const id = await idOf(one.call('character.create', { playerId, name: 'Storm', class: 'mage' }));
    expect(added).toEqual([id]);
    expect(Page.parse(await one.call('character.list', { playerId })).items).toMatchObject([{ id }]);
  });

  test('keep the first page of a list, and not what a caller asks for besides', async () => {
    const one = await Instance.start();
    const playerId = await idOf(one.call('player.create', { name: 'Mira' }));
    const grant = (itemType: string): Promise<unknown> =>
      one.call('item.grant', { playerId, itemType, quantity: '1', reason: 'r', idempotencyKey: `granting-${itemType}` });
    await grant('sword');
    const list = async (more: object = {}): Promise<number> => Page.parse(await one.call('item.list', { playerId, ...more })).items.length;
    expect(await list()).toBe(1);
    loads = 0;
    expect([await list(), await list({ limit: 50 })]).toEqual([1, 1]);
    expect(loads).toBe(0);
    await list({ limit: 10 });
    expect(loads).toBe(1);
    await grant('bow');
    expect(await list()).toBe(2);
  });
});
