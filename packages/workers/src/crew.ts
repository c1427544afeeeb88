import type { StartThread, Thread, ThreadEvents } from './thread.ts';
import type { Clock } from './time.ts';

/** A thread of a {@link Crew}. */
export interface Member<Job> {
  readonly thread: Thread;
  /** What it does now. */
  job: Job | undefined;
  isReady: boolean;
  /** Since when it has had nothing to do. */
  idleSince: number;
}

/** What a crew tells its pool. */
export interface CrewEvents<Job> {
  /** A thread that was started can take work; {@link Crew.take} gives it. */
  onReady(): void;
  /** A thread died by itself, or could not be started; it is no longer counted. */
  onGone(member: Member<Job>, cause: unknown): void;
}

/** Stands for a thread that could not even be tried, until the next microtask buries it. */
const stillborn: Thread = {
  run: () => new Promise(() => {}),
  stop: async () => {},
};

/**
 * The threads of a pool and which of them are free. Knows nothing of queues and sizes.
 *
 * The thread that worked last is given first: its caches are warm, and what is too many grows old and can be let go.
 */
export class Crew<Job> {
  readonly #members = new Set<Member<Job>>();
  readonly #idle: Member<Job>[] = [];
  readonly #stopping = new Set<Promise<void>>();
  readonly #startThread: StartThread;
  readonly #clock: Clock;
  readonly #events: CrewEvents<Job>;
  #starting = 0;

  constructor(startThread: StartThread, clock: Clock, events: CrewEvents<Job>) {
    this.#startThread = startThread;
    this.#clock = clock;
    this.#events = events;
  }

  /** All threads, those included that are still starting. */
  get size(): number {
    return this.#members.size;
  }

  get starting(): number {
    return this.#starting;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get busy(): number {
    return this.#members.size - this.#starting - this.#idle.length;
  }

  /** Since when the thread that has idled longest has idled. */
  get oldestIdleSince(): number | undefined {
    return this.#idle[0]?.idleSince;
  }

  /** What the threads do now. */
  jobs(): Job[] {
    return [...this.#members].flatMap(({ job }) => (job === undefined ? [] : [job]));
  }

  /** Starts one thread more. Never throws: a thread that could not be started is one that dies at once. */
  start(): void {
    const thread = this.#tryStart({ onReady: () => this.#ready(member), onGone: (cause) => this.#gone(member, cause) });
    const member: Member<Job> = { thread, job: undefined, isReady: false, idleSince: 0 };
    this.#members.add(member);
    this.#starting += 1;
  }

  /** A free thread to put a job on, or undefined. */
  take(job: Job): Member<Job> | undefined {
    const member = this.#idle.pop();
    if (member !== undefined) member.job = job;
    return member;
  }

  /** The job is done; the thread is free. */
  giveBack(member: Member<Job>): void {
    member.job = undefined;
    member.idleSince = this.#clock.now();
    this.#idle.push(member);
  }

  /** Ends a thread whatever it is doing. */
  stop(member: Member<Job>): void {
    this.#forget(member);
    const stopped = member.thread.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }

  /** Ends the thread that has idled longest, if one idles. */
  stopOldestIdle(): void {
    const [oldest] = this.#idle;
    if (oldest !== undefined) this.stop(oldest);
  }

  /** Ends all threads; resolves when the last one is gone, those included that were stopped before. */
  async stopAll(): Promise<void> {
    for (const member of this.#members) this.stop(member);
    await Promise.all(this.#stopping);
  }

  #tryStart(events: ThreadEvents): Thread {
    try {
      return this.#startThread(events);
    } catch (cause) {
      // Later, so that whoever asked for the thread is done with its books.
      queueMicrotask(() => events.onGone(cause));
      return stillborn;
    }
  }

  #ready(member: Member<Job>): void {
    if (!this.#members.has(member)) return;
    member.isReady = true;
    this.#starting -= 1;
    this.giveBack(member);
    this.#events.onReady();
  }

  #gone(member: Member<Job>, cause: unknown): void {
    if (!this.#members.has(member)) return;
    this.#forget(member);
    this.#events.onGone(member, cause);
  }

  #forget(member: Member<Job>): void {
    this.#members.delete(member);
    if (!member.isReady) this.#starting -= 1;
    const at = this.#idle.indexOf(member);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
