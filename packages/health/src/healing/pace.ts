import type { HealingBinding, HealingSkip } from './action.ts';

const hourMs = 3_600_000;

/** The longest cool-down that there may be: a day. */
export const maxCoolDownMs = 86_400_000;

/** When an action was run on one target, as far as that counts for the next time. */
export class Pace {
  /** Starts within the last hour and the last of all, rising. */
  #starts: readonly number[] = [];

  /**
   * Whether and when a binding may have it run.
   *
   * @returns undefined when it may now
   */
  wait({ coolDownMs, maxPerHour = Infinity }: HealingBinding, now: number): (Pick<HealingSkip, 'reason'> & { readonly until: number }) | undefined {
    const coolAt = (this.#starts.at(-1) ?? -Infinity) + coolDownMs;
    if (coolAt > now) return { reason: 'cooling-down', until: coolAt };
    const recent = this.#starts.filter((at) => at > now - hourMs);
    if (recent.length < maxPerHour) return undefined;
    return { reason: 'hourly-limit', until: (recent.at(-maxPerHour) ?? now) + hourMs };
  }

  /** Nothing that it remembers counts any longer, however long the cool-down. */
  isOver(now: number): boolean {
    return (this.#starts.at(-1) ?? -Infinity) + maxCoolDownMs <= now;
  }

  /** Notes a start. */
  start(now: number): void {
    this.#starts = [...this.#starts.filter((at) => at > now - hourMs), now];
  }
}
