import { MidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import type { DispatcherOptions } from './dispatcher-options.ts';
import { Dispatcher } from './dispatcher.ts';
import { GameRouter } from './router.ts';
import { Rights } from './rights.ts';
import { anonymous } from './session.ts';
import { FakeGame } from './testing/fake-game.ts';
import { FakeTime } from './testing/fake-time.ts';
import { CountingMetrics, recordingLog, turn, until } from './testing/harness.ts';
import { principal } from './testing/principals.ts';

function setUp(options: Pick<DispatcherOptions, 'rateLimits' | 'operationLimits' | 'rights'> = {}) {
  const game = new FakeGame();
  const router = new GameRouter();
  router.add(game);
  const time = new FakeTime();
  const metrics = new CountingMetrics();
  const log = recordingLog();
  const dispatcher = new Dispatcher({ router, clock: time, metrics, log, ...options });
  const session = dispatcher.openSession(principal(), 'tcp');
  const call = (game: number | string, operation: number | string, input: unknown = {}, caller = session) =>
    dispatcher.call({ session: caller, game, operation, input });
  return { game, router, time, metrics, log, dispatcher, session, call };
}

function write(id: number | string): { game: string; operation: string; input: unknown } {
  return { game: 'fake', operation: 'player.update', input: { id, mark: id } };
}

async function codeOf(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => 0,
    (error: unknown) => {
      expect(error).toBeInstanceOf(MidgardError);
      return MidgardError.is(error) ? error.code : -1;
    },
  );
}

test('an operation is found by number and code as by id and name', async () => {
  const { call } = setUp();
  const answer = { echo: { id: '1' }, written: 0 };
  expect(await call(7, 1, { id: '1' })).toEqual(answer);
  expect(await call('fake', 'player.get', { id: '1' })).toEqual(answer);
});

test.each([
  ['an unknown game number', 9, 1, 2003],
  ['an unknown game id', 'nobody', 1, 2003],
  ['a name of every object', 'constructor', 1, 2003],
  ['an unknown operation code', 7, 999, 2004],
  ['an unknown operation name', 7, 'toString', 2004],
  ['an unknown built-in', 0, 99, 2004],
  ['subscribe, which is not there yet', 0, 2, 2004],
  ['unsubscribe, which is not there yet', 0, 'unsubscribe', 2004],
])('%s is refused', async (_, game, operation, code) => {
  const { call } = setUp();
  expect(await codeOf(call(game, operation))).toBe(code);
});

test('a disabled game answers 2003 until it is enabled again', async () => {
  const { call, router } = setUp();
  router.setEnabled('fake', false);
  expect(await codeOf(call('fake', 'player.get'))).toBe(2003);
  expect(router.routes()).toEqual([]);
  router.setEnabled('fake', true);
  expect(await codeOf(call(7, 1))).toBe(0);
  router.remove('fake');
  expect(await codeOf(call(7, 1))).toBe(2003);
});

test('what the roles do not grant is 3004, and so is a game that the key is not for', async () => {
  const { call, dispatcher } = setUp();
  const viewer = dispatcher.openSession(principal({ roles: ['viewer'] }), 'tcp');
  expect(await codeOf(call(7, 1, {}, viewer))).toBe(0);
  expect(await codeOf(call(7, 3, {}, viewer))).toBe(3004);
  const elsewhere = dispatcher.openSession(principal({ games: ['other'] }), 'tcp');
  expect(await codeOf(call(7, 1, {}, elsewhere))).toBe(3004);
});

test('what a role may do can differ from game to game, and a game can have roles of its own', async () => {
  const rights = new Rights({ roles: { clerk: ['player:read'] }, rolesOf: { fake: { viewer: ['*:read', 'player:update'], clerk: [] }, other: { admin: [] } } });
  const { call, dispatcher } = setUp({ rights });
  const update = (role: string): Promise<number> =>
    codeOf(call('fake', 'player.update', { id: '1' }, dispatcher.openSession(principal({ roles: [role] }), 'tcp')));
  expect([await update('viewer'), await update('clerk'), await update('admin')]).toEqual([0, 3004, 0]);
  const of = rights.of(principal({ roles: ['clerk'] }));
  expect([of('fake').has('player:read'), of('elsewhere').has('player:read')]).toEqual([false, true]);
  expect(
    rights
      .of(principal({ roles: ['admin'] }))('other')
      .has('player:read'),
  ).toBe(false);
});

