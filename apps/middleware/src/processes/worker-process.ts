import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { z } from 'zod';
import { SetupError } from '../setup-error.ts';
import { type Answers, Channel } from './channel.ts';
import type { WorkerSockets } from './sockets.ts';
import type { Settings } from '../config.ts';

/** What a worker is told at its start. */
export interface Beginning {
  readonly settings: Settings;
  /** Place among the workers, from 0. */
  readonly worker: number;
  /** See `settingsOfWorker`. */
  readonly number: number;
  /** How many there are to be. */
  readonly workers: number;
}

const Announced = z.object({
  addresses: z.object({ tcp: z.string(), http: z.string() }),
  scheme: z.enum(['http', 'https']),
  games: z.array(z.object({ id: z.string(), number: z.number(), shownUrl: z.string() })),
  developmentKey: z.string().optional(),
});

/** What a worker that serves tells of itself, for the banner. */
export type Announced = z.output<typeof Announced>;

/** How a worker ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Migrations of large tables run in it. */
const startTimeoutMs = 600_000;

/** One worker, as the primary sees it. */
export class WorkerProcess {
  readonly number: number;
  readonly child: ChildProcess;
  readonly channel: Channel;
  /** Resolves when the process is gone, however it ended. */
  readonly ended: Promise<WorkerEnd>;
  #isServing = false;
  #hasEnded = false;

  private constructor(child: ChildProcess, number: number, answers: Answers) {
    this.child = child;
    this.number = number;
    this.channel = new Channel(child, answers);
    this.ended = endOf(child).finally(() => (this.#hasEnded = true));
  }

  /**
   * Starts a process; it serves nobody before {@link begin}.
   *
   * @param options.sockets which it inherits as descriptors 4 and 5
   * @param options.answers to what it asks
   */
  static start({
    sockets,
    number,
    answers,
    execArgv,
  }: {
    sockets: WorkerSockets;
    number: number;
    answers: Answers;
    execArgv: readonly string[];
  }): WorkerProcess {
    const child = fork(process.argv[1] ?? '', ['worker'], {
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', sockets.tcp.fd(), sockets.http.fd()],
    });
    return new WorkerProcess(child, number, answers);
  }

  /** Whether it answers clients. */
  get isServing(): boolean {
    return this.#isServing && !this.#hasEnded;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Has it build the service and serve.
   *
   * @throws {SetupError} `ERR_SETUP_WORKER`: it ended before it was ready; it has said why on its standard error
   */
  async begin(beginning: Beginning): Promise<Announced> {
    const died = this.ended.then((end) => {
      throw diedAtStart(end);
    });
    const answered = this.channel.ask('begin', beginning, startTimeoutMs);
    // Whichever loses the race has nobody who waits for it.
    died.catch(() => undefined);
    const announced = await Promise.race([answered.catch(() => died), died]);
    this.#isServing = true;
    return Announced.parse(announced);
  }

  /** Has it end in order, and ends it by force where it takes longer than it may. */
  async stop(how: 'leave' | 'stop', limitMs: number): Promise<WorkerEnd> {
    this.#isServing = false;
    this.channel.tell(how);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), limitMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }
}

async function endOf(child: ChildProcess): Promise<WorkerEnd> {
  try {
    await once(child, 'exit');
  } catch {
    // It could not even be started.
    return { code: 1, signal: null };
  }
  return { code: child.exitCode, signal: child.signalCode };
}

/** A start that failed, with how the process ended. */
export class WorkerStartError extends SetupError {
  readonly end: WorkerEnd;

  constructor(end: WorkerEnd) {
    super('ERR_SETUP_WORKER_DIED', `a worker ended before it was ready (${shownEnd(end)})`);
    this.end = end;
  }
}

function diedAtStart(end: WorkerEnd): WorkerStartError {
  return new WorkerStartError(end);
}

/** For messages. */
export function shownEnd({ code, signal }: WorkerEnd): string {
  return signal === null ? `exit code ${code}` : signal;
}
