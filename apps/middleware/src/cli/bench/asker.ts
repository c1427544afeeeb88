import { BenchError } from './bench-error.ts';
import { addressOf } from './plan.ts';
import type { Call } from './traffic/call.ts';
import { httpLinks } from './traffic/http-link.ts';
import { DONE, type Link, type LinkPlan, type Outcome } from './traffic/link.ts';
import { outcomeName } from './outcome-name.ts';
import { tcpLinks } from './traffic/tcp-link.ts';

/** How often and how long apart a request is tried before and after the load, when a service may still be busy with what it has. */
const tries = 10;
const pauseMs = 200;
const firstOfRequest = 2000;
const rateLimited = 3005;

interface Asked {
  readonly outcome: Outcome;
  readonly body: unknown;
}

/** One connection for what a stress run does before and after the load: single requests whose answers count. */
export class Asker implements Disposable {
  readonly #plan: LinkPlan;
  #link: Link | undefined;
  #waiting: ((asked: Asked) => void) | undefined;

  private constructor(plan: LinkPlan) {
    this.#plan = plan;
  }

  /** See `LinkKind.open` for what it throws. */
  static async open(plan: LinkPlan): Promise<Asker> {
    const asker = new Asker(plan);
    await asker.#open();
    return asker;
  }

  /**
   * Asks, and again after a failure that is the service's or the connection's; one request at a time.
   *
   * @returns the decoded answer
   * @throws {BenchError} `ERR_BENCH_ANSWER`: it is refused
   */
  async ask(call: Call): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const { outcome, body } = await this.#once(call);
      if (outcome === DONE) return body;
      const isHopeless = outcome >= firstOfRequest && outcome !== rateLimited;
      if (isHopeless || attempt === tries)
        throw new BenchError('ERR_BENCH_ANSWER', `${addressOf(this.#plan.target)}: ${call.name} ended with ${outcomeName(outcome)}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  [Symbol.dispose](): void {
    this.#link?.close();
  }

  async #once(call: Call): Promise<Asked> {
    const { promise, resolve } = Promise.withResolvers<Asked>();
    this.#waiting = resolve;
    this.#link ??= await this.#open();
    this.#link.send(0, call);
    this.#link.flush();
    return promise;
  }

  async #open(): Promise<Link> {
    const kind = this.#plan.target.over === 'tcp' ? tcpLinks : httpLinks;
    this.#link = await kind.open(this.#plan, {
      answered: (_, outcome, body) => this.#waiting?.({ outcome, body: body() }),
      settled: () => undefined,
      lost: () => (this.#link = undefined),
    });
    return this.#link;
  }
}
