import type { Database, Session } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../define-game.ts';
import { read, write } from '../define-operation.ts';
import { outbox } from '../entities/bookkeeping.ts';
import { standardEntities } from '../entities/index.ts';
import { Player, player } from '../entities/player.ts';
import type { GameDefinition, GameHandler } from '../game.ts';
import type { Operation } from '../operation.ts';
import { standardOperations } from '../operations/index.ts';
import { codeOf, fieldsOf, freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { openGame, service } from '../testing/open-game.ts';
import { Id } from '../wire/numbers.ts';

const { manifest } = standardGame;

function gameOf(own: readonly Operation[], hooks: GameDefinition<readonly Operation[], object>['hooks'] = {}): GameHandler {
  return defineGame({ manifest, entities: standardEntities, operations: [...standardOperations(), ...own], hooks });
}

/** A database that counts statements by kind and can hold a read back after its rows are fetched. */
async function watched(): Promise<{ database: Database; counts: Map<string, number>; hold: { gate: Promise<void> | undefined; reached: () => void } }> {
  const database = await temporaryDatabase();
  const counts = new Map<string, number>();
  const hold: { gate: Promise<void> | undefined; reached: () => void } = { gate: undefined, reached: () => undefined };
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const watchSession = (session: Session): Session =>
    new Proxy(session, {
      get: (target, name) => {
        if (name !== 'dao') return Reflect.get(target, name, target);
        return (entity: Parameters<Session['dao']>[0]) =>
          new Proxy(target.dao(entity), {
            get:
              (dao, method) =>
              async (...args: unknown[]) => {
                count(`${entity.name}.${String(method)}`);
                const rows: unknown = await Reflect.apply(Reflect.get(dao, method), dao, args);
                if (hold.gate !== undefined && method === 'getMany') {
                  const { gate } = hold;
                  hold.gate = undefined;
                  hold.reached();
                  await gate;
                }
                return rows;
              },
          });
      },
    });
  const wrapped: Database = {
    dialect: database.dialect,
    encryption: database.encryption,
    read: (work, options) => {
      count('read');
      return database.read((session) => work(watchSession(session)), options);
    },
    transaction: (work, options) => database.transaction(work, options),
    plan: (entities) => database.plan(entities),
    migrate: (entities) => database.migrate(entities),
    migrateFiles: (folder, options) => database.migrateFiles(folder, options),
    maintainPartitions: (entities, options) => database.maintainPartitions(entities, options),
    ping: () => database.ping(),
    version: () => database.version(),
    servers: () => database.servers(),
    resize: (size) => database.resize(size),
    reconnect: () => database.reconnect(),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
  return { database: wrapped, counts, hold };
}

test('reads of one tick share a snapshot and are one query a table', async () => {
  const { database, counts } = await watched();
  await using game = await openGame(standardGame, { database, cache: { policies: { player: false, wallet: false, character: false } } });
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push(await idOf(game.call('player.create', { name: `p${i}` })));
  for (const playerId of ids) await game.call('wallet.credit', { playerId, currency: 'gold', amount: 1, reason: 'r', ...freshKey() });
  counts.clear();
  const answers = await Promise.all(ids.flatMap((id) => [fieldsOf(game.call('player.get', { id })), fieldsOf(game.call('wallet.get', { playerId: id }))]));
  expect(answers.map((answer) => answer['id'] ?? answer['playerId'])).toEqual(ids.flatMap((id) => [id, id]));
  expect(Object.fromEntries(counts)).toEqual({ read: 1, 'player.getMany': 1, 'wallet.find': 1 });
});

test('one failing read of a batch fails alone', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await Promise.all(['1', id, '2'].map((each) => codeOf(game.call('player.get', { id: each }))))).toEqual([2002, 0, 2002]);
});

test('a cached read asks the database once, and its answer cannot be changed by who holds it', async () => {
  const { database, counts } = await watched();
  await using game = await openGame(standardGame, { database });
  const id = await idOf(game.call('player.create', { name: 'a', attributes: { list: [1] } }));
  const first = await game.call('player.get', { id });
  expect(await game.call('player.get', { id: BigInt(id) })).toBe(first);
  expect(counts.get('player.getMany')).toBe(1);
  expect(() => Reflect.get(Reflect.get(Object(first), 'attributes'), 'list').push(2)).toThrow(TypeError);
});

