import { Worker } from 'node:worker_threads';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { Blockage, WatchedThread } from './blockage.ts';

/** What {@link watchBlockages} works with. */
export interface BlockageWatchParts {
  /** How long the event loop may stand still before it is asked where it is, in milliseconds; at least 20. */
  readonly thresholdMs: number;
  readonly registry: Registry;
  readonly log: Logger;
}

const thread = new URL(import.meta.url.endsWith('.ts') ? './blockage-thread.ts' : './blockage-thread.js', import.meta.url);

/**
 * Logs where the event loop is when it stands still for too long: a thread beside it sees that it does not come round, and reads its stack
 * through V8's debugger, while it is blocked.
 *
 * Of a function of Node's or V8's own that blocks, such as `JSON.parse` of a huge text, the stack cannot be read before it returns: then the
 * line has what came after it. Costs nothing but a timer and a sleeping thread until the loop is blocked.
 *
 * @returns ends it
 */
export function watchBlockages({ thresholdMs, registry, log }: BlockageWatchParts): AsyncDisposable {
  const blockages = registry
    .counter({ name: 'midgard_event_loop_blockages_total', help: 'Times that the event loop stood still for longer than the watch allows' })
    .labels({});
  const watched: WatchedThread = { beats: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), thresholdMs };
  let beatAt = performance.now();
  let stoodMs = 0;
  const beat = (): void => {
    const now = performance.now();
    stoodMs = now - beatAt;
    beatAt = now;
    Atomics.add(watched.beats, 0, 1);
  };
  const timer = setInterval(beat, thresholdMs / 4).unref();
  const worker = new Worker(thread, { workerData: watched, execArgv: [], name: 'blockage-watch' });
  worker.unref();
  worker.on('message', ({ stack }: Blockage) => {
    blockages.add();
    // It is told once the loop comes round: with or without a beat before.
    log.warn({ blockedMs: Math.round(Math.max(stoodMs, performance.now() - beatAt)), stack }, 'the event loop was blocked');
  });
  worker.on('error', (error) => log.error({ err: error }, 'the watch over the event loop has ended'));
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await worker.terminate();
    },
  };
}
