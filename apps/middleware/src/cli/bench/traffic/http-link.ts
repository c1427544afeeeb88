import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { BenchError } from '../bench-error.ts';
import { Call } from './call.ts';
import { DONE, type Link, type LinkKind, type LinkListener, type LinkPlan, LOST, type Outcome, UNREADABLE } from './link.ts';
import { refusal, unreachable } from './refusal.ts';

const Problem = z.object({ code: z.int(), message: z.string() });
const notFound = 2002;
/** No player has this id; a service that says so knows the key and the game. */
const nobody = '1';

/** Links of HTTP/1.1: one connection each, kept alive, and one request on it at a time. */
export const httpLinks: LinkKind = {
  open: async (plan, listener) => {
    const link = new HttpLink(plan, listener);
    await link.prove();
    return link;
  },
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

class HttpLink implements Link {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  readonly #prefix: string;
  readonly #address: string;
  readonly #key: string;
  readonly #listener: LinkListener;
  #isClosed = false;

  constructor({ target, game, key }: LinkPlan, listener: LinkListener) {
    if (target.over !== 'http') throw new BenchError('ERR_BENCH_CONNECT', 'the target is not one for HTTP');
    const isEncrypted = target.baseUrl.startsWith('https:');
    this.#agent = new (isEncrypted ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 1 });
    this.#request = isEncrypted ? httpsRequest : httpRequest;
    this.#address = target.baseUrl;
    this.#prefix = `${target.baseUrl}/api/v1/games/${encodeURIComponent(game)}`;
    this.#key = key;
    this.#listener = listener;
  }

  /** Asks for a player whom nobody has: there is no handshake that would tell a wrong key. */
  async prove(): Promise<void> {
    const answer = await this.#ask(new Call('player.get', { id: nobody })).catch((error: unknown) => {
      throw unreachable(this.#address, error);
    });
    if (answer.status < 400) return;
    const problem = Problem.safeParse(parsed(answer.text));
    if (!problem.success) throw unreachable(this.#address, new Error(`HTTP ${answer.status}`));
    if (problem.data.code !== notFound) throw refusal(this.#address, problem.data);
  }

  send(slot: number, call: Call): void {
    this.#ask(call).then(
      ({ status, text }) => this.#settle(slot, status < 400 ? DONE : codeIn(text), () => parsed(text)),
      () => this.#settle(slot, LOST, () => undefined),
    );
  }

  flush(): void {
    // Each request is on its way at once.
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  #settle(slot: number, outcome: Outcome, body: () => unknown): void {
    if (this.#isClosed) return;
    this.#listener.answered(slot, outcome, body);
    if (outcome !== LOST) this.#listener.settled();
    else {
      this.close();
      this.#listener.lost();
    }
  }

  #ask({ http: { method, path, headers, body } }: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const own = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
    const request = this.#request(
      `${this.#prefix}${path}`,
      { method, agent: this.#agent, headers: { 'X-API-Key': this.#key, ...own, ...headers } },
      (response) => read(response, resolve, reject),
    );
    request.on('error', reject).end(body);
    return promise;
  }
}

function read(response: IncomingMessage, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => (text += part));
  response.on('error', reject);
  response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeIn(text: string): Outcome {
  const problem = Problem.safeParse(parsed(text));
  return problem.success ? problem.data.code : UNREADABLE;
}
