// A whole service beside a collector: what is told of a request, whose trace it continues, and that nothing is told where nobody asked.
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { freePort } from '@midgard/test-services';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callRealm, createPlayer, figureOf } from '../testing/realm-http.ts';
import { otlp, type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../testing/otlp-receiver.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 };

interface World {
  readonly collector: OtlpReceiver;
  readonly service: ServiceProcess;
  readonly address: StartedService;
}

async function started(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  const collector = await startOtlpReceiver();
  onTestFinished(() => collector[Symbol.asyncDispose]());
  const service = new ServiceProcess({ MIDGARD_TRACING_ENABLED: 'true', MIDGARD_TRACING_ENDPOINT: collector.endpoint, ...settings });
  onTestFinished(() => service[Symbol.asyncDispose]());
  return { collector, service, address: await service.start() };
}

const followAll = { MIDGARD_TRACING_SAMPLE_RATIO: '1', MIDGARD_TRACING_TRUST_CALLERS: 'true' };
const followNone = { MIDGARD_TRACING_SAMPLE_RATIO: '0', MIDGARD_TRACING_TRUST_CALLERS: 'true' };

function ask({ address }: World, path: string, flags: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'X-API-Key': address.key, traceparent: `00-${caller.traceId}-${caller.spanId}-${flags}`, 'X-Request-Id': 'request-4711' };
  return fetch(`${address.baseUrl}/api/v1/games/realm${path}`, { ...init, headers: { ...headers, 'Content-Type': 'application/json' } });
}

function codeOf(operation: string): number {
  return realm.operations.find(({ name }) => name === operation)?.code ?? 0;
}

/** The names of a span and those above it, from the outermost. */
function wayTo(span: ReceivedSpan, spans: readonly ReceivedSpan[]): readonly string[] {
  const parent = spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  return parent === undefined ? [span.name] : [...wayTo(parent, spans), span.name];
}