test('a role is covered by what its giver has in each of the games', () => {
  const rights = new Rights({ roles: { clerk: ['player:read'] }, rolesOf: { fake: { clerk: ['player:*'] } } });
  const covers = (games: readonly string[] | '*'): boolean => rights.covers({ roles: ['viewer'] }, 'clerk', games);
  expect([covers(['other']), covers(['fake']), covers(['other', 'fake']), covers('*')]).toEqual([true, false, false, false]);
});

test('roles that are redefined count for sessions that are open, also in a game that did not differ before', async () => {
  const rights = new Rights({ roles: { clerk: ['player:read'] }, rolesOf: { other: { clerk: [] } } });
  const { call, dispatcher } = setUp({ rights });
  const clerk = dispatcher.openSession(principal({ roles: ['clerk'] }), 'tcp');
  const codes = async (): Promise<number[]> => [
    await codeOf(call('fake', 'player.get', { id: '1' }, clerk)),
    await codeOf(call('fake', 'player.update', { id: '1' }, clerk)),
  ];
  expect(await codes()).toEqual([0, 3004]);
  rights.redefine({ rolesOf: { fake: { clerk: ['player:update'] } } });
  expect(await codes()).toEqual([3004, 0]);
  expect(() => rights.redefine({ roles: { clerk: ['*'] }, rolesOf: { fake: { clerk: ['player'] } } })).toThrow(
    expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }),
  );
  expect(await codes()).toEqual([3004, 0]);
  rights.redefine({ roles: { clerk: ['player:*'] } });
  expect(await codes()).toEqual([0, 0]);
  rights.redefine({});
  expect(await codes()).toEqual([3004, 3004]);
  expect(rights.roles).not.toContain('clerk');
});

test('a caller without credentials reaches public operations and nothing else', async () => {
  const { call, dispatcher } = setUp();
  const nobody = dispatcher.openSession(anonymous, 'http');
  expect(await codeOf(call(7, 'auth.login', {}, nobody))).toBe(0);
  expect(await codeOf(call(7, 'player.get', {}, nobody))).toBe(3001);
  expect(await codeOf(call(0, 'whoami', {}, nobody))).toBe(3001);
});

test('a session ends with its credential', async () => {
  const { call, dispatcher, time } = setUp();
  const session = dispatcher.openSession(principal({ expiresAt: time.now() + 1000 }), 'tcp');
  expect(await codeOf(call(7, 1, {}, session))).toBe(0);
  time.advance(1000);
  expect(await codeOf(call(7, 1, {}, session))).toBe(3002);
});

test('web keys and players are limited and share one budget over all their sessions; game servers are not limited', async () => {
  const { call, dispatcher, time } = setUp({ rateLimits: { web: { perSecond: 10, burst: 2 } } });
  const web = principal({ subject: 'key:web', roles: ['web'] });
  const sessions = [dispatcher.openSession(web, 'tcp'), dispatcher.openSession(web, 'http')];
  const codes = [];
  for (let n = 0; n < 3; n += 1) codes.push(await codeOf(call(7, 1, {}, sessions[n % 2])));
  expect(codes).toEqual([0, 0, 3005]);
  time.advance(100);
  expect(await codeOf(call(7, 1, {}, sessions[0]))).toBe(0);
  const other = dispatcher.openSession(principal({ subject: 'key:web2', roles: ['web'] }), 'tcp');
  expect(await codeOf(call(7, 1, {}, other))).toBe(0);
  for (let n = 0; n < 50; n += 1) expect(await codeOf(call(7, 1))).toBe(0);
});

