import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { signHandshake } from '@midgard/auth';
import { connect } from '@midgard/client';
import { findRedis, type RedisServer, startRedis, until } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callRealm, figureOf } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const secret = 'a shared secret of at least 32 bytes';
const burst = 6;

let names = 0;

/** Each time another name: one alone would have to wait before its address has. */
async function logIn(service: StartedService): Promise<number> {
  return (await callRealm(service, 'POST', '/auth/login', { body: { name: `nobody ${++names}`, password: 'correct horse' } })).status;
}

async function codeOfConnecting({ tcpPort, key }: StartedService): Promise<unknown> {
  try {
    await (await connect({ port: tcpPort, auth: { kind: 'apiKey', key } })).close();
    return 0;
  } catch (error) {
    return Reflect.get(Object(error), 'code');
  }
}

describe.skipIf(findRedis() === undefined)('two services on one Redis', { timeout }, () => {
  const stack = new AsyncDisposableStack();
  let redis: RedisServer;
  let services: readonly [StartedService, StartedService];
  beforeAll(async () => {
    redis = await startRedis({ appendonly: 'no' });
    stack.defer(() => redis.remove());
    const start = async (whenAway: string): Promise<StartedService> => {
      const limits = { MIDGARD_LIMITS_LOGIN: `{"perSecond":0.01,"burst":${burst}}`, MIDGARD_LIMITS_WHEN_AWAY: whenAway };
      const service = stack.use(new ServiceProcess({ ...limits, MIDGARD_CACHE_REDIS_URL: redis.url }));
      writeFileSync(path.join(service.folder, 'midgard.yaml'), `auth: { servers: { eu-1: { secret: "${secret}", games: [realm] } } }\n`);
      return service.start();
    };
    services = [await start('local'), await start('refuse')];
    await until(async () => (await figureOf(services[0], 'midgard_limits_shared')) + (await figureOf(services[1], 'midgard_limits_shared')) === 2);
  }, timeout);
  afterAll(() => stack.disposeAsync());

  test('accept a signed handshake once between them', async () => {
    const proof = { serverId: 'eu-1', timestamp: Date.now(), nonce: randomBytes(16).toString('base64url') };
    const auth = { kind: 'hmac', ...proof, signature: signHandshake({ ...proof, secret: Buffer.from(secret) }) } as const;
    const client = await connect({ port: services[0].tcpPort, auth });
    await client.close();
    await expect(connect({ port: services[1].tcpPort, auth })).rejects.toMatchObject({ code: 3003 });
  });

  test('count the log-ins of an address together', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < burst; i += 1) statuses.push(await logIn(services[i % 2]!));
    expect(statuses).toEqual(Array.from({ length: burst }, () => 401));
    expect([await logIn(services[0]), await logIn(services[1])]).toEqual([429, 429]);
  });

  test('let in by themselves or refuse while Redis is away, as they are told, and go on when it is back', async () => {
    await redis.stop('SIGKILL');
    await until(async () => (await figureOf(services[0], 'midgard_limits_shared')) + (await figureOf(services[1], 'midgard_limits_shared')) === 0);
    expect([await codeOfConnecting(services[0]), await codeOfConnecting(services[1])]).toEqual([0, 3005]);
    await redis.start();
    await until(async () => (await codeOfConnecting(services[1])) === 0);
  });
});
