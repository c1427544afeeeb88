// Every kind of secret in every place, right and wrong requests over both transports at the most talkative level: ASVS 5 §16.2.5, §14.2.1, OWASP API8:2023.
import { createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { signHandshake } from '@midgard/auth';
import { connect } from '@midgard/client';
import { freePort } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deadChannels } from '../testing/secrets/dead-channels.ts';
import { KnownSecrets } from '../testing/secrets/known-secrets.ts';
import { type PlantedRequest, type PlantedWorld, plantedRequests } from '../testing/secrets/planted-requests.ts';
import { callRealm } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 300_000;
const rounds = 18;
const lanes = 12;

const WithId = z.looseObject({ id: z.string() });
const LoggedIn = z.looseObject({ accessToken: z.string(), refreshToken: z.string() });
const fresh = (): string => randomBytes(30).toString('base64url');

const secrets = new KnownSecrets();
const plant = (name: string): string => secrets.plant(name, fresh());

/** What can be read of the run by anybody who is not to know a secret, by where it stands. */
const seen = new Map<string, string>();
let service: ServiceProcess;
let answered = 0;

beforeAll(async () => {
  service = await configuredService();
  const started = await service.start();
  const world = await furnish(service, started);
  const refusals = new Set<string>();
  await Promise.all([loadHttp(started, world, refusals), loadTcp(started, world, refusals), brokenBytes(started, world, refusals)]);
  for (const at of ['/metrics', '/health', '/readyz', '/openapi.json', '/docs', '/.well-known/jwks.json'])
    seen.set(at, await (await fetch(started.baseUrl + at)).text());
  await service.end('SIGTERM');
  seen.set('error answers', [...refusals].join('\n'));
  seen.set('stdout', service.printed.stdout);
  seen.set('stderr', service.printed.stderr);
  for (const game of ['realm', 'mail', 'midgard']) seen.set(`audit rows of ${game}`, auditRows(game));
  seen.set('checkpoint files', filesIn(path.join(service.folder, 'data', 'audit')));
  await runCommands(world);
}, timeout);
afterAll(() => service[Symbol.asyncDispose]());

/** A service of production with a secret in every setting that can hold one. */
async function configuredService(): Promise<ServiceProcess> {
  await using maker = new ServiceProcess();
  const { stdout } = await maker.command('secrets');
  const made = Object.fromEntries([...stdout.matchAll(/^(\w+)='?(.*?)'?$/gm)].map(([, name = '', value = '']) => [name, value]));
  for (const [name, value] of Object.entries(made)) for (const [part, secret] of secretParts(value)) secrets.plant(`${name}${part}`, secret);
  const rate = '{"perSecond":1000000,"burst":1000000}';
  return new ServiceProcess({
    NODE_ENV: 'production',
    ...made,
    MIDGARD_LOG_LEVEL: 'debug',
    MIDGARD_GAMES_REALM_ENABLED: 'true',
    MIDGARD_GAMES_MAIL_PACKAGE: new URL('../testing/mail-game.ts', import.meta.url).href,
    MIDGARD_AUTH_SERVERS: JSON.stringify({ 'eu-1': { secret: plant('secret of a game server'), games: ['realm'] } }),
    // Nothing listens there: what is away is written about the most.
    MIDGARD_CACHE_REDIS_URL: `redis://midgard:${plant('password of Redis')}@127.0.0.1:1/0`,
    MIDGARD_CDN_PURGE_URL: `http://127.0.0.1:${await freePort()}/purge?token=${plant('token in the URL of the CDN')}`,
    MIDGARD_CDN_PURGE_AUTH_VALUE: `Bearer ${plant('token of the CDN')}`,
    MIDGARD_ALERTS_INTERVAL_MS: '100',
    MIDGARD_ALERTS_RULES: JSON.stringify([{ name: 'Always', metric: 'midgard_heap_limit_bytes', comparison: '>', value: 0 }]),
    MIDGARD_ALERTS_ROUTES: JSON.stringify([{ channels: ['hook', 'chat', 'mail'], groupWaitMs: 0 }]),
    MIDGARD_ALERTS_CHANNELS: JSON.stringify(deadChannels(await freePort(), plant)),
    MIDGARD_TRACING_ENABLED: 'true',
    MIDGARD_TRACING_SAMPLE_RATIO: '1',
    MIDGARD_TRACING_ENDPOINT: `http://127.0.0.1:${await freePort()}/v1/traces?token=${plant('token in the URL of the collector')}`,
    MIDGARD_TRACING_HEADERS: JSON.stringify({ authorization: `Bearer ${plant('token of the collector')}` }),
    MIDGARD_LIMITS_LOGIN: rate,
    MIDGARD_LIMITS_WRONG_CREDENTIALS: rate,
    MIDGARD_LIMITS_HANDSHAKE: rate,
    MIDGARD_LIMITS_PLAYER: rate,
  });
}

