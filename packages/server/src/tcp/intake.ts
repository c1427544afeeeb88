import { type Frame, FrameDecoder } from '@midgard/codec';
import { type MidgardError, toMidgardError } from '@midgard/errors';
import type { HotCaller } from '../hot/hot-caller.ts';
import type { ConnectionContext } from './context.ts';
import type { Sender } from './sender.ts';

/** Who gets the frames of a connection. */
export interface FrameTaker {
  takeFrame(frame: Frame): void;
  /** Whether what follows is still to be read. */
  readonly isReading: boolean;
}

/** The listening half of a connection: cuts what arrives into frames, and has those answered on the hot way that can be. */
export class Intake {
  readonly #context: ConnectionContext;
  readonly #decoder: FrameDecoder;
  readonly #sender: Sender;
  readonly #taker: FrameTaker;
  #frames = 0;

  constructor(context: ConnectionContext, { sender, taker }: { readonly sender: Sender; readonly taker: FrameTaker }) {
    this.#context = context;
    this.#decoder = new FrameDecoder({ maxFrameBytes: context.options.maxFrameBytes, from: 'client' });
    this.#sender = sender;
    this.#taker = taker;
  }

  /**
   * Takes what arrived at once. What can be answered there and then, on the hot way or not, leaves together at its end.
   *
   * @param chunk begins with it
   * @param bytes how much of it there is
   * @param caller who asks, while they may be answered on the hot way; null: nobody
   * @param startedAt now, by the timers
   * @returns why the connection cannot go on, if it cannot
   */
  take(chunk: Buffer, bytes: number, caller: HotCaller | null, startedAt: number): MidgardError | undefined {
    const { hotReads, metrics, timers } = this.#context;
    this.#frames = 0;
    this.#sender.hold();
    let isHot = false;
    let fault: MidgardError | undefined;
    try {
      let at = this.#decoder.bufferedBytes === 0 ? 0 : this.#decoder.complete(chunk.subarray(0, bytes), this.#onFrame);
      if (caller !== null && this.#taker.isReading) {
        isHot = true;
        at = hotReads.serve(chunk, [at, bytes], caller, startedAt);
      }
      if (at < bytes && this.#taker.isReading) this.#decoder.decode(chunk.subarray(at, bytes), this.#onFrame);
    } catch (error) {
      fault = toMidgardError(error);
    }
    const served = isHot ? hotReads.served : 0;
    const decodedAt = timers.now();
    metrics.received('tcp', bytes, this.#frames + served, (decodedAt - startedAt) / 1000);
    const sentAt = this.#sender.flush(decodedAt);
    if (caller !== null && served > 0) hotReads.finish(caller, (sentAt - startedAt) / 1000);
    return fault;
  }

  /** Takes whole frames on the full way; see {@link HotCaller}. */
  takeFrames(chunk: Buffer, start: number, end: number): boolean {
    this.#decoder.decode(chunk.subarray(start, end), this.#onFrame);
    return this.#taker.isReading;
  }

  readonly #onFrame = (frame: Frame): void => {
    this.#frames += 1;
    this.#taker.takeFrame(frame);
  };
}