test.each([
  ['player', 'player.get', 10],
  ['character', 'character.get', 5],
  ['wallet', 'wallet.get', 3],
])('an answer about a %s lives at most its time', async (_, name, minutes) => {
  const { database, counts } = await watched();
  await using game = await openGame(standardGame, { database });
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const id = name === 'character.get' ? await idOf(game.call('character.create', { playerId, name: 'c', class: 'mage' })) : playerId;
  const input = name === 'wallet.get' ? { playerId } : { id };
  await game.call(name, input);
  game.clock.advance(minutes * 60_000 * 0.89);
  counts.clear();
  await game.call(name, input);
  expect(counts.get('read')).toBeUndefined();
  game.clock.advance(minutes * 60_000 * 0.11 + 1);
  await game.call(name, input);
  expect(counts.get('read')).toBe(1);
});

test('a load that began before a write is not what readers get after it', async () => {
  const { database, hold } = await watched();
  await using game = await openGame(standardGame, { database });
  const id = await idOf(game.call('player.create', { name: 'old' }));
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  hold.gate = gate.promise;
  hold.reached = resolve;
  const slow = fieldsOf(game.call('player.get', { id }));
  await reached;
  await game.call('player.update', { id, name: 'new' });
  const after = await fieldsOf(game.call('player.get', { id }));
  gate.resolve();
  expect(after).toMatchObject({ name: 'new' });
  expect(await slow).toMatchObject({ name: 'old' });
  expect(await fieldsOf(game.call('player.get', { id }))).toMatchObject({ name: 'new' });
});

test('a read whose time is over is 1004, and the load that others wait for goes on', async () => {
  const { database, hold } = await watched();
  await using game = await openGame(standardGame, { database });
  const id = await idOf(game.call('player.create', { name: 'a' }));
  const gate = Promise.withResolvers<void>();
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  hold.gate = gate.promise;
  hold.reached = resolve;
  const operation = game.runtime.operation('player.get')!;
  const controller = new AbortController();
  const impatient = codeOf(game.runtime.execute({ operation, input: { id }, caller: service, signal: controller.signal }));
  const patient = codeOf(game.call('player.get', { id }));
  await reached;
  controller.abort();
  expect(await impatient).toBe(1004);
  gate.resolve();
  expect(await patient).toBe(0);
  expect(await codeOf(game.runtime.execute({ operation, input: { id }, caller: service, signal: AbortSignal.abort() }))).toBe(1004);
});

const leaky = read({
  code: 100,
  name: 'player.leak',
  permission: 'player:read',
  http: 'GET /leaks/:id',
  input: z.object({ id: Id }),
  output: z.object({ id: Player.shape.id }),
  owner: 'none',
  handle: async ({ players }, { id }) => ({ ...(await players.require(id)), passwordHash: 'secret' }),
});

test('a column that the output does not name never leaves', async () => {
  await using game = await openGame(gameOf([leaky]));
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await game.call('player.leak', { id })).toEqual({ id });
});

test('a handler that breaks its output or throws anything is an internal error without a word of why', async () => {
  const broken = { ...leaky, handle: () => ({ id: 'no bigint' }) };
  const throwing = { ...leaky, code: 101, name: 'player.fail', http: 'GET /fails/:id', handle: () => Promise.reject(new Error('SELECT secret')) };
  await using game = await openGame(gameOf([broken, throwing]));
  for (const name of ['player.leak', 'player.fail']) {
    await expect(game.call(name, { id: 1 })).rejects.toMatchObject({ code: 1000, message: expect.not.stringContaining('secret') });
  }
});

test('hooks run inside the transaction: before may change the input, and what after throws undoes everything', async () => {
  const game = defineGame({
    manifest,
    entities: standardEntities,
    operations: standardOperations(),
    hooks: {
      before: { 'player.create': (_, input) => ({ ...input, name: `${input.name}!` }) },
      after: {
        'player.create': async ({ items }, { name }, { id }) => {
          await items.grant(id, 'welcome', 1n, 'hook');
          if (name === 'bad!') throw new Error('no');
        },
      },
    },
  });
  await using open = await openGame(game);
  const id = await idOf(open.call('player.create', { name: 'good' }));
  expect(await fieldsOf(open.call('player.get', { id }))).toMatchObject({ name: 'good!' });
  expect((await fieldsOf(open.call('item.list', { playerId: id })))['items']).toHaveLength(1);
  expect(await codeOf(open.call('player.create', { name: 'bad' }))).toBe(1000);
  expect((await fieldsOf(open.call('player.list', {})))['items']).toHaveLength(1);
  expect((await open.runtime.ledgerReport()).entries).toBe(2);
});

