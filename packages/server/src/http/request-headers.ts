import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TraceContext } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { invalidInput } from './invalid-input.ts';

/** Headers that we read and that have one value: Node would keep the first of two, or join them, and hide the caller's mistake. */
const singletons: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'content-type',
  'content-length',
  'content-encoding',
  'idempotency-key',
  'if-match',
  'x-request-id',
  'traceparent',
  'host',
  'origin',
]);

/** Browsers and proxies send some dozens; to look through thousands costs us more than sending them costs a client. */
export const maxHeaders = 100;

const requestIdForm = /^[\w.:-]{1,128}$/;
/** How our API keys and JSON Web Tokens begin. */
const credentialForm = /^(?:mdg_|eyJ)/;
const traceparentForm = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const entityTagForm = /^(?:W\/)?"(\d{1,15})"$/;

/** `.` and `..`, also percent-encoded: a proxy that does not resolve them would let pass what its rules forbid (RFC 3986 §6.2.2.3). */
const dotSegment = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i;

/**
 * Refuses a target that others may read as another path than we do: anything but `/path?query`, dot segments, backslashes, a fragment.
 *
 * @param target the request's, as it was sent (RFC 9112 §3.2)
 * @throws {MidgardError} 1003
 */
export function requirePlainTarget(target: string): void {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const isPlain = path.startsWith('/') && !path.includes('\\') && !target.includes('#') && !dotSegment.test(path);
  if (!isPlain) throw new MidgardError('protocol', 'the request target is not a plain path');
}

/**
 * Refuses a transfer coding that we would not undo, and any in HTTP/1.0, which knows none: where the body ends would be a matter of opinion
 * (RFC 9112 §6.1 and §11.2).
 *
 * @throws {MidgardError} 1003
 */
export function requirePlainBody({ headers: { 'transfer-encoding': coding }, httpVersion }: Pick<IncomingMessage, 'headers' | 'httpVersion'>): void {
  if (coding === undefined) return;
  if (coding.toLowerCase() !== 'chunked' || httpVersion !== '1.1') throw new MidgardError('protocol', 'the only transfer coding is chunked, of HTTP/1.1');
}

/**
 * Refuses a header that stands twice where one is meant.
 *
 * @param rawHeaders names and values in turn, as Node's `rawHeaders`
 * @throws {MidgardError} 2001
 */
export function requireSingleHeaders(rawHeaders: readonly string[]): void {
  let seen: string | undefined;
  let more: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name === undefined || !singletons.has(name)) continue;
    if (name === seen || more?.has(name) === true) throw invalidInput(`header.${name}`, 'given more than once');
    if (seen === undefined) seen = name;
    else (more ??= new Set()).add(name);
  }
}

/**
 * The caller's request id where it has a harmless form (it goes into logs, the audit log and back into a header), else a fresh one.
 * A credential that somebody put there by mistake is none.
 */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && requestIdForm.test(header) && !credentialForm.test(header) ? header : randomUUID();
}

/** Reads `traceparent` (https://www.w3.org/TR/trace-context/); a malformed one counts as absent, as the recommendation asks. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined ? null : traceparentForm.exec(header);
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = ''] = match;
  if (version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/**
 * Reads `If-Match` as a row version.
 *
 * @returns the version, or undefined where there is none to hold against (no header, or `*`)
 * @throws {MidgardError} 2001: not one entity tag of a version
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = Number(entityTagForm.exec(header)?.[1] ?? Number.NaN);
  if (!(version >= 1)) throw invalidInput('header.if-match', 'not an entity tag of this service', '"<version>"');
  return version;
}

/** Whether `If-None-Match` names the tag (weak comparison, RFC 9110 section 13.1.2). */
export function matchesIfNoneMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const bare = tag.replace(/^W\//, '');
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === bare);
}
