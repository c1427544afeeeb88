import type { BreakerTier } from '@midgard/cache';
import type { Database } from '@midgard/dao';
import { MidgardError } from '@midgard/game-kit';
import type { HealingAction } from '@midgard/health';
import type { Logger } from '@midgard/logging';
import type { HeapSnapshots } from '../profiling/heap-snapshots.ts';
import type { knownActions } from './known-actions.ts';
import type { LoadShedding } from './load-shedding.ts';

/** What actions work on. */
export interface HealingParts {
  /** By the label `game` of alerts. */
  readonly databases: ReadonlyMap<string, Pick<Database, 'reconnect'>>;
  /** In front of the tier of the cache that instances share; undefined where there is none. */
  readonly breaker: Pick<BreakerTier, 'hold' | 'endHold'> | undefined;
  readonly snapshots: Pick<HeapSnapshots, 'take'>;
  readonly shedding: LoadShedding;
  readonly log: Logger;
}

/** A large heap takes its time. */
const snapshotDeadlineMs = 300_000;

type Action = HealingAction & { readonly name: (typeof knownActions)[number] };

/** What the service can do about its alerts. Without a shared cache there is no breaker to open. */
export function healingActions({ databases, breaker, snapshots, shedding, log }: HealingParts): readonly Action[] {
  const reconnect: Action = {
    name: 'reconnect-pool',
    targetLabels: ['game'],
    run: ({ labels: { game } }) => {
      if (game !== undefined && !databases.has(game)) throw new MidgardError('notFound', 'no database of that name');
      for (const [name, database] of databases) if (game === undefined || name === game) database.reconnect();
    },
  };
  const shed: Action = {
    name: 'shed-load',
    run: () => void (shedding.isOn = true),
    undo: () => void (shedding.isOn = false),
  };
  const snapshot: Action = {
    name: 'heap-snapshot',
    deadlineMs: snapshotDeadlineMs,
    run: async () => {
      const taken = await snapshots.take();
      log.warn(taken, 'a heap snapshot was taken because of an alert');
    },
  };
  if (breaker === undefined) return [reconnect, shed, snapshot];
  return [reconnect, shed, snapshot, { name: 'open-breaker', run: () => breaker.hold(), undo: () => breaker.endHold() }];
}