/** Of a set of keys its private parts; anything else is a secret as a whole. */
function secretParts(value: string): readonly (readonly [string, string])[] {
  if (!value.startsWith('{')) return [['', value]];
  return [...value.matchAll(/"d":"([^"]+)"/g)].map(([, d = ''], at) => [`[${at}].d`, d] as const);
}

/** Keys, players, log-ins, encrypted values: one of them damaged, so that the service has something to report. */
async function furnish(of: ServiceProcess, started: StartedService): Promise<PlantedWorld> {
  const key = await newKey(of, 'API key');
  const strangersKey = await newKey(of, 'API key that was revoked');
  await of.command('keys', 'revoke', strangersKey.split('_')[2] ?? '');
  const password = secrets.plant('password', `Pässwörd "of"\\${fresh()}`);
  const call = async (method: string, route: string, body: object): Promise<unknown> => (await callRealm(started, method, route, { key, body })).body;
  const { id } = WithId.parse(await call('POST', '/players', { name: 'Freyja', password }));
  const { refreshToken } = LoggedIn.parse(await call('POST', '/auth/login', { name: 'Freyja', password }));
  secrets.plant('refresh token', refreshToken);
  const { accessToken: token, refreshToken: next } = LoggedIn.parse(await call('POST', '/auth/refresh', { refreshToken }));
  secrets.plant('second refresh token', next);
  secrets.plant('signature of an access token', token.split('.')[2] ?? '');
  const printed = (await of.command('token', '--game', 'realm', '--player', id)).stdout.trim();
  secrets.plant('signature of a printed token', printed.split('.')[2] ?? '');
  const address = secrets.plant('encrypted address', `${randomBytes(20).toString('hex')}@example.org`);
  const note = plant('encrypted note');
  const damaged = await mailOf(started, key, { address: `${randomBytes(20).toString('hex')}@example.org`, note });
  const open = await mailOf(started, key, { address, note });
  damage(of, damaged);
  return {
    secrets,
    key,
    strangersKey,
    token: printed,
    refreshToken,
    password,
    name: 'Freyja',
    address,
    note,
    players: { realm: id, open, damaged },
    stray: plant('stray secret'),
  };
}

async function newKey(of: ServiceProcess, name: string): Promise<string> {
  const key = (await of.command('keys', 'create', '--game', '*', '--role', 'game-server')).stdout.trim();
  secrets.plant(name, key.split('_')[3] ?? '');
  return key;
}

/** Makes a player of the same id in both games, with an encrypted address. */
async function mailOf(started: StartedService, key: string, mail: object): Promise<string> {
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const made = await fetch(`${started.baseUrl}/api/v1/games/mail/players`, { method: 'POST', headers, body: '{"name":"Idun"}' });
  const { id } = WithId.parse(await made.json());
  const set = await fetch(`${started.baseUrl}/api/v1/games/mail/players/${id}/mail`, { method: 'PUT', headers, body: JSON.stringify(mail) });
  expect(set.status).toBe(200);
  return id;
}

function damage({ folder }: ServiceProcess, player: string): void {
  const database = new DatabaseSync(path.join(folder, 'data', 'mail.db'), { timeout: 10_000 });
  database.prepare('update mail_address set note_enc = substr(note_enc, 1, 20) where player_id = ?').run(BigInt(player));
  database.close();
}

