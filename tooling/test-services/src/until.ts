import { setTimeout as sleep } from 'node:timers/promises';

// Longer than anything takes on a loaded machine; a red test waits for it, a green one never does.
const withinMs = 30_000;

/**
 * Waits for what another process does; asks again and again.
 *
 * @throws if it never comes true, with what the last asking threw
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  let cause: unknown;
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(5)) {
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error('never came true', { cause });
}
