import { Tinypool } from 'tinypool';
import type { Assignment, Thread, ThreadEvents } from './thread.ts';

/** How real threads are made. */
export interface ThreadOptions {
  readonly execArgv?: readonly string[] | undefined;
  readonly maxHeapMb?: number | undefined;
}

/**
 * One thread: a tinypool of exactly one.
 *
 * Tinypool brings what runs inside the thread (it loads the module, is woken by `Atomics.wait`, moves results). One tinypool for
 * each thread and not one for all, because tinypool 2.2 does not tell which thread has which task, grows on demand and not on
 * delay, and never settles a task whose thread called `process.exit`.
 */
export class TinypoolThread implements Thread {
  readonly #tinypool: Tinypool;
  readonly #exited: Promise<void>;
  #isStopped = false;

  constructor(events: ThreadEvents, { execArgv, maxHeapMb }: ThreadOptions = {}) {
    this.#tinypool = new Tinypool({
      runtime: 'worker_threads',
      minThreads: 1,
      maxThreads: 1,
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    // Tinypool tells here what we hear from the thread itself; unheard, it would be an uncaught exception.
    this.#tinypool.on('error', () => {});
    this.#exited = this.#follow(events);
  }

  async run<Output>({ file, task, input, transfer }: Assignment): Promise<Output> {
    return this.#tinypool.run(input, { filename: file, name: task, transferList: [...transfer] });
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) {
      this.#isStopped = true;
      // Not awaited: it never resolves for a thread that called process.exit, and may be rejected for one that crashed.
      this.#tinypool.destroy().catch(() => {});
    }
    await this.#exited;
  }

  #follow(events: ThreadEvents): Promise<void> {
    const [thread] = this.#tinypool.threads;
    if (thread === undefined) throw new TypeError('tinypool started no thread');
    // Its first message says that it is up.
    thread.once('message', () => events.onReady());
    const goneBy = (cause: unknown): void => {
      events.onGone(cause);
      // Tinypool has started another thread in the place of one that crashed; nobody would use it.
      void this.stop();
    };
    thread.once('error', goneBy);
    return new Promise((resolve) => {
      thread.once('exit', (code: number) => {
        resolve();
        goneBy(new Error(`the thread exited with code ${code}`));
      });
    });
  }
}
