import { type Encoding, encodeValue } from '@midgard/codec';
import type { MidgardError } from '@midgard/errors';

/** Encodes errors. One that refuses a crowd is the same for all of them, and is encoded once. */
export class ErrorBodies {
  #error: MidgardError | undefined;
  #encoding: Encoding | undefined;
  #body: Buffer = Buffer.alloc(0);

  /** @throws {CodecError} its details cannot be encoded */
  of(error: MidgardError, encoding: Encoding): Buffer {
    if (this.#error === error && this.#encoding === encoding) return this.#body;
    this.#error = undefined;
    this.#body = encodeValue(error.toBody(), encoding);
    this.#error = error;
    this.#encoding = encoding;
    return this.#body;
  }
}
