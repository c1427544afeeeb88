import { countOf, messageOf, shapeOf } from './shape.ts';
import { decodeValue } from './value.ts';
import type { Encoding } from './wire.ts';

/** Body of a goodbye, always JSON. */
export interface Goodbye {
  /** Code of protocol.md's table, such as 1008 for a shutdown. */
  readonly code: number;
  readonly reason: string;
}

/** Body of an error frame. */
export interface ErrorBody {
  /** Code of protocol.md's table. */
  readonly code: number;
  readonly message: string;
  /** More for programs, such as the path of a field; any value. */
  readonly details?: unknown;
}

/**
 * Reads the body of a goodbye.
 *
 * @param payload opened body of a goodbye frame
 * @throws {CodecError} `ERR_CODEC_BODY` with the `path` of the first field at fault
 */
export function parseGoodbye(payload: Uint8Array): Goodbye {
  const shape = shapeOf(decodeValue(payload, 'json'), '');
  return { code: countOf(shape, 'code', ''), reason: messageOf(shape, 'reason') };
}

/**
 * Reads the body of an error frame.
 *
 * @param payload opened body of an error frame
 * @param encoding encoding of the frame
 * @throws {CodecError} `ERR_CODEC_BODY` with the `path` of the first field at fault
 */
export function parseErrorBody(payload: Uint8Array, encoding: Encoding): ErrorBody {
  const shape = shapeOf(decodeValue(payload, encoding), '');
  const error = { code: countOf(shape, 'code', ''), message: messageOf(shape, 'message') };
  return shape['details'] === undefined ? error : { ...error, details: shape['details'] };
}
