import { type Encoding, encodeValue } from '@midgard/codec';

/** What a {@link Push} is made of. */
export interface PushParts {
  /** The game's id and number; `midgard` and 0 for what concerns the service. */
  readonly game: string;
  readonly number: number;
  /** Operation code of the frame; 0 for a notice. */
  readonly code: number;
  /** An event, or the notice that some were dropped. */
  readonly kind: 'event' | 'gap';
  readonly body: Readonly<Record<string, unknown>>;
}

/** One message to many clients: encoded once in each form that somebody needs, however many there are. */
export class Push {
  readonly number: number;
  readonly code: number;
  readonly #parts: PushParts;
  #msgpack: Buffer | undefined;
  #json: Buffer | undefined;
  #text: Buffer | undefined;

  constructor(parts: PushParts) {
    this.number = parts.number;
    this.code = parts.code;
    this.#parts = parts;
  }

  /** The body of a push frame. */
  encoded(encoding: Encoding): Buffer {
    if (encoding === 'msgpack') return (this.#msgpack ??= encodeValue(this.#parts.body, encoding));
    return (this.#json ??= encodeValue(this.#parts.body, 'json'));
  }

  /** The message over WebSocket, UTF-8. */
  text(): Buffer {
    const { kind, game, body } = this.#parts;
    return (this.#text ??= encodeValue({ [kind]: { game, ...body } }, 'json'));
  }
}