async function loadHttp({ baseUrl }: StartedService, world: PlantedWorld, refusals: Set<string>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const lane = async (at: number): Promise<void> => {
    for (let round = at; round < rounds; round += lanes)
      for (const each of plantedRequests(world)) {
        const { status, text } = await send(baseUrl, agent, each);
        answered += 1;
        if (status >= 400) refusals.add(text);
      }
  };
  await Promise.all(Array.from({ length: lanes }, (_, at) => lane(at)));
  agent.destroy();
}

/** @returns all of the answer, without what differs from one request to the next */
function send(baseUrl: string, agent: Agent, { method, target, headers, body }: PlantedRequest): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const { hostname, port } = new URL(baseUrl);
  request({ hostname, port, agent, method, path: target, headers: { ...headers, ...length } }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text: `${response.rawHeaders.join('\n')}\n${Buffer.concat(chunks).toString()}` }));
  })
    .on('error', reject)
    .end(body);
  return promise;
}

async function loadTcp({ tcpPort: port }: StartedService, { key, strangersKey, token, password, stray }: PlantedWorld, refusals: Set<string>): Promise<void> {
  const proof = { serverId: 'eu-1', timestamp: Date.now(), nonce: randomBytes(16).toString('base64url') };
  const wrong = secrets.plant('signature of a handshake', signHandshake({ ...proof, secret: Buffer.from(stray) }));
  const refusedHellos = [
    { kind: 'apiKey', key: strangersKey },
    { kind: 'apiKey', key: token },
    { kind: 'token', token: key },
    { kind: 'token', token: `${token}A` },
    { kind: 'hmac', ...proof, signature: wrong },
    { kind: 'hmac', ...proof, serverId: stray, signature: createHmac('sha256', stray).digest('base64url') },
  ] as const;
  for (const auth of refusedHellos) {
    const refused = await connect({ port, auth }).catch((error: unknown) => error);
    refusals.add(told(refused));
    answered += 1;
  }
  await using client = await connect({ port, auth: { kind: 'apiKey', key } });
  const inputs = [{ name: 7, password }, { name: { token }, secret: stray }, password, [token], { name: password.repeat(9), attributes: { password } }];
  for (let round = 0; round < rounds; round += 1)
    for (const input of inputs) {
      for (const operation of [2, 20, 22, 51]) refusals.add(told(await client.request({ game: 1, operation, input }).catch((error: unknown) => error)));
      answered += 4;
    }
}

function told(error: unknown): string {
  return error instanceof Error ? inspect(error, { depth: null, maxStringLength: null }) : '';
}

