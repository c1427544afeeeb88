// CWE-117, ASVS 5 §16.4.1: whatever a client writes, the log has one line for each entry of its own, and a terminal shows it and obeys nothing.
import { connect as connectSocket } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from '@midgard/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { callRealm, createPlayer } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const forged = '{"level":"fatal","time":"2026-01-01T00:00:00.000Z","name":"midgard","msg":"forged"}';
/** Ends a line in every way that is known, poses as one, clears the screen, colours, rings, turns the direction. */
const attack = `x\r\n${forged}\n\r\u0085${forged}\u2028${forged}\u2029\u001B[2J\u001B]0;owned\u0007\u009B31m\u0000\u202E\u2066`;
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const Line = z.looseObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'fatal']), time: z.iso.datetime(), name: z.literal('midgard'), msg: z.string() });

const service = new ServiceProcess({
  MIDGARD_LOG_LEVEL: 'debug',
  MIDGARD_GAMES_MAIL_PACKAGE: new URL('../testing/mail-game.ts', import.meta.url).href,
  MIDGARD_GAMES_REALM_ENABLED: 'true',
});
let found: readonly string[];

beforeAll(async () => {
  const started = await service.start();
  const damaged = await damagedMail(started);
  const player = await createPlayer(started, 'Loki');
  for (const text of [attack, encodeURIComponent(attack), '\\r\\n\\u001b[2J', `\u001B[2J`, '\u009B31m', '\u2028', '\u202E', '\r', '\n']) {
    await overHttp(started, text, { damaged, player });
    await overTcp(started, text);
  }
  const searched = await service.command('audit', 'search', '--game', 'realm', '--limit', '1000');
  const asJson = await service.command('audit', 'search', '--game', 'realm', '--limit', '1000', '--json');
  const keys = await service.command('keys', 'list');
  await service.end('SIGTERM');
  found = [searched, asJson, keys].map(({ stdout }) => stdout);
}, 120_000);
afterAll(() => service[Symbol.asyncDispose]());

/** A player of whom each read is an error that is logged. */
async function damagedMail({ baseUrl, key }: StartedService): Promise<string> {
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const mail = `${baseUrl}/api/v1/games/mail/players`;
  const { id } = z.looseObject({ id: z.string() }).parse(await (await fetch(mail, { method: 'POST', headers, body: '{"name":"Idun"}' })).json());
  await fetch(`${mail}/${id}/mail`, { method: 'PUT', headers, body: '{"address":"idun@example.org","note":"a note"}' });
  const database = new DatabaseSync(path.join(service.folder, 'data', 'mail.db'), { timeout: 10_000 });
  database.exec('update mail_address set note_enc = substr(note_enc, 1, 20)');
  database.close();
  return id;
}

async function overHttp(started: StartedService, text: string, { damaged, player }: { damaged: string; player: string }): Promise<void> {
  const key = { idempotencyKey: `log-${encodeURIComponent(text).slice(0, 40)}` };
  const bodies: readonly (readonly [string, object])[] = [
    ['/players', { name: text, externalId: text, attributes: { [text]: text } }],
    ['/players', { name: 'Loki', attributes: { [text]: text }, [text]: text }],
    ['/players', { name: 'Loki', attributes: { [text]: text } }],
    ['/auth/login', { name: text, password: text }],
    ['/auth/login', { name: 'Loki', password: text }],
    ['/auth/refresh', { refreshToken: text }],
    [`/players/${player}/wallet/credit`, { currency: 'gold', amount: 1, reason: text, ...key }],
    [`/players/${player}/items/grant`, { itemType: 'sword', quantity: 1, reason: 'quest', attributes: { [text]: [text] }, ...key }],
    ['/orders', { playerId: player, product: text, quantity: 1, currency: 'EUR', amount: 1, metadata: { text }, idempotencyKey: text }],
  ];
  for (const [route, body] of bodies) await callRealm(started, 'POST', route, { body });
  const wild = Buffer.from(text).toString('latin1');
  const one = `GET /api/v1/games/mail/players/${damaged}/mail HTTP/1.1\r\nHost: x\r\nX-API-Key: ${started.key}\r\nConnection: close\r\n`;
  const headers = ['User-Agent', 'X-Request-Id', 'Traceparent', 'X-Forwarded-For', 'Referer', 'Idempotency-Key', 'Origin', 'Cookie'];
  const port = Number(new URL(started.baseUrl).port);
  for (const header of headers) await raw(port, `${one}${header}: ${wild}\r\n\r\n`);
  await raw(port, `${one}\r\n`);
  for (const target of [
    `/${encodeURIComponent(text)}`,
    `/${wild}`,
    `/api/v1/games/${encodeURIComponent(text)}/players?${encodeURIComponent(text)}=${encodeURIComponent(text)}`,
  ])
    await raw(port, `GET ${target} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${started.key}\r\nConnection: close\r\n\r\n`);
  await raw(port, `${wild} / HTTP/1.1\r\n\r\n`);
}

