import type { Latency, Second } from '../outcome.ts';
import type { ServerFigures } from '../server-figures.ts';

/** What a stress run does now. */
export type Phase = 'preparing' | 'warming up' | 'measuring' | 'waiting for the last answers' | 'reading orders back' | 'clearing up';

/** Where a stress run is: all that a view shows. */
export interface Progress {
  /** What runs: scenario, address, size. */
  readonly title: string;
  readonly phase: Phase;
  /** Of the warm-up or the load, by the phase. */
  readonly elapsedMs: number;
  /** How long that lasts. */
  readonly wholeMs: number;
  /** The whole seconds up to now. */
  readonly seconds: readonly Second[];
  /** Of all that was measured. */
  readonly latencyMs: Latency;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly server: ServerFigures | undefined;
}