describe('a request that is followed', { timeout }, () => {
  test('over HTTP continues the trace of its caller, with its handler, its statements and its commit', async () => {
    const world = await started(followAll);
    const { collector, service } = world;
    await ask(world, '/players', '01', { method: 'POST', body: '{"name":"Astrid"}' });
    await service.end('SIGTERM');
    const ours = collector.spans.filter(({ traceId }) => traceId === caller.traceId);
    const request = ours.find(({ kind }) => kind === otlp.server);
    expect(request).toMatchObject({
      name: 'POST /api/v1/games/realm/players',
      parentSpanId: caller.spanId,
      status: { code: 0 },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/api/v1/games/realm/players',
        'http.response.status_code': 201,
        'midgard.game': 'realm',
        'midgard.operation': 'player.create',
        'midgard.code': 0,
        'midgard.request_id': 'request-4711',
      },
    });
    const insert = ours.find(({ name }) => name === 'insert player');
    expect(insert).toMatchObject({
      kind: otlp.client,
      attributes: { 'db.system.name': 'sqlite', 'db.operation.name': 'insert', 'db.collection.name': 'player' },
    });
    expect(insert?.attributes['db.query.text']).toMatch(/^insert into "player" \(.*\) values \(\?, …\)/);
    for (const name of ['insert player', 'commit']) {
      const part = ours.find((span) => span.name === name);
      expect(part === undefined ? [] : wayTo(part, ours)).toEqual(['POST /api/v1/games/realm/players', 'handler', name]);
    }
    for (const { startTimeUnixNano, endTimeUnixNano, spanId } of ours) {
      expect(endTimeUnixNano >= startTimeUnixNano, spanId).toBe(true);
      expect(startTimeUnixNano >= (request?.startTimeUnixNano ?? 0n), spanId).toBe(true);
    }
    expect(collector.resources[0]).toMatchObject({ 'service.name': 'midgard', 'service.instance.id': '0' });
  });

  test('over TCP does so too; each request of a batch has its own span', async () => {
    const { collector, service, address } = await started(followAll);
    const client = await connect({ port: address.tcpPort, auth: { kind: 'apiKey', key: address.key }, trace: () => caller });
    const { id } = await client.game(realm).call('player.create', { name: 'Astrid' });
    await client.batch([
      { game: realm.manifest.number, operation: codeOf('player.update'), input: { id, name: 'Freya', expectedVersion: 1 } },
      { game: realm.manifest.number, operation: codeOf('player.get'), input: { id } },
    ]);
    await client.close();
    await service.end('SIGTERM');
    const { spans } = collector;
    const create = spans.find(({ name }) => name === 'realm/player.create');
    expect(create).toMatchObject({
      traceId: caller.traceId,
      parentSpanId: caller.spanId,
      kind: otlp.server,
      attributes: { 'rpc.system': 'midgard', 'rpc.service': 'realm', 'rpc.method': 'player.create', 'midgard.code': 0 },
    });
    const update = spans.find(({ name }) => name === 'update player');
    expect(update === undefined ? [] : wayTo(update, spans)).toEqual(['midgard/batch', 'handler', 'realm/player.update', 'update player']);
    const items = spans.filter(({ name }) => /player\.(get|update)/.test(name));
    expect(items.map(({ kind, traceId }) => [kind, traceId])).toEqual([1, 2].map(() => [otlp.internal, caller.traceId]));
  });

  test('is the example of its bucket, where one asks for OpenMetrics', async () => {
    const world = await started(followAll);
    await ask(world, '/players/1', '01');
    const { baseUrl } = world.address;
    const metrics = await (await fetch(`${baseUrl}/metrics`, { headers: { Accept: 'application/openmetrics-text; version=1.0.0' } })).text();
    expect(metrics).toMatch(new RegExp(`^midgard_request_duration_seconds_bucket\\{.*operation="player.get".*# \\{trace_id="${caller.traceId}"\\}`, 'm'));
    await world.collector.next(({ name }) => name === 'GET /api/v1/games/realm/players/:id');
    expect(await figureOf(world.address, 'midgard_trace_spans_total')).toBeGreaterThan(0);
  });

  test('says nothing of what clients wrote: no name, password, key, token or value', async () => {
    const world = await started(followAll);
    const { collector, service, address } = world;
    const secret = 'Hunter-Of-Values-4711';
    const password = { name: 'Astrid', password: secret };
    const id = await createPlayer(address, secret);
    await ask(world, `/players?name=${secret}`, '01');
    await ask(world, `/players/${id}`, '01', { method: 'PATCH', body: JSON.stringify({ name: `${secret}-2`, attributes: { [secret]: secret } }) });
    await ask(world, '/players', '01', { method: 'POST', body: JSON.stringify(password) });
    await ask(world, '/auth/login', '01', { method: 'POST', body: JSON.stringify(password) });
    await ask(world, `/${secret}`, '01');
    await fetch(`${address.baseUrl}/api/v1/games/${secret}/players?token=${secret}`, { headers: { Authorization: `Bearer ${secret}`, traceparent: 'x' } });
    await service.end('SIGTERM');
    expect(collector.spans.length).toBeGreaterThan(10);
    expect(collector.text).not.toContain(secret);
    expect(collector.text).not.toContain(address.key);
    expect(collector.text).not.toContain(id);
  });
});

