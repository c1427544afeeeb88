import { RequestScope } from '@midgard/server';
import { expect, test } from 'vitest';
import { RequestTracer, type RequestTracerParts } from './request-tracer.ts';
import type { SpanRecord } from './span-record.ts';

const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 };
const unsampledCaller = { ...caller, flags: 0 };

function setUp(parts: Partial<RequestTracerParts> = {}) {
  const spans: SpanRecord[] = [];
  let ids = 0;
  let dropped = 0;
  const tracer = new RequestTracer({
    sink: { add: (span) => void spans.push(span) },
    ids: { generateTraceId: () => String((ids += 1)).padStart(32, '0'), generateSpanId: () => String((ids += 1)).padStart(16, '0') },
    isSampled: () => false,
    trustCallers: true,
    slowMs: 100,
    mayKeep: () => true,
    dropped: () => void (dropped += 1),
    ...parts,
  });
  const follow = (request: RequestScope): void => {
    Object.assign(request, { game: 'realm', operation: 'player.get', handledFrom: 1001 });
    request.span ??= tracer.begin(request);
  };
  const run = (request: RequestScope, { code = 0, seconds = 0.01 }: { readonly code?: number; readonly seconds?: number } = {}): RequestScope => {
    follow(request);
    request.code = code;
    request.add('handler', 5);
    tracer.end(request, seconds);
    return request;
  };
  return { tracer, spans, follow, run, dropped: () => dropped };
}

const statement = { name: 'select player', kind: 'client', durationMs: 2, attributes: {} } as const;

test('of a request that is not chosen there is a trace id, and no span', () => {
  const { spans, run } = setUp();
  const request = run(new RequestScope({ transport: 'tcp' }));
  request.span?.note(statement);
  expect(request.traceId).toMatch(/^[\da-f]{32}$/);
  expect(request.span?.isRecorded).toBe(false);
  expect(spans).toEqual([]);
});

test('a caller that is believed decides, one that is not has no say', () => {
  const sampled = setUp();
  expect(sampled.run(new RequestScope({ transport: 'tcp', trace: caller })).traceId).toBe(caller.traceId);
  expect(sampled.spans[0]).toMatchObject({ traceId: caller.traceId, parent: { spanId: caller.spanId, isRemote: true } });

  const unsampled = setUp({ isSampled: () => true });
  unsampled.run(new RequestScope({ transport: 'tcp', trace: unsampledCaller }));
  expect(unsampled.spans).toEqual([]);

  const strangers = setUp({ trustCallers: false });
  expect(strangers.run(new RequestScope({ transport: 'tcp', trace: caller })).traceId).not.toBe(caller.traceId);
  expect(strangers.spans).toEqual([]);

  const linked = setUp({ trustCallers: false, isSampled: () => true });
  linked.run(new RequestScope({ transport: 'tcp', trace: unsampledCaller }));
  expect(linked.spans[0]).toMatchObject({ parent: undefined, link: unsampledCaller });
});

test.each([
  [999, 0.01, true],
  [1001, 0.01, true],
  [1999, 0.01, true],
  [2000, 0.01, false],
  [3004, 0.01, false],
  [0, 0.1, false],
  [0, 0.101, true],
])('code %d after %d s: told of though it was not chosen: %s', (code, seconds, isToldOf) => {
  const { spans, run } = setUp();
  const request = run(new RequestScope({ transport: 'tcp', trace: unsampledCaller, startedAt: 1000 }), { code, seconds });
  expect(spans.length > 0).toBe(isToldOf);
  expect(request.span?.isRecorded).toBe(isToldOf);
  if (!isToldOf) return;
  expect(spans[0]).toMatchObject({
    traceId: caller.traceId,
    parent: { spanId: caller.spanId },
    startedAt: 1000,
    endedAt: 1000 + seconds * 1000,
    attributes: { 'midgard.code': code, 'midgard.handler_ms': 5 },
    error: code === 0 ? undefined : String(code),
  });
});

