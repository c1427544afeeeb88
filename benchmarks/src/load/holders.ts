import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { compiledLoad } from './compiled.ts';
import { type Holding, holdPlan, type Target } from './plan.ts';
import { type Held, type Opened, parseReport } from './reports.ts';

/** Below the 20,000 files that a process may have open where nobody raised the limit. */
const mostOfProcess = 19_000;
const connectionsOfAddress = 10_000;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Many connections to one server, held by as many processes as the limit of open files asks for. */
export class Holders implements Disposable {
  readonly #children: readonly Child[];
  readonly #opened: readonly Promise<Opened>[];
  readonly #totals: readonly Promise<Held>[];
  readonly #latest = new Map<number, Held>();
  readonly #onInterval: (all: readonly Held[]) => void;

  /**
   * Begins to open them.
   *
   * @param holding of all together: the rate and the handshakes under way are shared out
   * @param onInterval called about every `holding.everySeconds` with the last report of each process
   */
  constructor(target: Target, holding: Omit<Holding, 'addresses'>, onInterval: (all: readonly Held[]) => void) {
    const processes = Math.ceil(holding.connections / mostOfProcess);
    const addresses = Math.ceil(mostOfProcess / connectionsOfAddress);
    const program = compiledLoad();
    this.#onInterval = onInterval;
    this.#children = Array.from({ length: processes }, () => spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] }));
    const followed = this.#children.map((child, number) => {
      const connections = Math.floor((holding.connections * (number + 1)) / processes) - Math.floor((holding.connections * number) / processes);
      const share = { rate: holding.rate / processes, opening: Math.ceil(holding.opening / processes) };
      child.stdin.on('error', () => undefined);
      child.stdin.write(holdPlan(target, { ...holding, ...share, connections, addresses: [number * addresses, addresses] }));
      return this.#follow(child, number);
    });
    this.#opened = followed.map(({ opened }) => opened);
    this.#totals = followed.map(({ total }) => total);
  }

  /** Each process when all of its handshakes are over. */
  opened(): Promise<readonly Opened[]> {
    return Promise.all(this.#opened);
  }

  /** Begins to ask at the given rate. */
  read(): void {
    for (const child of this.#children) child.stdin.write('read\n');
  }

  /** Closes all. @returns what each process counted */
  close(): Promise<readonly Held[]> {
    for (const child of this.#children) child.stdin.end();
    return Promise.all(this.#totals);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #follow(child: Child, number: number): { opened: Promise<Opened>; total: Promise<Held> } {
    const opened = Promise.withResolvers<Opened>();
    const total = Promise.withResolvers<Held>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const report = parseReport(line);
      if (report.kind === 'opened') opened.resolve(report);
      else if ('pongs' in report && report.kind === 'total') total.resolve(report);
      else if ('pongs' in report) this.#take(number, report);
    });
    // Not its exit: its last lines may come after that.
    void once(child, 'close').then(([code]) => {
      const error = new Error(`a load generator that held connections ended with ${String(code)}`);
      opened.reject(error);
      total.reject(error);
    });
    // Whoever waits for the other one has the error.
    for (const { promise } of [opened, total]) promise.catch(() => undefined);
    return { opened: opened.promise, total: total.promise };
  }

  #take(number: number, report: Held): void {
    this.#latest.set(number, report);
    if (this.#latest.size < this.#children.length) return;
    this.#onInterval([...this.#latest.values()]);
    this.#latest.clear();
  }
}
