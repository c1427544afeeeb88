import type { Service } from './compose.ts';

import { version } from './version.ts';

/** What there is to tell of a service. */
type Announced = Pick<Service, 'addresses' | 'scheme' | 'games'> & { readonly developmentKey?: string | undefined; readonly workers?: number };

/** What a person sees when the service is up: where it listens, and a first request to paste. */
export function banner({ addresses, scheme, games, developmentKey, workers = 1 }: Announced, startMs: number): string {
  const { tcp, http } = addresses;
  const base = `${scheme}://${http}`;
  const lines = [
    '',
    `  Midgard ${version} is ready (${(startMs / 1000).toFixed(1)} s)`,
    '',
    `    TCP    ${tcp}`,
    `    HTTP   ${base}/api/v1`,
    `    Docs   ${base}/docs`,
    ...games.map(({ id, number, shownUrl }) => `    Game   ${id} (number ${number}) on ${shownUrl}`),
    ...(workers === 1 ? [] : [`    Workers ${workers}`]),
    ...(developmentKey === undefined ? [] : firstSteps(base, games[0]?.id, developmentKey)),
    '',
    '  Ctrl-C stops it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function firstSteps(base: string, game: string | undefined, key: string): string[] {
  const shown = [`    Key    ${key}`];
  if (game === undefined) return shown;
  const curl = `curl -s ${base}/api/v1/games/${game}/players -H 'X-API-Key: ${key}' -H 'Content-Type: application/json' -d '{"name":"Astrid"}'`;
  return [...shown, '', '  Try it:', '', `    ${curl}`];
}
