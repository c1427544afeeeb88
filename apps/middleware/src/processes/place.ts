import type { RestartBackOff } from './back-off.ts';
import type { WorkerSockets } from './sockets.ts';
import type { WorkerProcess } from './worker-process.ts';

/** One place among the workers: the process that holds it now, and its sockets, which outlive that. */
export class Place {
  readonly index: number;
  readonly backOff: RestartBackOff;
  sockets: WorkerSockets;
  current: WorkerProcess | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(index: number, sockets: WorkerSockets, backOff: RestartBackOff) {
    this.index = index;
    this.sockets = sockets;
    this.backOff = backOff;
  }

  /** Does one thing at a time with the place: a restart waits for a roll that is under way, and the other way round. */
  run(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
