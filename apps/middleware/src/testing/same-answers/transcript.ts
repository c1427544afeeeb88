import { connect, type GameClient, type GameShape, HttpClient, type TcpClient } from '@midgard/client';
import { MidgardError } from '@midgard/errors';
import { type RecordingProxy, recordingProxy } from './recording-proxy.ts';

/** One question and its answer. */
export interface Line {
  readonly question: string;
  /** The error's code of protocol.md, 0 for success; undefined of a raw HTTP request. */
  readonly code: number | undefined;
  /** For people. */
  readonly answer: string;
  /** The bytes of the frames, or status, headers and body. */
  readonly asItCame: string;
}

/** A way to ask the service. */
export type Transport = 'tcp' | 'http';

/** Node writes the time of the machine into it, whatever clock the service has. */
const headersOfNode: ReadonlySet<string> = new Set(['date']);

/** Puts questions to a service, one after the other, and writes down what it answers. */
export class Transcript implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #parts = new AsyncDisposableStack();
  readonly #proxy: RecordingProxy;
  readonly #baseUrl: string;
  readonly #key: string;
  readonly #games: Readonly<Record<Transport, GameClient<GameShape>>>;
  #lastReply = '';

  private constructor(service: ServiceAddress, game: GameShape, proxy: RecordingProxy, tcp: TcpClient) {
    this.#proxy = proxy;
    this.#baseUrl = service.baseUrl;
    this.#key = service.key;
    const http = new HttpClient({ baseUrl: service.baseUrl, apiKey: service.key, fetch: (url, init) => this.#fetch(url, init) });
    this.#games = { tcp: tcp.game(game), http: http.game(game) };
    this.#parts.use(proxy);
    this.#parts.use(tcp);
  }

  /** Connects to a service; the greeting is the first line. */
  static async open(service: ServiceAddress, game: GameShape): Promise<Transcript> {
    const proxy = await recordingProxy(service.tcpPort);
    const tcp = await connect({ port: proxy.port, auth: { kind: 'apiKey', key: service.key } });
    const transcript = new Transcript(service, game, proxy, tcp);
    transcript.#note('tcp hello', 0, 'welcome', proxy.take().toString('hex'));
    return transcript;
  }

  /**
   * Runs an operation.
   *
   * @param code of the error that is due; 0 for success
   * @returns the answer, or the body of the error
   * @throws when another code comes
   */
  async ask(via: Transport, operation: string, input: unknown, code = 0): Promise<unknown> {
    const given = await this.#call(via, operation, input);
    const question = `${via} ${operation} ${JSON.stringify(input)}`;
    const asItCame = via === 'tcp' ? this.#proxy.take().toString('hex') : this.#lastReply;
    this.#note(question, given.code, JSON.stringify(given.answer), asItCame);
    if (given.code !== code) throw new Error(`${question}: ${given.code} instead of ${code}: ${JSON.stringify(given.answer)}`);
    return given.answer;
  }

  /** Makes an HTTP request that is no operation's, or one as no client of ours would make it. */
  async request(
    method: string,
    path: string,
    { body, headers = {} }: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    const response = await this.#fetch(this.#baseUrl + path, { method, headers: { 'x-api-key': this.#key, ...headers }, ...(body !== undefined && { body }) });
    this.#note(`http ${method} ${path} ${JSON.stringify(headers)} ${body ?? ''}`, undefined, await response.text(), this.#lastReply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  async #call(via: Transport, operation: string, input: unknown): Promise<{ readonly code: number; readonly answer: unknown }> {
    try {
      return { code: 0, answer: await this.#games[via].call(operation, input) };
    } catch (error) {
      if (!MidgardError.is(error)) throw error;
      return { code: error.code, answer: error.toBody() };
    }
  }

  async #fetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
    const response = await fetch(url, init);
    const text = await response.text();
    const headers = [...response.headers].filter(([name]) => !headersOfNode.has(name)).map(([name, value]) => `${name}: ${value}`);
    this.#lastReply = [response.status, ...headers, '', text].join('\n');
    return new Response(text === '' ? null : text, response);
  }

  #note(question: string, code: number | undefined, answer: string, asItCame: string): void {
    this.lines.push({ question, code, answer, asItCame });
  }
}

/** Where a service listens, and a key to it. */
export interface ServiceAddress {
  readonly tcpPort: number;
  readonly baseUrl: string;
  readonly key: string;
}
