import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';

/** An answer before it becomes a response: plain values, so that one place adds what all answers have. */
export interface Reply {
  readonly status: number;
  /** Null: no body. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * For caches that many callers share: its coding was chosen already, and nothing of this one caller is added to it. Default false.
   */
  readonly isShared?: boolean;
}

/** Bodies below this many bytes gain nothing: they fit one packet, and the header that names the coding costs too. */
const compressAboveBytes = 1024;

/** A content coding that we speak. */
export type Coding = 'zstd' | 'gzip';
/** All of them, the better one first. */
export const codingNames: readonly Coding[] = ['zstd', 'gzip'];
const codings = { zstd: promisify(zstdCompress), gzip: promisify(gzip) } as const satisfies Record<Coding, unknown>;
const compressible = /^(?:application\/(?:problem\+)?json|application\/javascript|text\/)/;

/** Whether it depends on `Accept-Encoding` in which content coding an answer goes out. */
export function isCodable({ body, headers, isShared = false }: Reply): boolean {
  return body !== null && body.length > compressAboveBytes && !isShared && compressible.test(headers['Content-Type'] ?? '');
}

/**
 * Compresses an answer where the caller asked for it and the body is worth it.
 *
 * A compressed body is another representation, so its entity tag becomes weak (RFC 9110 section 8.8.3).
 *
 * @param reply the answer
 * @param acceptEncoding the request's header
 */
export async function compressed(reply: Reply, acceptEncoding: string | undefined): Promise<Reply> {
  if (reply.body === null || !isCodable(reply)) return reply;
  const varying = { ...reply.headers, Vary: 'Accept-Encoding' };
  const coding = chooseCoding(acceptEncoding, codingNames);
  if (coding === undefined) return { ...reply, headers: varying };
  const { ETag: tag } = reply.headers;
  return {
    ...reply,
    body: await codings[coding](reply.body),
    headers: { ...varying, 'Content-Encoding': coding, ...(tag !== undefined && { ETag: tag.startsWith('W/') ? tag : `W/${tag}` }) },
  };
}

/**
 * Chooses by quality; on a tie the better coding. Nothing is chosen unless it is named or `*` is.
 *
 * @param names the codings that there are, the better one first
 */
export function chooseCoding<Name extends string>(acceptEncoding: string | undefined, names: readonly Name[]): Name | undefined {
  if (acceptEncoding === undefined) return undefined;
  const qualities = new Map(acceptEncoding.split(',').map(parseCoding));
  const rated = names.map((name) => ({ name, quality: qualities.get(name) ?? qualities.get('*') ?? 0 }));
  const [best] = rated.sort((a, b) => b.quality - a.quality);
  return best !== undefined && best.quality > 0 ? best.name : undefined;
}

function parseCoding(text: string): readonly [string, number] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return [name, quality === undefined ? 1 : Number(quality.slice(2)) || 0];
}
