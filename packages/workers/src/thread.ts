import type { Transferable } from 'node:worker_threads';

/** What is done on a thread: an exported function of a module. */
export interface Assignment {
  /** The module: a `file:` URL or an absolute path. */
  readonly file: URL | string;
  /** The name of the function that it exports. */
  readonly task: string;
  readonly input: unknown;
  /** What is moved to the thread and not copied. */
  readonly transfer: readonly Transferable[];
}

/** One thread. It does one thing at a time. */
export interface Thread {
  /** Rejects with what the task threw. It may never settle if the thread dies: `onGone` tells. */
  run<Output>(assignment: Assignment): Promise<Output>;
  /** Ends the thread whatever it is doing; resolves when it is gone. May be called again, also when it died by itself. */
  stop(): Promise<void>;
}

/** What a thread tells of itself, never before `startThread` has returned. What it tells after `stop` or `onGone` is not heard. */
export interface ThreadEvents {
  /** It can take work from now on. Called once. */
  onReady(): void;
  /** It died. */
  onGone(cause: unknown): void;
}

/** Starts a thread. @throws anything, if it cannot even be tried */
export type StartThread = (events: ThreadEvents) => Thread;