test('with slowMs 0 nothing is slow', () => {
  const { spans, run } = setUp({ slowMs: 0 });
  run(new RequestScope({ transport: 'tcp' }), { seconds: 3600 });
  expect(spans).toEqual([]);
});

test('while everything fails no more is told of than may be, and the rest is counted', () => {
  let left = 2;
  const { spans, run, dropped } = setUp({ mayKeep: () => (left -= 1) >= 0 });
  for (let at = 0; at < 5; at += 1) run(new RequestScope({ transport: 'tcp' }), { code: 1005 });
  expect(spans.filter(({ kind }) => kind === 'server')).toHaveLength(2);
  expect(dropped()).toBe(3);
});

test('an item of a batch that failed is told of, and so is the batch, without the items that did not', () => {
  const { tracer, spans, run } = setUp();
  const batch = new RequestScope({ transport: 'tcp' });
  batch.span = tracer.begin(batch);
  run(batch.item());
  run(batch.item(), { code: 1001 });
  Object.assign(batch, { game: 'midgard', operation: 'batch', handledFrom: 1 });
  batch.add('handler', 8);
  tracer.end(batch, 0.01);
  const [item, root, handler] = spans;
  expect(spans.map(({ name }) => name)).toEqual(['realm/player.get', 'midgard/batch', 'handler']);
  expect(item?.parent?.spanId).toBe(handler?.spanId);
  expect(handler?.parent?.spanId).toBe(root?.spanId);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
});

test('what a request waits for stands below its handler, ends when it is told of, and is not told of any more once it is over', () => {
  const { spans, follow, run } = setUp({ isSampled: () => true });
  const request = new RequestScope({ transport: 'tcp' });
  follow(request);
  const before = performance.now();
  request.span?.note({ ...statement, error: 'ERR_X' });
  run(request);
  request.span?.note(statement);
  expect(spans.map(({ name }) => name)).toEqual(['select player', 'realm/player.get', 'handler']);
  const [part, root, handler] = spans;
  expect(part?.parent?.spanId).toBe(handler?.spanId);
  expect(handler?.parent?.spanId).toBe(root?.spanId);
  expect(part?.endedAt).toBeGreaterThanOrEqual(before);
  expect((part?.endedAt ?? 0) - (part?.startedAt ?? 0)).toBeCloseTo(statement.durationMs, 6);
  expect(part?.error).toBe('ERR_X');
});

test('of a request with thousands of statements the first 256 are told of, and the rest counted', () => {
  const { spans, follow, dropped } = setUp({ isSampled: () => true });
  const request = new RequestScope({ transport: 'tcp' });
  follow(request);
  for (let at = 0; at < 1000; at += 1) request.span?.note(statement);
  expect([spans.length, dropped()]).toEqual([256, 744]);
});

test('a request that never came to its operation has no handler', () => {
  const { tracer, spans } = setUp({ isSampled: () => true });
  const request = new RequestScope({ transport: 'http', requestId: 'r-1' });
  Object.assign(request, { game: 'realm', operation: 'player.get', method: 'GET', route: '/players/:id', status: 401, code: 3001 });
  request.span = tracer.begin(request);
  tracer.end(request, 0.01);
  expect(spans).toMatchObject([{ name: 'GET /players/:id', attributes: { 'http.response.status_code': 401, 'midgard.request_id': 'r-1' }, error: undefined }]);
});

test('work for no single request has a trace of its own: chosen as others are, after a failure always', () => {
  const { tracer, spans } = setUp();
  tracer.note(statement);
  tracer.note({ ...statement, error: 'ECONNREFUSED' });
  expect(spans).toMatchObject([{ parent: undefined, error: 'ECONNREFUSED' }]);
  const chosen = setUp({ isSampled: () => true });
  chosen.tracer.note(statement);
  expect(chosen.spans).toMatchObject([{ parent: undefined, error: undefined }]);
});
