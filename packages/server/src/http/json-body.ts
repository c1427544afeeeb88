import type { IncomingMessage } from 'node:http';
import { CodecError, decodeValue } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import type { RequestScope } from '../request/request-scope.ts';
import { invalidInput } from './invalid-input.ts';
import { findJsonFault } from './json-fault.ts';

/** What {@link readJsonBody} works with. */
export interface BodyReading {
  /** Largest body in bytes. */
  readonly maxBytes: number;
  /** Ends the wait for a slow sender. */
  readonly signal: AbortSignal;
  /** Whose time it takes. */
  readonly request: RequestScope;
}

/**
 * Reads and parses a JSON body. An absent body is `undefined`.
 *
 * A declared length above the limit is refused before a byte is read, an undeclared one as soon as it passes the limit.
 *
 * @param incoming Node's request
 * @throws {MidgardError} 1009: too large; 2001: not JSON in UTF-8, or nested too deeply; the signal's reason when it fires
 */
export async function readJsonBody(incoming: IncomingMessage, { maxBytes, signal, request }: BodyReading): Promise<unknown> {
  const declared = incoming.headers['content-length'];
  if (declared === '0' || (declared === undefined && incoming.headers['transfer-encoding'] === undefined)) return undefined;
  if (Number(declared) > maxBytes) throw tooLarge(maxBytes);
  requireJson(incoming);
  const beganAt = performance.now();
  const bytes = await readBytes(incoming, maxBytes, signal);
  const readAt = performance.now();
  request.add('read', readAt - beganAt);
  try {
    return bytes.length === 0 ? undefined : parseJson(bytes);
  } finally {
    request.add('decode', performance.now() - readAt);
  }
}

/** Refuses a body where the method has none: it would be ignored, which is never what its sender meant. */
export function requireNoBody(incoming: IncomingMessage): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = incoming.headers;
  if (length !== '0' || encoding !== undefined) throw invalidInput('body', `${incoming.method ?? 'this method'} takes no body`);
}

/** Decodes as a frame's body is decoded, so that both ways take the same inputs, and adds where the fault is. */
function parseJson(bytes: Buffer): unknown {
  try {
    return decodeValue(bytes, 'json');
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    if (!(error.cause instanceof SyntaxError)) throw invalidInput('body', error.message);
    const { position, message } = findJsonFault(bytes.toString('utf8'));
    throw invalidInput('body', `not JSON: ${message} at position ${position}`);
  }
}

function requireJson(incoming: IncomingMessage): void {
  const [type = '', ...parameters] = (incoming.headers['content-type'] ?? '').toLowerCase().split(';');
  const isJson = type.trim() === 'application/json' && parameters.every((each) => /^(charset="?utf-8"?)?$/.test(each.trim()));
  if (!isJson) throw invalidInput('header.content-type', 'not a JSON body', 'application/json');
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw invalidInput('header.content-encoding', 'a compressed body is not taken', 'identity');
}

function readBytes(incoming: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let total = 0;
    const settle = (finish: () => void): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onFailure).off('close', onFailure);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onData = (chunk: Buffer): void => {
      total += chunk.length;
      if (total > maxBytes) settle(() => reject(tooLarge(maxBytes)));
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle(() => resolve(chunks[0] !== undefined && chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, total)));
    const onFailure = (): void => settle(() => reject(invalidInput('body', 'ended before it was complete')));
    const onAbort = (): void => settle(() => reject(signal.reason));
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    incoming.on('data', onData).on('end', onEnd).on('error', onFailure).on('close', onFailure);
  });
}

function tooLarge(maxBytes: number): MidgardError {
  return new MidgardError('tooLarge', `body larger than ${maxBytes} bytes`, { details: { maxBytes } });
}
