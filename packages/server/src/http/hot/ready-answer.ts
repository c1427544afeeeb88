import { ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { Reply } from '../reply.ts';

/** An answer as it goes to Node: nothing is left to be done but to name the request. */
export interface ReadyAnswer {
  readonly status: number;
  /** Names and values in turn, of those headers which are the same for all. */
  readonly headers: readonly string[];
  /** The line of the status, and the lines of these headers. */
  readonly head: string;
  /** The length, by which Node decides about the connection, as the first header of its own; empty where there is no body. */
  readonly length: readonly string[];
  /** Its bytes, each as the character of its number: what Node calls latin1. Null: none. */
  readonly body: string | null;
}

/**
 * Node's own step behind `writeHead`: it adds headers to the first line of an answer. Lines that were looked at once need not be looked at and put
 * together again at each request, which is a tenth of its time. Undefined in a version of Node that has it no more.
 */
const storeHeader: unknown = Reflect.get(ServerResponse.prototype, '_storeHeader');

/**
 * Makes an answer ready for whoever asks for it next.
 *
 * @param headers all that are the same for all
 * @throws {TypeError} one of them is none
 */
export function readyOf({ status, body }: Reply, headers: Readonly<Record<string, string>>): ReadyAnswer {
  const entries = Object.entries(headers);
  for (const [name, value] of entries) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  const lines = entries.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return {
    status,
    headers: entries.flat(),
    head: `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}`,
    length: body === null ? [] : ['Content-Length', String(Buffer.byteLength(body))],
    body: body === null ? null : Buffer.from(body).toString('latin1'),
  };
}

/**
 * Sends an answer to a GET.
 *
 * @param own names and values, in turn, of the headers that are of this one request
 */
export function writeReady(outgoing: ServerResponse, { status, headers, head, length, body }: ReadyAnswer, own: readonly string[]): void {
  // An answer without a body ends in another way, which writeHead knows.
  if (body === null || typeof storeHeader !== 'function') outgoing.writeHead(status, [...headers, ...length, ...own]);
  else Reflect.apply(storeHeader, outgoing, [head, [...length, ...own]]);
  if (body === null || addToHeader(outgoing, body)) outgoing.end();
  else outgoing.end(body, 'latin1');
}

/**
 * Puts a body behind the header that Node has stored to send it, so that both are one text and one write: a body of its own would be gathered with
 * it for the kernel, which is a twentieth of the time of an answer.
 *
 * @returns false, and nothing is done, in a version of Node that keeps its headers in another way
 */
function addToHeader(outgoing: ServerResponse, body: string): boolean {
  const header: unknown = Reflect.get(outgoing, '_header');
  return typeof header === 'string' && Reflect.set(outgoing, '_header', header + body);
}
