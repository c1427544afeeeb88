import { type Profiler, Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MidgardError } from '@midgard/game-kit';

/** What {@link CpuProfiler.take} is asked for. */
export interface CpuProfileWish {
  /** How long to look, in milliseconds. */
  readonly durationMs: number;
  /** Time between two looks at the stack, in microseconds. */
  readonly intervalUs: number;
  /** Ends it early: nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes profiles of what this process does with its time, as `.cpuprofile` files have them: for Chrome's DevTools, speedscope, VS Code. */
export class CpuProfiler {
  #isTaking = false;

  /**
   * Costs some percent of throughput while it looks.
   *
   * @throws {MidgardError} 1005: another one is being taken; 1004: the signal fired
   */
  async take({ durationMs, intervalUs, signal }: CpuProfileWish): Promise<Profiler.Profile> {
    if (this.#isTaking) throw new MidgardError('overloaded', 'a profile is being taken already');
    this.#isTaking = true;
    const session = new Session();
    try {
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: intervalUs });
      await session.post('Profiler.start');
      await sleep(durationMs, undefined, { signal }).catch((cause: unknown) => {
        throw new MidgardError('timeout', 'nobody waits for the profile any more', { cause });
      });
      const { profile } = await session.post('Profiler.stop');
      return profile;
    } finally {
      session.disconnect();
      this.#isTaking = false;
    }
  }
}
