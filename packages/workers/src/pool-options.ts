import { isAbsolute } from 'node:path';
import { availableParallelism } from 'node:os';
import type { Transferable } from 'node:worker_threads';
import { WorkersError } from './errors.ts';
import type { TaskOutcome } from './job.ts';
import type { Priority } from './priority-line.ts';
import type { SizeLimits } from './sizing.ts';
import type { StartThread } from './thread.ts';
import { backgroundTimers, type Clock, maxTimerMs, monotonicClock, requireTimeout, type Timers } from './time.ts';
import { TinypoolThread } from './tinypool-thread.ts';

/** The end of a task that was accepted. */
export interface TaskEvent {
  readonly pool: string;
  readonly task: string;
  readonly priority: Priority;
  readonly outcome: TaskOutcome;
  /** How long it waited, milliseconds. */
  readonly waitMs: number;
  /** How long it was on a thread, milliseconds; undefined if it never was. */
  readonly runMs: number | undefined;
}

/** A change of a pool's threads. */
export interface ThreadEvent {
  readonly pool: string;
  /** `started`: one more; `idle`: one less, it was not needed; `killed`: its task would not end; `crashed`: it died by itself, or could not be started. */
  readonly change: 'started' | 'idle' | 'killed' | 'crashed';
  /** How many there are now, those included that are still starting. */
  readonly threads: number;
  /** What a crashed thread died of. */
  readonly cause?: unknown;
}

/** Hears what a pool does; every member is optional. What a listener throws is an uncaught exception of its own. */
export interface WorkerPoolListener {
  onTask?(event: TaskEvent): void;
  /** The queue was full. */
  onRefused?(event: { readonly pool: string; readonly task: string }): void;
  onThreads?(event: ThreadEvent): void;
}

/** Set-up of {@link WorkerPool}. */
export interface WorkerPoolOptions {
  /** For errors, figures and listeners. */
  readonly name: string;
  /** The module that exports the tasks: a `file:` URL such as `new URL('./tasks.ts', import.meta.url)`, or an absolute path. */
  readonly file: URL | string;
  /** Threads that are kept, 0 or more; default 1. They start with the pool. With 0 the first task waits for a thread to start, some 40 ms. */
  readonly minThreads?: number;
  /** Most threads, at least 1; default the cores that the process may use. */
  readonly maxThreads?: number;
  /** How long a task may wait before another thread is started, milliseconds, 0 or more; default 50. */
  readonly targetDelayMs?: number;
  /** How long a thread above `minThreads` may do nothing before it is stopped, milliseconds above 0; default 30,000. */
  readonly idleMs?: number;
  /** Most tasks that wait, at least 1; default 1000. */
  readonly maxQueued?: number;
  /** Most time of a task on its thread, milliseconds above 0 or `Infinity`; default 30,000. Afterwards the thread is destroyed. */
  readonly timeoutMs?: number;
  /** Most old-generation heap of a thread, MiB, at least 16 (with less, V8 may end the whole process); default: V8's own. */
  readonly maxHeapMb?: number;
  /** Flags of Node for the threads, for instance `['--conditions=@midgard/source']`; default: those of the process. */
  readonly execArgv?: readonly string[];
  readonly listener?: WorkerPoolListener;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Starts a thread; default: a worker thread by tinypool. */
  readonly startThread?: StartThread;
}

/** What may differ for one task. */
export interface RunOptions {
  /** Default `normal`. */
  readonly priority?: Priority;
  /** Most time on a thread, milliseconds above 0 or `Infinity`; default that of the pool. Waiting is not counted: it would kill threads just when they are short. */
  readonly timeoutMs?: number;
  /** Takes the task out of the queue, or destroys its thread if it runs. */
  readonly signal?: AbortSignal;
  /** Buffers in the input that are moved and not copied: from when the task starts the caller's are empty. */
  readonly transfer?: readonly Transferable[];
}

/** How to close. */
export interface CloseOptions {
  /** How long what runs and what waits may still take, milliseconds, 0 or more; default 10,000. */
  readonly graceMs?: number;
}

/** Options of a pool with every default filled in. */
export interface PoolSettings extends SizeLimits {
  readonly name: string;
  readonly file: URL | string;
  readonly maxQueued: number;
  readonly timeoutMs: number;
  readonly listener: WorkerPoolListener;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly startThread: StartThread;
}

const leastHeapMb = 16;

/** Fills in the defaults. @throws {WorkersError} `ERR_WORKERS_OPTIONS`: a name, a bound or a time makes no sense */
export function poolSettings(options: WorkerPoolOptions): PoolSettings {
  const { execArgv, maxHeapMb, maxThreads = Math.max(availableParallelism(), options.minThreads ?? 1) } = options;
  const settings: PoolSettings = {
    name: options.name,
    file: options.file,
    minThreads: options.minThreads ?? 1,
    maxThreads,
    targetDelayMs: options.targetDelayMs ?? 50,
    idleMs: options.idleMs ?? 30_000,
    maxQueued: options.maxQueued ?? 1000,
    timeoutMs: options.timeoutMs ?? 30_000,
    listener: options.listener ?? {},
    clock: options.clock ?? monotonicClock,
    timers: options.timers ?? backgroundTimers,
    startThread: options.startThread ?? ((events) => new TinypoolThread(events, { execArgv, maxHeapMb })),
  };
  requireSound(settings, maxHeapMb);
  return settings;
}

function requireSound(settings: PoolSettings, maxHeapMb: number | undefined): void {
  const { name, file, minThreads, maxThreads, targetDelayMs, idleMs, maxQueued } = settings;
  const problems: readonly (readonly [boolean, string])[] = [
    [name === '', 'name must not be empty'],
    [!isModule(file), 'file must be a file: URL or an absolute path'],
    [!(Number.isInteger(minThreads) && minThreads >= 0), 'minThreads must be a whole number of 0 or more'],
    [!(Number.isInteger(maxThreads) && maxThreads >= 1 && maxThreads >= minThreads), 'maxThreads must be a whole number of at least 1 and minThreads'],
    [!(targetDelayMs >= 0 && targetDelayMs <= maxTimerMs), `targetDelayMs must be 0 to ${maxTimerMs}`],
    [!(idleMs > 0 && idleMs <= maxTimerMs), `idleMs must be above 0, up to ${maxTimerMs}`],
    [!(Number.isInteger(maxQueued) && maxQueued >= 1), 'maxQueued must be a whole number of at least 1'],
    [maxHeapMb !== undefined && !(maxHeapMb >= leastHeapMb), `maxHeapMb must be at least ${leastHeapMb}`],
  ];
  const [, problem] = problems.find(([isWrong]) => isWrong) ?? [];
  if (problem !== undefined) throw new WorkersError('ERR_WORKERS_OPTIONS', problem);
  requireTimeout('timeoutMs', settings.timeoutMs);
}

function isModule(file: URL | string): boolean {
  if (typeof file !== 'string') return file.protocol === 'file:';
  return file.startsWith('file:') || isAbsolute(file);
}
