import type { Encoding } from '@midgard/codec';
import { decodeValue } from '@midgard/codec';
import type { ErrorBody } from '@midgard/errors';
import { MidgardError } from '@midgard/errors';
import { ClientError } from './client-error.ts';

/** Codes of the middleware's own operations (game number 0). */
export const batchOperation = 1;
/** See {@link batchOperation}. */
export const subscribeOperation = 2;
/** See {@link batchOperation}. */
export const whoamiOperation = 4;

/** One request of a batch. */
export interface BatchEntry {
  /** The game's number. */
  readonly game: number;
  /** The operation's code. */
  readonly operation: number;
  readonly input: unknown;
}

/** What became of one request of a batch. */
export type BatchResult = { readonly ok: unknown; readonly error?: undefined } | { readonly ok?: undefined; readonly error: MidgardError };

/** Whom the server takes the caller for. */
export interface Whoami {
  readonly subject: string;
  readonly kind: string;
  readonly roles: readonly string[];
  /** Ids of the games, or `'*'` for all. */
  readonly games: readonly string[] | '*';
  /** Milliseconds since 1970, or null for what does not run out. */
  readonly expiresAt: number | string | null;
}

/** Checks the answer to a batch. */
export function readBatch(value: unknown, entries: number): BatchResult[] {
  if (!Array.isArray(value) || value.length !== entries) throw unreadable('a batch');
  return value.map((result: unknown) => readResult(result));
}

function readResult(result: unknown): BatchResult {
  if (!isRecord(result)) throw unreadable('a batch');
  if (isErrorBody(result['error'])) return { error: MidgardError.fromBody(result['error']) };
  if (!('ok' in result)) throw unreadable('a batch');
  return { ok: result['ok'] };
}

/** Checks the answer to whoami. */
export function readWhoami(value: unknown): Whoami {
  if (!isWhoami(value)) throw unreadable('whoami');
  return value;
}

function isWhoami(value: unknown): value is Whoami {
  return isRecord(value) && typeof value['subject'] === 'string' && Array.isArray(value['roles']) && 'games' in value;
}

/**
 * Reads the body of an error frame.
 *
 * @throws {CodecError} it cannot be decoded
 * @throws {ClientError} `ERR_CLIENT_PROTOCOL`: it is not the body of an error
 */
export function readError(payload: Uint8Array, encoding: Encoding): MidgardError {
  const body = decodeValue(payload, encoding);
  if (!isErrorBody(body)) throw unreadable('an error');
  return MidgardError.fromBody(body);
}

/** Whether a value is the body of an error on any transport. */
export function isErrorBody(value: unknown): value is ErrorBody {
  return isRecord(value) && typeof value['code'] === 'number' && typeof value['message'] === 'string';
}

/** Whether a value is an object with string keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(operation: string): ClientError {
  return new ClientError('ERR_CLIENT_PROTOCOL', `the body of ${operation} is not what the protocol says`);
}
