import { Kind } from '@midgard/codec';
import { expect, onTestFinished, test } from 'vitest';
import { type EventStream, type EventStreamOptions, openEvents } from './event-stream.ts';
import type { FakePeer, FakeServer } from './testing/fake-server.ts';
import { harness } from './testing/harness.ts';

const start = harness();
const event = (id: number) => ({ id: String(id), event: 'order.pay', topics: ['orders'], at: '2026-01-01T00:00:00.000Z', data: { number: id } });
const push = (peer: FakePeer, body: unknown): void => peer.send({ kind: Kind.push, game: 7, operation: 43 }, body);

interface Heard {
  readonly stream: EventStream;
  readonly told: string[];
}

async function listen(server: FakeServer, options: Partial<EventStreamOptions> = {}): Promise<Heard> {
  const told: string[] = [];
  const note = (text: string): void => {
    told.push(text);
    server.changed();
  };
  const stream = await openEvents({
    port: server.port,
    auth: { kind: 'apiKey', key: 'k' },
    backoff: { baseMs: 1 },
    game: 'toy',
    topics: ['orders'],
    onEvent: ({ id }) => note(String(id)),
    onGap: () => note('gap'),
    onRefused: (error) => note(`refused ${'code' in error ? String(error.code) : ''}`),
    ...options,
  });
  onTestFinished(() => stream.close());
  return { stream, told };
}

test('events are told in order, and a lost connection is followed by another that goes on behind the last one', async () => {
  const server = await start.server({ onRequest: (request) => request.peer.answer(request, { subscribed: ['orders'], lastEventId: '10' }) });
  const { stream, told } = await listen(server);
  expect(stream.lastEventId).toBe('10');
  push(server.peer(0), event(11));
  push(server.peer(0), event(12));
  await server.until(() => told.length === 2);
  server.peer(0).socket.destroy();
  await server.until(() => server.requests.length === 2);
  push(server.peer(1), event(13));
  await server.until(() => told.length === 3);
  expect([told, stream.lastEventId]).toEqual([['11', '12', '13'], '13']);
  expect(server.requests.map(({ input }) => input)).toEqual([
    { game: 'toy', topics: ['orders'] },
    { game: 'toy', topics: ['orders'], after: '12' },
  ]);
});

test('also where nothing had come before it was lost', async () => {
  const server = await start.server({ onRequest: (request) => request.peer.answer(request, { subscribed: ['orders'], lastEventId: '10' }) });
  await listen(server);
  server.peer(0).socket.destroy();
  await server.until(() => server.requests.length === 2);
  expect(server.request(1).input).toMatchObject({ after: '10' });
});

test('a gap is told, whether it was found at the subscription or later', async () => {
  const server = await start.server({ onRequest: (request) => request.peer.answer(request, { subscribed: [], lastEventId: '50', gap: true }) });
  const { stream, told } = await listen(server, { after: '3' });
  expect([told, stream.lastEventId, server.request(0).input]).toEqual([['gap'], '50', { game: 'toy', topics: ['orders'], after: '3' }]);
  push(server.peer(0), { after: '50', next: '60' });
  push(server.peer(0), event(60));
  await server.until(() => told.length === 3);
  expect(told).toEqual(['gap', 'gap', '60']);
});

test('topics that are refused reject the opening, and are told of when they are refused later', async () => {
  const server = await start.server({ onRequest: (request) => request.peer.refuse(request, 3004) });
  await expect(listen(server)).rejects.toMatchObject({ code: 3004 });
  server.options = { onRequest: (request) => request.peer.answer(request, { subscribed: [], lastEventId: '1' }) };
  const { told } = await listen(server);
  server.options = { onRequest: (request) => request.peer.refuse(request, 3004) };
  server.peer(1).socket.destroy();
  await server.until(() => told.length === 1);
  expect(told).toEqual(['refused 3004']);
});
