import type { Member } from './crew.ts';
import type { Priority } from './priority-line.ts';
import type { Thread } from './thread.ts';
import type { Timer } from './time.ts';
import type { Place } from './waiting-line.ts';

/** How a task ended. */
export type TaskOutcome = 'completed' | 'failed' | 'timedOut' | 'aborted' | 'crashed' | 'closed';

/** A task that was accepted, on its way from the queue over a thread to its caller. */
export interface Job {
  readonly task: string;
  readonly priority: Priority;
  /** Most time on a thread. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  readonly enqueuedAt: number;
  startedAt: number | undefined;
  /** Where it waits. */
  place: Place<Job> | undefined;
  /** The thread that it is on. */
  member: Member<Job> | undefined;
  timer: Timer | undefined;
  isSettled: boolean;
  /** Runs it. @returns what hands the result to the caller */
  execute(thread: Thread): Promise<() => void>;
  /** Hands an error to the caller. */
  reject(error: unknown): void;
}
