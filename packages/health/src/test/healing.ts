import type { Alert, AlertChange } from '../alerts/alert.ts';
import type { HealingAction, HealingBindingInput, HealingEntry, HealingSkip } from '../healing/action.ts';
import { SelfHealing, type SelfHealingOptions } from '../healing/self-healing.ts';
import { FakeTime } from './fake-time.ts';
import { firingAlert } from './notifications.ts';

/** Milliseconds. */
export const minute = 60_000;
/** Sheds load while a replica lags. */
export const binding: HealingBindingInput = { rule: 'ReplicaLag', action: 'shed-load', coolDownMs: 5 * minute };

/** What `Alerts` tells of an alert. */
export function change(to: 'firing' | 'resolved' | 'pending', alert: Alert = firingAlert()): AlertChange {
  return { alert: { ...alert, state: to }, from: to === 'resolved' ? 'firing' : 'pending', to };
}

/** Self-healing on a fake clock, and all that it tells. */
export function setUp(options: Partial<SelfHealingOptions> = {}) {
  const time = new FakeTime();
  const start = time.now();
  const entries: HealingEntry[] = [];
  const skips: HealingSkip[] = [];
  const runs: string[] = [];
  let ids = 0;
  const healing = new SelfHealing({
    bindings: [binding],
    audit: (entry) => void entries.push(entry),
    skipped: (skip) => skips.push(skip),
    clock: time,
    timers: time,
    newId: () => `id${(ids += 1)}`,
    ...options,
  });
  const note = (word: string) => void runs.push(`${word} ${(time.now() - start) / minute}`);
  const register = (more: Partial<HealingAction> = {}) => healing.register({ name: 'shed-load', run: () => note('run'), undo: () => note('undo'), ...more });
  return { time, start, entries, skips, runs, healing, register, note };
}
