import { setTimeout as sleep } from 'node:timers/promises';

/** How often it is asked; as rarely as figures in tens of milliseconds allow. */
const everyMs = 5;

/**
 * Waits for what servers and other clients do; asks again and again.
 *
 * @param what for the error: what never came true
 * @param withinMs much longer than it should take, since a loaded machine is no fault of the library; default 30 000
 * @returns milliseconds that it took
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<number> {
  const since = performance.now();
  while (performance.now() - since < withinMs) {
    if (await condition()) return performance.now() - since;
    await sleep(everyMs);
  }
  throw new Error(`not within ${withinMs} ms: ${what}`);
}