async function overTcp({ tcpPort: port, key }: StartedService, text: string): Promise<void> {
  const proof = { timestamp: Date.now(), nonce: 'n'.repeat(22), signature: 's' };
  for (const auth of [{ kind: 'apiKey', key: text } as const, { kind: 'token', token: text } as const, { kind: 'hmac', serverId: text, ...proof } as const])
    await connect({ port, auth }).catch(() => undefined);
  await using client = await connect({ port, auth: { kind: 'apiKey', key } });
  for (const input of [{ name: text, [text]: text }, text]) await client.request({ game: 2, operation: 2, input }).catch(() => undefined);
  await raw(port, text, { isAll: true });
}

/** @param isAll whether nothing follows, so that the server need not wait; else it closes */
function raw(port: number, text: string, { isAll = false } = {}): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connectSocket({ port, host: '127.0.0.1' });
  socket.resume().on('error', () => undefined);
  socket.on('close', () => resolve());
  socket.write(Buffer.from(text, 'latin1'));
  if (isAll) socket.end();
  return promise;
}

test('each line of the log is one that the service wrote, and holds nothing that a terminal obeys', () => {
  const { stdout, stderr } = service.printed;
  const banner = stdout.slice(stdout.indexOf('\n  Midgard '), stdout.indexOf('Ctrl-C stops it.') + 'Ctrl-C stops it.'.length);
  const lines = stdout
    .replace(banner, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  expect(lines.map((line) => Line.safeParse(JSON.parse(line)).error).filter((error) => error !== undefined)).toEqual([]);
  expect(lines.filter((line) => unprintable.test(line))).toEqual([]);
  const messages = Map.groupBy(
    lines.map((line) => Line.parse(JSON.parse(line))),
    ({ msg }) => msg,
  );
  expect(messages.get('forged')).toBeUndefined();
  expect(messages.get('request failed')?.length).toBeGreaterThan(9);
  expect(messages.get('hello refused')?.length).toBeGreaterThan(9);
  expect(stderr).toBe('');
});

test('each line of the audit log that a command shows is one entry, and holds nothing that a terminal obeys', () => {
  const [searched = '', asJson = '', keys = ''] = found;
  const entries = asJson
    .trimEnd()
    .split('\n')
    .map((line) => z.looseObject({ sequence: z.union([z.string(), z.number()]), operation: z.string() }).parse(JSON.parse(line)));
  // The wrong passwords that are free, and names that are texts like these.
  expect(entries.filter(({ operation }) => operation === 'auth.login').length).toBeGreaterThan(5);
  const lines = searched.trimEnd().split('\n');
  expect(lines).toHaveLength(entries.length);
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z 0\/\d+ (?:key:|anonymous)/);
  expect([searched, asJson, keys].join('').replaceAll('\n', '')).not.toMatch(unprintable);
});
