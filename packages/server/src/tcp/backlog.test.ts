import { Kind } from '@midgard/codec';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FakeGame } from '../testing/fake-game.ts';
import { start, until } from '../testing/harness.ts';

const [playerGet, gateWait] = [1, 100] as const;

test('while too many requests of a game are late new ones are refused at once, and taken on again when those are answered', async () => {
  let now = 1000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const { game, metrics, log, open } = await start({ backlog: { lateMs: 100, maxLate: 2 } });
  const client = await open();
  for (let n = 1; n <= 3; n += 1) client.request(n, gateWait, {});
  await until(() => game.gate.waiting === 3);
  expect(await client.call(4, playerGet, {})).toMatchObject({ kind: Kind.response, requestId: 4 });
  now += 120;
  // A body that does not decode: nothing of it was looked at.
  client.socket.write(Buffer.from('0000000e0100000000000005000700017fff', 'hex').fill(0xc1, 16));
  expect(await client.next()).toMatchObject({ kind: Kind.error, requestId: 5, body: { code: 1005, details: { retryAfterMs: 200 } } });
  expect(metrics.requests.filter(({ code }) => code === 1005)).toHaveLength(1);
  game.gate.open();
  expect((await client.take(3)).map(({ kind }) => kind)).toEqual([Kind.response, Kind.response, Kind.response]);
  expect(await client.call(6, playerGet, {})).toMatchObject({ kind: Kind.response });
  expect(log.errors).toEqual([]);
});

test('a game with too much to do holds up no other, nor the built-in operations', async () => {
  let now = 1000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const { game, router, open } = await start({ backlog: { lateMs: 100, maxLate: 1 } });
  router.add(new FakeGame({ id: 'other', number: 8 }));
  const client = await open();
  for (let n = 1; n <= 2; n += 1) client.request(n, gateWait, {});
  await until(() => game.gate.waiting === 2);
  now += 120;
  expect(await client.call(3, playerGet, {})).toMatchObject({ body: { code: 1005 } });
  expect(await client.call(4, playerGet, {}, { game: 8 })).toMatchObject({ kind: Kind.response });
  expect(await client.call(5, 4, {}, { game: 0 })).toMatchObject({ kind: Kind.response });
  game.gate.open();
});
