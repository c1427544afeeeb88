import path from 'node:path';
import { type Children, printed, root } from './children.ts';

/** A service with one player in it. */
export interface StartedService {
  readonly tcpPort: number;
  readonly baseUrl: string;
  readonly key: string;
  /** Of the player. */
  readonly id: string;
  /** Of its process, or of the primary. */
  readonly pid: number;
  /** That it runs in: `data/realm.db` is its database. */
  readonly folder: string;
}

/** A player's answer with these is as long as usual ones, a bit over 200 bytes. */
const samplePlayer = { name: 'Astrid', attributes: { hair: 'red', title: 'of the northern shore' } };
const banner = /TCP\s+\S+:(\d+)\s+HTTP\s+(http:\/\/[^/\s]+)[\s\S]*?Key\s+(\S+)/;

/**
 * Starts a service on free ports.
 *
 * @param env its settings
 * @param main its `main.ts`, or the built one
 */
export async function startService(
  children: Children,
  env: Readonly<Record<string, string>> = {},
  main: string = path.join(root, 'apps/middleware/src/main.ts'),
): Promise<StartedService> {
  const settings = { MIDGARD_SERVER_TCP_PORT: '0', MIDGARD_SERVER_HTTP_PORT: '0', MIDGARD_LOG_LEVEL: 'error', ...env };
  const service = children.launch([main, 'start'], settings);
  const [, tcpPort, baseUrl = '', key = ''] = await printed(service, banner);
  const created = await fetch(`${baseUrl}/api/v1/games/realm/players`, {
    method: 'POST',
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
    body: JSON.stringify(samplePlayer),
  });
  const answer = await created.text();
  const [, id] = /"id":"(\d+)"/.exec(answer) ?? [];
  if (id === undefined) throw new Error(`the service did not create a player: ${answer}`);
  return { tcpPort: Number(tcpPort), baseUrl, key, id, pid: service.pid, folder: service.folder };
}

/** A figure of the service's own metrics, summed over its labels; 0 where there is none. */
export async function metricOf({ baseUrl }: StartedService, name: string): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^\n]*\\})? ([\\d.e+-]+)`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}
