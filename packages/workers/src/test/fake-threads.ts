import type { Assignment, Thread, ThreadEvents } from '../thread.ts';

/** A thread that starts, works and dies when the test says so. */
export class FakeThread implements Thread {
  readonly events: ThreadEvents;
  readonly #gone: PromiseWithResolvers<void> = Promise.withResolvers();
  #work: { readonly assignment: Assignment; finish(output: unknown): void; fail(error: unknown): void } | undefined = undefined;
  isReady = false;
  isGone = false;
  /** Whether {@link stop} takes until {@link finishStop}. */
  isSlowToStop = false;
  /** More than one task at a time, or one after its end, is what a pool must never give. */
  faults = 0;

  constructor(events: ThreadEvents) {
    this.events = events;
  }

  /** What it works on. */
  get assignment(): Assignment | undefined {
    return this.#work?.assignment;
  }

  run<Output>(assignment: Assignment): Promise<Output> {
    if (this.#work !== undefined || this.isGone || !this.isReady) this.faults += 1;
    return new Promise<Output>((resolve, reject) => {
      const finish = (output: Output): void => resolve(output);
      this.#work = { assignment, finish, fail: reject };
    });
  }

  stop(): Promise<void> {
    if (!this.isGone) {
      this.isGone = true;
      if (!this.isSlowToStop) this.finishStop();
      // As tinypool does: what ran is rejected once the thread is gone.
      this.#work?.fail(new Error('terminated'));
    }
    return this.#gone.promise;
  }

  finishStop(): void {
    this.#gone.resolve();
  }

  ready(): void {
    this.isReady = true;
    this.events.onReady();
  }

  finish(output: unknown): void {
    const work = this.#work;
    this.#work = undefined;
    work?.finish(output);
  }

  fail(error: unknown): void {
    const work = this.#work;
    this.#work = undefined;
    work?.fail(error);
  }

  die(cause: unknown): void {
    this.isGone = true;
    this.#gone.resolve();
    this.events.onGone(cause);
  }
}

/** All fake threads of a pool; `start` is its `startThread`. */
export class FakeThreads {
  readonly all: FakeThread[] = [];

  readonly start = (events: ThreadEvents): FakeThread => {
    const thread = new FakeThread(events);
    this.all.push(thread);
    return thread;
  };

  get alive(): FakeThread[] {
    return this.all.filter(({ isGone }) => !isGone);
  }

  get starting(): FakeThread[] {
    return this.alive.filter(({ isReady }) => !isReady);
  }

  get working(): FakeThread[] {
    return this.alive.filter(({ assignment }) => assignment !== undefined);
  }

  get inputs(): unknown[] {
    return this.working.map(({ assignment }) => assignment?.input);
  }

  readyAll(): void {
    for (const thread of this.starting) thread.ready();
  }

  workingOn(input: unknown): FakeThread {
    const thread = this.working.find(({ assignment }) => assignment?.input === input);
    if (thread === undefined) throw new Error(`no thread works on ${String(input)}`);
    return thread;
  }
}

/** Lets all promise callbacks that are due run. */
export function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