test('an operation can have a limit of its own, for each caller, whatever else the caller may do', async () => {
  const { call, dispatcher, time } = setUp({ operationLimits: { 'player.update': { perSecond: 1, burst: 2 } } });
  const [one, other] = [dispatcher.openSession(principal({ subject: 'key:1' }), 'tcp'), dispatcher.openSession(principal({ subject: 'key:2' }), 'http')];
  const update = (caller: typeof one): Promise<number> => codeOf(call('fake', 'player.update', { id: '1' }, caller));
  expect([await update(one), await update(one), await update(one), await update(other)]).toEqual([0, 0, 3005, 0]);
  expect(await codeOf(call('fake', 'player.get', { id: '1' }, one))).toBe(0);
  time.advance(1000);
  expect(await update(one)).toBe(0);
});

test('what an operation would refuse anyway is not counted', async () => {
  const { call, dispatcher } = setUp({ operationLimits: { 'player.update': { perSecond: 1, burst: 1 } } });
  const viewer = dispatcher.openSession(principal({ subject: 'key:1', roles: ['viewer'] }), 'tcp');
  const server = dispatcher.openSession(principal({ subject: 'key:1' }), 'tcp');
  expect(await codeOf(call('fake', 'player.update', { id: '1' }, viewer))).toBe(3004);
  expect(await codeOf(call('fake', 'player.update', { id: '1' }, server))).toBe(0);
});

test('a key for some operations only may call these and no other, not in a batch and not public ones', async () => {
  const { call, dispatcher } = setUp();
  const session = dispatcher.openSession(principal({ operations: ['player.get'] }), 'tcp');
  expect(await codeOf(call('fake', 'player.get', { id: '1' }, session))).toBe(0);
  expect(await codeOf(call('fake', 'player.update', { id: '1' }, session))).toBe(3004);
  const batch = [{ game: 'fake', operation: 'player.update', input: { id: '1' } }];
  expect(await call(0, 'batch', batch, session)).toMatchObject([{ error: { code: 3004 } }]);
  expect(await codeOf(call('fake', 'auth.login', {}, session))).toBe(3004);
});

test('a batch is no way around the rate limit', async () => {
  const { call, dispatcher } = setUp({ rateLimits: { web: { perSecond: 1, burst: 3 } } });
  const web = dispatcher.openSession(principal({ subject: 'key:web', roles: ['web'] }), 'tcp');
  const items = Array.from({ length: 4 }, () => ({ game: 7, operation: 1, input: {} }));
  const results = await call(0, 1, items, web);
  expect(results).toMatchObject([{ ok: {} }, { ok: {} }, { error: { code: 3005 } }, { error: { code: 3005 } }]);
});

test('whoami tells who the caller is', async () => {
  const { call, dispatcher } = setUp();
  const session = dispatcher.openSession(principal({ games: ['fake'], expiresAt: 1_900_000_000_000 }), 'tcp');
  expect(await call(0, 'whoami', {}, session)).toEqual({
    subject: 'key:server',
    kind: 'apiKey',
    roles: ['game-server'],
    games: ['fake'],
    expiresAt: '2030-03-17T17:46:40.000Z',
  });
});

test('an unforeseen error is 1000, shows nothing of its cause, and is logged once', async () => {
  const { call, log } = setUp();
  const error = await call(7, 'fail.crash').catch((error: unknown) => error);
  expect(MidgardError.is(error) && error.toBody()).toEqual({ code: 1000, message: 'internal error' });
  expect(log.errors).toEqual(['request failed']);
});

test('a batch answers in order, each item with its own outcome', async () => {
  const { call, dispatcher } = setUp();
  const viewer = dispatcher.openSession(principal({ roles: ['viewer'] }), 'tcp');
  const results = await call(
    0,
    'batch',
    [
      { game: 'fake', operation: 'player.get', input: { id: '1' } },
      { game: 7, operation: 3, input: { id: '1', mark: 'x' } },
      { game: 'nobody', operation: 1, input: {} },
      { game: 7, operation: 'fail.input' },
      { game: 0, operation: 'whoami' },
      { game: 0, operation: 'batch', input: [] },
      { game: 7, operation: 777 },
    ],
    viewer,
  );
  expect(results).toMatchObject([
    { ok: { echo: { id: '1' } } },
    { error: { code: 3004 } },
    { error: { code: 2003 } },
    { error: { code: 2001, details: { issues: [{ path: 'id' }] } } },
    { ok: { subject: 'key:server' } },
    { error: { code: 2004 } },
    { error: { code: 2004 } },
  ]);
});

