import { encodeFrame, Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { Dispatcher } from '../dispatcher.ts';
import { FakeGame as HttpGame } from '../http/testing/fake-game.ts';
import { fixtureOfTest } from '../http/testing/fixture.ts';
import { GameRouter } from '../router.ts';
import { FakeGame } from '../testing/fake-game.ts';
import { start, until } from '../testing/harness.ts';
import { principal } from '../testing/principals.ts';
import { currentRequest, RequestScope } from './request-scope.ts';
import type { RequestSpan, RequestTracing } from './request-tracing.ts';

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 };
const header = { traceparent: `00-${trace.traceId}-${trace.spanId}-01` };

/** Follows every request, and remembers what it was told. */
class RecordingTracing implements RequestTracing {
  readonly begun: RequestScope[] = [];
  readonly ended: RequestScope[] = [];

  choosesNext(): boolean {
    return true;
  }
  begin(request: RequestScope): RequestSpan {
    this.begun.push(request);
    return { traceId: String(this.begun.length).padStart(32, '0'), isRecorded: true, note: () => undefined };
  }
  end(request: RequestScope, seconds: number): void {
    expect(seconds).toBeGreaterThan(0);
    this.ended.push(request);
  }
}

/** A game whose operation answers under which trace it ran. */
class TellingGame extends FakeGame {
  override async execute(): Promise<unknown> {
    return currentRequest()?.traceId;
  }
}

function setUp() {
  const router = new GameRouter();
  router.add(new TellingGame());
  const tracing = new RecordingTracing();
  const dispatcher = new Dispatcher({ router, tracing });
  const session = dispatcher.openSession(principal(), 'tcp');
  return { dispatcher, tracing, session };
}

test('a request is followed from its operation on, and the operation knows its trace', async () => {
  const { dispatcher, tracing, session } = setUp();
  expect(await dispatcher.call({ session, game: 'fake', operation: 'player.get', input: {} })).toBe('1'.padStart(32, '0'));
  expect(tracing.begun).toMatchObject([{ game: 'fake', operation: 'player.get' }]);
  expect(tracing.ended).toEqual(tracing.begun);
});

test('each request of a batch has a span of its own within that of the batch', async () => {
  const { dispatcher, tracing, session } = setUp();
  const input = [1, 2].map(() => ({ game: 'fake', operation: 'player.get' }));
  const request = new RequestScope({ transport: 'tcp', trace });
  const answer = await dispatcher.call({ session, game: 0, operation: 'batch', input, request });
  dispatcher.finish(request);
  expect(answer).toEqual(['2', '3'].map((id) => ({ ok: id.padStart(32, '0') })));
  expect(tracing.begun.map(({ batch }) => batch)).toEqual([undefined, request, request]);
  expect(tracing.ended.map(({ operation }) => operation)).toEqual(['player.get', 'player.get', 'batch']);
});

test('over HTTP it is told of with method, pattern of the path and status, also where it did not come to its operation', async () => {
  const router = new GameRouter();
  router.add(new HttpGame());
  const tracing = new RecordingTracing();
  const fixture = await fixtureOfTest({ dispatcher: new Dispatcher({ router, tracing }) });
  await fixture.ask('GET', '/players/4711', { headers: header });
  await fixture.ask('GET', '/players/4711', { headers: { 'X-API-Key': 'nobody', ...header } });
  await fixture.ask('GET', '//livez', { headers: header });
  await until(() => tracing.ended.length === 2);
  const common = { transport: 'http', method: 'GET', route: '/api/v1/games/fake/players/:id', operation: 'player.get', trace };
  expect(tracing.ended).toMatchObject([
    { ...common, status: 404, code: 2002 },
    { ...common, status: 401, code: 3001 },
  ]);
  expect(tracing.begun).toEqual(tracing.ended);
});

test('over TCP the context of the frame is told of, also of a refused request; one of zeros is none', async () => {
  const tracing = new RecordingTracing();
  const { open } = await start({ tracing });
  const client = await open();
  await client.call(1, 1, { id: '1' }, { trace });
  await client.call(2, 1, { id: '1' }, { trace: { ...trace, traceId: '0'.repeat(32) } });
  client.socket.write(encodeFrame({ kind: Kind.request, requestId: 3, game: 7, operation: 1 }, Buffer.from([0xc1]), { encoding: 'msgpack', trace }));
  await until(() => tracing.ended.length === 3);
  expect(tracing.ended.map(({ requestId, trace: given, code }) => [requestId, given, code])).toEqual([
    [1, trace, 0],
    [2, undefined, 0],
    [3, trace, 2001],
  ]);
});
