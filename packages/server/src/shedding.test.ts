import { Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { Dispatcher } from './dispatcher.ts';
import { GameRouter } from './router.ts';
import type { Shedding } from './shedding.ts';
import { FakeGame } from './testing/fake-game.ts';
import { start } from './testing/harness.ts';
import { principal } from './testing/principals.ts';

const lowOnly: Shedding = { isOn: true, sheds: (_, __, priority) => priority === 2 };
const get = { game: 'fake', operation: 'player.get', input: {} };

function setUp(shedding: Shedding) {
  const router = new GameRouter();
  router.add(new FakeGame());
  const dispatcher = new Dispatcher({ router, shedding });
  const session = dispatcher.openSession(principal(), 'tcp');
  return { dispatcher, session };
}

test('what is shed is refused with 1005, and told when to come back; the rest goes on', async () => {
  const { dispatcher, session } = setUp(lowOnly);
  await expect(dispatcher.call({ session, ...get, priority: 2 })).rejects.toMatchObject({ code: 1005, details: { retryAfterMs: 2000 } });
  for (const priority of [0, 1]) await expect(dispatcher.call({ session, ...get, priority })).resolves.toBeDefined();
  await expect(dispatcher.call({ session, ...get })).resolves.toBeDefined();
});

test('it is told who asks for what, and nothing is shed while it is off', async () => {
  const asked: unknown[] = [];
  const shedding = {
    isOn: true,
    sheds: ({ kind, name }: { kind: string; name: string }, { subject }: { subject: string }, priority: number) =>
      asked.push([kind, name, subject, priority]) > 0,
  };
  const { dispatcher, session } = setUp(shedding);
  await expect(dispatcher.call({ session, ...get })).rejects.toMatchObject({ code: 1005 });
  expect(asked).toEqual([['read', 'player.get', 'key:server', 0]]);
  shedding.isOn = false;
  await expect(dispatcher.call({ session, ...get })).resolves.toBeDefined();
});

test('items of a batch are shed one by one, with its priority; the built-in operations never are', async () => {
  const { dispatcher, session } = setUp(lowOnly);
  const batch = { session, game: 0, operation: 'batch', input: [get] };
  expect(await dispatcher.call({ ...batch, priority: 2 })).toMatchObject([{ error: { code: 1005 } }]);
  expect(await dispatcher.call(batch)).toMatchObject([{ ok: expect.anything() }]);
  expect(await dispatcher.call({ session, game: 0, operation: 'whoami', input: {}, priority: 2 })).toMatchObject({ subject: 'key:server' });
});

test('who may not call it hears that, and nothing of the load', async () => {
  const { dispatcher } = setUp({ isOn: true, sheds: () => true });
  const session = dispatcher.openSession(principal({ roles: ['nobody'] }), 'tcp');
  await expect(dispatcher.call({ session, ...get })).rejects.toMatchObject({ code: 3004 });
});

test('the priority of a frame is what counts over TCP', async () => {
  const { open } = await start({ shedding: lowOnly });
  const client = await open();
  const answers: unknown[] = [];
  for (const priority of [0, 1, 2] as const) {
    client.send({ kind: Kind.request, requestId: priority, game: 7, operation: 1, priority }, { id: '1' });
    answers.push((await client.next())?.kind);
  }
  expect(answers).toEqual([Kind.response, Kind.response, Kind.error]);
});
