import { setTimeout as sleep } from 'node:timers/promises';

// Longer than anything takes on a loaded machine; a red test waits for it, a green one never does.
const withinMs = 30_000;

/** Waits for what another process does; asks again and again. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(5)) if (await condition()) return;
  throw new Error('never came true');
}
