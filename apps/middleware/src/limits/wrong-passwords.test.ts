import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';
import { ticketOf } from '../testing/ticket-game.ts';

const timeout = 60_000;
const plugin = new URL('../testing/ticket-game.ts', import.meta.url).href;
const LoggedIn = z.object({ accessToken: z.string(), player: z.object({ id: z.string(), name: z.string(), externalId: z.string().nullable() }) });

function post({ baseUrl, key }: StartedService, route: string, body: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json', ...(route.endsWith('login') ? {} : { 'X-API-Key': key }) };
  return fetch(`${baseUrl}/api/v1/games/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('a service', { timeout }, () => {
  const service = new ServiceProcess();
  let started: StartedService;
  beforeAll(async () => {
    writeFileSync(
      path.join(service.folder, 'midgard.yaml'),
      `games: { realm: {}, ticket: { package: "${plugin}" } }\nlimits: { wrongPasswords: { freeAttempts: 2, firstWaitMs: 3600000, maxWaitMs: 7200000 } }\n`,
    );
    started = await service.start();
  }, timeout);
  afterAll(() => service[Symbol.asyncDispose]());

  test.each(['Mira', 'Nobody'])('lets %s wait after wrong passwords, and tells for how long', async (name) => {
    await post(started, 'realm/players', { name: 'Mira', password: 'correct horse battery' });
    const answers: Response[] = [];
    for (const password of ['wrong', 'wrong', 'correct horse battery']) answers.push(await post(started, 'realm/auth/login', { name, password }));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 429]);
    const retryAfter = Number(answers[2]?.headers.get('Retry-After'));
    expect(retryAfter).toBeGreaterThan(3500);
    expect(retryAfter).toBeLessThanOrEqual(3600);
    expect(await answers[2]?.json()).toMatchObject({ code: 3005, details: { retryAfterMs: expect.any(Number) } });
  });

  test('serves a game without passwords: a ticket of its identity provider makes the player, and later finds it', async () => {
    const logIn = async () => {
      // Longer than any password, as identity tokens are.
      const ticket = ticketOf({ sub: '42', name: 'Mira', picture: `https://provider.example/${'x'.repeat(3000)}` });
      return LoggedIn.parse(await (await post(started, 'ticket/auth/login', { name: 'Mira', password: ticket })).json());
    };
    const first = await logIn();
    expect(first.player).toMatchObject({ externalId: 'provider:42' });
    expect((await logIn()).player.id).toBe(first.player.id);
    const own = await fetch(`${started.baseUrl}/api/v1/games/ticket/players/${first.player.id}`, { headers: { Authorization: `Bearer ${first.accessToken}` } });
    expect(own.status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await post(started, 'ticket/auth/login', { name: 'Noah', password: 'forged.ticket' })).status);
    expect(statuses).toEqual([401, 401, 429]);
  });
});
