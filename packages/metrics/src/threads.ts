import process from 'node:process';
import { BroadcastChannel, type Worker, threadId } from 'node:worker_threads';
import { membersOf } from './merge/parse.ts';
import type { Registry } from './registry.ts';

/** Set-up of {@link gatherThreads} and {@link shareThread}: the same in both. */
export interface ThreadsOptions {
  /** Name of the `BroadcastChannel` between them (default `midgard-metrics`); with several registries in a process each needs its own. */
  readonly channel?: string | undefined;
}

const defaultChannel = 'midgard-metrics';
/** Threads whose last message may still be on its way; far fewer are. */
const mostEnded = 1000;

/**
 * Adds to a registry what all worker threads count that call {@link shareThread}, however they were started: by `node:worker_threads`, tinypool or
 * others. When a thread ends, what it counted stays counted. Call it before the threads are started. Keeps no process alive.
 *
 * @param registry that of the thread that starts the others
 * @returns a function that ends it; what was gathered stays
 * @example
 * ```ts
 * import { gatherThreads, Registry } from '@midgard/metrics';
 *
 * const registry = new Registry();
 * const stop = gatherThreads(registry);
 * // …start threads, scrape the registry…
 * stop();
 * ```
 */
export function gatherThreads(registry: Registry, { channel = defaultChannel }: ThreadsOptions = {}): () => void {
  const port = new BroadcastChannel(channel);
  const ended = new Set<number>();
  const started = (worker: Worker): void => {
    // It is -1 when the thread has ended.
    const id = worker.threadId;
    worker.once('exit', () => {
      ended.add(id);
      const [oldest] = ended;
      if (ended.size > mostEnded && oldest !== undefined) ended.delete(oldest);
      registry.retire(nameOf(id));
    });
  };
  port.addEventListener('message', (event: unknown) => {
    const { thread, shared } = membersOf(dataOf(event)) ?? {};
    if (typeof thread !== 'number') return;
    registry.merge(nameOf(thread), shared);
    // What it sent last may arrive after it has ended.
    if (ended.has(thread)) registry.retire(nameOf(thread));
  });
  port.unref();
  process.on('worker', started);
  return () => {
    process.off('worker', started);
    port.close();
  };
}

/**
 * Shows the registry of this worker thread to the thread that called {@link gatherThreads}. It costs a message now and one where memory is added;
 * counting costs none. Keeps no thread alive.
 *
 * @param registry that of this thread
 * @returns a function that ends the messages; what was shared stays
 */
export function shareThread(registry: Registry, { channel = defaultChannel }: ThreadsOptions = {}): () => void {
  const port = new BroadcastChannel(channel);
  port.unref();
  const stop = registry.share((shared) => port.postMessage({ thread: threadId, shared }));
  return () => {
    stop();
    port.close();
  };
}

function nameOf(thread: number): string {
  return `thread ${thread}`;
}

/** The types of Node do not have it. */
function dataOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'data' in event ? event.data : undefined;
}