test.each([
  ['no list', { game: 7 }],
  ['null', null],
  ['257 items', Array.from({ length: 257 }, () => ({ game: 7, operation: 1, input: {} }))],
  ['an item without operation', [{ game: 7 }]],
  ['an item with an unknown field', [{ game: 7, operation: 1, inptu: {} }]],
  ['an item that is no object', [7]],
])('a batch of %s is 2001 with the path', async (_, input) => {
  const { call } = setUp();
  const error = await call(0, 1, input).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 2001, details: { issues: [{ path: expect.any(String) }] } });
});

test('256 items are not too many, and neighbouring reads run at once', async () => {
  const { call, game } = setUp();
  const items = Array.from({ length: 256 }, (_, id) => ({ game: 7, operation: 1, input: { id } }));
  expect(await call(0, 1, items)).toMatchObject(items.map(({ input }) => ({ ok: { echo: input } })));
  expect(game.readsAtOnce).toBe(256);
});

test('in a batch a write waits for what stands before it, and a read sees the writes before it', async () => {
  const { call, game } = setUp();
  const read = { game: 7, operation: 1, input: {} };
  const batch = call(0, 1, [read, write('slow'), write('refuse'), write('b'), read]);
  await until(() => game.gate.waiting === 1);
  await turn();
  expect(game.written).toEqual([]);
  game.gate.open();
  const results = await batch;
  expect(game.written).toEqual(['slow', 'b']);
  expect(results).toMatchObject([{ ok: { written: 0 } }, { ok: {} }, { error: { code: 2007 } }, { ok: {} }, { ok: { written: 2 } }]);
});

test('order keys name the game, a batch has those of all its writes, and bad input has none', () => {
  const { dispatcher } = setUp();
  expect(dispatcher.orderKeys(7, 3, { id: 5 })).toEqual(['7:player:5']);
  expect(dispatcher.orderKeys('fake', 'player.get', { id: 5 })).toEqual([]);
  expect(dispatcher.orderKeys(0, 1, [write(1), write(2), write(1)])).toEqual(['7:player:1', '7:player:2']);
  expect(dispatcher.orderKeys(0, 1, [write(1), { game: 0, operation: 'batch', input: [write(3)] }])).toEqual(['7:player:1']);
  for (const input of [null, 5, [null], [{}], 'x']) expect(dispatcher.orderKeys(0, 1, input)).toEqual([]);
  expect(dispatcher.orderKeys(99, 1, {})).toEqual([]);
});

test('requests are measured by names of ours, never by what a client wrote', async () => {
  const { call, metrics } = setUp();
  await codeOf(call(7, 'player.get'));
  await codeOf(call('a name made up', 'another'));
  await codeOf(call(7, 'made up too'));
  await codeOf(call(0, 'whoami'));
  expect(metrics.requests.map(({ game, operation, code }) => [game, operation, code])).toEqual([
    ['fake', 'player.get', 0],
    ['unknown', 'unknown', 2003],
    ['fake', 'unknown', 2004],
    ['midgard', 'whoami', 0],
  ]);
  expect(metrics.running).toBe(0);
});

test.each([
  ['number', { id: 'other', number: 7 }],
  ['id', { id: 'fake', number: 8 }],
  ['number of the middleware', { id: 'other', number: 0 }],
  ['id of the middleware', { id: 'midgard', number: 8 }],
])('a game whose %s is taken is refused', (_, manifest) => {
  const { router } = setUp();
  expect(() => router.add(new FakeGame(manifest))).toThrow(expect.objectContaining({ code: 'ERR_SERVER_GAME_CLASH' }));
  expect(() => router.setEnabled('none', true)).toThrow(expect.objectContaining({ code: 'ERR_SERVER_GAME_UNKNOWN' }));
});
