import { httpTarget, tcpTarget } from '../service/requests.ts';
import type { StartedService } from '../service/started-service.ts';
import { compare, type Compared, type Contestant } from './compare.ts';
import type { Target } from '../load/plan.ts';

/** A running service, and what is different about it. */
export interface Variant {
  readonly name: string;
  readonly service: StartedService;
}

/** How long and how often. */
export interface RoundPace {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
}

/** Reads of each service's one player over TCP, one and sixteen at once, and over HTTP; ratios are to the first service. */
export async function comparedServices(services: readonly Variant[], { rounds, ...pace }: RoundPace): Promise<readonly Compared[]> {
  const loads: readonly (readonly [string, number, (service: StartedService) => Target])[] = [
    ['TCP player.get, depth 1', 1, tcpTarget],
    ['TCP player.get, depth 16', 16, tcpTarget],
    ['HTTP player.get', 1, httpTarget],
  ];
  const results: Compared[] = [];
  for (const [load, depth, target] of loads) {
    const contestants = services.map(({ name, service }): Contestant => ({ name, pid: service.pid, target: target(service) }));
    results.push(...(await compare(contestants, { load, pace: { ...pace, depth }, rounds, ratio: 'each/first' })));
  }
  return results;
}
