import type { Encoding, Frame, OpenedBody } from '@midgard/codec';
import { CodecError, decodeValue, encodeValue, Kind } from '@midgard/codec';
import { MidgardError, toMidgardError } from '@midgard/errors';
import { setMaxListeners } from 'node:events';
import { RequestScope, type RequestScopeParts } from '../request/request-scope.ts';
import type { Call } from '../dispatcher.ts';
import type { Session } from '../session.ts';
import type { ConnectionContext } from './context.ts';
import type { Sender } from './sender.ts';
import { WriteOrder } from './write-order.ts';

/** Who wants to know that nothing is in flight any more. */
export interface Requester {
  /** The last answer was sent. */
  onAnswered(): void;
}

/** The requests of one connection: runs them side by side, writes on the same thing in their order, and sends what comes of them. */
export class Requests {
  readonly #context: ConnectionContext;
  readonly #sender: Sender;
  readonly #requester: Requester;
  readonly #order = new WriteOrder();
  #abort: AbortController | null = null;
  #inFlight = 0;

  constructor(context: ConnectionContext, sender: Sender, requester: Requester) {
    this.#context = context;
    this.#sender = sender;
    this.#requester = requester;
  }

  /** How many are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Runs a request of the one who speaks on the connection; answers it sometime, and whatever it is.
   *
   * @param startedAt when its frame was taken up, by `performance.now()`
   */
  run(frame: Frame, { payload, encoding, trace }: OpenedBody, session: Session, startedAt: number): void {
    const { maxInFlight } = this.#context.options;
    if (this.#inFlight >= maxInFlight) {
      return this.refuse(frame, new MidgardError('tooManyInFlight', `more than ${maxInFlight} requests unanswered`), { startedAt, trace });
    }
    let input: unknown;
    try {
      input = decodeValue(payload, encoding);
    } catch (error) {
      return this.refuse(frame, toMidgardError(error), { startedAt, trace });
    }
    const request = new RequestScope({ transport: 'tcp', requestId: frame.requestId, trace, startedAt });
    request.add('decode', performance.now() - startedAt);
    void this.#answer(frame, encoding, { session, input, request });
  }

  /** Answers a request that does not come to its operation; it counts too. */
  refuse(frame: Frame, error: MidgardError, { startedAt, trace }: Pick<RequestScopeParts, 'startedAt' | 'trace'>): void {
    const request = new RequestScope({ transport: 'tcp', requestId: frame.requestId, trace, startedAt });
    request.code = error.code;
    this.#sender.sendError(error, frame);
    this.#context.dispatcher.finish(request);
  }

  /** Tells those in flight that nobody waits for them any more. */
  abort(): void {
    this.#abort?.abort();
  }

  /** Never rejects. */
  async #answer(frame: Frame, encoding: Encoding, asked: Pick<Call, 'session' | 'input'> & { readonly request: RequestScope }): Promise<void> {
    const { dispatcher } = this.#context;
    const { game, operation, requestId, priority } = frame;
    const { input, request } = asked;
    this.#inFlight += 1;
    const arrivedAt = performance.now();
    try {
      const output = await this.#order.run(dispatcher.orderKeys(game, operation, input), () => {
        request.add('wait', performance.now() - arrivedAt);
        return dispatcher.call({ ...asked, game, operation, priority, signal: this.#signal() });
      });
      const answeredAt = performance.now();
      this.#sender.send({ kind: Kind.response, requestId, game, operation }, encodeValue(output, encoding), encoding);
      request.add('encode', performance.now() - answeredAt);
    } catch (error) {
      const shown = this.#blameOf(error);
      request.code = shown.code;
      this.#sender.sendError(shown, frame);
    }
    dispatcher.finish(request);
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#requester.onAnswered();
  }

  /** An answer that does not fit into a frame is told as it is; one that cannot be encoded is our fault, not the caller's. */
  #blameOf(error: unknown): MidgardError {
    if (!(error instanceof CodecError)) return toMidgardError(error);
    if (error.code === 'ERR_CODEC_TOO_LARGE') return new MidgardError('tooLarge', 'the answer is larger than a frame may be');
    this.#context.log.error({ err: error }, 'an answer could not be encoded');
    return new MidgardError('internal', 'internal error', { cause: error });
  }

  #signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      // As many listeners as requests in flight are no leak.
      setMaxListeners(0, this.#abort.signal);
    }
    return this.#abort.signal;
  }
}
