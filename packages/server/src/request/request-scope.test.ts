import { encodeFrame, Kind } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import { Dispatcher } from '../dispatcher.ts';
import { GameRouter } from '../router.ts';
import { FakeGame } from '../testing/fake-game.ts';
import { CountingMetrics, start, until } from '../testing/harness.ts';
import { principal } from '../testing/principals.ts';
import { currentRequest, RequestScope } from './request-scope.ts';
import { stages } from './stages.ts';

/** A game whose operation answers what it knows of its request, after the event loop has gone round. */
class TellingGame extends FakeGame {
  override async execute(): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    const { requestId, operation } = currentRequest() ?? {};
    currentRequest()?.add('database', 2);
    return { requestId, operation };
  }
}

function setUp() {
  const router = new GameRouter();
  router.add(new TellingGame());
  const metrics = new CountingMetrics();
  const dispatcher = new Dispatcher({ router, metrics });
  const session = dispatcher.openSession(principal(), 'tcp');
  return { dispatcher, metrics, session };
}

test('an operation finds its own request, however many run side by side, and nothing outside of one does', async () => {
  const { dispatcher, session } = setUp();
  const ask = (requestId: number): Promise<unknown> =>
    dispatcher.call({ session, game: 'fake', operation: 'player.get', input: {}, request: new RequestScope({ transport: 'tcp', requestId }) });
  const answers = await Promise.all([1, 2, 3].map(ask));
  expect(answers).toEqual([1, 2, 3].map((requestId) => ({ requestId, operation: 'player.get' })));
  expect(currentRequest()).toBeUndefined();
});

test('the requests of a batch are measured one by one, and their time counts for the batch as well', async () => {
  const { dispatcher, metrics, session } = setUp();
  const input = [1, 2].map((id) => ({ game: 'fake', operation: 'player.get', input: { id } }));
  const request = new RequestScope({ transport: 'tcp', requestId: 7 });
  const answer = await dispatcher.call({ session, game: 0, operation: 'batch', input, request });
  dispatcher.finish(request);
  expect(answer).toEqual([1, 2].map(() => ({ ok: { requestId: 7, operation: 'player.get' } })));
  expect(metrics.requests.map((each) => [each.game, each.operation, each.msOf('database')])).toEqual([
    ['fake', 'player.get', 2],
    ['fake', 'player.get', 2],
    ['midgard', 'batch', 4],
  ]);
});

test('a request knows who asks, from where, and how it ended', async () => {
  const { dispatcher, metrics } = setUp();
  const session = dispatcher.openSession(principal(), 'tcp', '192.0.2.1');
  await expect(dispatcher.call({ session, game: 'fake', operation: 'nothing', input: {} })).rejects.toBeInstanceOf(MidgardError);
  expect(metrics.requests).toMatchObject([{ subject: 'key:server', address: '192.0.2.1', code: 2004, game: 'fake', operation: 'unknown' }]);
});

test('over TCP its time is told from decoding to encoding', async () => {
  const { open, metrics } = await start();
  const client = await open();
  await client.call(1, 1, { id: '1' });
  await until(() => metrics.requests.length === 1);
  const [request] = metrics.requests;
  expect(stages.filter((stage) => (request?.msOf(stage) ?? 0) > 0)).toEqual(['decode', 'wait', 'handler', 'encode']);
  expect(metrics.running).toBe(0);
});

test('over TCP it counts also where it did not come to its operation', async () => {
  const { open, metrics } = await start();
  const client = await open();
  client.socket.write(encodeFrame({ kind: Kind.request, requestId: 3, game: 7, operation: 1 }, Buffer.from([0xc1]), { encoding: 'msgpack' }));
  await until(() => metrics.requests.length === 1);
  expect(metrics.requests).toMatchObject([{ game: 'unknown', operation: 'unknown', code: 2001 }]);
});

test('the trace of a caller is the one that logs name, unless there is one of our own', () => {
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 };
  const request = new RequestScope({ transport: 'http', trace });
  expect([new RequestScope({ transport: 'tcp' }).traceId, request.traceId]).toEqual([undefined, trace.traceId]);
  request.span = { traceId: 'c'.repeat(32), isRecorded: false, note: () => undefined };
  expect([request.traceId, request.item().traceId]).toEqual(['c'.repeat(32), 'c'.repeat(32)]);
});