/** What is neither a frame nor HTTP, on both ports. */
async function brokenBytes({ tcpPort, baseUrl }: StartedService, { key, token, stray }: PlantedWorld, refusals: Set<string>): Promise<void> {
  const texts = [
    `GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\nX-API-Key: ${key}\r\nConnection: close\r\n\r\n`,
    `GET /${token} HTTP/1.1\r\nHost: x\r\nCookie ${stray}\r\n\r\n`,
    `GET /?${token} HTTP/7.1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    `${stray} ${token}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\u0000${stray}\r\n\r\n`,
    `{"auth":{"kind":"apiKey","key":"${key}"},"password":"${stray}"}\n`,
  ];
  for (const port of [tcpPort, Number(new URL(baseUrl).port)]) for (const text of texts) refusals.add(await answerTo(port, text));
}

function answerTo(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = '';
  const socket = connectSocket({ port, host: '127.0.0.1' });
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => undefined).on('close', () => resolve(answer));
  socket.end(text);
  return promise;
}

function auditRows(game: string): string {
  const database = new DatabaseSync(path.join(service.folder, 'data', `${game}.db`), { readOnly: true });
  const statement = database.prepare('select * from audit_entry');
  statement.setReadBigInts(true);
  const rows = statement.all();
  database.close();
  return rows.map((row) => Object.values(row).join(' ')).join('\n');
}

function filesIn(folder: string): string {
  return readdirSync(folder)
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n');
}

/** What the command line prints about the same data, and about settings that do not work. */
async function runCommands({ key, token }: PlantedWorld): Promise<void> {
  const commands: readonly (readonly string[])[] = [
    ['audit', 'search', '--game', 'realm', '--limit', '1000'],
    ['audit', 'search', '--game', 'service', '--json'],
    ['audit', 'verify'],
    ['keys', 'list', '--json'],
    ['keys', 'revoke', key],
    ['encryption', 'status', '--json'],
    ['doctor'],
    ['alerts', 'list', '--json'],
    ...['hook', 'chat', 'mail'].map((channel) => ['alerts', 'test', '--channel', channel]),
    ['token', '--game', 'realm', '--player', token],
  ];
  await Promise.all(
    commands.map(async (args) => {
      const { stdout, stderr } = await service.command(...args);
      seen.set(`midgard ${args.slice(0, 4).join(' ')}`, stdout + stderr);
    }),
  );
  const sharedSecret = plant('shared secret of HS256');
  await using confused = new ServiceProcess({ MIDGARD_AUTH_SHARED_SECRETS: JSON.stringify([sharedSecret]), MIDGARD_AUTH_SIGNING_KEY: sharedSecret });
  const refused = await confused.command('start');
  seen.set('midgard start with a shared secret as its key', refused.stdout + refused.stderr);
  const password = plant('password of a database');
  await Promise.all(
    [`mysql://midgard:${password}@127.0.0.1:1/realm`, `mysql://midgard:${password}@127.0.0.1:port/realm`, `oracle://midgard:${password}@127.0.0.1:1/realm`].map(
      (url) => startOn(url, password),
    ),
  );
}

async function startOn(url: string, password: string): Promise<void> {
  await using broken = new ServiceProcess({ MIDGARD_DATABASES_REALM_URL: url });
  const isUrl = URL.canParse(url);
  if (!isUrl) writeFileSync(path.join(broken.folder, 'midgard.yaml'), `auth: { keyPepper: "${password}", cursorSecret: ["${password}"] }\n`);
  for (const command of ['start', 'doctor']) {
    const { stdout, stderr } = await broken.command(command);
    seen.set(`midgard ${command} on ${url.slice(0, 6)} ${isUrl ? 'away' : 'misspelt'}`, stdout + stderr);
  }
}

describe('a run under load with a secret in every place', () => {
  test('was one: thousands of requests, of which the log, the audit log and the answers tell', () => {
    expect(answered).toBeGreaterThan(2000);
    expect(seen.get('stdout')).toContain('hello refused');
    expect(seen.get('stdout')).toContain('ERR_DAO_DECRYPT');
    expect(seen.get('stdout')).toContain('the CDN could not be told');
    expect(seen.get('stdout')).toContain('the collector takes no spans');
    expect(seen.get('stdout')).toContain('an alert fires');
    expect(seen.get('stdout')).toContain('a message about alerts was not delivered');
    expect(seen.get('midgard alerts test --channel mail')).toContain('was not delivered');
    expect(seen.get('audit rows of realm')).toContain('wallet.credit');
    for (const dialect of ['mysql:', 'oracle']) expect(seen.get(`midgard start on ${dialect} away`)).toContain('unavailable');
    expect(seen.get('error answers')).toContain('"code":2001');
    expect(seen.get('midgard audit search --game service')).toContain('key.create');
    expect(secrets.names).toEqual(
      expect.arrayContaining(['MIDGARD_AUTH_KEY_PEPPER', 'MIDGARD_ENCRYPTION_KEK', 'MIDGARD_AUTH_SIGNING_KEY[0].d', 'MIDGARD_AUDIT_SIGNING_KEY[0].d']),
    );
  });

  test('shows none of them in a log, a metric, an error, an audit row or what a command prints', () => {
    const found = [...seen].flatMap(([where, text]) => secrets.foundIn(text).map((name) => `${name} in ${where}`));
    expect(found).toEqual([]);
  });
});
