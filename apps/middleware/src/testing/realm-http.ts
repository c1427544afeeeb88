import { z } from 'zod';
import type { StartedService } from './service-process.ts';

const Body = z.record(z.string(), z.unknown());

/** An answer over HTTP. */
export interface RealmAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls an operation of Realm by its route, with the service's own key unless another is given. */
export async function callRealm(
  service: StartedService,
  method: string,
  path: string,
  { key = service.key, body, headers }: { readonly key?: string; readonly body?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<RealmAnswer> {
  const response = await fetch(`${service.baseUrl}/api/v1/games/realm${path}`, {
    method,
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: Body.parse(await response.json()) };
}

/** Makes a player. @returns its id */
export async function createPlayer(service: StartedService, name: string): Promise<string> {
  return String((await callRealm(service, 'POST', '/players', { body: { name } })).body['id']);
}

/** Gives a player gold; once for each amount. @throws where it is not answered with 200 */
export async function credit(service: StartedService, playerId: string, amount: number): Promise<void> {
  const { status } = await callRealm(service, 'POST', `/players/${playerId}/wallet/credit`, {
    body: { currency: 'gold', amount: String(amount), reason: 'quest' },
    headers: { 'Idempotency-Key': `credit-${playerId}-${amount}` },
  });
  if (status !== 200) throw new Error(`a credit was answered with ${status}`);
}

/** What `/metrics` says of a series, such as `midgard_cache_joined`; NaN where it has none of that name and labels. */
export async function figureOf({ baseUrl }: StartedService, series: string): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}
