import type { KnownSecrets } from './known-secrets.ts';

/** A request over HTTP as it is sent. */
export interface PlantedRequest {
  readonly method: string;
  /** With the query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What the requests are made of. */
export interface PlantedWorld {
  readonly secrets: KnownSecrets;
  readonly key: string;
  /** Right in form and checksum, and nobody's. */
  readonly strangersKey: string;
  readonly token: string;
  /** Used before, so that it is refused. */
  readonly refreshToken: string;
  readonly password: string;
  readonly name: string;
  /** Encrypted at rest; taken by another player already. */
  readonly address: string;
  readonly note: string;
  /** One of Realm, one of each state of its mail. */
  readonly players: { readonly realm: string; readonly open: string; readonly damaged: string };
  /** A secret of somebody who puts it where it does not belong. */
  readonly stray: string;
}

const realm = '/api/v1/games/realm';
const mail = '/api/v1/games/mail';
let keys = 0;

/** Requests that are right, and requests that are wrong in every place in which a secret could stand. */
export function plantedRequests(world: PlantedWorld): readonly PlantedRequest[] {
  return [...rightRequests(world), ...wrongBodies(world), ...wrongPlaces(world), ...wrongCredentials(world), ...wrongForms(world)];
}

function rightRequests({ key, token, name, password, players, address, note }: PlantedWorld): readonly PlantedRequest[] {
  const headers = { 'X-API-Key': key };
  return [
    { method: 'GET', target: `${realm}/players/${players.realm}`, headers },
    { method: 'GET', target: `${realm}/players/${players.realm}/wallet`, headers: { Authorization: `Bearer ${token}` } },
    { method: 'GET', target: '/api/v1/whoami', headers: { Authorization: `Bearer ${token}` } },
    credit({ headers, player: players.realm, reason: 'quest' }),
    post(`${realm}/auth/login`, { name, password }),
    post(`${realm}/auth/verify`, { accessToken: token }, headers),
    { ...post(`${mail}/players/${players.open}/mail`, { address, note }, headers), method: 'PUT' },
  ];
}

function wrongBodies({ key, token, refreshToken, strangersKey, name, password, players, address, note, stray }: PlantedWorld): readonly PlantedRequest[] {
  const headers = { 'X-API-Key': key };
  const json = JSON.stringify({ name: 'Loki', password, token });
  return [
    post(`${realm}/players`, { name: { password }, password: { password }, token, secret: stray, attributes: [key] }, headers),
    post(
      `${realm}/players`,
      { name: 7, password: `${password}${'x'.repeat(300)}`, attributes: { token, apiKey: key, cookie: stray, nested: [{ password }] } },
      headers,
    ),
    post(`${realm}/players`, { name, password }, headers),
    post(`${realm}/auth/login`, { name, password: `${password}x` }),
    post(`${realm}/auth/login`, { name, password: [password], totp: stray }),
    post(`${realm}/auth/refresh`, { refreshToken }),
    post(`${realm}/auth/refresh`, { refreshToken: stray }),
    post(`${realm}/auth/logout`, { refreshToken: token, password }, headers),
    post(`${realm}/auth/verify`, { accessToken: damaged(token) }, headers),
    post(`${realm}/auth/verify`, { accessToken: strangersKey }, headers),
    { method: 'POST', target: `${realm}/players`, headers: { ...headers, 'Content-Type': 'application/json' }, body: json.slice(0, -1) },
    { method: 'POST', target: `${realm}/players`, headers: { ...headers, 'Content-Type': 'application/json' }, body: `${password}${token}` },
    {
      method: 'POST',
      target: `${realm}/players`,
      headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `password=${encodeURIComponent(password)}`,
    },
    credit({ headers, player: players.realm, reason: `Authorization: Bearer ${token}` }),
    credit({ headers, player: players.realm, reason: `with the key ${key}` }),
    credit({ headers, player: '999', reason: key }),
    grant({ headers, player: players.realm, attributes: { password, refreshToken, 'x-api-key': stray, deep: [{ Secret: stray }] } }),
    { ...post(`${mail}/players/${players.damaged}/mail`, { address, note }, headers), method: 'PUT' },
    { ...post(`${mail}/players/${players.open}/mail`, { address: note, note: { note }, password }, headers), method: 'PUT' },
    { ...post(`${mail}/players/${players.open}/mail`, { address: 'x@example.org', note: note.repeat(200) }, headers), method: 'PUT' },
    { method: 'GET', target: `${mail}/mail/${encodeURIComponent(`${address}@`)}`, headers },
    { method: 'GET', target: `${mail}/players/${players.damaged}/mail`, headers },
    post(
      '/api/v1/batch',
      [
        { game: 'realm', operation: 'player.create', input: { name: 7, password } },
        { game: stray, operation: token, input: password },
      ],
      headers,
    ),
  ];
}

function wrongPlaces({ key, token, password, players, stray }: PlantedWorld): readonly PlantedRequest[] {
  const headers = { 'X-API-Key': key };
  const [asKey, asToken, asPassword] = [key, token, password].map(encodeURIComponent);
  const targets = [
    `${realm}/players?apiKey=${asKey}&token=${asToken}&password=${asPassword}`,
    `${realm}/players?limit=${asPassword}`,
    `${realm}/players?cursor=${asToken}`,
    `${realm}/players?sort=${asKey}&sort=${asKey}`,
    `${realm}/players?name=${asPassword}&minLevel=${asKey}`,
    `${realm}/players/${asKey}`,
    `${realm}/players/${asToken}/wallet`,
    `${realm}/${asPassword}`,
    `/api/v1/games/${asToken}/players/1`,
    `/api/v1/games/${asKey}`,
    `${realm}/config/${asKey}`,
    `${realm}/config?v=${asToken}`,
    `/${asToken}?${asKey}`,
    `/docs/${asKey}`,
    `/metrics?key=${asKey}`,
    `/livez?token=${asToken}`,
    `/../${asToken}`,
  ];
  const more: readonly Readonly<Record<string, string>>[] = [
    { Cookie: `session=${stray}; token=${token}` },
    { 'Proxy-Authorization': `Basic ${Buffer.from(`freyja:${stray}`).toString('base64')}` },
    { 'User-Agent': `curl ${stray} ${token}`, Referer: `https://example.org/?token=${token}&key=${stray}` },
    { 'Idempotency-Key': stray },
    { 'If-Match': stray, 'If-None-Match': stray },
    { Origin: `https://${stray}`, Traceparent: stray, 'X-Forwarded-For': stray, Forwarded: `for=${stray}` },
    { 'X-Request-Id': key },
    { 'X-Request-Id': `${stray} ${token}` },
    { 'Content-Type': `text/${stray}`, 'Accept-Encoding': stray },
    { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Protocol': `bearer.${token}` },
    { [`X-${stray}`]: stray },
  ];
  return [
    ...targets.map((target) => ({ method: 'GET', target, headers })),
    ...targets.map((target) => ({ method: 'GET', target })),
    ...more.flatMap((extra) => [
      { method: 'GET', target: `${realm}/players/x`, headers: { ...headers, ...extra } },
      { ...credit({ headers: { ...headers, ...extra }, player: players.realm, reason: 'quest' }) },
      {
        method: 'PATCH',
        target: `${realm}/players/${players.realm}`,
        headers: { ...headers, 'Content-Type': 'application/json', ...extra },
        body: '{"level":-1}',
      },
      { method: 'GET', target: '/nothing', headers: extra },
    ]),
  ];
}

function wrongCredentials({ key, strangersKey, token, password, stray }: PlantedWorld): readonly PlantedRequest[] {
  const credentials: readonly Readonly<Record<string, string>>[] = [
    { 'X-API-Key': strangersKey },
    { 'X-API-Key': damaged(key) },
    { 'X-API-Key': key.slice(0, -3) },
    { 'X-API-Key': token },
    { 'X-API-Key': stray },
    { Authorization: `Bearer ${damaged(token)}` },
    { Authorization: `Bearer ${token.slice(0, -9)}` },
    { Authorization: `Bearer ${key}` },
    { Authorization: token },
    { Authorization: `Basic ${Buffer.from(`freyja:${password}`).toString('base64')}` },
    { Authorization: `Digest username="freyja", response="${stray}"` },
    { Authorization: `Bearer ${token}`, 'X-API-Key': key },
    { Authorization: `Bearer ${token} ${stray}` },
  ];
  return credentials.flatMap((headers) => [
    { method: 'GET', target: '/api/v1/whoami', headers },
    { method: 'GET', target: `${realm}/players/1`, headers },
  ]);
}

function wrongForms({ key, token, stray }: PlantedWorld): readonly PlantedRequest[] {
  return ['TRACE', 'OPTIONS', 'DELETE', 'PATCH'].map((method) => ({
    method,
    target: `/api/v1/whoami?token=${encodeURIComponent(token)}`,
    headers: { 'X-API-Key': key, Cookie: stray },
  }));
}

interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly player: string;
}

function credit({ headers, player, reason }: Posting & { readonly reason: string }): PlantedRequest {
  keys += 1;
  return post(`${realm}/players/${player}/wallet/credit`, { currency: 'gold', amount: 1, reason }, { 'Idempotency-Key': `planted-${keys}`, ...headers });
}

function grant({ headers, player, attributes }: Posting & { readonly attributes: object }): PlantedRequest {
  keys += 1;
  const body = { itemType: `sword-${keys}`, quantity: 1, reason: 'quest', attributes };
  return post(`${realm}/players/${player}/items/grant`, body, { ...headers, 'Idempotency-Key': `planted-${keys}` });
}

function post(target: string, body: unknown, headers: Readonly<Record<string, string>> = {}): PlantedRequest {
  return { method: 'POST', target, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** The same but for one character in its midst. */
function damaged(secret: string): string {
  const at = Math.floor(secret.length * 0.75);
  return `${secret.slice(0, at)}${secret[at] === 'A' ? 'B' : 'A'}${secret.slice(at + 1)}`;
}