describe('a request that was not chosen', { timeout }, () => {
  test('is not told of, unless it failed: then it is, with its times, in the trace of its caller', async () => {
    const world = await started({ ...followNone, MIDGARD_TRACING_SLOW_MS: '0' });
    const { collector, service, address } = world;
    await callRealm(address, 'GET', '/players/1');
    await ask(world, '/players/1', '00');
    await ask(world, '/players', '00', { method: 'POST', body: `{"name":"${'x'.repeat(2_000_000)}"}` });
    await service.end('SIGTERM');
    expect(collector.spans.map(({ name }) => name)).toEqual(['POST /api/v1/games/realm/players']);
    expect(collector.spans[0]).toMatchObject({
      traceId: caller.traceId,
      parentSpanId: caller.spanId,
      status: { code: otlp.error },
      attributes: { 'midgard.code': 1009, 'error.type': '1009', 'http.response.status_code': 413 },
    });
  });

  test('is told of where it was slow', async () => {
    const world = await started({ ...followNone, MIDGARD_TRACING_SLOW_MS: '1' });
    // Passwords are hashed so that it takes its time.
    await callRealm(world.address, 'POST', '/players', { body: { name: 'Astrid', password: 'a long enough password' } });
    const span = await world.collector.next(({ name }) => name === 'POST /api/v1/games/realm/players');
    expect(span.status.code).toBe(0);
    expect(Number(span.attributes['midgard.handler_ms'])).toBeGreaterThan(1);
    expect(world.collector.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId).map(({ name }) => name)).toEqual(['handler']);
  });

  test('a stranger does not choose: the trace is ours, and has a link to theirs', async () => {
    const world = await started({ MIDGARD_TRACING_SAMPLE_RATIO: '1' });
    await ask(world, '/players/1', '00');
    const span = await world.collector.next(({ kind }) => kind === otlp.server);
    expect(span.traceId).not.toBe(caller.traceId);
    expect(span.links).toMatchObject([{ traceId: caller.traceId, spanId: caller.spanId }]);
  });
});

describe('work for no single request', { timeout }, () => {
  test('has traces of its own: the batches of acknowledged writes, and not the request that came first', async () => {
    const { collector, address } = await started(followAll);
    const id = await createPlayer(address, 'Astrid');
    await using client = await connect({ port: address.tcpPort, auth: { kind: 'apiKey', key: address.key }, trace: () => caller });
    await client.game(realm).call('counter.add', { playerId: id, name: 'kills', amount: 1n, idempotencyKey: 'first-kill' });
    const flush = await collector.next(({ name }) => name === 'flush writes');
    expect(flush.parentSpanId).toBeUndefined();
    expect(flush).toMatchObject({ attributes: { 'midgard.game': 'realm', 'midgard.writes': 1 } });
    expect(flush.traceId).not.toBe(caller.traceId);
    await collector.next(({ name }) => name === 'commit durable log');
    await collector.next(({ name }) => name === 'realm/counter.add');
    expect(collector.spans.filter(({ traceId, name }) => traceId === caller.traceId && name.includes('counter') && name !== 'realm/counter.add')).toEqual([]);
  });
});

describe('a collector that is away', { timeout }, () => {
  test('holds up no request and no stop; what it does not get is counted', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}/v1/traces?key=of-the-collector`;
    const { service, address } = await started({ ...followAll, MIDGARD_TRACING_ENDPOINT: endpoint, MIDGARD_TRACING_TIMEOUT_MS: '50' });
    await expect
      .poll(() => callRealm(address, 'GET', '/players/1').then(() => figureOf(address, 'midgard_trace_spans_dropped_total{reason="export_failed"}')), {
        timeout: 20_000,
      })
      .toBeGreaterThan(0);
    expect(await service.end('SIGTERM')).toBe(0);
    const [line] = service.logs.filter(({ msg }) => String(msg).startsWith('the collector takes no spans'));
    expect(line).toMatchObject({ collector: new URL(endpoint).host });
    expect(service.printed.stdout).not.toContain('of-the-collector');
  });
});

test('off is the default: OpenTelemetry is not loaded', { timeout }, async () => {
  const watch = `import { registerHooks } from 'node:module'; import { writeSync } from 'node:fs';
    registerHooks({ load(url, context, next) { if (url.includes('/node_modules/@opentelemetry/') || url.includes('/tracing/otlp/')) writeSync(2, 'loaded ' + url); return next(url, context); } });`;
  const imports = [`data:text/javascript,${encodeURIComponent(watch)}`];
  const loadedBy = async (env: Readonly<Record<string, string>>): Promise<string> => {
    await using service = new ServiceProcess(env, { imports });
    await callRealm(await service.start(), 'GET', '/players/1');
    await service.end('SIGTERM');
    return service.printed.stderr;
  };
  expect(await loadedBy({})).toBe('');
  expect(await loadedBy({ MIDGARD_TRACING_ENABLED: 'true' })).toContain('@opentelemetry/sdk-trace');
});
