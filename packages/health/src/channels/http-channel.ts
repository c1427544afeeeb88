import type { Notification } from '../alerts/notification.ts';
import { reasonOf } from '../errors.ts';
import type { Clock } from '../time.ts';
import { type Channel, DeliveryError, type DeliveryFailure } from './channel.ts';

/** What is asked of `fetch`. */
export interface FetchRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** A redirect may lead anywhere, with the alert in its body: none is followed. */
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** What is needed of its answer. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Sends a request; that of Node is one. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>;

/** One message as it goes over HTTP. */
export interface HttpMessage {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** JSON. */
  readonly body: string;
}

/** How a service wants its messages, and what it answers. */
export interface HttpFormat {
  readonly kind: string;
  /** @param now epoch milliseconds, for signatures */
  compose(notification: Notification, now: number): HttpMessage;
  /** Why the service did not take it although it answered 2xx; undefined when it did. */
  refusal?(answer: string): DeliveryFailure | undefined;
}

/** Of an answer no more is read. */
const maxAnswerBytes = 65_536;

/** Sends notifications over HTTP, in the format of some service. */
export class HttpChannel implements Channel {
  readonly name: string;
  readonly #format: HttpFormat;
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  constructor(name: string, format: HttpFormat, { fetch, clock }: { readonly fetch: Fetch; readonly clock: Clock }) {
    this.name = name;
    this.#format = format;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  get kind(): string {
    return this.#format.kind;
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<void> {
    const { url, headers, body } = this.#format.compose(notification, this.#clock.now());
    const { status, retryAfter, text } = await this.#post(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=utf-8', 'User-Agent': 'midgard-health', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    const failure = failureOf(status, () => this.#retryAfterMs(retryAfter)) ?? this.#format.refusal?.(text);
    if (failure !== undefined) throw new DeliveryError(failure);
  }

  async #post(url: string, request: FetchRequest): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }> {
    try {
      const answer = await this.#fetch(url, request);
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await textOf(answer.body) };
    } catch (error) {
      // The error of fetch may name the address, and the address may hold a token.
      throw new DeliveryError({ reason: request.signal.aborted ? 'timeout' : reasonOf(error, 'network'), isRetryable: true });
    }
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
  #retryAfterMs(header: string | null): number | undefined {
    if (header === null) return undefined;
    const waitMs = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - this.#clock.now();
    return waitMs >= 0 ? waitMs : undefined;
  }
}

function failureOf(status: number, retryAfterMs: () => number | undefined): DeliveryFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 429 || status === 408 || status >= 500) return { reason: `http-${status}`, isRetryable: true, retryAfterMs: retryAfterMs() };
  return { reason: status < 400 ? 'redirected' : `http-${status}`, isRetryable: false };
}

async function textOf(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    bytes += chunk.byteLength;
    if (bytes >= maxAnswerBytes) break;
  }
  return text;
}
