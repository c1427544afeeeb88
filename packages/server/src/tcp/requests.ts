import type { Encoding, Frame, OpenedBody } from '@midgard/codec';
import { CodecError, decodeValue, encodeValue, Kind } from '@midgard/codec';
import { MidgardError, toMidgardError } from '@midgard/errors';
import type { HeldAnswer } from '@midgard/game-kit';
import { setMaxListeners } from 'node:events';
import type { Call } from '../call.ts';
import { type HotCaller, hotTerms, type HotTerms } from '../hot/hot-caller.ts';
import type { HotOperation } from '../hot/hot-rules.ts';
import { RequestScope, type RequestScopeParts } from '../request/request-scope.ts';
import type { Session } from '../session.ts';
import type { ConnectionContext } from './context.ts';
import type { Intake } from './intake.ts';
import type { Outbox } from './outbox.ts';
import type { Sender } from './sender.ts';
import { WriteOrder } from './write-order.ts';

/** Whose requests they are. */
export interface Requester {
  /** The last answer was sent. */
  onAnswered(): void;
}

/** What the requests of a connection are made of. */
interface RequestsParts {
  readonly sender: Sender;
  readonly intake: Intake;
  readonly session: Session;
  readonly requester: Requester;
}

/** What comes of a request on its way. */
type Asked = Pick<Call, 'session' | 'input'> & {
  readonly request: RequestScope;
  readonly encoding: Encoding;
  /** Its encoded input, where the answer may be kept. */
  readonly keptInput: Buffer | undefined;
};

/**
 * The requests of one connection behind its welcome: runs them side by side, writes on the same thing in their order, and sends what comes of
 * them.
 */
export class Requests implements HotCaller {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly terms: HotTerms;
  allowed: HotOperation | null = null;
  allowedBy = -1;
  readonly #context: ConnectionContext;
  readonly #sender: Sender;
  readonly #intake: Intake;
  readonly #requester: Requester;
  readonly #order = new WriteOrder();
  #abort: AbortController | null = null;
  #inFlight = 0;

  constructor(context: ConnectionContext, { sender, intake, session, requester }: RequestsParts) {
    this.#context = context;
    this.#sender = sender;
    this.#intake = intake;
    this.#requester = requester;
    this.session = session;
    this.outbox = sender.outbox;
    this.terms = hotTerms(sender.agreement, context.options.maxFrameBytes);
  }

  /** How many are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get isFull(): boolean {
    return this.#inFlight >= this.#context.options.maxInFlight;
  }

  takeFrames(chunk: Buffer, start: number, end: number): boolean {
    return this.#intake.takeFrames(chunk, start, end);
  }

  /**
   * Runs a request; answers it sometime, and whatever it is.
   *
   * @param startedAt when its frame was taken up, by `performance.now()`
   */
  run(frame: Frame, { payload, encoding, trace }: OpenedBody, startedAt: number): void {
    if (this.isFull) {
      const { maxInFlight } = this.#context.options;
      return this.refuse(frame, new MidgardError('tooManyInFlight', `more than ${maxInFlight} requests unanswered`), { startedAt, trace });
    }
    const request = new RequestScope({ transport: 'tcp', requestId: frame.requestId, trace, startedAt });
    // First, so that a refusal costs next to nothing.
    const refusal = this.#context.dispatcher.arrive(frame.game, request);
    if (refusal !== undefined) return this.#refuse(frame, refusal, request);
    let input: unknown;
    try {
      input = decodeValue(payload, encoding);
    } catch (error) {
      return this.#refuse(frame, toMidgardError(error), request);
    }
    request.add('decode', performance.now() - startedAt);
    // The bytes that were read are overwritten by the next.
    const keptInput = this.#context.hotReads.wants(frame.game, frame.operation) ? Buffer.from(payload) : undefined;
    void this.#answer(frame, { session: this.session, input, request, encoding, keptInput });
  }

  /** Answers a request that does not come to its operation; it counts too. */
  refuse(frame: Frame, error: MidgardError, { startedAt, trace }: Pick<RequestScopeParts, 'startedAt' | 'trace'>): void {
    this.#refuse(frame, error, new RequestScope({ transport: 'tcp', requestId: frame.requestId, trace, startedAt }));
  }

  #refuse(frame: Frame, error: MidgardError, request: RequestScope): void {
    request.code = error.code;
    this.#sender.sendError(error, frame);
    this.#context.dispatcher.finish(request);
  }

  /** Tells those in flight that nobody waits for them any more. */
  abort(): void {
    this.#abort?.abort();
  }

  /** Never rejects. */
  async #answer(frame: Frame, { encoding, keptInput, ...asked }: Asked): Promise<void> {
    const { dispatcher } = this.#context;
    const { game, operation, requestId, priority } = frame;
    const { input, request } = asked;
    this.#inFlight += 1;
    const arrivedAt = performance.now();
    const held: HeldAnswer[] = [];
    try {
      const output = await this.#order.run(dispatcher.orderKeys(game, operation, input), () => {
        request.add('wait', performance.now() - arrivedAt);
        const call = { ...asked, game, operation, priority, signal: this.#signal() };
        return dispatcher.call(keptInput === undefined ? call : { ...call, held: (answer) => held.push(answer) });
      });
      const answeredAt = performance.now();
      const payload = encodeValue(output, encoding);
      this.#sender.send({ kind: Kind.response, requestId, game, operation }, payload, encoding);
      const [answer] = held;
      if (keptInput !== undefined && answer !== undefined)
        this.#context.hotReads.keep({ game, operation, encoding, input: keptInput, terms: this.terms }, payload, answer);
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
