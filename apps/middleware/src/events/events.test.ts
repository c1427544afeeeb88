import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '@midgard/client';
import { until } from '@midgard/test-services';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventSocket } from '../testing/event-socket.ts';
import { callRealm, credit } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 120_000;
const password = 'correct horse battery';
const files = mkdtempSync(path.join(tmpdir(), 'midgard-events-'));
const stack = new AsyncDisposableStack();
const services: StartedService[] = [];
beforeAll(async () => {
  const env = {
    MIDGARD_DATABASES_REALM_URL: `sqlite:${path.join(files, 'realm.db')}`,
    MIDGARD_DATABASES_MIDGARD_URL: `sqlite:${path.join(files, 'midgard.db')}`,
    MIDGARD_AUTH_SIGNING_KEYS_FILE: path.join(files, 'keys.json'),
    MIDGARD_AUTH_KEY_PEPPER: 'a pepper that both of the services have',
    MIDGARD_AUTH_CURSOR_SECRET: 'a secret of cursors that both of the services have',
  };
  for (const instance of [0, 1]) services.push(await stack.use(new ServiceProcess({ ...env, MIDGARD_INSTANCE: String(instance) })).start());
}, timeout);
afterAll(async () => {
  await stack.disposeAsync();
  rmSync(files, { recursive: true, force: true });
}, timeout);
const [here, there] = [() => services[0]!, () => services[1]!];

const Message = z.looseObject({
  id: z.number().optional(),
  ok: z.unknown().optional(),
  error: z.looseObject({ code: z.number() }).optional(),
  event: z.looseObject({ game: z.string(), id: z.string(), event: z.string(), topics: z.array(z.string()) }).optional(),
});
type Event = NonNullable<z.infer<typeof Message>['event']>;

/** A page as a browser runs it: no header can be set, so it asks for a ticket. */
class Page {
  readonly events: Event[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #answers: z.infer<typeof Message>[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
    socket.addEventListener('message', ({ data }) => {
      const message = Message.parse(JSON.parse(String(data)));
      if (message.event === undefined) this.#answers.push(message);
      else this.events.push(message.event);
    });
  }

  /** @param redeemedAt where the ticket is shown, which need not be where it was given */
  static async open(service: StartedService, headers: Record<string, string>, redeemedAt = service): Promise<Page> {
    const socket = await eventSocket(service, headers, redeemedAt);
    const page = new Page(socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return page;
  }

  async subscribe(input: object): Promise<z.infer<typeof Message>> {
    this.#socket.send(JSON.stringify({ id: 1, game: 'midgard', operation: 'subscribe', input: { game: 'realm', ...input } }));
    await until(async () => this.#answers.length > 0);
    return this.#answers.shift()!;
  }

  close(): void {
    this.#socket.close();
  }
}

let count = 0;
async function newPlayer(): Promise<{ id: string; name: string }> {
  const name = `Runa ${(count += 1)}`;
  const { body } = await callRealm(here(), 'POST', '/players', { body: { name, password } });
  return { id: String(body['id']), name };
}

test('a player in a browser and a game server over TCP hear of a write at either instance, and the player can go on at the other', { timeout }, async () => {
  const { id, name } = await newPlayer();
  const { body } = await callRealm(here(), 'POST', '/auth/login', { body: { name, password } });
  const headers = { Authorization: `Bearer ${String(body['accessToken'])}` };
  await using server = await connect({ port: there().tcpPort, auth: { kind: 'apiKey', key: there().key } });
  const pushed: unknown[] = [];
  server.on('push', ({ value }) => pushed.push(value));
  await server.request({ game: 0, operation: 2, input: { game: 'realm', topics: ['game'] } });
  const page = await Page.open(here(), headers, there());
  expect(await page.subscribe({ topics: [`player:${id}`] })).toMatchObject({ ok: { subscribed: [`player:${id}`] } });
  await credit(here(), id, 1);
  await credit(there(), id, 2);
  await until(async () => page.events.length === 2 && pushed.length === 2);
  expect(page.events).toMatchObject([{ game: 'realm', event: 'wallet.credit', data: { playerId: id, amount: '1' } }, { data: { amount: '2' } }]);
  expect(pushed).toMatchObject(page.events.map(({ id: eventId }) => ({ id: eventId })));
  page.close();
  await credit(there(), id, 3);
  const again = await Page.open(here(), headers);
  await again.subscribe({ topics: [`player:${id}`], after: page.events[1]!.id });
  await credit(there(), id, 4);
  await until(async () => again.events.length === 2);
  expect(again.events).toMatchObject([{ data: { amount: '3' } }, { data: { amount: '4' } }]);

  await fetch(`${there().baseUrl}/api/v1/games/realm/auth/logout`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ refreshToken: body['refreshToken'] }),
  });
  expect(await again.closed).toBe(4303);
});

test('the document of the service names the way to a ticket', { timeout }, async () => {
  const document = z.looseObject({ paths: z.record(z.string(), z.unknown()) }).parse(await (await fetch(`${here().baseUrl}/openapi.json`)).json());
  expect(document.paths['/api/v1/events/ticket']).toMatchObject({ post: { operationId: 'midgard.events.ticket' } });
});
