import process from 'node:process';
import { blast } from './blast.ts';
import { cpuMs, type Loads, median, type StartedService } from './started-service.ts';

/** A running service, and what is different about it. */
export interface Variant {
  readonly name: string;
  readonly service: StartedService;
}

/** How long and how often. */
export interface Pace {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
}

/** What one service did under one load; ratios are to the first one in the same rounds. */
export interface Compared {
  readonly load: string;
  readonly setting: string;
  readonly rate: number;
  readonly ratio: number;
  readonly cpuUs: number;
  readonly costRatio: number;
}

/** Puts the same load on each of the services in turn, in the opposite order every other round, and prints the medians. */
export async function compareServices(
  name: string,
  services: readonly Variant[],
  loads: readonly Loads[],
  { seconds, rounds, connections }: Pace,
): Promise<readonly Compared[]> {
  const rates = loads.map((): number[] => []);
  const costs = loads.map((): number[] => []);
  const order = loads.map((_, at) => at);
  // Unmeasured: a service that has not met the load is compiled by it.
  for (const load of loads) await blast({ ...load, connections, seconds });
  for (let round = 0; round < rounds; round += 1) {
    for (const at of round % 2 === 0 ? order : order.toReversed()) {
      const load = loads[at];
      const pid = services[at]?.service.pid;
      if (load === undefined || pid === undefined) continue;
      const cpuBefore = cpuMs(pid);
      const startedAt = performance.now();
      const rate = await blast({ ...load, connections, seconds });
      const requests = (rate * (performance.now() - startedAt)) / 1000;
      rates[at]?.push(rate);
      costs[at]?.push(((cpuMs(pid) - cpuBefore) * 1000) / requests);
    }
  }
  process.stdout.write(`${name}\n`);
  return services.map(({ name: setting }, at) => {
    const [ratio = Number.NaN, costRatio = Number.NaN] = [rates, costs].map((all) =>
      median((all[at] ?? []).map((each, round) => each / (all[0]?.[round] ?? Number.NaN))),
    );
    const rate = Math.round(median(rates[at] ?? []));
    const cpuUs = median(costs[at] ?? []);
    process.stdout.write(
      `  ${setting.padEnd(10)} ${String(rate).padStart(8)}/s   ratio ${ratio.toFixed(3)}   ${cpuUs.toFixed(1).padStart(6)} µs of CPU each   ratio ${costRatio.toFixed(3)}\n`,
    );
    return { load: name, setting, rate, ratio, cpuUs, costRatio };
  });
}
