import { createLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchBlockages } from '../blockage-watch.ts';

/** A name to be found in the stack. */
function grindSlowly(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) Math.sqrt(end);
}

const registry = new Registry();
const log = createLogger({ name: 'blocked' });
await using watch = watchBlockages({ thresholdMs: 100, registry, log });
void watch;
// The thread comes up beside us.
await sleep(1000);
for (const ms of [30, 600]) {
  grindSlowly(ms);
  await sleep(300);
}
console.log(registry.expose());
