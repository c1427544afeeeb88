import { CodecError, decodeValue, encodeValue } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { z } from 'zod';

const Id = z.union([z.int().min(0), z.string().regex(/^[\w.:-]{1,64}$/)]);
const Request = z.strictObject({
  id: Id,
  game: z.union([z.string(), z.int()]),
  operation: z.union([z.string(), z.int()]),
  input: z.unknown().optional(),
});
const Named = z.looseObject({ id: Id });

/** A request as it comes over WebSocket. */
export interface SocketRequest {
  /** The client's own, echoed by the answer. */
  readonly id: string | number;
  readonly game: string | number;
  readonly operation: string | number;
  readonly input?: unknown;
}

/** What a message is: a request, or what is wrong with it. */
export type ReadMessage = { readonly request: SocketRequest } | { readonly id: string | number | null; readonly error: MidgardError };

/** Reads a message. Never throws. */
export function readMessage(bytes: Buffer): ReadMessage {
  let value: unknown;
  try {
    value = decodeValue(bytes, 'json');
  } catch (error) {
    const why = error instanceof CodecError ? error.message : 'not JSON';
    return { id: null, error: new MidgardError('invalidInput', why, { cause: error }) };
  }
  const parsed = Request.safeParse(value);
  if (parsed.success) return { request: parsed.data };
  const issues = parsed.error.issues.map(({ path, message, code }) => ({ path: path.join('.'), message, expected: code }));
  const error = new MidgardError('invalidInput', 'a message is {id, game, operation, input?}', { details: { issues } });
  return { id: Named.safeParse(value).data?.id ?? null, error };
}

/** The answer to a request. */
export function answerOf(id: string | number, output: unknown): Buffer {
  return encodeValue({ id, ok: output }, 'json');
}

/** The answer to one that failed; `id` is null where the message told none. */
export function errorOf(id: string | number | null, error: MidgardError): Buffer {
  return encodeValue({ id, error: error.toBody() }, 'json');
}

/** What is said last. */
export function goodbyeOf(error: MidgardError): Buffer {
  return encodeValue({ goodbye: error.toBody() }, 'json');
}
