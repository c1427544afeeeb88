import type { InvalidationBus } from '@midgard/cache';
import type { NonceStore, Rate, SharedBudget } from '@midgard/auth';
import type { MetricsText } from '@midgard/server';
import type { Registry } from '@midgard/metrics';
import type { Config } from '../config-schema.ts';
import type { Settings } from '../config.ts';

/** What is one worker's own among several: given to `compose` in a worker, and left out in a process that serves alone. */
export interface Seat {
  /** Place among the workers, from 0; kept by whoever follows a worker that ended. */
  readonly worker: number;
  /** How many workers there are to be. */
  readonly of: number;
  /** Whether it does what is to be done once for all: looks at ledgers, evaluates alerts. One of the workers does. */
  readonly hasJobs: boolean;
  /** Numbers of the listening sockets that it was started with. */
  readonly sockets: { readonly tcp: number; readonly http: number };
  /** To the other workers; not used where there is a Redis, which tells other machines, too. */
  readonly bus: InvalidationBus;
  /** What limits and nonces are kept in together; not used where there is a Redis for them. */
  readonly limits: SeatLimits;
  /** The page of all processes. */
  readonly page: MetricsText;
  /** The numbers of all processes, for rules. */
  readonly whole: Registry;
  /** How many workers serve, of how many. */
  workers(): WorkerCount;
  /** Has the worker with the jobs do something, such as silence an alert. */
  askFirst(job: unknown): Promise<unknown>;
  /** Has all workers refuse requests of little weight, or no longer. */
  shed(isOn: boolean): void;
}

/** Limits that all workers count together. */
export interface SeatLimits {
  readonly nonces: NonceStore;
  budget(name: string, rate: Rate): SharedBudget;
}

/** How many workers serve, how many there are to be, and whether they are to refuse requests of little weight. */
export interface WorkerCount {
  readonly isShedding: boolean;
  readonly serving: number;
  readonly of: number;
}

/**
 * The settings of one worker: a number of its own, which is part of every id, file and chain that it writes, and its part of what is limited
 * for all connections together.
 *
 * @param number among those of the service, from 0 to the number of workers: one is always spare, for the next that starts while others serve
 */
export function settingsOfWorker({ config, ...settings }: Settings, { number, workers }: { readonly number: number; readonly workers: number }): Settings {
  const { tcp, http } = config.server;
  return { ...settings, config: { ...config, instance: config.instance + number, server: { tcp: partOf(tcp, workers), http: partOf(http, workers) } } };
}

/** Rounded up, since connections are not spread evenly to the last one. */
function partOf<T extends Config['server']['tcp'] | Config['server']['http']>(frontEnd: T, workers: number): T {
  const { maxConnections, maxConnectionsPerAddress } = frontEnd;
  return {
    ...frontEnd,
    maxConnections: Math.ceil(maxConnections / workers),
    ...(maxConnectionsPerAddress !== undefined && { maxConnectionsPerAddress: Math.ceil(maxConnectionsPerAddress / workers) }),
  };
}