test('each write leaves one outbox row with its output, a refused or repeated one none', async () => {
  await using game = await openGame(standardGame);
  const created = await fieldsOf(game.call('player.create', { name: 'a' }));
  const credit = { playerId: created['id'], currency: 'gold', amount: 5, reason: 'r', idempotencyKey: 'key-00001' };
  const posted = await game.call('wallet.credit', credit);
  await game.call('wallet.credit', credit);
  await codeOf(game.call('player.update', { id: 1, level: 2 }));
  const rows = await game.database.read((session) => session.dao(outbox).find());
  expect(rows.map(({ event, payload }) => [event, payload])).toEqual([
    ['player.create', created],
    ['wallet.credit', posted],
  ]);
});

test('order keys name what a write will change, and nothing where it cannot be told', async () => {
  await using game = await openGame(standardGame);
  const keysOf = (name: string, input: unknown): readonly string[] => game.runtime.orderKeys(game.runtime.operation(name)!, input);
  const transfer = { playerId: '1', toPlayerId: 2, itemType: 'a', quantity: 1, reason: 'r', ...freshKey() };
  expect(keysOf('item.transfer', transfer)).toEqual(['item:1', 'item:2']);
  expect(keysOf('player.update', { id: 7n, level: 1 })).toEqual(['player:7', 'credential:7']);
  expect(keysOf('player.get', { id: 7 })).toEqual([]);
  expect(keysOf('player.create', { name: 'a' })).toEqual([]);
  for (const input of [undefined, null, 5, 'x', [], { id: {} }]) expect(keysOf('player.update', input)).toEqual([]);
});

test('an input that was parsed for its order keys is executed as it was', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'a' }));
  const operation = game.runtime.operation(3)!;
  const input = { id, level: '5' };
  game.runtime.orderKeys(operation, input);
  expect(await codeOf(game.runtime.execute({ operation, input, caller: service }))).toBe(2001);
  const good = { id, level: 5 };
  game.runtime.orderKeys(operation, good);
  expect(await fieldsOf(game.runtime.execute({ operation, input: good, caller: service }))).toMatchObject({ level: 5 });
});

test('the listener hears of what was committed, and of nothing else', async () => {
  const heard: string[] = [];
  await using game = await openGame(standardGame, {
    listener: { committed: ({ operation, changes }) => void heard.push(`${operation.name} ${changes.map(({ entity }) => entity).join(' ')}`) },
  });
  const id = await idOf(game.call('player.create', { name: 'a' }));
  await codeOf(game.call('wallet.debit', { playerId: id, currency: 'gold', amount: 1, reason: 'r', ...freshKey() }));
  await game.call('wallet.credit', { playerId: id, currency: 'gold', amount: 1, reason: 'r', ...freshKey() });
  expect(heard).toEqual(['player.create player outbox', 'wallet.credit idempotency wallet wallet_entry wallet_entry outbox audit_head audit_entry']);
});

test('a stopped game refuses what comes and has answered what came', async () => {
  await using game = await openGame(standardGame);
  const running = codeOf(game.call('player.create', { name: 'a' }));
  await game.runtime.stop();
  expect(await Promise.race([running, Promise.resolve('not yet')])).toBe(0);
  expect(await codeOf(game.call('player.create', { name: 'a' }))).toBe(1008);
});

test('a game for another contract is refused', async () => {
  await using database = await temporaryDatabase();
  await expect(openGame({ ...standardGame, contract: 2 }, { database })).rejects.toMatchObject({ code: 'ERR_GAME_CONTRACT' });
});

const slow = write({
  code: 100,
  name: 'player.slow',
  permission: 'player:update',
  http: 'POST /slow/:id',
  input: z.object({ id: Id }),
  output: Player,
  owner: 'none',
  idempotent: 'no',
  changes: { player: ({ id }) => id },
  prepare: async ({ read: lookUp }, { id }) => (await lookUp(({ players }) => players.require(id))).level,
  handle: ({ session }, { id }, level) => session.dao(player).update(id, { level: level + 1 }),
});

test('what prepare found is handed to the handler', async () => {
  await using game = await openGame(gameOf([slow]));
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await fieldsOf(game.call('player.slow', { id }))).toMatchObject({ level: 2 });
});
